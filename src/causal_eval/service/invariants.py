"""What must hold of everything that is kept, whatever happened to whom: checked over the whole database."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from enum import StrEnum

from causal_eval.service.results import fresh
from causal_eval.service.wiring import Service
from causal_eval.store import audit, invariants, scores
from causal_eval.store.evaluations import find_evaluation
from causal_eval.store.scores import StoredScore
from causal_eval.store.tallies import untrue

_PASSING = ("computed_at", "cost")
"""Of scores, what may change: the time, and prices, which are read from a table that is kept up to date."""


class Rule(StrEnum):
    """What must hold."""

    ONE_OUTCOME = "one outcome"
    SERVED = "served"
    CONTENT = "content hash"
    TALLY = "tally"
    WHOLE_SHARD = "whole shard"
    OPEN_JOB = "open job"
    AUDIT_CHAIN = "audit chain"
    SCORES = "scores"


@dataclass(frozen=True, slots=True)
class Violation:
    """Something that does not hold."""

    rule: Rule
    where: str
    """What it was found at."""
    problem: str
    """One line."""


def violations(service: Service) -> Iterator[Violation]:
    """Everything that does not hold; nothing is changed."""
    yield from _outcomes(service)
    yield from _jobs(service)
    yield from _scores(service)


def _outcomes(service: Service) -> Iterator[Violation]:
    with service.store.reading() as connection:
        for one in invariants.doubled(connection):
            problem = f"sample {one.sample} of question {one.question} has more than one outcome"
            yield Violation(Rule.ONE_OUTCOME, one.evaluation, problem)
        for key in invariants.foreign(connection):
            yield Violation(Rule.SERVED, f"attempt {key}", "the outcome of another answerer than its evaluation's")
        for said in invariants.changed_outcomes(connection):
            yield Violation(Rule.CONTENT, said.partition(" was ")[0], said)
        for digest in invariants.changed_questions(connection):
            yield Violation(Rule.CONTENT, f"question {digest}", "its body has another hash: restore a backup")
        for name in untrue(connection):
            yield Violation(Rule.TALLY, name, "the counts beside its rows are not the counts of its rows")


def _jobs(service: Service) -> Iterator[Violation]:
    with service.store.reading() as connection:
        for shard in invariants.gaps(connection):
            yield Violation(Rule.WHOLE_SHARD, shard, "it is done, and some question was never asked")
        for evaluation in invariants.forlorn(connection, now=service.clock()):
            yield Violation(Rule.OPEN_JOB, evaluation, "it is open, and none of its shards is")
        for entry in audit.broken_links(connection):
            yield Violation(Rule.AUDIT_CHAIN, f"entry {entry}", "it was changed, or what came before it was taken away")


def _scores(service: Service) -> Iterator[Violation]:
    with service.store.reading() as connection:
        names = invariants.scored(connection)
    for name in names:
        with service.store.reading() as connection:
            stored, now = scores.load_scores(connection, name), scores.state(connection, name)
        if stored[0].kept != now.kept or stored[0].verdicts != now.verdicts:
            continue  # they are known to be old, and computed anew for whoever asks
        again = fresh(service, find_evaluation(service.store, name))
        scopes = {one.scope for one in again}  # a sealed evaluation has more, of domains
        if _lasting([one for one in stored if one.scope in scopes]) != _lasting(again):
            yield Violation(Rule.SCORES, name, "the stored scores are not those of its rows")


def _lasting(rows: list[StoredScore]) -> list[dict[str, object]]:
    return [{name: value for name, value in asdict(row).items() if name not in _PASSING} for row in rows]
