"""A result on the leaderboard whose calls were made at moments that a test chooses, and an incident that touched it."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import insert
from tests.effects.calls import NOW, Call, evaluated, told

from causal_eval.effects import marking, mirror
from causal_eval.service import incident_effects, results
from causal_eval.service.accounts import local_caller
from causal_eval.service.wiring import Service, Visit
from causal_eval.store.evaluations import Evaluation
from causal_eval.store.public_tables import submissions
from causal_eval.store.standings import BoardOf
from causal_eval.store.submissions import Tier

BOARD = BoardOf(Tier.VERIFIED, "quick")
TITLE = "<b>the database</b> | was away"


@dataclass(frozen=True, slots=True)
class Published:
    """A published result of 12, three of which were asked during an outage of a minute."""

    service: Service
    run: Evaluation

    def mark(self, *, private: bool = False) -> None:
        """Copy the outage, which is over, and mark what it touched."""
        one = told("INC-1", component="database", family="down", title=TITLE, mitigated_at=NOW + 60, private=private)
        with self.service.store.writing() as connection:
            mirror.keep(connection, [one], at=NOW + 100)
            mirror.answered(connection, cursor=1, at=NOW + 100)
        marking.mark(self.service.store, one, at=NOW + 100)

    def rerun(self) -> str:
        """Ask what it touched again; the evaluation."""
        (ordered,) = incident_effects.rerun(Visit(self.service, local_caller("")), "INC-1").ordered
        return ordered.rerun


def published(service: Service) -> Published:
    """The result, scored and for everybody; nothing is marked yet."""
    calls = [Call(n, 5.0 if n < 3 else 300.0, right=n > 1) for n in range(12)]
    run = evaluated(service.store, calls, answerer="baseline/oracle")
    results.compute(service, run)
    row = {
        "id": "sub-1", "project": "local", "tier": "verified", "answerer": "baseline/oracle", "about": "{}",
        "suite": "quick", "evaluation_id": run.id, "set_digest": run.spec.question_set, "answers_digest": "",
        "commitment": "c", "seed": "7", "status": "published", "flags": "[]", "is_public": True, "paired": "{}",
        "created_at": NOW, "scored_at": NOW + 1,
    }  # fmt: skip
    with service.store.writing() as connection:
        connection.execute(insert(submissions), row)
    return Published(service, run)
