"""What becomes of a submission once its answers are there: scored, looked at, signed, found again, moderated."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum

import msgspec
from sqlalchemy import Connection

from causal_eval.analysis.compare import compare
from causal_eval.analysis.profile import profile
from causal_eval.analysis.tables import score_rows
from causal_eval.errors import Conflict, UnknownName, UsageError
from causal_eval.evaluation.chance import shipped
from causal_eval.questions.question import GENERATOR
from causal_eval.scoring.format import example
from causal_eval.scoring.verdict import SCORER
from causal_eval.service.access import NOBODY, Permission, require
from causal_eval.service.audit import Deed, record
from causal_eval.service.results import compute
from causal_eval.service.signing import Signer
from causal_eval.service.wiring import Service, Visit
from causal_eval.store import submissions as kept
from causal_eval.store.evaluations import Evaluation, find_evaluation
from causal_eval.store.locks import take_turn
from causal_eval.store.observations import observations
from causal_eval.store.results import replies_of
from causal_eval.store.scores import State, StoredScore, save_scores, stored_score
from causal_eval.store.submissions import Moderated, Standing, Submission, Tier

MOST_PAIRED = 20
"""Earlier submissions of the same set that a new one is compared with."""
SUSPICIOUS = 0.5
"""Share of a perfect self-report's replies that say the answer in exactly the words of the answer key."""
LONGEST_REASON = 2_000
DOMAINS_FROM = 1_000
"""Place of the first domain's row, after all others."""

_PROVES = {
    Tier.VERIFIED: (
        "this server asked the named endpoint every question itself, once each, on a suite from a seed whose SHA-256 it"
        " had published before, and scored the replies"
    ),
    Tier.SELF_REPORTED: (
        "the submitter sent replies to the questions of this suite and seed, and this server scored them as it scores"
        " its own"
    ),
}
_NOT_PROVEN = {
    Tier.VERIFIED: (
        "that the endpoint ran the model that is named, alone and without help",
        "that it was the submitter's only try: see `tries`, which counts this project's",
        "anything about questions of other suites or seeds",
    ),
    Tier.SELF_REPORTED: (
        "that the named model gave these replies, or any model",
        "that the questions and answers were not known before: the submitter chose the seed",
        "that it was the submitter's only try",
    ),
}


class Action(StrEnum):
    """What a moderator does."""

    PUBLISH = "publish"
    REJECT = "reject"
    WITHDRAW = "withdraw"
    FLAG = "flag"
    NOTE = "note"


_BECOMES = {
    Action.PUBLISH: Standing.PUBLISHED,
    Action.REJECT: Standing.REJECTED,
    Action.WITHDRAW: Standing.WITHDRAWN,
}


@dataclass(frozen=True, slots=True)
class _Found:
    """What was found out about a submission."""

    flags: tuple[str, ...]
    tries: int


def complete(service: Service, one: Submission, *, unknown: int = 0) -> Submission:
    """Score *one*, whose evaluation is done, compare it with others, sign, and reveal its seed.

    Args:
        service: the service.
        one: the submission, seed and evaluation included.
        unknown: answers to questions that are not in its set.
    """
    assert one.evaluation_id is not None
    evaluation, now = find_evaluation(service.store, one.evaluation_id), service.clock()
    scores = compute(service, evaluation)
    domains = _by_domain(service, evaluation, like=scores[0])
    paired = _paired(service, one, evaluation=evaluation)
    signer = Signer(service.settings)
    with service.store.writing() as connection:
        take_turn(connection, f"submission {one.id}")
        if (there := kept.find_submission(connection, one.id)).status is not Standing.OPEN:
            return there
        save_scores(connection, evaluation.id, stored=domains)
        found = _looked_at(connection, one, unknown=unknown, perfect=scores[0].score == 1.0)
        text = _text(replace(one, scored_at=now), evaluation, scores=scores, found=found, key=signer.public.id)
        values = {
            "status": Standing.SCORED,
            "flags": msgspec.json.encode(found.flags).decode(),
            "signed": text,
            "signature": signer.sign(text),
            "paired": msgspec.json.encode(paired).decode(),
            "scored_at": now,
        }
        kept.change_submission(connection, one.id, values=values)
        for action, said in (("score", "scored and signed"), *((Action.FLAG, flag) for flag in found.flags)):
            kept.log_moderation(connection, one.id, line=Moderated(0, now, "system", action, said))
        return kept.find_submission(connection, one.id)


def find(visit: Visit, submission: str, *, own: bool = False) -> Submission:
    """The submission, if it is of a project of the caller's or (unless *own*) published for everybody.

    Raises:
        UnknownName: there is none that the caller may see.
    """
    with visit.service.store.reading() as connection:
        found = kept.find_submission(connection, submission)
    caller, is_nobody = visit.caller, visit.caller.actor == NOBODY.actor
    is_open = found.is_public and found.status is Standing.PUBLISHED and not own
    if not (is_nobody and is_open and visit.service.now.public_leaderboard):
        require(caller, Permission.READ)
    if not is_open and not caller.enters(found.project):
        raise UnknownName("submission", submission, ())
    return replace(found, seed="") if found.sealed else found


