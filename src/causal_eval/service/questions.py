"""Question sets and their questions: generated, listed, verified and explained, each for whoever may see it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction
from typing import NamedTuple

from sqlalchemy import Connection

from causal_eval.analysis.suites.recorded import Recorded, recorded
from causal_eval.errors import Conflict, UnknownName, UsageError, VerificationMismatch
from causal_eval.evaluation.chance import shipped
from causal_eval.questions.adversarial import CATEGORIES
from causal_eval.questions.card import card
from causal_eval.questions.catalog import families
from causal_eval.questions.certify import verify
from causal_eval.questions.dials.designs import DESIGNS
from causal_eval.questions.distinct import published
from causal_eval.questions.domain import Domain
from causal_eval.questions.family import Family
from causal_eval.questions.file import public
from causal_eval.questions.generate import Plan, generate
from causal_eval.questions.languages import LANGUAGES
from causal_eval.questions.question import Question, canonical
from causal_eval.questions.render import RENDERERS
from causal_eval.questions.story import REGIMES, domains, own_text
from causal_eval.questions.suite import NAMED, SUITES, Suite
from causal_eval.service import splits
from causal_eval.service.access import Caller, Permission, require
from causal_eval.service.set_orders import SetOrder, keyed_plan
from causal_eval.service.wiring import Service, Visit
from causal_eval.store import commitments
from causal_eval.store.audit import Entry, note
from causal_eval.store.commitments import Committed
from causal_eval.store.owners import Printed, find_sets, own_set, printed_from, question_of, questions_from
from causal_eval.store.projects import find_project
from causal_eval.store.rows import question_from
from causal_eval.store.suites import StoredSet, keep_set, set_questions

AT_ONCE = 300
"""Questions that are generated while somebody waits, a few seconds; of more a worker makes the set."""
LARGEST_VERIFIED = 500
PAGE = 100


@dataclass(frozen=True, slots=True)
class Verified:
    """What became of verifying a part of a set."""

    checked: int
    mismatches: Mapping[str, str]
    """Question -> what differs."""
    next: int | None
    """Place at which the next part begins; None: that was the last."""


@dataclass(frozen=True, slots=True)
class Explained:
    """A question with its proof card."""

    question: Question
    card: str


class Export(NamedTuple):
    """A file that is made while it is sent."""

    name: str
    lines: Iterator[bytes]


class Worlds(NamedTuple):
    """Everything in which a question can be told."""

    domains: tuple[str, ...]
    regimes: tuple[str, ...]
    """Vocabularies."""
    renderers: tuple[str, ...]
    """How a prompt is laid out."""
    languages: tuple[str, ...]
    categories: tuple[str, ...]
    """Of traps."""
    designs: tuple[str, ...]
    """Of linked questions."""


def generate_set(visit: Visit, wanted: SetOrder) -> StoredSet:
    """Generate and keep the set; the same order gives the same set, and is kept once.

    Raises:
        NotAllowed, UnknownName, UsageError: it cannot be made; the message names the field.
    """
    plan, now = checked(visit, wanted), visit.service.clock()
    if plan.n > AT_ONCE:
        raise UsageError(f"n is {plan.n}: at most {AT_ONCE} are made while somebody waits; have a worker make the set")
    kept = keep_set(visit.service.store, generate(plan), name=wanted.name, now=datetime.fromtimestamp(now, UTC))
    with visit.service.store.writing() as connection:
        take_over(connection, kept, plan=plan, order=wanted, caller=visit.caller, at=now)
    return kept


def checked(visit: Visit, wanted: SetOrder) -> Plan:
    """The plan of an order that the caller may give.

    Raises:
        NotAllowed, UnknownName, UsageError: as for :func:`generate_set`.
    """
    require(visit.caller, Permission.EVALUATE, project=wanted.project)
    plan = keyed_plan(visit.service, wanted)
    with visit.service.store.reading() as connection:
        find_project(connection, wanted.project)
    return plan


def take_over(
    connection: Connection, kept: StoredSet, *, plan: Plan, order: SetOrder, caller: Caller, at: float
) -> None:
    """Make a set that is kept the project's of *order*, with its words and commitment, and write that down once."""
    commitments.keep_words(connection, kept.digest, words={one.name: one.text for one in order.words})
    if plan.secret is not None and order.split is not None:
        committed = Committed(order.project, kept.digest, order.split, document="", created_at=at)
        splits.keep(connection, plan, set_hash=kept.hash, order=committed)
    if own_set(connection, kept.digest, project=order.project, by=caller.actor, at=at):
        entry = Entry(caller.actor, "question_set.create", kept.hash, order.project, caller.address)
        note(connection, entry, at=at)


def listed(
    visit: Visit, *, project: str | None = None, after: tuple[datetime, str] | None = None, limit: int = PAGE
) -> list[StoredSet]:
    """The newest sets of *project*, or of all that the caller enters."""
    require(visit.caller, Permission.READ, project=project)
    projects = visit.caller.projects if project is None else frozenset({project})
    with visit.service.store.reading() as connection:
        return find_sets(connection, projects, after=after, limit=min(limit, PAGE))


