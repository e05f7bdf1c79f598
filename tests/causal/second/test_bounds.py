"""Corners, or what equations prove along the widest opening: the same bounds, and a limit that is named."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from causal_eval.causal.calculator import answered_again, calculate
from causal_eval.causal.second import bounds
from causal_eval.causal.second.vertices import Point, vertices
from causal_eval.errors import MalformedCase, TooLarge
from causal_eval.seeds import Stream

VERTICES = "causal_eval.causal.second.bounds.vertices"


def chain(seed: int) -> dict[str, Any]:
    """X -> M -> Y, where M has three values: nine joint responses of M, eight of Y."""
    stream = Stream("tests/second/bounds", seed)

    def row(size: int) -> list[str]:
        weights = [stream.between(0, 4) for _ in range(size)]
        weights[stream.below(size)] += 1
        return [str(Fraction(weight, sum(weights))) for weight in weights]

    cpts = {
        "X": {"parents": [], "table": {"": ["1/3", "2/3"]}},
        "M": {"parents": ["X"], "table": {"0": row(3), "1": row(3)}},
        "Y": {"parents": ["M"], "table": {"0": row(2), "1": row(2), "2": row(2)}},
    }
    return {"graph": {"nodes": ["X", "M", "Y"], "directed": [["X", "M"], ["M", "Y"]]}, "scm": {"cpts": cpts}}


def outcome(case: dict[str, Any]) -> object:
    """The second solver's answer; None where nothing fits."""
    try:
        return answered_again(case)
    except MalformedCase:
        return None


def unlisted(*sizes: int) -> Any:
    """The corners, of openings of other *sizes* alone."""

    def some(rows: Sequence[Sequence[Fraction]], right: Sequence[Fraction]) -> tuple[Point, ...] | None:
        return None if len(rows[0]) in sizes else vertices(rows, right)

    return some


@settings(max_examples=10)
@given(st.integers(0, 1 << 30), st.sampled_from(["pn", "ps", "pns"]), st.booleans())
def test_what_equations_prove_is_what_the_corners_give(seed: int, kind: str, monotone: bool) -> None:
    """Along either opening while the other's corners are tried; also where some responses never happen."""
    case = chain(seed) | {"query": {"kind": kind, "X": "X", "Y": "Y", "monotone": monotone}}
    listed = outcome(case)
    for size in (8, 9):
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(VERTICES, unlisted(size))
            assert outcome(case) == listed


def test_two_openings_without_corners_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of two laws the answer is a product, which no linear programme bounds."""
    monkeypatch.setattr(VERTICES, unlisted(8, 9))
    with pytest.raises(TooLarge, match="beside the widest opening: the second solver goes through no more"):
        answered_again(chain(1) | {"query": {"kind": "pns", "X": "X", "Y": "Y"}})


def test_many_corners_beside_the_widest_opening_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of them is a linear programme for either end."""
    monkeypatch.setattr(VERTICES, unlisted(8))
    monkeypatch.setattr(bounds, "MOST_PROGRAMMES", 1)
    with pytest.raises(TooLarge, match="over 1 corners"):
        answered_again(chain(1) | {"query": {"kind": "pns", "X": "X", "Y": "Y"}})


def test_tables_of_which_one_row_is_read_are_not_open(monkeypatch: pytest.MonkeyPatch) -> None:
    """P(y | do x) reads one row of each a unit: no corner is asked for."""
    monkeypatch.setattr(VERTICES, unlisted(8, 9))
    query = {"event": {"Y": 1}, "do": {"X": 1}}
    counterfactual = chain(3) | {"query": {"kind": "counterfactual", "bounds": True, **query}}
    assert answered_again(counterfactual) == calculate(chain(3) | {"query": {"kind": "do", **query}}).answer


def test_a_table_of_which_nothing_is_asked_costs_nothing() -> None:
    """Y hangs on X, M and four more of which it has 2 ** 96 joint responses; of M alone something is asked."""
    case = chain(4)
    more = ["A", "B", "C", "D"]
    case["graph"]["nodes"] += more
    case["graph"]["directed"] += [[one, "Y"] for one in ("X", *more)]
    case["scm"]["cpts"] |= {one: {"parents": [], "table": {"": ["1/2", "1/2"]}} for one in more}
    keys = itertools.product(*["01"] * 5, "012")
    rows = {",".join(key): ["1/3", "2/3"] for key in keys}
    case["scm"]["cpts"]["Y"] = {"parents": ["X", *more, "M"], "table": rows}
    worlds = [{"do": {"X": level}, "event": {"M": level}} for level in (0, 1)]
    asked = case | {"query": {"kind": "joint_counterfactual", "bounds": True, "worlds": worlds}}
    assert answered_again(asked) == calculate(asked).answer


def beside(p: str) -> dict[str, Any]:
    """A question about A and B, and what an experiment on C and D is said to have given."""
    table = {f"{a},{b},{c},{d}": "1/16" for a in (0, 1) for b in (0, 1) for c in (0, 1) for d in (0, 1)}
    query = {
        "kind": "pns", "X": "A", "Y": "B", "distribution": {"variables": ["A", "B", "C", "D"], "table": table},
        "experiments": [{"do": {"C": 1}, "event": {"D": 1}, "probability": p}],
    }  # fmt: skip
    return {"graph": "A -> B, A <-> B, C -> D, C <-> D", "query": query}


@pytest.mark.parametrize("sizes", [(), (8,)])
def test_what_contradicts_beside_the_question_is_refused(
    monkeypatch: pytest.MonkeyPatch, sizes: tuple[int, ...]
) -> None:
    """A district of which nothing is asked needs a law, whether its corners are listed or not."""
    monkeypatch.setattr(VERTICES, unlisted(*sizes))
    assert answered_again(beside("1/2")) == calculate(beside("1/2")).answer == ["0", "1/2"]
    for solve in (calculate, answered_again):
        with pytest.raises(MalformedCase, match="no model fits"):
            solve(beside("9/10"))
