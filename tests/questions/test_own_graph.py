"""Questions about a user's own graph: everything that can be asked of it, in its names, proven like any other."""

from __future__ import annotations

import pytest

from causal_eval.errors import MalformedCase, UsageError
from causal_eval.questions.certify import verify
from causal_eval.questions.generate import Plan, generate
from causal_eval.questions.question import Question

TRIANGLE = "Z->X, Z->Y, X->Y"
HIDDEN = 'dag { genes [latent] genes -> smoking genes -> cancer smoking -> tar tar -> cancer cancer -> "doctor visit" }'


def asked(graph: str, *families: str, n: int = 1000, seed: str = "1") -> list[Question]:
    return list(generate(Plan(n=n, seed=seed, families=families, graph=graph)))


def test_the_triangle_has_one_adjustment_set_an_effect() -> None:
    """Of three effects one is confounded by Z, and Z is what to adjust for; the others need nothing."""
    golds = {}
    for question in asked(TRIANGLE, "adjustment"):
        assert question.certificate is not None
        verify(question)
        query, names = question.certificate.case["query"], question.certificate.names
        golds[names[query["X"][0]][0], names[query["Y"][0]][0]] = question.gold
    assert golds == {("X", "Y"): [["Z"]], ("Z", "X"): [[]], ("Z", "Y"): [[]]}


def test_an_unmeasured_cause_leaves_no_set() -> None:
    """Names with spaces are printed; behind latent genes the effect of smoking on cancer has no adjustment set."""
    found = asked(HIDDEN, "confounding")
    for question in found:
        verify(question)
    assert all("genes" in question.prompt for question in found)
    assert any(question.gold == [] for question in found)
    assert any("doctor visit" in question.prompt for question in found)


def test_all_families_about_structure_ask_each_question_once() -> None:
    """Prompts are verified, differ, and are one cluster; the same seed gives the same, fewer are a beginning."""
    graph = "A->B->C, D->C, D->E, F->E, A->F"
    found = asked(graph)
    assert {one.family for one in found} == {"attribution", "blanket", "confounding", "separation"}
    for question in found:
        verify(question)
    assert len({one.id for one in found}) == len(found) > 40
    assert len({one.cluster for one in found}) == 1
    assert [one.id for one in asked(graph, n=5)] == [one.id for one in found[:5]]
    assert {one.prompt for one in asked(graph, seed="2")} != {one.prompt for one in found}


def test_hidden_common_causes_are_for_those_who_can_tell_them() -> None:
    """Separation takes ``<->``; the others say that they have no words for it."""
    for question in asked("A->B->C, D<->C, D->E", "separation"):
        verify(question)
    with pytest.raises(UsageError, match="choose separation"):
        asked("A->B->C, A<->C", "attribution")


@pytest.mark.parametrize(
    ("graph", "family", "error", "words"),
    [
        ("A->B->C", "effect", UsageError, "choose attribution"),
        ("A->B", "blanket", UsageError, "between 3 and 24"),
        ("A->B->a", "blanket", UsageError, "capital letters"),
        ('dag { "a, b" -> c c -> d }', "blanket", UsageError, "cannot be printed"),
        ("A->B->C->A", "blanket", MalformedCase, "cycle"),
        ("A->B, B->C, A->C", "separation", UsageError, "ask nothing"),
    ],
)
def test_graphs_that_give_no_question_are_refused(graph: str, family: str, error: type[Exception], words: str) -> None:
    """The message says what is wrong with the graph, or which families could ask."""
    with pytest.raises(error, match=words):
        asked(graph, family)
