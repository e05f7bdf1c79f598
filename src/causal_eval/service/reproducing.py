"""A run's numbers computed again: questions from name and seed, verdicts from stored replies, scores from verdicts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from causal_eval.analysis.observation import Observation
from causal_eval.analysis.profile import profile
from causal_eval.analysis.reports.reproduced import Check, Reproduction, scores_check
from causal_eval.analysis.reports.structured import tickets_in
from causal_eval.analysis.reports.ticket import Ticket, claims_of
from causal_eval.analysis.tables import score_rows
from causal_eval.errors import Conflict, UnknownName, UsageError, VerificationMismatch
from causal_eval.evaluation.judging import Judge, verdict_on
from causal_eval.questions.file import SetHash
from causal_eval.questions.generate import generate
from causal_eval.questions.question import GENERATOR, Question
from causal_eval.questions.suite import plan_named
from causal_eval.scoring.grade import judge as judge_now
from causal_eval.scoring.verdict import SCORER, Verdict
from causal_eval.service import jobs
from causal_eval.service.splits import check_open
from causal_eval.service.wiring import Visit
from causal_eval.store.database import Store
from causal_eval.store.evaluations import Evaluation, find_evaluation, list_evaluations
from causal_eval.store.observations import observations
from causal_eval.store.rescore import kept_attempts, scorers
from causal_eval.store.suites import StoredSet, load_set, set_questions

MOST_RUNS = 1000
"""Newest runs that are looked through for a bare hash."""
LARGEST_REPRODUCED = 1_000
"""Questions that are made, and answers that are judged, while somebody waits."""
Verdicts = dict[tuple[str, int], Verdict]
"""Question and sample -> verdict."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """What is to be reproduced."""

    evaluation: Evaluation
    hash: str = ""
    """Empty: whatever is computed is shown."""
    ticket: Ticket | None = None
    """Every number, where a report was given."""


def claimed(store: Store, name: str) -> list[Claimed]:
    """What *name* means: ``ev-...@res-...``, a run's id, a bare ``res-...``, or a report that is JSON.

    Raises:
        UnknownName, UsageError, MalformedFile: it means nothing here.
    """
    if name.endswith(".json"):
        return [Claimed(find_evaluation(store, one.evaluation), one.hash, one) for one in tickets_in(Path(name))]
    run, _, hash_ = name.partition("@")
    if run.startswith("res-") and not hash_:
        return [_by_hash(store, run)]
    if not run:
        raise UsageError(f"{name!r} names no run: give RUN@HASH as a report prints it, a run's id, or a report's JSON")
    return [Claimed(find_evaluation(store, run), hash_)]


def _by_hash(store: Store, hash_: str) -> Claimed:
    for summary in list_evaluations(store, limit=MOST_RUNS):
        one = summary.evaluation
        if ticket_of(store, one).hash == hash_:
            return Claimed(one, hash_)
    raise UnknownName("result", hash_, ())


def ticket_of(store: Store, evaluation: Evaluation) -> Ticket:
    """What the stored verdicts allow to claim."""
    question_set = load_set(store, evaluation.spec.question_set)
    versions = tuple(sorted(scorers(store, evaluation)))
    return _ticket(evaluation, question_set, rows=observations(store, evaluation), versions=versions)


def reproduce(store: Store, claim: Claimed, *, judge: Judge) -> Reproduction:
    """Compute everything about it again; nothing is written and no model is asked.

    Raises:
        VerificationMismatch: a stored reply is not what was written.
    """
    evaluation = claim.evaluation
    question_set = load_set(store, evaluation.spec.question_set)
    judged = {
        (one.attempt.ask.question.id, one.attempt.ask.sample): verdict_on(
            one.attempt.outcome, one.attempt.ask.question, judge=judge
        )
        for one in kept_attempts(store, evaluation)
    }
    before = tuple(sorted(scorers(store, evaluation)))
    now = _ticket(
        evaluation, question_set, rows=_again(store, evaluation, judged=judged), versions=before and (SCORER,)
    )
    checks = (
        *_questions(store, question_set),
        Check("scorer", before in ((), (SCORER,)), f"{', '.join(before) or 'none'} then, {SCORER} now"),
        _verdicts(store, evaluation, judged=judged),
        scores_check(now, claimed=claim.ticket, hash_=claim.hash),
    )
    return Reproduction(now, checks)


def reproduced(visit: Visit, evaluation: str, *, result: str = "") -> Reproduction:
    """The numbers of a stored evaluation computed again, against the hash *result*, if one is given.

    Raises:
        UnknownName: there is none, or it is another project's.
        Conflict: it is of a verified submission that is not scored yet, or a stored reply is not what was written.
        UsageError: it is too large to be waited for.
    """
    found = jobs.find(visit, evaluation).evaluation
    store = visit.service.store
    with store.reading() as connection:
        check_open(connection, found.id)
    question_set = load_set(store, found.spec.question_set)
    plan = plan_named(question_set.name) if question_set.generator else None
    size = max(found.planned * found.spec.epochs, question_set.count, 0 if plan is None else plan.n)
    if size > LARGEST_REPRODUCED:
        raise UsageError(
            f"{found.id} has {size} questions or answers: only up to {LARGEST_REPRODUCED} are computed again here; use "
            f"`causal-eval reproduce {found.id}`"
        )
    try:
        return reproduce(store, Claimed(found, result), judge=judge_now)
    except VerificationMismatch as error:
        raise Conflict(str(error)) from error


def _ticket(
    evaluation: Evaluation, question_set: StoredSet, *, rows: Iterator[Observation], versions: tuple[str, ...]
) -> Ticket:
    name = evaluation.spec.answerer
    claims = claims_of(score_rows(profile(rows), {}))
    return Ticket(evaluation.id, name, question_set.hash, question_set.generator, versions, claims)


def _again(store: Store, evaluation: Evaluation, *, judged: Verdicts) -> Iterator[Observation]:
    """The run's observations with the verdicts of now."""
    for row in observations(store, evaluation):
        found = judged.get((row.question, row.sample))
        if found is None:
            yield row
        else:
            yield replace(row, mark=found.mark, strict=found.strict, share=found.share, reason=found.reason)


