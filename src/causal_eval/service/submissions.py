"""Submissions to the leaderboard in two tiers that are never ranked together, each signed for what it proves.

*Verified*: the server draws a secret seed, publishes its SHA-256, asks the answerer itself, and reveals the seed with
the scores. *Self-reported*: somebody sends answers and the seed; the server generates the questions and scores.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import msgspec

from causal_eval.errors import CausalEvalError, Conflict, UsageError
from causal_eval.evaluation.attempt import Attempt
from causal_eval.evaluation.ledger import Judged
from causal_eval.evaluation.spec import RunSpec
from causal_eval.providers.provider import Reply
from causal_eval.questions.generate import generate
from causal_eval.questions.question import GENERATOR, Question, canonical
from causal_eval.questions.suite import suite
from causal_eval.scoring.grade import judge
from causal_eval.service.access import Permission, require
from causal_eval.service.answering import Call
from causal_eval.service.audit import Deed, record
from causal_eval.service.jobs import USUAL, JobOrder, checked, order_over
from causal_eval.service.pricing import REPORTED
from causal_eval.service.sealing import complete, find
from causal_eval.service.signing import Signer
from causal_eval.service.wiring import Service, Visit
from causal_eval.store import submissions as kept
from causal_eval.store.evaluations import LOCAL, Evaluation, Status, begin_within, end
from causal_eval.store.jobs import Job, JobStatus, find_job, insert_job
from causal_eval.store.ledger import SqlLedger
from causal_eval.store.owners import own_set
from causal_eval.store.projects import find_project
from causal_eval.store.submissions import Standing, Submission, Tier
from causal_eval.store.suites import StoredSet, keep_set

PAGE = 100
LONGEST_ABOUT = 4_000
LARGEST_SIZE = 1e6

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Entrant:
    """What is submitted, but for the answers."""

    answerer: str
    """``provider/model``; of a self-report any name."""
    suite: str
    project: str = LOCAL
    about: Mapping[str, str] = field(default_factory=dict)
    """What the submitter says about it: licence, link ..."""
    size: float | None = None
    """Billions of parameters."""
    is_public: bool = True
    """False: it stands on the board of the project alone."""


def verified(visit: Visit, entrant: Entrant, *, call: Call | None = None, budget: str | None = None) -> Submission:
    """Publish the hash of a secret seed, generate the suite from it, and order its evaluation.

    Raises:
        NotAllowed, UnknownName, UsageError: it cannot be begun; the message names the field.
    """
    service = visit.service
    _check(visit, entrant)
    asked = replace(call or Call(), cache="off")
    wanted = JobOrder(entrant.answerer, "", entrant.project, call=asked, budget=budget)
    checked(visit, wanted)  # nothing is published of what could not be asked
    seed = service.token()
    questions = list(generate(suite(entrant.suite, seed)))
    one = _begun(visit, entrant, tier=Tier.VERIFIED, seed=seed, questions=questions)
    stored = _keep(service, questions, name=f"verified/{one.id}")
    ordered = order_over(visit, replace(wanted, seed=one.id), question_set=stored)
    with service.store.writing() as connection:
        kept.change_submission(connection, one.id, values={"evaluation_id": ordered.evaluation.id})
    return replace(one, evaluation_id=ordered.evaluation.id)


def reported(visit: Visit, entrant: Entrant, *, seed: str, answers: Mapping[str, str]) -> Submission:
    """Generate the suite of *seed*, score *answers* (question id -> reply) to it, and sign; what lacks is missing.

    Raises:
        NotAllowed, UnknownName, UsageError: it cannot be taken; the message names the field.
    """
    service = visit.service
    _check(visit, entrant)
    questions = list(generate(suite(entrant.suite, seed)))
    there = {one.id for one in questions}
    if not answers or answers.keys().isdisjoint(there):
        raise UsageError(
            f"answers hold none to the questions of suite {entrant.suite} with seed {seed!r}: the keys are question ids"
        )
    one = _begun(visit, entrant, tier=Tier.SELF_REPORTED, seed=seed, questions=questions, answers=answers)
    stored = _keep(service, questions, name=f"{entrant.suite}/{seed}")
    evaluation = _entered(visit, one, question_set=stored)
    asyncio.run(_answer(service, evaluation, answers=answers))
    end(service.store, evaluation.id, status=Status.COMPLETE, now=datetime.fromtimestamp(service.clock(), UTC))
    return complete(service, replace(one, evaluation_id=evaluation.id), unknown=len(answers.keys() - there))


def listed(
    visit: Visit, *, project: str | None = None, before: tuple[float, str] | None = None, limit: int = PAGE
) -> list[Submission]:
    """The newest of *project*, or of all that the caller enters; seeds that are secret are left out."""
    require(visit.caller, Permission.READ, project=project)
    projects = visit.caller.projects if project is None else frozenset({project})
    with visit.service.store.reading() as connection:
        found = kept.list_submissions(connection, projects, before=before, limit=min(limit, PAGE))
    return [replace(one, seed="") if one.sealed else one for one in found]


def score(visit: Visit, submission: str) -> Submission:
    """Score a verified submission whose evaluation is done, sign it, and reveal its seed; done once.

    Raises:
        Conflict: its evaluation is not done.
    """
    found = find(visit, submission, own=True)
    require(visit.caller, Permission.EVALUATE, project=found.project)
    if found.status is not Standing.OPEN:
        return found
    if not _is_done(visit.service, found):
        raise Conflict(f"the evaluation of submission {submission} is not done: wait for it, or retry what is missing")
    with visit.service.store.reading() as connection:
        secret = kept.find_submission(connection, submission)
    return complete(visit.service, secret)


def any_waiting(service: Service) -> bool:
    """Whether a submission waits for its evaluation or its score."""
    with service.store.reading() as connection:
        return bool(kept.waiting(connection, limit=1))


def settle(service: Service) -> int:
    """Score whatever is done and not scored; how many those are. For a worker, over and over."""
    with service.store.reading() as connection:
        waiting = [one for one in kept.waiting(connection) if _is_done(service, one)]
    for one in waiting:
        try:
            complete(service, one)
        except CausalEvalError as problem:
            _LOG.warning("submission %s: %s", one.id, problem)
    return len(waiting)


def _check(visit: Visit, entrant: Entrant) -> None:
    require(visit.caller, Permission.EVALUATE, project=entrant.project)
    Signer(visit.service.settings)  # before any work: without a key nothing could be signed
    if not entrant.answerer.isprintable() or not entrant.answerer.strip():
        raise UsageError(f"answerer is {entrant.answerer!r}: give its name")
    if len(msgspec.json.encode(entrant.about)) > LONGEST_ABOUT:
        raise UsageError(f"about is longer than {LONGEST_ABOUT} bytes: give licence, link and the like")
    if entrant.size is not None and not 0 < entrant.size <= LARGEST_SIZE:
        raise UsageError(f"size is {entrant.size}: give billions of parameters, or nothing")
    with visit.service.store.reading() as connection:
        find_project(connection, entrant.project)


def _begun(
    visit: Visit, entrant: Entrant, *, tier: Tier, seed: str, questions: Sequence[Question],
    answers: Mapping[str, str] | None = None,
) -> Submission:  # fmt: skip
    """The row, written before any question is kept or asked."""
    service, prefix = visit.service, "" if tier is Tier.VERIFIED else REPORTED
    digest = hashlib.sha256()
    for question in questions:
        digest.update(canonical(question) + b"\n")
    raw = b"" if answers is None else msgspec.json.encode(answers, order="sorted")
    one = Submission(
        service.token(), entrant.project, tier, prefix + entrant.answerer, msgspec.json.encode(entrant.about).decode(),
        entrant.size, entrant.suite, digest.hexdigest(), hashlib.sha256(seed.encode()).hexdigest(), seed,
        entrant.is_public, service.clock(), answers_digest=hashlib.sha256(raw).hexdigest() if raw else "",
    )  # fmt: skip
    with service.store.writing() as connection:
        kept.insert_submission(connection, one)
        told = {"tier": tier, "answerer": one.answerer, "suite": one.suite, "commitment": one.commitment}
        record(connection, visit, deed=Deed("submission.create", one.id, one.project), detail=told)
    return one


def _keep(service: Service, questions: Sequence[Question], *, name: str) -> StoredSet:
    return keep_set(service.store, questions, name=name, now=datetime.fromtimestamp(service.clock(), UTC))


def _entered(visit: Visit, one: Submission, *, question_set: StoredSet) -> Evaluation:
    """An evaluation that is done, for the answers that somebody brings."""
    service, now = visit.service, visit.service.clock()
    params = (("generator", GENERATOR), ("tier", one.tier.value))
    spec = RunSpec(one.answerer, question_set.digest, params=params, label=one.id)
    with service.store.writing() as connection:
        own_set(connection, question_set.digest, project=one.project, by=visit.caller.actor, at=now)
        evaluation = begin_within(
            connection, spec, question_set=question_set, project=one.project, now=datetime.fromtimestamp(now, UTC)
        )
        job = Job(
            evaluation.id, one.project, visit.caller.actor, JobStatus.DONE, priority=USUAL, paused=False,
            created_at=now, ended_at=now, call="{}", width=None, budget=None, note="",
        )  # fmt: skip
        insert_job(connection, job, parts=())
        kept.change_submission(connection, one.id, values={"evaluation_id": evaluation.id})
    return evaluation


async def _answer(service: Service, evaluation: Evaluation, *, answers: Mapping[str, str]) -> None:
    at = datetime.fromtimestamp(service.clock(), UTC).isoformat(timespec="milliseconds")
    async with SqlLedger(service.store, evaluation) as ledger:
        asks = [ask async for ask in ledger.missing() if ask.question.id in answers]
        replies = [Reply(answers[ask.question.id], calls=0) for ask in asks]
        keys = await ledger.keep([Attempt(ask, reply, at) for ask, reply in zip(asks, replies, strict=True)])
        judged = zip(keys, asks, replies, strict=True)
        await ledger.judge(
            [Judged(k, judge(r.text, r.finish, question=a.question)) for k, a, r in judged if k is not None]
        )


def _is_done(service: Service, one: Submission) -> bool:
    if one.evaluation_id is None:
        return False
    with service.store.reading() as connection:
        job = find_job(connection, one.evaluation_id)
    return job is not None and job.status is JobStatus.DONE
