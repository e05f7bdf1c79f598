"""Submissions to the leaderboard in two tiers that are never ranked together, each signed for what it proves.

*Verified*: the server draws a secret seed, publishes its SHA-256, asks the answerer itself, and reveals the seed with
the scores. *Self-reported*: somebody sends answers and the seed; the server generates the questions and scores.
"""

from __future__ import annotations

import asyncio
import functools
import hashlib
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import msgspec
from sqlalchemy import Connection

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
from causal_eval.service.questions import AT_ONCE
from causal_eval.service.sealing import Action, complete, find
from causal_eval.service.signing import Signer
from causal_eval.service.wiring import Service, Visit
from causal_eval.store import submissions as kept
from causal_eval.store.evaluations import LOCAL, Evaluation, Status, begin_within, end, find_evaluation
from causal_eval.store.jobs import Job, JobStatus, find_job, insert_job
from causal_eval.store.ledger import SqlLedger
from causal_eval.store.locks import take_turn
from causal_eval.store.makings import Making, insert_making
from causal_eval.store.owners import own_set
from causal_eval.store.projects import find_project
from causal_eval.store.submissions import Moderated, Standing, Submission, Tier
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


@dataclass(frozen=True, slots=True)
class Rest:
    """What is left to do of a submission once it is written down."""

    submission: str
    wanted: JobOrder | None = None
    """How its questions are to be asked; None: somebody brings answers."""
    answers: Mapping[str, str] = field(default_factory=dict)


def verified(visit: Visit, entrant: Entrant, *, call: Call | None = None, budget: str | None = None) -> Submission:
    """Publish the hash of a secret seed, generate the suite from it, and order its evaluation; a large one by a worker.

    Raises:
        NotAllowed, UnknownName, UsageError: it cannot be begun; the message names the field.
    """
    service = visit.service
    _check(visit, entrant)
    asked = replace(call or Call(), cache="off")
    wanted = JobOrder(entrant.answerer, "", entrant.project, call=asked, budget=budget)
    checked(visit, wanted)  # nothing is published of what could not be asked
    one = _submission(visit, entrant, tier=Tier.VERIFIED, seed=service.token())
    rest = Rest(one.id, wanted=replace(wanted, seed=one.id))
    _begin(visit, one, rest=rest)
    return one if _is_large(one) else _go_on(visit, one, rest=rest)


def reported(visit: Visit, entrant: Entrant, *, seed: str, answers: Mapping[str, str]) -> Submission:
    """Generate the suite of *seed*, score *answers* (question id -> reply) to it, and sign; what lacks is missing.

    Of a large suite a worker does: what is wrong with the answers then stands in the submission's log.

    Raises:
        NotAllowed, UnknownName, UsageError: it cannot be taken; the message names the field.
    """
    _check(visit, entrant)
    one = _submission(visit, entrant, tier=Tier.SELF_REPORTED, seed=seed, answers=answers)
    rest = Rest(one.id, answers=answers)
    if answers and _is_large(one):
        _begin(visit, one, rest=rest)
        return one
    questions = _questions(one)
    _check_answers(one, questions, answers=answers)
    _begin(visit, one, rest=rest)
    return _go_on(visit, one, rest=rest, made=questions)


def go_on(visit: Visit, asked: str) -> Submission:
    """Make the questions of a submission that was begun, and have them asked or score the answers.

    Done again after it was cut off, it goes on where it was. *asked* is JSON of a :class:`Rest`.
    """
    rest = msgspec.json.decode(asked, type=Rest)
    with visit.service.store.reading() as connection:
        one = kept.find_submission(connection, rest.submission)
    return _go_on(visit, one, rest=rest)


def give_up(connection: Connection, asked: str, *, why: str, at: float) -> None:
    """Reject a submission whose questions could not be made or asked; its log says why."""
    submission = msgspec.json.decode(asked, type=Rest).submission
    if kept.find_submission(connection, submission).status is Standing.OPEN:
        kept.change_submission(connection, submission, values={"status": Standing.REJECTED})
        kept.log_moderation(connection, submission, line=Moderated(0, at, "system", Action.REJECT, why))


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


def _is_large(one: Submission) -> bool:
    return suite(one.suite, "").n > AT_ONCE


def _questions(one: Submission) -> list[Question]:
    return list(generate(suite(one.suite, one.seed)))


