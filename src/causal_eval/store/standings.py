"""Results on a leaderboard: every score of one tier, suite and scope in one query, and the rows of a page of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, and_, func, select

from causal_eval.store.public_tables import moderation, submissions
from causal_eval.store.submissions import Standing, Tier
from causal_eval.store.work_tables import scores


@dataclass(frozen=True, slots=True)
class BoardOf:
    """Which results: of one tier and suite, in one scope."""

    tier: Tier
    suite: str
    scope: str = "overall"
    project: str | None = None
    """None: what is published for everybody; else what is scored in this project."""
    largest: float | None = None
    """Billions of parameters at most, as submitters say; who says nothing is left out."""
    smallest: float | None = None


class Point(NamedTuple):
    """A result as far as its place depends on it."""

    submission: str
    score: float
    low: float | None
    high: float | None
    evaluation_id: str
    set_digest: str
    paired: str
    """JSON: evaluation of the same set that was scored before -> [this one minus it, p value], or of old a finding."""


@dataclass(frozen=True, slots=True)
class Line:
    """A result as a board shows it."""

    submission: str
    evaluation_id: str
    set_digest: str
    answerer: str
    size: float | None
    seed: str
    flags: str
    """JSON list."""
    scored_at: float
    score: float
    low: float | None
    high: float | None
    chance: float | None
    units: int
    clusters: int
    missing: int
    unparsed: int
    abstained: int
    cost: str | None
    """Dollars, an exact fraction."""


class Choice(NamedTuple):
    """A board that holds something."""

    tier: Tier
    suite: str


def version(connection: Connection) -> int:
    """A number that rises with whatever happens to a submission."""
    return connection.scalar(select(func.max(moderation.c.id))) or 0


def points(connection: Connection, board: BoardOf) -> list[Point]:
    """Every result of the board, the best first."""
    row, of = scores.c, submissions.c
    query = (
        select(of.id, row.score, row.low, row.high, of.evaluation_id, of.set_digest, of.paired)
        .join(scores, and_(row.evaluation_id == of.evaluation_id, row.scope == board.scope))
        .where(row.score.is_not(None), *_on(board))
        .order_by(row.score.desc(), of.id)
    )
    return [Point(*found) for found in connection.execute(query)]


def lines(connection: Connection, wanted: Sequence[str], *, scope: str) -> dict[str, Line]:
    """The results of these submissions in *scope*, by id; in two queries, since SQLite would join from the scope on."""
    row, of = scores.c, submissions.c
    about = connection.execute(
        select(
            of.id.label("submission"), of.evaluation_id, of.set_digest, of.answerer, of.size, of.seed, of.flags,
            of.scored_at,
        ).where(of.id.in_(wanted), of.scored_at.is_not(None))
    ).all()  # fmt: skip
    found = connection.execute(
        select(
            row.evaluation_id, row.score, row.low, row.high, row.chance, row.units, row.clusters, row.missing,
            row.unparsed, row.abstained, row.cost,
        ).where(row.evaluation_id.in_([one.evaluation_id for one in about]), row.scope == scope,
            row.score.is_not(None),
        )
    )  # fmt: skip
    scored = {one.evaluation_id: one._mapping for one in found}
    return {
        one.submission: Line(**{**one._mapping, **scored[one.evaluation_id]})
        for one in about
        if one.evaluation_id in scored
    }


def choices(connection: Connection, project: str | None) -> list[Choice]:
    """Boards of *project* (None: for everybody) with something on them."""
    of = submissions.c
    query = select(of.tier, of.suite).where(*_in(project)).distinct().order_by(of.tier.desc(), of.suite)
    return [Choice(Tier(found.tier), found.suite) for found in connection.execute(query)]


def scopes(connection: Connection, board: BoardOf) -> list[str]:
    """Scopes in which somebody on the board has a score: overall, rungs, families, domains."""
    first = select(submissions.c.evaluation_id).where(*_on(board)).order_by(submissions.c.scored_at.desc()).limit(1)
    found = connection.scalar(first)
    query = select(scores.c.scope).where(scores.c.evaluation_id == found).order_by(scores.c.place)
    return list(connection.scalars(query))


def _on(board: BoardOf) -> list[ColumnElement[bool]]:
    of = submissions.c
    wanted = [of.tier == board.tier, of.suite == board.suite, *_in(board.project)]
    if board.largest is not None:
        wanted.append(of.size <= board.largest)
    if board.smallest is not None:
        wanted.append(of.size >= board.smallest)
    return wanted


def _in(project: str | None) -> list[ColumnElement[bool]]:
    of = submissions.c
    if project is None:
        return [of.status == Standing.PUBLISHED, of.is_public]
    return [of.project == project, of.status.in_([Standing.SCORED, Standing.PUBLISHED])]
