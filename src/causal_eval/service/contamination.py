"""Whether questions were known before they were asked, for somebody who waits: the memorisation gap of two runs."""

from __future__ import annotations

from dataclasses import dataclass

from causal_eval.analysis.memorisation import Gap, memorisation
from causal_eval.errors import UsageError
from causal_eval.service import jobs
from causal_eval.service.reporting import LARGEST_COMPARED, check_fresh
from causal_eval.service.wiring import Visit
from causal_eval.store.database import Store
from causal_eval.store.evaluations import Evaluation
from causal_eval.store.observations import observations


@dataclass(frozen=True, slots=True)
class Memorised:
    """One answerer on published questions and on fresh ones, and the gap between its scores."""

    published: Evaluation
    fresh: Evaluation
    gap: Gap


def memorised(visit: Visit, published: str, *, fresh: str) -> Memorised:
    """The memorisation gap of two evaluations of one answerer.

    Raises:
        UnknownName: the caller may not see one of them.
        UsageError: they are of two answerers, asked the same set, or are too large to be waited for.
    """
    found = [jobs.find(visit, name).evaluation for name in (published, fresh)]
    if large := next((one for one in found if one.planned * one.spec.epochs > LARGEST_COMPARED), None):
        raise UsageError(
            f"{large.id} asks more than {LARGEST_COMPARED} times: use `causal-eval memorisation` for larger ones"
        )
    return gap_between(visit.service.store, *found)


def gap_between(store: Store, published: Evaluation, fresh: Evaluation) -> Memorised:
    """The same of two evaluations that are at hand.

    Raises:
        UsageError: they are of two answerers, or asked the same set.
    """
    check_fresh(published, than=fresh)
    gap = memorisation(observations(store, published), observations(store, fresh))
    return Memorised(published, fresh, gap)
