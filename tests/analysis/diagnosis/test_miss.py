"""One wrong answer: what it matches, and what could have been matched."""

from __future__ import annotations

import msgspec

from causal_eval.analysis.diagnosis.miss import Wrong, read_miss
from causal_eval.questions.generate import Plan, generate


def _questions(*kinds: str) -> list[Wrong]:
    return [Wrong(one, 0, None) for one in generate(Plan(n=12, seed="miss", kinds=kinds))]


def test_the_mistakes_answer_is_matched_with_its_name() -> None:
    """Who takes the association for the effect has made that mistake, whatever else it may be."""
    for one in _questions("effect/ate"):
        assert one.question.certificate is not None
        naive = msgspec.json.decode(one.question.certificate.mistakes["correlation is causation"])
        found = read_miss(one._replace(answer=naive))
        assert found.matched["association"] == 1.0
        assert ("association", "correlation is causation") in found.names
        assert {"association", "sign", "arithmetic"} <= set(found.expected)
        assert found.cluster == one.question.cluster


def test_an_answer_of_no_mistake_matches_nothing() -> None:
    """It is left unexplained, and what it could have been is known all the same."""
    for one in _questions("effect/ate"):
        found = read_miss(one._replace(answer="0.98765"))
        assert not found.matched
        assert not found.names
        assert 0.0 < found.chance < 0.2


def test_several_ways_of_one_kind_make_each_less_probable() -> None:
    """Somebody who makes a mistake of a kind makes one of them."""
    found = [
        read_miss(one._replace(answer=answer))
        for one in _questions("causation/rules")
        if one.question.certificate
        for answer in [msgspec.json.decode(one.question.certificate.mistakes["average effect"])]
    ]
    assert len(found) == 12
    assert all(0.0 < miss.matched["causation"] < 1.0 for miss in found)