def find(visit: Visit, key: str, *, project: str | None = None) -> StoredSet:
    """The set with that key or shown hash, if the caller (in *project*) may use it.

    Raises:
        UnknownName: there is none, or it is another project's.
    """
    require(visit.caller, Permission.READ, project=project)
    projects = visit.caller.projects if project is None else frozenset({project})
    with visit.service.store.reading() as connection:
        found = find_sets(connection, projects, key=key, limit=1)
    if not found:
        raise UnknownName("question set", key, ())
    return found[0]


def page(visit: Visit, key: str, *, after: int = -1, limit: int = 50) -> list[Printed]:
    """Questions of the set after place *after* as they are stored: with answers and proofs, unless it is closed."""
    found = find(visit, key)
    with visit.service.store.reading() as connection:
        part = printed_from(connection, found.digest, after=after, limit=min(limit, PAGE))
        closed = commitments.closed_set(connection, found.digest)
    return [one._replace(body=canonical(public(question_from(one.body)))) for one in part] if closed else part


def exported(visit: Visit, key: str, *, answers: bool = False) -> Export:
    """The set as a question file, made while it is sent: without answers and proofs, or (*answers*) with both.

    Raises:
        UnknownName: there is none, or it is another project's.
        Conflict: answers are asked for, and the set is closed.
    """
    found = find(visit, key)
    if answers:
        _check_open(visit, found)
    stored = set_questions(visit.service.store, found.digest)
    lines = (canonical(one if answers else public(one)) + b"\n" for one in stored)
    return Export(f"{found.hash}{'.gold' if answers else ''}.jsonl", lines)


def verify_part(visit: Visit, key: str, *, start: int = 0, limit: int = LARGEST_VERIFIED) -> Verified:
    """Derive a part of the set anew and compare."""
    found, size = find(visit, key), min(limit, LARGEST_VERIFIED)
    with visit.service.store.reading() as connection:
        part = questions_from(connection, found.digest, after=start - 1, limit=size)
    words = words_of(visit.service, found.digest)
    wrong = {question.id: said for question in part if (said := _mismatch(question, words))}
    end = start + len(part)
    return Verified(len(part), wrong, end if part and end < found.count else None)


def verify_one(visit: Visit, key: str, *, question: str) -> Verified:
    """Derive one question of a set anew and compare.

    Raises:
        UnknownName: it is not in the set.
    """
    there = _question(visit, key, question=question)
    said = _mismatch(there, words_of(visit.service, find(visit, key).digest))
    return Verified(1, {there.id: said} if said else {}, None)


def explain(visit: Visit, key: str, *, question: str) -> Explained:
    """One question of a set, with its proof card.

    Raises:
        UnknownName: it is not in the set.
        UsageError: it has no certificate.
        Conflict: the set is closed.
    """
    _check_open(visit, find(visit, key))
    there = _question(visit, key, question=question)
    if there.certificate is None:
        raise UsageError(f"{there.id} has no certificate: it comes from a public or a user's own file")
    return Explained(there, card(there))


def task_families() -> tuple[Family, ...]:
    """Every family, with what it asks."""
    return families()


def worlds() -> Worlds:
    """Everything in which a question can be told."""
    return Worlds(domains(), REGIMES, tuple(RENDERERS), LANGUAGES, tuple(CATEGORIES), tuple(DESIGNS))


def named_suites() -> tuple[Suite, ...]:
    """Every named plan."""
    return tuple(NAMED.values())


def distinct() -> Mapping[tuple[str, int], int]:
    """(family, level) -> twin groups that it can make at least."""
    return published()


def worth_of_chance() -> Mapping[tuple[str, str], Fraction]:
    """(family, kind) -> what the best policy without the question scores."""
    return shipped()


def recorded_shortcuts() -> Mapping[str, Mapping[str, Recorded]]:
    """Family -> shortcut -> what it scored on two thousand questions; families without a record are left out."""
    return recorded()


def suites() -> Mapping[str, int]:
    """Named plan -> number of questions."""
    return SUITES


def _question(visit: Visit, key: str, *, question: str) -> Question:
    found = find(visit, key)
    with visit.service.store.reading() as connection:
        there = question_of(connection, found.digest, question=question)
    if there is None:
        raise UnknownName("question", question, ())
    return there


def words_of(service: Service, digest: str) -> tuple[Domain, ...]:
    """The domains of users' own that a set is told in."""
    with service.store.reading() as connection:
        words = commitments.words_of_set(connection, digest)
    return tuple(own_text(text.encode(), name=name) for name, text in words.items())


def _check_open(visit: Visit, found: StoredSet) -> None:
    with visit.service.store.reading() as connection:
        if commitments.closed_set(connection, found.digest):
            raise Conflict(
                f"the answers of {found.hash} are closed: the set follows from a secret; an admin reveals it on its "
                f"page, or by POST /api/v1/question-sets/{found.digest}/reveal"
            )


def _mismatch(question: Question, words: tuple[Domain, ...]) -> str:
    try:
        verify(question, own=words)
    except VerificationMismatch as error:
        return str(error)
    return ""
