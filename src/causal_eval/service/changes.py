"""Questions on which two evaluations of one set came out differently."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from causal_eval.analysis.observation import Observation
from causal_eval.scoring.verdict import Mark
from causal_eval.service import jobs
from causal_eval.service.reporting import LARGEST_COMPARED
from causal_eval.service.wiring import Visit
from causal_eval.store.observations import observations

SHOWN = 100


@dataclass(frozen=True, slots=True)
class Changed:
    """One question with what became of it on either side."""

    question: str
    family: str
    rung: int
    sample: int
    a: Mark
    b: Mark


def changed(visit: Visit, a: str, *, b: str, limit: int = SHOWN) -> list[Changed]:
    """The first *limit* questions of which only one side's answer is right, in the order of *b*."""
    one, other = jobs.find(visit, a).evaluation, jobs.find(visit, b).evaluation
    if max(one.planned, other.planned) > LARGEST_COMPARED:
        return []
    store = visit.service.store
    left = {(row.question, row.sample): row.mark for row in observations(store, one)}
    return list(islice(_differing(left, observations(store, other)), limit))


def _differing(left: dict[tuple[str, int], Mark], rows: Iterator[Observation]) -> Iterator[Changed]:
    for row in rows:
        mark = left.get((row.question, row.sample))
        if mark is not None and (mark is Mark.CORRECT) != (row.mark is Mark.CORRECT):
            yield Changed(row.question, row.family, row.rung, row.sample, a=mark, b=row.mark)