def _check_answers(one: Submission, questions: Sequence[Question], *, answers: Mapping[str, str]) -> None:
    if answers.keys().isdisjoint(question.id for question in questions):
        raise UsageError(
            f"answers hold none to the questions of suite {one.suite} with seed {one.seed!r}: the keys are question ids"
        )


def _submission(
    visit: Visit, entrant: Entrant, *, tier: Tier, seed: str, answers: Mapping[str, str] | None = None
) -> Submission:
    service, prefix = visit.service, "" if tier is Tier.VERIFIED else REPORTED
    suite(entrant.suite, seed)  # there is one of that name
    raw = b"" if answers is None else msgspec.json.encode(answers, order="sorted")
    return Submission(
        service.token(), entrant.project, tier, prefix + entrant.answerer, msgspec.json.encode(entrant.about).decode(),
        entrant.size, entrant.suite, "", hashlib.sha256(seed.encode()).hexdigest(), seed,
        entrant.is_public, service.clock(), answers_digest=hashlib.sha256(raw).hexdigest() if raw else "",
    )  # fmt: skip


def _begin(visit: Visit, one: Submission, *, rest: Rest) -> None:
    """Write it down before any question is made; the rest is a worker's, where the suite is large."""
    with visit.service.store.writing() as connection:
        kept.insert_submission(connection, one)
        if _is_large(one):
            body = msgspec.json.encode(rest).decode()
            making = Making(one.id, one.project, "submission", one.answerer, body, visit.caller.actor, one.created_at)
            insert_making(connection, making)
        told = {"tier": one.tier, "answerer": one.answerer, "suite": one.suite, "commitment": one.commitment}
        record(connection, visit, deed=Deed("submission.create", one.id, one.project), detail=told)


def _go_on(visit: Visit, one: Submission, *, rest: Rest, made: Sequence[Question] | None = None) -> Submission:
    service, questions = visit.service, made or _questions(one)
    if rest.wanted is None:
        _check_answers(one, questions, answers=rest.answers)
    one = _named(service, one, questions)
    stored = _keep(service, questions, name=f"verified/{one.id}" if rest.wanted else f"{one.suite}/{one.seed}")
    if rest.wanted is None:
        return _score(visit, one, stored, answers=rest.answers, unknown=_unknown(rest.answers, questions))
    if one.evaluation_id is None:
        found = order_over(visit, rest.wanted, question_set=stored, also=functools.partial(_enter, submission=one.id))
        one = replace(one, evaluation_id=found.evaluation.id)
    return one


def _named(service: Service, one: Submission, questions: Sequence[Question]) -> Submission:
    """The same, which names its set: before any question of it is kept, so that nobody sees a sealed one."""
    digest = hashlib.sha256()
    for question in questions:
        digest.update(canonical(question) + b"\n")
    with service.store.writing() as connection:
        kept.change_submission(connection, one.id, values={"set_digest": digest.hexdigest()})
    return replace(one, set_digest=digest.hexdigest())


def _enter(connection: Connection, evaluation: Evaluation, *, submission: str) -> None:
    """Note which evaluation is a submission's; a second one is not begun."""
    take_turn(connection, f"submission {submission}")
    if (there := kept.find_submission(connection, submission).evaluation_id) is not None:
        raise Conflict(f"submission {submission} has evaluation {there} already")
    kept.change_submission(connection, submission, values={"evaluation_id": evaluation.id})


def _score(
    visit: Visit, one: Submission, question_set: StoredSet, *, answers: Mapping[str, str], unknown: int
) -> Submission:
    service = visit.service
    if one.evaluation_id is None:
        evaluation = _entered(visit, one, question_set=question_set)
    else:
        evaluation = find_evaluation(service.store, one.evaluation_id)
    asyncio.run(_answer(service, evaluation, answers=answers))
    end(service.store, evaluation.id, status=Status.COMPLETE, now=datetime.fromtimestamp(service.clock(), UTC))
    return complete(service, replace(one, evaluation_id=evaluation.id), unknown=unknown)


def _unknown(answers: Mapping[str, str], questions: Sequence[Question]) -> int:
    """How many answers are to no question of the set."""
    return len(answers.keys() - {question.id for question in questions})


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
        _enter(connection, evaluation, submission=one.id)
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
