"""Marks: on every result whose call overlapped, on none beside, added once; stored results stay as they were."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import NamedTuple

import pytest
from sqlalchemy import delete, func, insert, select, text, update
from tests.effects.calls import NOW, Call, evaluated

from causal_eval.effects import marking, mirror
from causal_eval.effects.moments import seconds, stamp
from causal_eval.incidents.view import Told
from causal_eval.store import retention
from causal_eval.store.database import Store
from causal_eval.store.incident_tables import incident_marks, incident_tallies, incidents
from causal_eval.store.public_tables import submissions
from causal_eval.store.tables import attempts, batches, evaluations, failures, questions, verdicts
from causal_eval.store.work_tables import jobs

Make = Callable[..., Told]
ENDED = 60.0


class Marked(NamedTuple):
    """What a mark says."""

    question: str
    outcome: str
    reason: str
    calls: int


@pytest.fixture
def outage(told: Make) -> Callable[..., Told]:
    """An incident of openai's from ``NOW`` on for a minute, or another."""

    def made(component: str = "model_api:openai", **other: object) -> Told:
        fields: dict[str, object] = {"component": component, "family": "failing", "mitigated_at": NOW + ENDED}
        return told("INC-1", **{**fields, **other})

    return made


def mark(store: Store, one: Told, *, at: float = NOW + 900, only: str | None = None) -> list[Marked]:
    """What is marked once *one* is copied and its results are looked for."""
    with store.writing() as connection:
        mirror.keep(connection, [one], at=at)
    marking.mark(store, one, at=at, only=only)
    return marks(store)


def marks(store: Store) -> list[Marked]:
    """All marks, by question."""
    of = incident_marks.c
    query = (
        select(questions.c.id, of.outcome, of.reason, of.calls)
        .join(questions, questions.c.digest == of.question)
        .order_by(questions.c.id, of.outcome, of.result)
    )
    with store.reading() as connection:
        return [Marked(*row) for row in connection.execute(query)]


@pytest.mark.parametrize(
    ("call", "reason"),
    [
        (Call(0, -10.0, seconds=9.998), None),
        (Call(0, -10.0, seconds=10.0), "during"),
        (Call(0, -900.0, seconds=1200.0), "during"),
        (Call(0, 0.0), "during"),
        (Call(0, ENDED), "during"),
        (Call(0, ENDED + 0.002), None),
        (Call(0, -120.0, calls=3), "retried"),
        (Call(0, -601.0, calls=3), None),
        (Call(0, 100.0, asked_at=30.0), "during"),
        (Call(0, 30.0, asked_at=-5000.0), None),
    ],
    ids=[
        "ended just before", "ended as it began", "long", "began as it began", "began as it ended", "began just after",
        "repeated", "repeated long before", "cached of then", "cached of before",
    ],
)  # fmt: skip
def test_overlap(store: Store, outage: Make, call: Call, reason: str | None) -> None:
    """To the millisecond; a call whose end is not known counts if it may have reached into it."""
    evaluated(store, [call])
    assert [one.reason for one in mark(store, outage())] == ([] if reason is None else [reason])


def test_failed_calls_count_what_was_lost(store: Store, outage: Make) -> None:
    """Each has a mark with its calls; that a question was answered later, and that one never was, is told apart."""
    run = evaluated(
        store,
        [
            Call(0, 1.0, failed=True, calls=5), Call(0, 9.0, failed=True, calls=2), Call(0, 300.0),
            Call(1, 2.0, failed=True, calls=4), Call(2, 3.0, calls=3), Call(3, 300.0),
        ],
    )  # fmt: skip
    assert mark(store, outage()) == [
        ("q00000", "failed", "during", 5), ("q00000", "failed", "during", 2), ("q00001", "failed", "during", 4),
        ("q00002", "kept", "during", 2),
    ]  # fmt: skip
    with store.reading() as connection:
        assert connection.execute(select(incident_tallies)).all() == [("INC-1", run.id, 1, 1, 13)]


@pytest.mark.parametrize(
    ("component", "answerer", "of_service", "found"),
    [
        ("model_api:openai", "openai/x", False, True),
        ("model_api:openai", "openai-api/openai/x", True, False),
        ("model_api:openai-api/my", "openai-api/my/x", True, True),
        ("model_api", "anthropic/y", True, True),
        ("model_api", "baseline/random", True, False),
        ("model_api", "local/gemma-3-270m", True, False),
        ("database", "baseline/random", True, True),
        ("database", "openai/x", False, False),
        ("process:worker", "openai/x", True, True),
        ("monitoring", "openai/x", True, False),
        ("of nobody's", "openai/x", True, False),
    ],
)
def test_related(store: Store, outage: Make, component: str, answerer: str, of_service: bool, found: bool) -> None:
    """A provider's incident is of its own calls, one of the service of what the service carries out."""
    evaluated(store, [Call(0, 5.0)], answerer=answerer, of_service=of_service)
    assert bool(mark(store, outage(component))) is found


def test_what_somebody_brought_is_not_marked(store: Store, outage: Make) -> None:
    """Nobody knows when the calls of a self-report were made."""
    run = evaluated(store, [Call(0, 5.0)])
    row = {
        "id": "s", "project": "local", "tier": "self_reported", "answerer": "x", "about": "{}", "suite": "s",
        "evaluation_id": run.id, "set_digest": "d", "answers_digest": "a", "commitment": "c", "seed": "",
        "status": "scored", "flags": "[]", "is_public": False, "paired": "{}", "created_at": NOW,
    }  # fmt: skip
    with store.writing() as connection:
        connection.execute(insert(submissions), row)
    assert not mark(store, outage())