def _questions(store: Store, question_set: StoredSet) -> Iterator[Check]:
    """The stored questions against their hash, and what name and seed give today."""
    stored = _hash(set_questions(store, question_set.digest))
    if not question_set.generator:
        said = f"{question_set.hash}: a user's own file, read back from the database"
        yield Check("questions", same=stored == question_set.hash, said=said)
        return
    yield Check("generator", question_set.generator == GENERATOR, f"{question_set.generator} then, {GENERATOR} now")
    plan = plan_named(question_set.name)
    if plan is None:
        said = f"{question_set.hash}: its name {question_set.name!r} tells no plan; read back from the database"
        yield Check("questions", same=stored == question_set.hash, said=said)
        return
    made = _hash(generate(plan))
    said = f"{question_set.name} was {question_set.hash}, is stored as {stored}, and is generated as {made}"
    yield Check("questions", same=question_set.hash == stored == made, said=said)


def _hash(questions: Iterator[Question]) -> str:
    found = SetHash()
    for one in questions:
        found.add(one)
    return found.hexdigest()


def _verdicts(store: Store, evaluation: Evaluation, *, judged: Verdicts) -> Check:
    """The verdicts given last against those of now; where nothing is kept, there is none."""
    other = [
        row.question
        for row in observations(store, evaluation)
        if (found := judged.get((row.question, row.sample))) is not None
        and (row.mark, row.strict, row.share) != (found.mark, found.strict, found.share)
    ]
    said = f"replies judged again: {len(judged)}, otherwise: {len(other)}"
    return Check("verdicts", not other, said + (f", e.g. {other[0]}" if other else ""))