def moderate(visit: Visit, submission: str, *, action: Action, reason: str) -> Submission:
    """Do it, and write it into the submission's log, from which nothing is ever taken.

    Raises:
        Conflict: what is to be published is not scored, or was withdrawn.
        NotAllowed: the caller is no admin; to withdraw, whoever may submit does.
    """
    found = find(visit, submission, own=True)
    needed = Permission.EVALUATE if action is Action.WITHDRAW else Permission.ADMINISTER
    require(visit.caller, needed, project=found.project)
    if not reason.strip() or len(reason) > LONGEST_REASON:
        raise UsageError(f"reason is empty or longer than {LONGEST_REASON} characters: say why")
    if action is Action.PUBLISH and (found.scored_at is None or found.status is Standing.WITHDRAWN):
        raise Conflict(f"submission {submission} is {found.status}: only what is scored and stands can be published")
    now = visit.service.clock()
    with visit.service.store.writing() as connection:
        values: dict[str, object] = {"status": _BECOMES[action]} if action in _BECOMES else {}
        if action is Action.FLAG:
            values["flags"] = msgspec.json.encode([*msgspec.json.decode(found.flags), reason]).decode()
        if values:
            kept.change_submission(connection, submission, values=values)
        line = Moderated(0, now, visit.caller.actor, action, reason)
        kept.log_moderation(connection, submission, line=line)
        record(connection, visit, deed=Deed(f"submission.{action}", submission, found.project))
    return find(visit, submission, own=True)


def log(visit: Visit, submission: str) -> list[Moderated]:
    """What moderators and the server noted, oldest first."""
    find(visit, submission, own=True)
    with visit.service.store.reading() as connection:
        return kept.moderation_of(connection, submission)


def _paired(service: Service, one: Submission, *, evaluation: Evaluation) -> dict[str, tuple[float, float]]:
    """Evaluation of the same set -> the paired difference of *one* minus it, and the p value of the sign-flip test."""
    with service.store.reading() as connection:
        others = kept.same_set(connection, one, limit=MOST_PAIRED)
    told = {}
    for other in others:
        assert other.evaluation_id is not None
        theirs = observations(service.store, find_evaluation(service.store, other.evaluation_id))
        found = compare(observations(service.store, evaluation), theirs)
        if found.difference.estimate is not None:
            told[other.evaluation_id] = found.difference.estimate, found.evidence.sign_flip.p
    return told


def _by_domain(service: Service, evaluation: Evaluation, *, like: StoredScore) -> list[StoredScore]:
    """A row for each domain, which a board filters by; pages of the evaluation make do with rungs and families."""
    rows = list(observations(service.store, evaluation))
    of, chance, found = State(like.kept, like.verdicts), shipped(), []
    for place, domain in enumerate(sorted({row.domain for row in rows if row.domain}), start=DOMAINS_FROM):
        overall = score_rows(profile(row for row in rows if row.domain == domain), chance)[0]
        line = stored_score(evaluation.id, overall, place=place, of=of, at=like.computed_at)
        found.append(replace(line, scope=f"domain {domain}"))
    return found


def _looked_at(connection: Connection, one: Submission, *, unknown: int, perfect: bool) -> _Found:
    return _Found(tuple(_suspicions(connection, one, unknown=unknown, perfect=perfect)), kept.tries(connection, one))


def _suspicions(connection: Connection, one: Submission, *, unknown: int, perfect: bool) -> Iterator[str]:
    if same := kept.same_answers(connection, one):
        yield f"duplicate: the same raw answers as submission {same[0]}"
    again = [other for other in kept.same_set(connection, one, limit=MOST_PAIRED) if other.answerer == one.answerer]
    if again:
        yield f"duplicate: the same answerer, suite and seed as submission {again[0].id}"
    if unknown:
        yield f"impossible: {unknown} answers are to no question of the set"
    if one.tier is Tier.SELF_REPORTED and perfect:
        copied = _copied(connection, one)
        if copied >= SUSPICIOUS:
            yield f"implausible: all right, and {copied:.0%} of the replies are the answer key word for word"


def _copied(connection: Connection, one: Submission) -> float:
    assert one.evaluation_id is not None
    given = replies_of(connection, one.evaluation_id)
    same = sum(_said(text) == example(question.answer, question.gold) for question, text in given)
    return same / max(1, len(given))


def _said(text: str) -> str:
    return text.strip().removeprefix("ANSWER:").strip()


def _text(one: Submission, evaluation: Evaluation, *, scores: Sequence[StoredScore], found: _Found, key: str) -> str:
    """What is signed: canonical JSON."""
    assert one.scored_at is not None
    told = {
        "tier": one.tier.value, "proves": _PROVES[one.tier], "does_not_prove": _NOT_PROVEN[one.tier],
        "submission": one.id, "answerer": one.answerer, "endpoint": evaluation.spec.endpoint,
        "elicitation": evaluation.spec.elicitation, "suite": one.suite, "seed": one.seed,
        "commitment": one.commitment, "committed_at": _utc(one.created_at), "scored_at": _utc(one.scored_at),
        "question_set": one.set_digest, "generator": GENERATOR, "scorer": SCORER, "tries": found.tries,
        "flags": found.flags, "key": key, "scores": [_score(row) for row in scores],
    }  # fmt: skip
    return msgspec.json.encode(told, order="sorted").decode()


def _score(row: StoredScore) -> dict[str, object]:
    return {
        "scope": row.scope, "score": row.score, "low": row.low, "high": row.high, "chance": row.chance,
        "units": row.units, "clusters": row.clusters, "missing": row.missing, "abstained": row.abstained,
        "unparsed": row.unparsed,
    }  # fmt: skip


def _utc(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="seconds")
