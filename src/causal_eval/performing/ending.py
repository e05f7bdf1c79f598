"""The end of an evaluation: scored, noted once, and told."""

from __future__ import annotations

from causal_eval.operations.notices import EvaluationEnded
from causal_eval.service.results import compute
from causal_eval.service.wiring import Service
from causal_eval.store import shards
from causal_eval.store.evaluations import Evaluation, read_evaluation
from causal_eval.store.jobs import JobStatus

STOPPED = "enough is known: stopped by its rule"
"""The note of a job that did not ask everything."""


def end_job(service: Service, evaluation: str) -> None:
    """Score the evaluation and note that its job is done, if nobody has."""
    with service.store.reading() as connection:
        found = read_evaluation(connection, evaluation, projects=None)
    compute(service, found)
    at = service.clock()
    with service.store.writing() as connection:
        ended = shards.end_job(connection, evaluation, at=at)
    if ended:
        tell_end(service, found, status=JobStatus.DONE, at=at)


def stop_job(service: Service, evaluation: str) -> None:
    """Score the evaluation and note that its job is done, though not everything was asked: its rule is met."""
    with service.store.reading() as connection:
        found = read_evaluation(connection, evaluation, projects=None)
    compute(service, found)
    at = service.clock()
    with service.store.writing() as connection:
        ended = shards.halt(connection, evaluation, note=STOPPED, at=at, status=JobStatus.DONE)
    if ended:
        tell_end(service, found, status=JobStatus.DONE, at=at)


def tell_end(service: Service, found: Evaluation, *, status: JobStatus, at: float) -> None:
    """Tell whoever listens that a job ended as *status*."""
    began = found.created_at.timestamp()
    service.listener(EvaluationEnded(found.id, found.spec.answerer, status.value, began, at))
