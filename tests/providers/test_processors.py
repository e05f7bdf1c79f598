"""Threads follow from idle processors."""

from __future__ import annotations

import pytest

from causal_eval.providers.processors import idle_share, idle_threads, processors, threads_for

BEFORE = "cpu  100 0 50 800 50 0 0 0 0 0\ncpu0 1 2 3\n"


@pytest.mark.parametrize(
    ("after", "share"),
    [
        ("cpu  100 0 50 840 50 0 0 0 0 0\n", 1.0),
        ("cpu  120 0 50 815 55 0 0 0 0 0\n", 0.5),
        ("cpu  130 5 55 800 50 0 0 0 0 0\n", 0.0),
        (BEFORE, 0.0),
    ],
)
def test_the_idle_share_is_read(after: str, share: float) -> None:
    """Idle and waiting time over all time between two readings; nothing elapsed counts as busy."""
    assert idle_share(BEFORE, after) == share


@pytest.mark.parametrize(
    ("share", "count", "most", "threads"),
    [(1.0, 2, 2, 2), (0.5, 2, 2, 1), (0.0, 2, 2, 1), (0.9, 64, 8, 8), (0.8, 2, 2, 2), (0.1, 16, 8, 2)],
)
def test_threads_for_what_is_idle(share: float, count: int, *, most: int, threads: int) -> None:
    """Never none, never more than allowed."""
    assert threads_for(share, count, most=most) == threads


def test_this_machine() -> None:
    """The real reading stays within its bounds; a single thread is not measured."""
    assert processors() >= 1
    assert 1 <= idle_threads(4) <= 4
    assert idle_threads(1) == 1
