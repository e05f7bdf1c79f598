"""The reproduction ticket: what a run's numbers are, under one hash that anybody can compute again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import msgspec

from causal_eval.analysis.tables import ScoreRow
from causal_eval.questions.question import content_id


@dataclass(frozen=True, slots=True)
class Claim:
    """One score with what it rests on."""

    scope: str
    score: float | None
    low: float | None
    high: float | None
    strict: float | None
    units: int
    clusters: int
    excluded: int


@dataclass(frozen=True, slots=True)
class Ticket:
    """Everything that a run claims, and by which versions; times and prices are no part of it."""

    evaluation: str
    answerer: str
    question_set: str
    """The hash that is shown."""
    generator: str
    """Empty: a user's own file."""
    scorers: tuple[str, ...]
    """Versions of parser and grader behind the verdicts, sorted."""
    claims: tuple[Claim, ...]

    @property
    def hash(self) -> str:
        """``res-`` and 16 hex digits of what is claimed of which run; versions that change no number are no part."""
        said = {name: getattr(self, name) for name in ("evaluation", "answerer", "question_set")}
        return content_id("res", said | {"claims": msgspec.to_builtins(self.claims)})

    @property
    def name(self) -> str:
        """``ev-...@res-...``: where to look, and what must be found."""
        return f"{self.evaluation}@{self.hash}"

    @property
    def command(self) -> str:
        """What reproduces its numbers."""
        return f"causal-eval reproduce {self.name}"


def claims_of(rows: Iterable[ScoreRow]) -> tuple[Claim, ...]:
    """The claims of one answerer's rows."""
    return tuple(
        Claim(row.scope.label, row.score, row.low, row.high, row.strict, row.units, row.clusters, row.excluded)
        for row in rows
    )
