"""The association baseline sees which quantities go together, and no arrow."""

from __future__ import annotations

from dataclasses import replace

from tests.asked import asked

from causal_eval.evaluation.baselines.associate import associated_with_both
from causal_eval.questions.question import AnswerKind, AnswerSpec, Certificate, Question


def _question(edges: list[list[str]], items: tuple[str, ...]) -> Question:
    nodes = sorted({node for edge in edges for node in edge})
    query = {"kind": "minimal_adjustment_sets", "X": ["x"], "Y": ["y"]}
    case = {"graph": {"nodes": nodes, "directed": edges}, "query": query}
    names = {node: (f"the {node}", "low", "high") for node in nodes}
    return asked(
        family="confounding", kind="one", rung=2, answer=AnswerSpec(AnswerKind.SET, items=items, may_be_none=True),
        gold=[[]], certificate=Certificate(case, "", (), names, {}),
    )  # fmt: skip


def test_it_cannot_tell_a_confounder_from_a_mediator_or_a_common_effect() -> None:
    """Confounder, mediator and collider go along with both ends; causes of one of them alone do not."""
    edges = [
        *(["c", "x"], ["c", "y"], ["x", "m"], ["m", "y"], ["x", "e"], ["y", "e"]),
        *(["a", "e"], ["b", "y"], ["x", "y"]),
    ]
    items = ("the a", "the b", "the c", "the e", "the m")
    assert associated_with_both(_question(edges, items)) == ["the c", "the e", "the m"]


def test_it_says_nothing_without_a_certificate() -> None:
    """A user's own question has no graph to look at."""
    assert associated_with_both(replace(_question([["x", "y"]], ()), certificate=None)) is None
