"""The calculator's answers in words that are not a program's."""

from __future__ import annotations

import pytest

from causal_eval.service.examples import examples
from causal_eval.service.solving import solved_case
from causal_eval.web.calculated import calculated


@pytest.mark.parametrize(
    ("answer", "kind", "expected"),
    [
        (["2/5", "1/2"], "pns", [("", "[2/5, 1/2]")]),
        (True, "dsep", [("", True)]),
        (["W", "Z1"], "markov_blanket", [("", "{W, Z1}")]),
        ([["A"], ["B", "C1"]], "minimal_adjustment_sets", [("", "{A} or {B, C1}")]),
        (None, "minimal_separator", [("", None)]),
        ({"directed": [["A", "B"]], "undirected": []}, "cpdag", [("directed", "A → B"), ("undirected", None)]),
        (
            {"causes": [[["L", True], ["MD", True]]], "witnesses": [{"changed": {"L": False}, "kept": {}}]},
            "all_causes",
            [("causes", "L = true, MD = true"), ("witnesses", "changed: L = false, kept: ∅")],
        ),
        ({"optimal_minimal": ["Z2"], "optimal": None}, "optimal_adjustment", [
            ("optimal minimal", "{Z2}"), ("optimal", None),
        ]),
    ],
)  # fmt: skip
def test_an_answer_is_written_as_a_person_would(answer: object, kind: str, expected: object) -> None:
    """Intervals, edges and equations; truth values and nothing are left to the page's language."""
    assert calculated(answer, kind) == expected


def test_no_kind_shows_what_only_programs_write() -> None:
    """Of every example: no quotes of a list or mapping, and no truth value as Python writes it."""
    for kind, one in examples().items():
        whole = {"graph": one.graph, "query": one.query} | ({"scm": one.scm} if one.scm else {})
        for _, part in calculated(solved_case(whole)["answer"], kind):
            text = "" if isinstance(part, bool | None) else str(part)
            assert not any(sign in text for sign in ("['", "{'", "': ", "True", "False", "None")), (kind, text)
