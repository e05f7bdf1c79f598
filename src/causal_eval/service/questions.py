"""Question sets and their questions: generated, listed, verified and explained, each for whoever may see it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

from causal_eval.errors import UnknownName, UsageError, VerificationMismatch
from causal_eval.questions.adversarial import trapped
from causal_eval.questions.card import card
from causal_eval.questions.catalog import families
from causal_eval.questions.certify import verify
from causal_eval.questions.family import Family
from causal_eval.questions.generate import DIFFICULTIES, Plan, generate
from causal_eval.questions.question import Question
from causal_eval.questions.story import REGIMES, domains
from causal_eval.questions.suite import SUITES, suite
from causal_eval.service.access import Permission, require
from causal_eval.service.wiring import Visit
from causal_eval.store.audit import Entry, note
from causal_eval.store.evaluations import LOCAL
from causal_eval.store.owners import Printed, find_sets, own_set, printed_from, question_of, questions_from
from causal_eval.store.projects import find_project
from causal_eval.store.suites import StoredSet, keep_set

LARGEST_GENERATED = 2_000
"""Questions that are generated while somebody waits; larger sets are made by the command line."""
LARGEST_VERIFIED = 500
PAGE = 100


@dataclass(frozen=True, slots=True)
class SetOrder:
    """What somebody wants generated: a named suite, or a number of questions of what is named (empty: of all)."""

    project: str = LOCAL
    seed: str = "0"
    suite: str | None = None
    n: int | None = None
    families: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()
    regimes: tuple[str, ...] = ()
    difficulties: tuple[int, int] = DIFFICULTIES
    kinds: tuple[str, ...] = ()
    """``family/kind``."""
    adversarial: tuple[str, ...] = ()
    """Categories of traps, or ``all``."""


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


class Worlds(NamedTuple):
    """Every domain, and every vocabulary in which a graph can be told."""

    domains: tuple[str, ...]
    regimes: tuple[str, ...]


def generate_set(visit: Visit, wanted: SetOrder) -> StoredSet:
    """Generate and keep the set; the same order gives the same set, and is kept once.

    Raises:
        NotAllowed, UnknownName, UsageError: it cannot be made; the message names the field.
    """
    require(visit.caller, Permission.EVALUATE, project=wanted.project)
    plan, now = plan_of(wanted), visit.service.clock()
    with visit.service.store.reading() as connection:
        find_project(connection, wanted.project)
    name = f"{wanted.suite}/{wanted.seed}" if wanted.suite else f"generated/{wanted.seed}"
    kept = keep_set(visit.service.store, generate(plan), name=name, now=datetime.fromtimestamp(now, UTC))
    with visit.service.store.writing() as connection:
        if own_set(connection, kept.digest, project=wanted.project, by=visit.caller.actor, at=now):
            entry = Entry(visit.caller.actor, "question_set.create", kept.hash, wanted.project, visit.caller.address)
            note(connection, entry, at=now)
    return kept


def plan_of(wanted: SetOrder) -> Plan:
    """The plan of an order.

    Raises:
        UsageError: neither or both of suite and n, or more than is generated at once.
    """
    if (wanted.suite is None) == (wanted.n is None):
        raise UsageError("give either suite (a named plan) or n (a number of questions)")
    plan = _plan_of(wanted)
    if plan.n > LARGEST_GENERATED:
        what = f"n is {plan.n}" if wanted.suite is None else f"suite {wanted.suite!r} has {plan.n} questions"
        raise UsageError(
            f"{what}: at most {LARGEST_GENERATED} are generated here; make more with `causal-eval generate` or `eval`"
        )
    return plan


def _plan_of(wanted: SetOrder) -> Plan:
    if wanted.suite is not None:
        return suite(wanted.suite, wanted.seed)
    assert wanted.n is not None
    plan = Plan(
        wanted.n, wanted.seed, wanted.families, wanted.domains, wanted.regimes, wanted.difficulties, kinds=wanted.kinds
    )
    return trapped(plan, wanted.adversarial) if wanted.adversarial else plan


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
    """Questions of the set after place *after*, answers and proofs included, as they are stored."""
    found = find(visit, key)
    with visit.service.store.reading() as connection:
        return printed_from(connection, found.digest, after=after, limit=min(limit, PAGE))


def verify_part(visit: Visit, key: str, *, start: int = 0, limit: int = LARGEST_VERIFIED) -> Verified:
    """Derive a part of the set anew and compare."""
    found, size = find(visit, key), min(limit, LARGEST_VERIFIED)
    with visit.service.store.reading() as connection:
        part = questions_from(connection, found.digest, after=start - 1, limit=size)
    wrong = {question.id: said for question in part if (said := _mismatch(question))}
    end = start + len(part)
    return Verified(len(part), wrong, end if part and end < found.count else None)


def verify_one(visit: Visit, key: str, *, question: str) -> Verified:
    """Derive one question of a set anew and compare.

    Raises:
        UnknownName: it is not in the set.
    """
    there = _question(visit, key, question=question)
    said = _mismatch(there)
    return Verified(1, {there.id: said} if said else {}, None)


def explain(visit: Visit, key: str, *, question: str) -> Explained:
    """One question of a set, with its proof card.

    Raises:
        UnknownName: it is not in the set.
        UsageError: it has no certificate.
    """
    there = _question(visit, key, question=question)
    if there.certificate is None:
        raise UsageError(f"{there.id} has no certificate: it comes from a public or a user's own file")
    return Explained(there, card(there))


def task_families() -> tuple[Family, ...]:
    """Every family, with what it asks."""
    return families()


def worlds() -> Worlds:
    """Every domain, and every vocabulary in which a graph can be told."""
    return Worlds(domains(), REGIMES)


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


def _mismatch(question: Question) -> str:
    try:
        verify(question)
    except VerificationMismatch as error:
        return str(error)
    return ""
