"""Where the outcomes of a run came from: with which key, at which host, how many."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import text

from causal_eval.store.database import Store
from causal_eval.store.evaluations import Evaluation


@dataclass(frozen=True, slots=True)
class Origin:
    """A key at a host, and what came of it."""

    key: str
    """Its name (``...3f2a``), never the key; empty: none was needed."""
    route: str
    """The host."""
    kept: int
    """Replies and refusals."""
    failed: int
    """Failed calls, retries not counted, of which some may have succeeded later."""

    def __str__(self) -> str:
        """One line."""
        failed = f", {self.failed} failed calls" if self.failed else ""
        key = f" with key {self.key}" if self.key else ""
        return f"answered at {self.route}{key}: {self.kept}{failed}"


def origins(store: Store, evaluation: Evaluation) -> Iterator[Origin]:
    """By key and host, most outcomes first; what is not known to come from anywhere (baselines, local) is left out."""
    with store.reading() as connection:
        rows = connection.execute(_ORIGINS, {"evaluation": evaluation.id}).all()
    for row in rows:
        yield Origin(row.key or "", row.route, row.kept, row.failed)


_ORIGINS = text(
    """
    SELECT key, route, sum(kept) AS kept, sum(1 - kept) AS failed
    FROM (SELECT key, route, 1 AS kept FROM attempts WHERE evaluation_id = :evaluation AND route IS NOT NULL
          UNION ALL
          SELECT key, route, 0 FROM failures WHERE evaluation_id = :evaluation AND route IS NOT NULL)
    GROUP BY key, route
    ORDER BY 3 DESC, 4 DESC, 1, 2
    """
)
