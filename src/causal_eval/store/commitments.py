"""Commitments to question sets, and words of users' own, as rows beside the sets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from sqlalchemy import ColumnElement, Connection, exists, insert, select, update

from causal_eval.store.public_tables import commitments, set_words
from causal_eval.store.tables import evaluations


@dataclass(frozen=True, slots=True)
class Committed:
    """A set that follows from a secret."""

    project: str
    set_digest: str
    split: str
    """``private`` or ``rotating``."""
    document: str
    """Canonical JSON of the commitment: what may be published before anybody answers."""
    created_at: float
    key: str | None = None
    """What the set follows from; None: it is not revealed, and stands nowhere."""
    revealed_by: str | None = None
    revealed_at: float | None = None


def keep_commitment(connection: Connection, one: Committed) -> None:
    """Add it, unless the project has committed to the set before."""
    row = commitments.c
    there = select(row.set_digest).where(row.project == one.project, row.set_digest == one.set_digest)
    if connection.execute(there).first() is None:
        connection.execute(insert(commitments), asdict(one))


def find_commitment(connection: Connection, digest: str, *, projects: frozenset[str] | None) -> Committed | None:
    """The commitment to the set that one of *projects* (None: any) ordered; None: there is none."""
    query = select(commitments).where(commitments.c.set_digest == digest).order_by(commitments.c.created_at)
    if projects is not None:
        query = query.where(commitments.c.project.in_(projects))
    row = connection.execute(query.limit(1)).first()
    return None if row is None else Committed(**row._mapping)


def keep_revealed(connection: Connection, one: Committed, *, by: str, at: float, key: str) -> bool:
    """Write down that it is revealed; False: it was."""
    row = commitments.c
    mine = (row.project == one.project, row.set_digest == one.set_digest, row.revealed_at.is_(None))
    values = {"key": key, "revealed_by": by, "revealed_at": at}
    return connection.execute(update(commitments).where(*mine).values(**values)).rowcount == 1


def is_closed(digest: ColumnElement[str]) -> ColumnElement[bool]:
    """Whether the set with that digest follows from a secret that is not revealed."""
    return exists().where(commitments.c.set_digest == digest, commitments.c.revealed_at.is_(None))


def closed_set(connection: Connection, digest: str) -> bool:
    """The same of one set."""
    row = commitments.c
    query = select(row.set_digest).where(row.set_digest == digest, row.revealed_at.is_(None))
    return connection.execute(query.limit(1)).first() is not None


def closed_evaluation(connection: Connection, evaluation: str) -> bool:
    """The same of the set that an evaluation asks."""
    query = select(evaluations.c.id).where(evaluations.c.id == evaluation, is_closed(evaluations.c.set_digest))
    return connection.execute(query).first() is not None


def keep_words(connection: Connection, digest: str, *, words: Mapping[str, str]) -> None:
    """Keep the domain files (name -> TOML) that the set is told in; the first of a name stays."""
    there = words_of_set(connection, digest)
    rows = [{"set_digest": digest, "name": name, "text": text} for name, text in words.items() if name not in there]
    if rows:
        connection.execute(insert(set_words), rows)


def words_of_set(connection: Connection, digest: str) -> dict[str, str]:
    """Name -> TOML of the domain files of users' own that the set is told in."""
    query = select(set_words.c.name, set_words.c.text).where(set_words.c.set_digest == digest)
    return {row.name: row.text for row in connection.execute(query)}