@pytest.mark.parametrize(("closed", "found"), [(None, True), (-1.0, False), (1.0, True)])
def test_a_batch_lasts_from_its_order_to_its_end(store: Store, outage: Make, closed: float | None, found: bool) -> None:
    """All that came in it may have been made at any moment between."""
    run = evaluated(store, [Call(0, -7200.0, seconds=0.0, batch="b1"), Call(1, -7200.0, seconds=0.0)])
    row = {
        "evaluation_id": run.id, "number": 1, "tag": "t", "handle": "b1", "asked": 1,
        "made_at": stamp(NOW - 7200), "closed_at": None if closed is None else stamp(NOW + closed),
    }  # fmt: skip
    with store.writing() as connection:
        connection.execute(insert(batches), row)
    assert [one.question for one in mark(store, outage())] == (["q00000"] if found else [])


def test_again_adds_nothing_and_changes_no_result(store: Store, outage: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """In pages of two or in one; every stored row of attempts, failures and verdicts is as it was, bit for bit."""
    calls = [Call(n % 12, float(n), failed=n > 11, calls=2) for n in range(30)]
    evaluated(store, calls)

    def rows() -> list[object]:
        with store.reading() as connection:
            tables = (attempts, failures, verdicts)
            return [connection.execute(select(one).order_by(one.c.id)).all() for one in tables]

    before = rows()
    first = mark(store, outage())
    monkeypatch.setattr("causal_eval.effects.overlap.PAGE", 2)
    assert mark(store, outage()) == first
    assert len(first) == 30
    assert rows() == before
    with store.writing() as connection:
        connection.execute(delete(incident_marks))
    assert mark(store, outage()) == first


def test_one_that_lasts_is_marked_so_far(store: Store, outage: Make) -> None:
    """What was touched by now is marked, and when it is over the rest."""
    evaluated(store, [Call(0, 5.0), Call(1, 50.0)])
    lasting = outage(mitigated_at=None)
    assert [one.question for one in mark(store, lasting, at=NOW + 20)] == ["q00000"]
    with store.reading() as connection:
        assert not marking.unmarked(connection)
        assert connection.scalar(select(incidents.c.marked_at)) is None
    with store.writing() as connection:
        mirror.keep(connection, [outage()], at=NOW + 99)
    with store.reading() as connection:
        assert marking.unmarked(connection) == [outage()]
    assert [one.question for one in mark(store, outage())] == ["q00000", "q00001"]
    with store.reading() as connection:
        assert not marking.unmarked(connection)


def test_late_results_are_looked_for_without_a_sentinel(store: Store, outage: Make) -> None:
    """The command line copies incidents too: what has ended is looked at once, not at every look."""
    assert marking.mark_late(store, at=NOW + 50) == 0
    mark(store, outage("database"), at=NOW + 100)
    evaluated(store, [Call(0, 59.0, seconds=100.0)])
    assert [marking.mark_late(store, at=NOW + at) for at in (1100, 1900, 2000)] == [1, 0, 0]
    with store.reading() as connection:
        assert mirror.freshness(connection) == mirror.NEVER


@pytest.mark.parametrize("of_service", [True, False])
def test_what_comes_late_is_marked_when_its_evaluation_has_ended(store: Store, outage: Make, of_service: bool) -> None:
    """A call that overlapped and was kept after the incident's results were marked; looked for once."""
    with store.writing() as connection:
        mirror.answered(connection, cursor=1, at=NOW)
    component = "database" if of_service else "model_api:openai"
    mark(store, outage(component), at=NOW + 100)
    evaluated(store, [Call(0, 59.0, seconds=100.0)], of_service=of_service)
    with store.writing() as connection:
        connection.execute(update(jobs).values(ended_at=None))
    assert marking.mark_late(store, at=NOW + 130) == 0
    with store.writing() as connection:
        connection.execute(update(jobs).values(ended_at=NOW + 200))
        connection.execute(update(evaluations).values(ended_at=datetime.fromtimestamp(NOW + 200, UTC)))
    assert marking.mark_late(store, at=NOW + 230) == 1
    assert [one.question for one in marks(store)] == ["q00000"]
    assert marking.mark_late(store, at=NOW + 900) == 1
    assert marking.mark_late(store, at=NOW + 1900) == 0


def test_marks_go_with_their_evaluation(store: Store, outage: Make) -> None:
    """By this version's way of deleting, and by that of an earlier one, which knows none of these tables."""
    new, old = evaluated(store, [Call(0, 5.0)]), evaluated(store, [Call(1, 6.0)])
    assert len(mark(store, outage())) == 2
    with store.writing() as connection:
        while retention.delete_answers(connection, new.id, limit=10):
            pass
        retention.delete_rest(connection, new.id)
        for table in ("verdicts", "attempts", "tallies", "jobs"):
            column = "1=1 OR evaluation_id" if table == "verdicts" else "evaluation_id"
            connection.execute(text(f"DELETE FROM {table} WHERE {column} = :id"), {"id": old.id})
        connection.execute(text("DELETE FROM evaluations WHERE id = :id"), {"id": old.id})
        for rows in (incident_marks, incident_tallies):
            assert connection.scalar(select(func.count()).select_from(rows)) == 0


def test_moments() -> None:
    """There and back to the millisecond, and in the order of time."""
    assert [seconds(stamp(at)) for at in (NOW, NOW + 0.001, NOW + 1)] == [NOW, NOW + 0.001, NOW + 1]
    assert stamp(NOW) < stamp(NOW + 0.001) < stamp(NOW + 1)
