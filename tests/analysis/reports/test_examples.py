"""Example cards tell which classic mistake an answer was."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from tests.asked import asked

from causal_eval.analysis.reports.examples import example_card
from causal_eval.questions.question import AnswerKind, AnswerSpec, Certificate, Question, Step
from causal_eval.scoring.verdict import MISSING, Mark, Verdict

CASE = {"graph": {"nodes": ["X", "Y"], "directed": [["X", "Y"]]}}
STEPS = (
    Step("s1", "given", "P(Y=1 | X=1)", "p.y.x1", '"3/10"'),
    Step("s2", "arithmetic", "the effect", "s1 - 1/10", '"1/5"'),
    Step("s3", "claim", "no back-door path", '{"kind":"dsep","X":["X"]}', "true"),
    Step("s4", "claim", "how all relate", '{"kind":"attribution"}', '{"X":"cause","Y":"effect"}'),
)


def _question(kind: AnswerKind, gold: Any, mistakes: dict[str, str]) -> Question:
    names = {"X": ("the drug", "no", "yes"), "Y": ("recovery", "no", "yes")}
    certificate = Certificate(CASE, "E[Y | do(X)]", STEPS, names, mistakes)
    return asked(
        family="effect", kind="ate", domain="medicine", regime="real", rung=2, answer=AnswerSpec(kind), gold=gold,
        certificate=certificate,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "answer", "mistake", "given"),
    [
        (AnswerKind.NUMBER, "1/2", '"1/2"', True),
        (AnswerKind.NUMBER, "0.503", '"1/2"', True),
        (AnswerKind.NUMBER, "51/100", '"1/2"', False),
        (AnswerKind.YES_NO, "yes", '"yes"', True),
        (AnswerKind.LABELS, {"b": "cause", "a": "effect"}, '{"a":"effect","b":"cause"}', True),
        (AnswerKind.LABELS, {"a": "cause", "b": "cause"}, '{"a":"effect","b":"cause"}', False),
        (AnswerKind.SET, [["a", "b"]], '[["a","b"],["c"]]', True),
        (AnswerKind.SET, [["b"]], '[["a","b"],["c"]]', False),
        (AnswerKind.SET, [], "[]", True),
        (AnswerKind.SETS, [["a"], ["b"]], '[["a"],["b"]]', True),
        (AnswerKind.NUMBER, None, '"1/2"', False),
    ],
)
def test_the_mistake_that_was_made_is_marked(kind: AnswerKind, answer: Any, mistake: str, given: bool) -> None:
    """An answer is a mistake's if it is equal, within the tolerance of its number, or one of its sets."""
    verdict = Verdict(Mark.WRONG, Mark.WRONG, Fraction(0), answer=answer)
    card = example_card(_question(kind, None, {"association": mistake}), answerer="m", reply="r", verdict=verdict)
    assert [(one.name, one.is_given) for one in card.mistakes] == [("association", given)]


def test_a_card_holds_the_proof() -> None:
    """Graph, estimand and steps are shown as the proof card shows them."""
    verdict = Verdict(Mark.CORRECT, Mark.UNPARSED, Fraction(1), answer="0.2")
    card = example_card(_question(AnswerKind.NUMBER, "1/5", {}), answerer="m", reply="0.2", verdict=verdict)
    assert (card.parsed, card.gold, card.estimand) == ("0.2", "1/5 (≈ 0.2)", "E[Y | do(X)]")
    assert [(one.symbol, one.name, one.zero, one.one) for one in card.symbols] == [
        ("X", "the drug", "no", "yes"),
        ("Y", "recovery", "no", "yes"),
    ]
    assert card.graph == ("drug --> recovery",)
    assert [(step.expression, step.value, step.note) for step in card.steps] == [
        ("", "3/10", "printed"),
        ("s1 - 1/10", "1/5", ""),
        ("", "", "checked: d-separated, yes"),
        ("", "X = cause; Y = effect", "checked on the whole model"),
    ]


def test_a_missing_reply_to_a_question_without_proof() -> None:
    """A user's own question has no derivation, and a missing reply no answer."""
    own = asked("own", answer=AnswerSpec(AnswerKind.TEXT), gold="Paris")
    card = example_card(own, answerer="m", reply="", verdict=MISSING)
    assert (card.parsed, card.gold, card.steps, card.mistakes) == ("", "Paris", (), ())
