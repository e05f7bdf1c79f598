"""What a request computes ends after a time, and nothing is raised once it has ended."""

from __future__ import annotations

import sys
import threading
import time

import pytest

from causal_eval.errors import MalformedCase, TooLarge
from causal_eval.service import solving
from causal_eval.service.deadline import within
from causal_eval.service.solving import solved_at_a_door

SIDE = 10
GRID = ", ".join(
    [f"V{row}{place} -> V{row}{place + 1}" for row in range(SIDE) for place in range(SIDE - 1)]
    + [f"V{row}{place} -> V{row + 1}{place}" for row in range(SIDE - 1) for place in range(SIDE)]
)
SLOW = {"graph": GRID, "query": {"kind": "minimal_separators", "X": "V00", "Y": "V99"}}
"""There are more of them than anybody lists, and each takes a while."""
QUICK = {"graph": "X -> Y", "query": {"kind": "dsep", "X": "X", "Y": "Y"}}


def test_a_case_that_takes_too_long_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """The message says the limit and what to do, and the same thread computes on."""
    monkeypatch.setattr(solving, "SOLVE_SECONDS", 0.2)
    begun = time.monotonic()
    with pytest.raises(TooLarge, match=r"not answered within 0\.2 s.*causal-eval solve"):
        solved_at_a_door(SLOW)
    assert time.monotonic() - begun < 5
    assert solved_at_a_door(QUICK)["answer"] is False


def test_what_ends_in_time_is_as_it_was() -> None:
    """Values come back and errors are raised; no thread stays behind."""
    before = threading.active_count()
    assert within(60, lambda: 3) == 3
    with pytest.raises(MalformedCase, match="no node is called"):
        solved_at_a_door({"graph": "X -> Y", "query": {"kind": "dsep", "X": "X", "Y": "Q"}})
    assert threading.active_count() == before


def test_nothing_is_raised_afterwards() -> None:
    """Blocks that are cut off at every moment, their beginning and end among them."""
    ended, usual = 0, sys.getswitchinterval()
    sys.setswitchinterval(1e-5)  # threads take turns often enough to meet everywhere
    try:
        for number in range(400):
            try:
                within(number * 2e-6, lambda: [sum(range(100)) for _ in range(100)])
            except TooLarge:
                ended += 1
            assert sum(range(1000)) == 499_500
    finally:
        sys.setswitchinterval(usual)
    assert ended > 0


def test_an_error_that_is_swallowed_is_raised_again() -> None:
    """As when it comes inside a finaliser, where Python only prints it."""
    swallowed: list[str] = []

    def stubborn() -> None:
        while True:
            try:
                while True:
                    sum(range(100))
            except BaseException as error:
                swallowed.append(type(error).__name__)
                if len(swallowed) > 1:
                    raise

    with pytest.raises(TooLarge):
        within(0.05, stubborn)
    assert swallowed == ["_OutOfTime", "_OutOfTime"]
