"""Metrics of linked questions: an answerer with one known habit shows it in the figure that is made for it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pytest

from causal_eval.analysis.observation import Observation
from causal_eval.analysis.twins.metrics import METRICS, Metric, twin_metrics
from causal_eval.analysis.twins.seen import Seen
from causal_eval.questions.dials.claim import claimed
from causal_eval.questions.dials.label import setting_of
from causal_eval.questions.generate import Plan, generate
from causal_eval.questions.question import AnswerKind, Question
from causal_eval.scoring.format import example
from causal_eval.scoring.grade import judge
from causal_eval.scoring.verdict import MISSING

Answer = Callable[[Question], str | None]
"""What is said after ``ANSWER:``; None: the call failed."""


def _asked(questions: Iterable[Question], answer: Answer) -> dict[str, Metric]:
    """The metrics of somebody who answers so."""
    rows = []
    for question in questions:
        said = answer(question)
        verdict = MISSING if said is None else judge(f"ANSWER: {said}", "stop", question=question)
        row = Observation(
            answerer="lab/model", question=question.id, sample=0, family=question.family, kind=question.kind,
            rung=question.rung, domain=question.domain, regime=question.regime, difficulty=question.difficulty,
            cluster=question.cluster, twin=question.twin, joint=question.joint, exempt=question.exempt,
            mark=verdict.mark, strict=verdict.strict, share=verdict.share,
        )  # fmt: skip
        rows.append(Seen(row, question, verdict.answer))
    return {metric.name: metric for metric in twin_metrics(rows)["lab/model"]}


def _right(question: Question) -> str:
    return example(question.answer, question.gold)


def _plan(*kinds: str, n: int = 24, **other: Any) -> list[Question]:
    return list(generate(Plan(n=n, seed="metrics", kinds=kinds, **other)))


def test_all_metrics_are_told_of_everybody() -> None:
    """Whoever answered nothing of a design has its metric, without an estimate."""
    found = _asked(_plan("separation/minimal", n=4), _right)
    assert tuple(found) == METRICS
    assert found["association_pull"].value.estimate is None
    assert found["size_slope"].value.estimate == 0.0


def test_who_takes_association_for_effect_is_pulled() -> None:
    """Raises and lowers by the association: all right where it agrees, all wrong where it does not."""
    questions = _plan("effect/direction", n=32)
    found = _asked(questions, lambda question: _mistake(question, "correlation is causation"))
    assert found["association_pull"].value.estimate == 1.0
    assert _asked(questions, _right)["association_pull"].value.estimate == 0.0


def _mistake(question: Question, name: str) -> str:
    assert question.certificate is not None
    return question.certificate.mistakes[name].strip('"')


def test_who_does_not_see_the_way_of_an_arrow_has_a_gap() -> None:
    """One answer to both twins of a pair is right for one of them at most: half of the members, no pair."""
    questions = _plan("attribution/reversed", n=24)
    first = {question.cluster: _right(question) for question in reversed(questions)}
    found = _asked(questions, lambda question: first[question.cluster])
    assert found["direction_gap"].value.estimate == pytest.approx(0.5)
    assert _asked(questions, _right)["direction_gap"].value.estimate == 0.0


def test_who_reads_names_only_has_a_lexical_gap() -> None:
    """Right in real names alone."""
    questions = _plan("separation/minimal", n=40)
    found = _asked(questions, lambda question: _right(question) if question.regime == "real" else "{}")
    assert found["lexical_gap"].value.estimate == pytest.approx(1.0)
    assert found["prior_pull"].value.estimate == pytest.approx(1.0)


def test_who_always_gives_up_refuses_too_much_and_who_never_does_says_too_much() -> None:
    """Shares of what is decided, and of what is open; a call that failed is in neither."""
    questions = _plan("underdetermined/tables", n=24)
    shy = _asked(questions, lambda _: "cannot be determined")
    assert (shy["over_refusal"].value.estimate, shy["over_answer"].value.estimate) == (1.0, 0.0)
    bold = _asked(questions, lambda question: None if question.id == questions[0].id else "raises it")
    assert (bold["over_refusal"].value.estimate, bold["over_answer"].value.estimate) == (0.0, 1.0)
    assert bold["over_refusal"].value.n + bold["over_answer"].value.n == 23


def test_pieces_of_a_cluster_are_refused() -> None:
    """Rows that are not in cluster order would be counted as independent."""
    questions = _plan("effect/direction", n=8)
    torn = [*questions[:2], *questions[4:], *questions[2:4]]
    with pytest.raises(ValueError, match="comes in pieces"):
        _asked(torn, _right)


def test_metrics_do_not_depend_on_the_order_of_clusters() -> None:
    """Sums are exact."""
    questions = _plan("effect/direction", n=32)
    turned = [question for start in range(28, -1, -4) for question in questions[start : start + 4]]
    answer = lambda question: "yes" if int(question.id[-1], 16) % 3 else _right(question)  # noqa: E731 - one habit
    assert _asked(questions, answer) == _asked(turned, answer)


def _linked(design: str, n: int, *kinds: str) -> list[Question]:
    return list(generate(Plan(n=n, seed="linked", twins=(design,), kinds=kinds)))


def test_who_ignores_the_graph_makes_no_use_of_it() -> None:
    """One answer whatever the graph: right in one of two, and without a graph as good as in one of two."""
    questions = _linked("graph", 24)
    assert _asked(questions, lambda _: "raises it")["graph_use"].value.estimate == 0.0
    assert _asked(questions, _right)["graph_use"].value.estimate == 1.0


def test_who_believes_what_is_claimed_yields() -> None:
    """All wrong claims repeated: yield 1, and all that was right is lost."""
    questions = _linked("pressure", 48, "effect/do", "confounding/minimal", "treated/compare", "bounds/confounded")

    def credulous(question: Question) -> str:
        claim = claimed(question)
        return _right(question) if claim is None else example(question.answer, claim)

    found = _asked(questions, credulous)
    assert found["pressure_yield"].value.estimate == 1.0
    assert found["pressure_drop"].value.estimate == 1.0
    assert found["pressure_lift"].value.estimate == 0.0
    firm = _asked(questions, _right)
    assert (firm["pressure_yield"].value.estimate, firm["pressure_drop"].value.estimate) == (0.0, 0.0)


def test_who_is_confused_by_more_than_three_distractors_has_a_slope() -> None:
    """Right up to three of six: the slope of least squares of 1 1 1 1 0 0 0."""
    questions = _linked("distractors", 28, "effect/do", "cde/cde")

    def confused(question: Question) -> str:
        setting = setting_of(question.twin)
        return _right(question) if setting is not None and int(setting.value) <= 3 else "1/1000"

    found = _asked(questions, confused)["distractor_slope"].value
    assert found.estimate == pytest.approx(-6 / 28)
    assert found.low is not None


def test_who_cannot_reckon_has_a_numeracy_gap() -> None:
    """Signs and formulas right, numbers wrong; one of the two ways to ask for a sign is not enough."""
    questions = _linked("numeracy", 24)
    found = _asked(questions, lambda one: "7" if one.answer.kind is AnswerKind.NUMBER else _right(one))
    assert found["numeracy_gap"].value.estimate == 1.0
    assert found["sign_gap"].value.estimate == 1.0
    half = _asked(questions, lambda one: "yes" if one.answer.kind is AnswerKind.YES_NO else _right(one))
    assert (half["numeracy_gap"].value.estimate, half["sign_gap"].value.estimate) == (-0.5, -1.0)


def test_who_skips_abduction_has_a_gap() -> None:
    """Right where nothing was seen, the named mistake where something was."""
    questions = _linked("abduction", 20)

    def skipping(question: Question) -> str:
        setting = setting_of(question.twin)
        return (
            _mistake(question, "skip abduction") if setting is not None and setting.value == "on" else _right(question)
        )

    assert _asked(questions, skipping)["abduction_gap"].value.estimate == 1.0


def test_who_is_right_on_easy_levels_has_a_size_slope() -> None:
    """Right at levels 1 and 2 of 5."""
    questions = _linked("size", 40, "effect/do", "effect/ate")
    found = _asked(questions, lambda one: _right(one) if one.difficulty <= 2 else "7")
    assert found["size_slope"].value.estimate == pytest.approx(-0.3)
