"""Evaluations whose calls were made at moments that a test chooses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from sqlalchemy import insert
from tests.asked import asked

from causal_eval.effects.moments import stamp
from causal_eval.evaluation.spec import RunSpec
from causal_eval.incidents.incident import Severity, State
from causal_eval.incidents.view import Told
from causal_eval.providers.provider import Failure, FailureKind, Reply
from causal_eval.questions.question import Question, canonical
from causal_eval.scoring.verdict import Mark, Verdict
from causal_eval.store.database import Store
from causal_eval.store.evaluations import Evaluation, begin
from causal_eval.store.jobs import Job, JobStatus, insert_job
from causal_eval.store.rows import attempt_values, failure_values, question_digest, verdict_values
from causal_eval.store.suites import keep_set
from causal_eval.store.tables import attempts, failures, verdicts

NOW = 1_790_000_000.0


@dataclass(frozen=True, slots=True)
class Call:
    """What came of asking a question, and when; several may be of one question."""

    question: int
    at: float
    """Seconds after ``NOW`` at which it began."""
    seconds: float = 1.0
    right: bool = True
    failed: bool = False
    calls: int = 1
    sample: int = 0
    asked_at: float | None = None
    """Of a reply from the cache: when it was first asked for."""
    batch: str = ""


def questions(count: int) -> list[Question]:
    """So many; three share a causal model."""
    return [asked(f"q{number:05d}", cluster=f"c{number // 3}") for number in range(count)]


def evaluated(
    store: Store, calls: Sequence[Call], *, answerer: str = "openai/x", of_service: bool = True, count: int = 12
) -> Evaluation:
    """An evaluation over *count* questions of which *calls* were made."""
    made = questions(count)
    label = f"{answerer} {sorted(map(repr, calls))} {of_service}"
    epochs = max((one.sample for one in calls), default=0) + 1
    run = begin(store, RunSpec(answerer, keep_set(store, made, name="s").digest, epochs=epochs, label=label))
    with store.writing() as connection:
        if of_service:
            insert_job(connection, _job(run), parts=())
        for call in calls:
            asked_of = {
                "evaluation_id": run.id, "question": question_digest(canonical(made[call.question])),
                "answerer": answerer, "sample": call.sample,
            }  # fmt: skip
            began = stamp(NOW + call.at)
            if call.failed:
                failure = Failure(FailureKind.TIMEOUT, "no reply", latency_ms=call.seconds * 1000, calls=call.calls)
                connection.execute(insert(failures), failure_values(asked_of, failure, started_at=began))
                continue
            reply = Reply("yes", latency_ms=call.seconds * 1000, calls=call.calls, batch=call.batch)
            if call.asked_at is not None:
                reply = replace(reply, source=f"s{call.question}", asked_at=stamp(NOW + call.asked_at))
            key = connection.scalar(
                insert(attempts).returning(attempts.c.id), attempt_values(asked_of, reply, started_at=began)
            )
            assert key is not None
            mark = Mark.CORRECT if call.right else Mark.WRONG
            verdict = Verdict(mark, mark, Fraction(call.right), answer="yes")
            connection.execute(insert(verdicts), verdict_values(key, verdict, evaluation=run.id))
    return run


def _job(run: Evaluation) -> Job:
    return Job(
        run.id, run.project, "ann", JobStatus.DONE, priority=10, paused=False, created_at=NOW, ended_at=NOW + 900,
        call="{}", width=None, budget=None, note="",
    )  # fmt: skip


def told(name: str, **other: Any) -> Told:
    """An incident by its id, with everything that does not matter filled in; any field by keyword."""
    fields: dict[str, Any] = {
        "component": "api",
        "family": "down",
        "severity": Severity.P1,
        "state": State.INVESTIGATING,
        "title": "nothing answers",
        "private": False,
        "began_at": NOW,
        "opened_at": NOW,
        "seq": 1,
        "due": {},
        "firing": (),
        **dict.fromkeys(("impact", "responder", "root_cause", "resolution"), ""),
        **dict.fromkeys(("published_at", "acknowledged_at", "mitigated_at", "quiet_until", "resolved_at"), None),
        "reviewed_at": None,
    }
    return Told(**{"id": name, **fields, **other})
