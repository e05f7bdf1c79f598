"""What an incident did: the score with and without, by the very functions that every other score comes from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction

import pytest
from tests.effects.calls import NOW, Call, evaluated

from causal_eval.analysis.profile import profile
from causal_eval.effects import marking, mirror, touches
from causal_eval.effects.effect import Effect, Limits, Scores, effect
from causal_eval.effects.relations import Calls
from causal_eval.effects.touches import Item, Rerun
from causal_eval.incidents.view import Told
from causal_eval.scoring.verdict import Mark
from causal_eval.store.database import Store
from causal_eval.store.evaluations import Evaluation
from causal_eval.store.observations import observations

Make = Callable[..., Told]


@pytest.fixture
def outage(told: Make) -> Told:
    """A minute in which openai failed."""
    return told("INC-1", component="model_api:openai", family="failing", mitigated_at=NOW + 60)


def marked(store: Store, one: Told, *, limits: Limits | None = None, projects: frozenset[str] | None = None) -> Effect:
    """What it did, once its results are marked."""
    with store.writing() as connection:
        mirror.keep(connection, [one], at=NOW + 900)
    marking.mark(store, one, at=NOW + 900)
    return effect(store, one, limits=limits, projects=projects)


def calls(*, wrong: Sequence[int] = (), then: Sequence[int] = (), count: int = 12) -> list[Call]:
    """A call for each question; those of *then* during the outage, the others later."""
    return [Call(n, 5.0 if n in then else 300.0, right=n not in wrong) for n in range(count)]


def scored_without(store: Store, run: Evaluation, left_out: Sequence[int]) -> object:
    """The score of *run*, worked out apart, with those questions missing."""
    names = {f"q{number:05d}" for number in left_out}
    rows = [
        replace(row, mark=Mark.MISSING, strict=Mark.MISSING, share=Fraction(0)) if row.question in names else row
        for row in observations(store, run)
    ]
    return profile(rows).answerers[0].overall.score


def test_with_and_without(store: Store, outage: Told) -> None:
    """Both with their clustered intervals; the items are those of the minute, and what it cost is counted."""
    run = evaluated(store, [*calls(wrong=(1, 2, 7), then=(1, 2, 3)), Call(4, 7.0, failed=True, calls=3)])
    found = marked(store, outage)
    (part,) = found.parts
    assert (part.touch.kept, part.touch.missing, part.touch.calls, part.touch.wanted) == (3, 0, 3, 12)
    assert part.items == (
        Item("q00001", 0, "kept", "during", 0), Item("q00002", 0, "kept", "during", 0),
        Item("q00003", 0, "kept", "during", 0), Item("q00004", 0, "failed", "during", 3),
    )  # fmt: skip
    assert part.scores is not None
    assert part.scores.given == profile(observations(store, run)).answerers[0].overall.score
    assert part.scores.given.estimate == 0.75
    assert part.scores.without == scored_without(store, run, [1, 2, 3])
    assert part.scores.without.estimate == pytest.approx(8 / 9)
    assert part.scores.again is None
    assert (found.calls, found.total) == (Calls.PROVIDER, Scores(part.scores.given, part.scores.without))


def test_one_that_touched_nothing(store: Store, outage: Told) -> None:
    """No evaluation, no score, and the reason why it might have."""
    evaluated(store, calls())
    found = marked(store, outage)
    assert (found.parts, found.total) == ((), None)
    assert "replies of a provider" in found.reason


def test_a_total_over_evaluations_takes_a_causal_model_once(store: Store, outage: Told) -> None:
    """Two evaluations of one set: every unit counts, and as many clusters as there are models."""
    first = evaluated(store, calls(wrong=(0, 1), then=(0, 1, 2)))
    second = evaluated(store, calls(wrong=(5, 6, 7, 8), then=(5,)), answerer="openai/y")
    found = marked(store, outage)
    assert [part.touch.evaluation for part in found.parts] == [first.id, second.id]
    assert found.total is not None
    assert (found.total.given.n, found.total.given.clusters) == (24, 4)
    assert found.total.given.estimate == pytest.approx(18 / 24)
    assert found.total.without.n == 20
    assert found.total.without.estimate == pytest.approx(17 / 20)
    alone = found.parts[0].scores
    assert alone is not None
    assert alone.given.low is not None
    assert found.total.given.low is not None
    assert found.total.given.low > alone.given.low


def test_what_is_asked_again_stands_beside(store: Store, outage: Told) -> None:
    """The score with the new answers in place of the marked ones; both others, and every stored row, stay."""
    run = evaluated(store, calls(wrong=(1, 2, 7), then=(1, 2, 3)))
    before = list(observations(store, run))
    marked(store, outage)
    rerun = evaluated(store, [Call(1, 1000.0), Call(2, 1000.0, right=False), Call(7, 1000.0)])
    with store.writing() as connection:
        touches.link(connection, Rerun(rerun.id, run.id, "INC-1", "ann", NOW + 950))
    (part,) = effect(store, outage).parts
    assert part.scores is not None
    assert part.touch.reruns == (rerun.id,)
    assert part.scores.given.estimate == 0.75
    assert part.scores.without.estimate == pytest.approx(8 / 9)
    assert part.scores.again is not None
    assert part.scores.again.estimate == pytest.approx(9 / 11)
    assert list(observations(store, run)) == before
    with store.reading() as connection:
        assert touches.origin_of(connection, rerun.id) == Rerun(rerun.id, run.id, "INC-1", "ann", NOW + 950)
        assert touches.origin_of(connection, run.id) is None


def test_limits(store: Store, outage: Told) -> None:
    """More than fits is counted all the same, and not scored while somebody waits; lists are cut."""
    evaluated(store, calls(then=(1, 2, 3)))
    few = marked(store, outage, limits=Limits(items=2, scored=11))
    assert (len(few.parts[0].items), few.parts[0].scores, few.total, few.parts[0].touch.kept) == (2, None, None, 3)
    assert len(marked(store, outage, limits=Limits(items=None, scored=None)).parts[0].items) == 3


def test_projects(store: Store, outage: Told) -> None:
    """Whoever asks sees what it did to his own."""
    evaluated(store, calls(then=(1,)))
    assert not marked(store, outage, projects=frozenset({"other"})).parts
    assert marked(store, outage, projects=frozenset({"local"})).parts


def test_incidents_of_evaluations(store: Store, outage: Told) -> None:
    """For a list of evaluations, by one look; those that none touched are not there."""
    run, other = evaluated(store, calls(then=(1,))), evaluated(store, calls())
    marked(store, outage)
    with store.reading() as connection:
        found = touches.of_evaluations(connection, [run.id, other.id])
        assert not touches.of_evaluations(connection, [])
    assert list(found) == [run.id]
    assert [str(one) for one in found[run.id]] == ["1 of 12 results fall into INC-1: nothing answers"]
    assert found[run.id][0].asked_by == "ann"


def test_marked_questions(store: Store, outage: Told) -> None:
    """What would be asked again: each whole, once; what is missing too, but not what was answered later."""
    made = [one for one in calls(then=(1,)) if one.question != 4]
    lost = [Call(4, 7.0, failed=True), Call(4, 8.0, failed=True)]
    run = evaluated(store, [*made, *lost, Call(5, 9.0, failed=True)])
    marked(store, outage)
    with store.reading() as connection:
        found = list(touches.marked_questions(connection, "INC-1", evaluation=run.id))
    assert sorted(one.id for one in found) == ["q00001", "q00004"]
