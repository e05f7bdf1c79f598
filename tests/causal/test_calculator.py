"""One door for every kind: published cases, both solvers, and derivations that are evaluated again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from causal_eval.causal.calculator import Reply, agreed, agreed_on, answered_again, calculate, names_of_kinds, verify
from causal_eval.errors import CausalError, MalformedCase, VerificationMismatch

Reader = Callable[[str], Any]
CHAIN = {"nodes": ["U", "X", "M", "Y"], "directed": [["U", "X"], ["U", "Y"], ["X", "M"], ["M", "Y"]], "latent": ["U"]}


def worked(shared: Reader) -> list[dict[str, Any]]:
    """The worked cases of kinds that are solved, each with its graph filled in."""
    whole = shared("solve-examples.json")
    cases = [case for case in whole["cases"] if case["query"]["kind"] in names_of_kinds()]
    assert len(cases) >= 16
    named = (case["graph"].get("model") for case in cases)
    return [case | {"graph": whole["models"][name]} if name else case for case, name in zip(cases, named, strict=True)]


def holds(case: dict[str, Any], answer: Any) -> bool:
    """Whether *answer* says what is expected of *case*, which may be a part of it."""
    expected = case["expected"]
    if several := case["query"].get("all_inclusion_minimal"):
        return answer in several
    if isinstance(answer, dict) and isinstance(expected, bool):
        verdicts = [answer[name] for name in ("identifiable", "transportable", "is_cause") if name in answer]
        return verdicts == [expected]
    if isinstance(answer, dict) and isinstance(expected, dict):
        return all(answer.get(name) == value for name, value in expected.items())
    if isinstance(answer, dict) and "causes" in answer:
        return sorted(answer["causes"]) == sorted(expected)
    return bool(answer == expected)


def test_worked_cases(shared: Reader) -> None:
    """Every worked case of a kind solved here has its expected answer, and its reply is verified whole."""
    cases = worked(shared)
    wrong = [case["id"] for case in cases if not holds(case, calculate(case).answer)]
    assert not wrong
    for case in cases:
        verify(case, calculate(case))


def test_a_reply_that_was_changed_is_found() -> None:
    """Another answer, another step: each is named."""
    case = {"graph": CHAIN, "query": {"kind": "is_frontdoor_set", "X": "X", "Y": "Y", "M": "M"}}
    reply = calculate(case)
    assert reply.answer is True
    verify(case, reply)
    line = reply.derivation[-1]
    forged = Reply(True, reply.method, (line._replace(value="false"),))
    with pytest.raises(VerificationMismatch, match="step s1 says false"):
        verify(case, forged)


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({"kind": "frontdor_exists"}, "did you mean frontdoor_exists"),
        ({"kind": 3}, "no kind 3"),
        ({}, "no kind None"),
        ({"kind": "is_frontdoor_set", "X": "X", "Y": "X", "M": []}, "'X' is in both X and Y"),
        ({"kind": "is_frontdoor_set", "X": "X", "M": []}, "needs Y"),
        ({"kind": "is_frontdoor_set", "X": "X", "Y": "Q"}, "no node is called 'Q'"),
    ],
)
def test_bad_queries_are_named(query: dict[str, Any], message: str) -> None:
    """By field and value."""
    for solve in (calculate, answered_again):
        with pytest.raises(MalformedCase, match=message):
            solve({"graph": CHAIN, "query": query})


@pytest.mark.parametrize("whole", [None, 3, [], {}, {"query": 3}, {"graph": 3, "query": {"kind": "frontdoor_exists"}}])
def test_what_is_no_case_is_refused(whole: Any) -> None:
    """Whatever it is."""
    with pytest.raises((MalformedCase, CausalError)):
        calculate(whole)


def test_replies_are_json(shared: Reader) -> None:
    """Every answer and certificate can be written down."""
    for case in worked(shared):
        reply = calculate(case)
        assert msgspec.json.decode(msgspec.json.encode([reply.answer, reply.certificate])) is not None


def test_cases_that_share_a_model_are_answered_as_if_each_had_its_own() -> None:
    """What is read once is read again when graph or model is another one, also between two of the same."""
    graph = {"nodes": ["X", "Y"], "directed": [["X", "Y"]]}
    models = [
        {"cpts": {"X": {"parents": [], "table": {"": ["1/2", "1/2"]}},
                  "Y": {"parents": ["X"], "table": {"0": ["1/4", "3/4"], "1": [one, two]}}}}
        for one, two in (("1/3", "2/3"), ("1/5", "4/5"))
    ]  # fmt: skip
    query = {"kind": "do", "event": {"Y": 1}, "do": {"X": 1}}
    cases = [{"graph": graph, "scm": models[place], "query": query} for place in (0, 0, 1, 0)]
    cases.insert(2, {"graph": graph, "query": {"kind": "dsep", "X": "X", "Y": "Y"}})
    assert [reply.answer for reply in agreed_on(cases)] == ["2/3", "2/3", False, "4/5", "2/3"]
    assert agreed_on(cases) == [agreed(one) for one in cases]


NOISY = {"nodes": ["X", "Y", "A"], "directed": [["X", "Y"], ["A", "Y"]]}


def _monotone(mechanism: list[str], query: dict[str, Any]) -> dict[str, Any]:
    """A case that says of its model that Y never falls as X rises."""
    return {
        "graph": NOISY,
        "scm": {"exogenous": {"X": ["1/2", "1/2"], "A": ["1/3", "2/3"]}, "equations": {"Y": mechanism}},
        "query": {"X": "X", "Y": "Y", "monotone": True} | query,
    }


COUNTER = {"kind": "counterfactual", "event": {"Y": 1}, "do": {"X": 0}, "evidence": {"X": 1, "Y": 1}}


@pytest.mark.parametrize(
    ("query", "answer"), [({"kind": "pn"}, "1/3"), ({"kind": "ps"}, "1"), ({"kind": "pns"}, "1/3"), (COUNTER, "2/3")]
)
def test_a_model_that_keeps_what_is_said_of_it_is_answered(query: dict[str, Any], answer: str) -> None:
    """As without the word, by both solvers."""
    case = _monotone(["or", "X", "A"], query)
    reply = calculate(case)
    assert reply.answer == answer
    verify(case, reply)


@pytest.mark.parametrize("query", [{"kind": "pn"}, {"kind": "ps"}, {"kind": "pns"}, COUNTER], ids=str)
def test_a_model_that_contradicts_what_is_said_of_it_is_refused(query: dict[str, Any]) -> None:
    """Both solvers, and the first names the share of units that fall; without the word it is answered."""
    case = _monotone(["xor", "X", "A"], query)
    with pytest.raises(
        MalformedCase, match=r"monotone says that Y never falls as X rises, but .* 2/3 fall from 1 at 0"
    ):
        calculate(case)
    with pytest.raises(MalformedCase):
        answered_again(case)
    assert agreed(_monotone(["xor", "X", "A"], query | {"monotone": False})).answer == _WITHOUT[str(query["kind"])]


_WITHOUT = {"pn": "1", "ps": "1", "pns": "1/3", "counterfactual": "0"}
