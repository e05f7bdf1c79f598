"""Who may read a file that holds a secret."""

from __future__ import annotations

import os

import pytest

from causal_eval.settings.private import is_private


def status(mode: int, *, owner: int, group: int) -> os.stat_result:
    """What ``stat`` says of a plain file."""
    return os.stat_result((0o100000 | mode, 1, 1, 1, owner, group, 0, 0, 0, 0))


@pytest.mark.parametrize(
    ("mode", "owner", "group", "private"),
    [
        (0o600, 1000, 1000, True),
        (0o400, 0, 0, True),
        (0o440, 0, 1000, True),
        (0o640, 0, 1000, True),
        (0o440, 0, 50, False),
        (0o440, 1000, 1000, False),
        (0o660, 0, 1000, False),
        (0o444, 0, 1000, False),
        (0o604, 1000, 1000, False),
    ],
)
def test_a_secret_is_for_its_owner_or_given_by_root(mode: int, owner: int, group: int, private: bool) -> None:
    """Owner alone; or root's, and a group of the process reads it and no more. Nobody else, ever."""
    assert is_private(status(mode, owner=owner, group=group), user=1000, groups={1000}) is private


def test_root_needs_no_group() -> None:
    """A process of root reads its own files: one that a group reads too is for others."""
    assert not is_private(status(0o640, owner=0, group=0), user=0, groups={0})
