"""Two evaluations on the same questions: the paired verdict."""

from __future__ import annotations

from causal_eval.analysis.compare import Comparison, compare
from causal_eval.errors import UsageError
from causal_eval.service import jobs
from causal_eval.service.wiring import Visit
from causal_eval.store.observations import observations

LARGEST_COMPARED = 20_000
"""Questions; a comparison holds every unit of both sides in memory."""


def compared(visit: Visit, a: str, *, b: str) -> Comparison:
    """*a* against *b*.

    Raises:
        UnknownName: the caller may not see one of them.
        UsageError: they are the same, ask different sets, or are too large.
    """
    one, other = jobs.find(visit, a).evaluation, jobs.find(visit, b).evaluation
    if one.id == other.id:
        raise UsageError(f"a and b are both {one.id}: name two evaluations")
    if one.spec.question_set != other.spec.question_set:
        raise UsageError(f"{one.id} and {other.id} ask different question sets: only equal questions can be compared")
    if max(one.planned, other.planned) > LARGEST_COMPARED:
        raise UsageError(f"only evaluations of up to {LARGEST_COMPARED} questions are compared here")
    store = visit.service.store
    return compare(observations(store, one), observations(store, other))
