"""The whole profile: what an answerer with known habits is shown to do, and what follows."""

from __future__ import annotations

from tests.analysis.profiling.seeing import Answer, seen
from tests.asked import asked
from tests.drawn import drawn

from causal_eval.analysis.profiling.portrait import CausalProfile, causal_profile
from causal_eval.evaluation.baselines.learn import NOTHING
from causal_eval.evaluation.baselines.shortcuts import association
from causal_eval.questions.question import AnswerKind, AnswerSpec


def _profile(answer: Answer) -> CausalProfile:
    rows = seen(drawn(160), answer)
    return causal_profile("lab/model", lambda: iter(rows))


def test_who_takes_association_for_effect_is_told_so() -> None:
    """Diagnosis, shortcut share and recommendations point the same way, each with its figure."""
    found = _profile(lambda question: association(question, NOTHING))
    assert "association" in {cause.key for cause in found.diagnosis.shown}
    rules = {(one.rule, one.about) for one in found.recommendations}
    assert ("cause", "association taken for effect") in rules
    assert ("shortcut", "association") in rules
    assert all(one.value.low is not None and one.value.n > 0 for one in found.recommendations)


def test_to_who_is_right_nothing_is_recommended() -> None:
    """No miss, no gap, no advice."""
    found = _profile(lambda question: question.gold)
    assert found.recommendations == ()
    assert found.matrix.overall.score.estimate == 1.0
    assert found.memorisation is None


def test_what_cannot_be_read_is_the_first_thing_to_mend() -> None:
    """A third of the replies is unreadable."""
    place = {question.id: number for number, question in enumerate(drawn(160))}
    found = _profile(lambda question: None if place[question.id] % 3 == 0 else question.gold)
    assert found.recommendations[0].rule == "unparsed"
    assert found.unparsed.estimate is not None
    assert 0.3 < found.unparsed.estimate < 0.37


def test_a_family_that_lags_is_named() -> None:
    """One family all wrong, the rest right: begin with it."""
    found = _profile(lambda question: None if question.family == "mediation" else question.gold)
    assert [one.about for one in found.recommendations if one.rule == "family"] == ["mediation"]


def test_published_questions_give_a_memorisation_gap() -> None:
    """All right on published questions, half on fresh ones: shown, and advised upon."""
    place = {question.cluster: number for number, question in enumerate(drawn(160))}
    rows = seen(drawn(160), lambda question: question.gold if place[question.cluster] % 2 else None)
    old = seen(drawn(280)[160:], lambda question: question.gold)
    found = causal_profile("lab/model", lambda: iter(rows), published=[one.row for one in old])
    assert found.memorisation is not None
    assert found.memorisation.low is not None
    assert found.memorisation.low > 0
    assert "memorisation" in {one.rule for one in found.recommendations}


def test_questions_without_proof_have_slips_alone() -> None:
    """A user's own questions name no mistake: what can be found in their numbers is found, the rest is unexplained."""
    texts = [asked(f"t-{n}", answer=AnswerSpec(AnswerKind.TEXT), gold="Paris") for n in range(10)]
    numbers = [asked(f"n-{n}", answer=AnswerSpec(AnswerKind.NUMBER), gold="3/10") for n in range(10)]
    rows = seen([*texts, *numbers], lambda question: "-3/10" if question.gold == "3/10" else "London")
    found = causal_profile("lab/model", lambda: iter(rows)).diagnosis
    assert [cause.key for cause in found.causes] == ["sign", "unexplained"]
    assert [cause.share.estimate for cause in found.causes] == [0.5, 0.5]
