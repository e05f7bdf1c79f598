"""Natural and path-specific effects where a table leaves a unit's response open: what is determined all the same."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, reject
from hypothesis import strategies as st

from causal_eval.causal.calculator import answered_again, calculate, verify
from causal_eval.errors import NotDetermined, NotIdentifiable
from causal_eval.seeds import Stream

GRAPH = {
    "nodes": ["X", "W", "M", "Y"],
    "directed": [["X", "W"], ["W", "M"], ["X", "M"], ["W", "Y"], ["X", "Y"], ["M", "Y"]],
}
"""X moves W, which is a cause of the mediator M and of Y: a recanting witness where both edges say something."""


def rows(*tops: int) -> dict[str, list[str]]:
    """The rows of a two-valued node in the order of its parents' values, P(1) in tenths."""
    width = (len(tops) - 1).bit_length()
    return {
        ",".join(f"{place:0{width}b}") if width else "": [f"{10 - top}/10", f"{top}/10"]
        for place, top in enumerate(tops)
    }


def case(kind: str, *, m: tuple[int, ...], y: tuple[int, ...], **query: Any) -> dict[str, Any]:
    """The effect of X on Y with these tables of M (by X, W) and Y (by X, W, M)."""
    cpts = {
        "X": {"parents": [], "table": rows(5)},
        "W": {"parents": ["X"], "table": rows(3, 6)},
        "M": {"parents": ["X", "W"], "table": rows(*m)},
        "Y": {"parents": ["X", "W", "M"], "table": rows(*y)},
    }
    return {"graph": GRAPH, "scm": {"cpts": cpts}, "query": {"kind": kind, "X": "X", "Y": "Y", **query}}


def test_the_effect_through_a_constant_mediator_is_determined() -> None:
    """M is 1 whatever W is, so how W would have responded does not matter: nothing goes through M."""
    through, past = (case(kind, m=(10,) * 4, y=(1, 2, 3, 4, 5, 6, 7, 8), M="M") for kind in ("nie", "nde"))
    total = calculate(case("te", m=(10,) * 4, y=(1, 2, 3, 4, 5, 6, 7, 8))).answer
    for asked, answer in ((through, "0"), (past, total)):
        reply = calculate(asked)
        verify(asked, reply)
        assert reply.answer == answer


def test_an_effect_through_what_does_not_move_the_outcome_is_determined() -> None:
    """M depends on W, and Y not on M."""
    asked = case("nie", m=(1, 4, 6, 9), y=(0, 0, 3, 3, 10, 10, 8, 8), M="M")
    reply = calculate(asked)
    verify(asked, reply)
    assert reply.answer == "0"


@pytest.mark.parametrize("query", [{"kind": "nie", "M": "M"}, {"kind": "nde", "M": "M"},
                                   {"kind": "path_specific", "paths": [["X", "W", "M", "Y"]]}])  # fmt: skip
def test_an_effect_past_a_recanting_witness_comes_with_two_models(query: dict[str, Any]) -> None:
    """Both solvers say so, the ends are apart, and each model gives its end when it is solved itself."""
    asked = case(**query, m=(1, 4, 6, 9), y=(0, 2, 3, 10, 5, 0, 7, 0))
    with pytest.raises((NotDetermined, NotIdentifiable), match="anything from") as raised:
        calculate(asked)
    found = raised.value.certificate
    assert isinstance(found, dict)
    assert found["low"]["value"] != found["high"]["value"]
    for end in ("low", "high"):
        reply = calculate(found[end]["case"])
        verify(found[end]["case"], reply)
        assert reply.answer == found[end]["value"]
    with pytest.raises(NotDetermined):
        answered_again(asked)


@pytest.mark.slow
@given(st.integers(0, 1 << 30))
def test_what_one_solver_takes_for_determined_the_other_answers_alike(seed: int) -> None:
    """Tables with many certain rows, so that several responses are open and do not matter."""
    stream = Stream("tests/mediation", seed)
    tops = [stream.choice([0, 0, 5, 10, 10]) for _ in range(12)]
    asked = case(stream.choice(["nde", "nie"]), m=tuple(tops[:4]), y=tuple(tops[4:]), M="M")
    try:
        reply = calculate(asked)
    except NotDetermined:
        reject()
    verify(asked, reply)
