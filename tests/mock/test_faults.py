"""Faults hit the requests they should and are read from what users type."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from causal_eval.errors import UsageError
from causal_eval.mock.faults import Fault, Mode, parse_fault
from causal_eval.seeds import Stream


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("server-error", Fault(Mode.SERVER_ERROR)),
        ("rate-limit:every=3", Fault(Mode.RATE_LIMIT, every=3)),
        ("rate-limit:first=2,seconds=0.5", Fault(Mode.RATE_LIMIT, first=2, seconds=0.5)),
        ("hang:chance=0.25, seconds=9", Fault(Mode.HANG, chance=0.25, seconds=9.0)),
        ("big:bytes=500", Fault(Mode.BIG, size=500)),
        ("rate-limit-date:skew=-3600", Fault(Mode.RATE_LIMIT_DATE, skew=-3600.0)),
    ],
)
def test_a_fault_is_read(text: str, fault: Fault) -> None:
    """Mode, then options by name."""
    assert parse_fault(text) == fault


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("servr-error", "did you mean server-error"),
        ("reset:evry=3", "did you mean every"),
        ("reset:every=x", "every must be a number"),
        ("reset:every=0", "whole number from 1"),
        ("reset:first=1.5", "whole number from 1"),
        ("reset:chance=2", "above 0 and at most 1"),
        ("reset:every=inf", "whole number from 1"),
        ("reset:first=nan", "whole number from 1"),
        ("hang:seconds=nan", "0 or more"),
        ("rate-limit:seconds=-1", "rate-limit-bare"),
        ("big:bytes=0.5", "whole number from 1"),
    ],
)
def test_a_wrong_fault_is_put_right(text: str, part: str) -> None:
    """The message names the option and what it may be."""
    with pytest.raises(UsageError, match=part):
        parse_fault(text)


def test_which_requests_are_hit() -> None:
    """All, each third, the first two."""
    dice = Stream("test")
    hits = {
        "all": [Fault(Mode.RESET).hits(n, dice) for n in range(1, 7)],
        "every": [Fault(Mode.RESET, every=3).hits(n, dice) for n in range(1, 7)],
        "first": [Fault(Mode.RESET, first=2).hits(n, dice) for n in range(1, 7)],
    }
    assert hits["all"] == [True] * 6
    assert hits["every"] == [False, False, True, False, False, True]
    assert hits["first"] == [True, True, False, False, False, False]


def test_chance_is_seeded() -> None:
    """The same seed spoils the same requests, about as many as asked for."""
    one, two = Stream("7"), Stream("7")
    fault = Fault(Mode.RESET, chance=0.3)
    hits = [fault.hits(n, one) for n in range(1000)]
    assert hits == [fault.hits(n, two) for n in range(1000)]
    assert 240 < sum(hits) < 360


@pytest.mark.parametrize("mode", list(Mode))
def test_every_mode_is_documented(mode: Mode, root: Path) -> None:
    """``docs/reference/mock-server.md`` has a row for it."""
    text = (root / "docs/reference/mock-server.md").read_text("utf-8")
    assert re.search(rf"^\| `{mode.value}` \| \S", text, flags=re.MULTILINE)
