"""Scores of an evaluation as rows: what analysis made of its outcomes, for lists and the leaderboard."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from fractions import Fraction

from sqlalchemy import Connection, delete, insert, select

from causal_eval.analysis.tables import ScoreRow
from causal_eval.store.locks import take_turn
from causal_eval.store.tallies import tally
from causal_eval.store.work_tables import scores


@dataclass(frozen=True, slots=True)
class StoredScore:
    """One scope of an evaluation; shares are between 0 and 1, None = not known or not defined."""

    evaluation_id: str
    scope: str
    place: int
    score: float | None
    low: float | None
    high: float | None
    chance: float | None
    against: str
    units: int
    clusters: int
    strict: float | None
    unparsed: int
    abstained: int
    missing: int
    ungraded: int
    excluded: int
    exempt: int
    alarm: bool
    cost: str | None
    """Dollars, an exact fraction."""
    time_ms: float | None
    cached: int
    kept: int
    verdicts: int
    computed_at: float

    @property
    def dollars(self) -> Fraction | None:
        """The cost."""
        return None if self.cost is None else Fraction(self.cost)


@dataclass(frozen=True, slots=True)
class State:
    """Which rows scores are of: they are stale when there are more."""

    kept: int
    verdicts: int


def state(connection: Connection, evaluation: str) -> State:
    """What is there now."""
    there = tally(connection, evaluation)
    return State(there.kept, there.verdicts)


def stored_scores(evaluation: str, rows: Sequence[ScoreRow], *, of: State, at: float) -> list[StoredScore]:
    """The scores *rows* of *evaluation*, computed from its rows *of*, as they are stored."""
    return [stored_score(evaluation, row, place=place, of=of, at=at) for place, row in enumerate(rows)]


def save_scores(connection: Connection, evaluation: str, *, stored: Sequence[StoredScore]) -> None:
    """Put *stored* in place of what is there of their scopes; of two that do it at once, one waits for the other."""
    if not stored:
        return
    take_turn(connection, f"scores of {evaluation}")
    scopes = [one.scope for one in stored]
    connection.execute(delete(scores).where(scores.c.evaluation_id == evaluation, scores.c.scope.in_(scopes)))
    connection.execute(insert(scores), [asdict(one) for one in stored])


def load_scores(connection: Connection, evaluation: str) -> list[StoredScore]:
    """The scores of *evaluation* as they were computed last; empty: never."""
    rows = connection.execute(select(scores).where(scores.c.evaluation_id == evaluation).order_by(scores.c.place))
    return [StoredScore(**row._mapping) for row in rows]


def scope_scores(connection: Connection, evaluations: Sequence[str], *, scope: str) -> dict[str, StoredScore]:
    """Evaluation -> its score in *scope*, where one is kept."""
    rows = connection.execute(select(scores).where(scores.c.evaluation_id.in_(evaluations), scores.c.scope == scope))
    return {row.evaluation_id: StoredScore(**row._mapping) for row in rows}


def stored_score(evaluation: str, row: ScoreRow, *, place: int, of: State, at: float) -> StoredScore:
    """The row at *place* as it is kept."""
    return StoredScore(
        evaluation, row.scope.label, place, score=row.score, low=row.low, high=row.high, chance=row.chance,
        against=row.against.value, units=row.units, clusters=row.clusters, strict=row.strict, unparsed=row.unparsed,
        abstained=row.abstained, missing=row.missing, ungraded=row.ungraded, excluded=row.excluded, exempt=row.exempt,
        alarm=row.alarm, cost=None if row.cost is None else str(row.cost), time_ms=row.time_ms, cached=row.cached,
        kept=of.kept, verdicts=of.verdicts, computed_at=at,
    )  # fmt: skip
