"""Whose a question set is: projects see their own sets, those that they evaluate, and nobody else's."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, and_, bindparam, exists, insert, or_, select

from causal_eval.questions.question import Question
from causal_eval.store.evaluations import LOCAL
from causal_eval.store.rows import question_from
from causal_eval.store.submissions import is_sealed
from causal_eval.store.suites import StoredSet
from causal_eval.store.tables import evaluations, question_sets, questions, set_members
from causal_eval.store.work_tables import set_owners


def own_set(connection: Connection, digest: str, *, project: str, by: str, at: float) -> bool:
    """Make the set *project*'s too; False: it was."""
    owned = set_owners.c
    there = select(owned.set_digest).where(owned.project == project, owned.set_digest == digest)
    if connection.execute(there).first() is not None:
        return False
    row = {"project": project, "set_digest": digest, "added_by": by, "added_at": at}
    connection.execute(insert(set_owners), row)
    return True


def owners_of(connection: Connection, digest: str) -> list[str]:
    """Projects that the set was made or brought for, by name."""
    owned = set_owners.c
    return list(connection.scalars(select(owned.project).where(owned.set_digest == digest).order_by(owned.project)))


def find_sets(
    connection: Connection, projects: frozenset[str] | None, *, key: str | None = None,
    after: tuple[datetime, str] | None = None, limit: int,
) -> list[StoredSet]:  # fmt: skip
    """Sets that *projects* (None: all) may use, newest first: with that key or shown hash, older than *after*.

    One that a verified submission is asked is nobody's until it is scored.
    """
    sets = question_sets.c
    query = (
        select(question_sets)
        .where(~is_sealed(sets.digest))
        .order_by(sets.created_at.desc(), sets.digest.desc())
        .limit(limit)
    )
    if projects is not None:
        query = query.where(_seen_by(projects))
    if key is not None:
        query = query.where(or_(sets.digest == key, sets.hash == key))
    if after is not None:
        at, name = after
        query = query.where(or_(sets.created_at < at, and_(sets.created_at == at, sets.digest < name)))
    return [
        StoredSet(
            row.digest,
            row.hash,
            row.name,
            row.generator,
            count=row._mapping["count"],  # a tuple has a method of that name
            created_at=row.created_at.replace(tzinfo=UTC),
        )
        for row in connection.execute(query)
    ]


class Printed(NamedTuple):
    """A question as it is stored."""

    id: str
    family: str
    kind: str
    rung: int
    domain: str
    regime: str
    difficulty: int
    body: bytes
    """Canonical JSON of the whole question."""


def printed_from(connection: Connection, digest: str, *, after: int, limit: int) -> list[Printed]:
    """The questions of a set in file order, from the place after *after*, as they are stored."""
    given = {"digest": digest, "after": after, "limit": limit}
    return [Printed(*row) for row in connection.execute(_PRINTED, given)]


_PRINTED = (
    select(*(questions.c[name] for name in Printed._fields))
    .join(set_members, set_members.c.question == questions.c.digest)
    .where(set_members.c.set_digest == bindparam("digest"), set_members.c.position > bindparam("after"))
    .order_by(set_members.c.position)
    .limit(bindparam("limit"))
)


def questions_from(connection: Connection, digest: str, *, after: int, limit: int) -> list[Question]:
    """The questions of a set in file order, from the place after *after*."""
    return [question_from(one.body) for one in printed_from(connection, digest, after=after, limit=limit)]


def question_of(connection: Connection, digest: str, *, question: str) -> Question | None:
    """The question with id *question* of a set; None: it is not in it."""
    member = set_members.c
    body = connection.scalars(
        select(questions.c.body)
        .join(set_members, member.question == questions.c.digest)
        .where(member.set_digest == digest, questions.c.id == question)
    ).first()
    return None if body is None else question_from(body)


def _seen_by(projects: frozenset[str]) -> ColumnElement[bool]:
    owned, digest = set_owners.c, question_sets.c.digest
    ways: list[ColumnElement[bool]] = [
        exists().where(owned.set_digest == digest, owned.project.in_(projects)),
        exists().where(evaluations.c.set_digest == digest, evaluations.c.project.in_(projects)),
    ]
    if LOCAL in projects:
        ways.append(~exists().where(owned.set_digest == digest))
    return or_(*ways)
