"""Why an evaluation's answers are wrong, and what its answerer can do, for whoever may see its questions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from causal_eval.analysis.comparable import Concern
from causal_eval.analysis.diagnosis.diagnose import Diagnosis
from causal_eval.analysis.profiling.portrait import CausalProfile
from causal_eval.errors import UsageError
from causal_eval.service import jobs, reporting
from causal_eval.service.comparing import MOST_COMPARED, checked
from causal_eval.service.splits import check_open
from causal_eval.service.wiring import Visit
from causal_eval.store.evaluations import Evaluation

LARGEST_DIAGNOSED = 10_000
"""Questions: every wrong answer is matched and shared out while somebody waits."""


def diagnosed(visit: Visit, evaluation: str) -> Diagnosis:
    """Which mistakes its wrong answers are.

    Raises:
        UnknownName: there is none, or it is another project's.
        Conflict: it is of a verified submission that is not scored yet, or of a set that is not revealed.
        UsageError: it is too large to be waited for.
    """
    return reporting.diagnosed(visit.service.store, _open(visit, evaluation))


def profiled(visit: Visit, evaluation: str, *, published: str | None = None) -> CausalProfile:
    """What its answerer can do, and what follows; *published* is its run on questions that were published before.

    Raises:
        UnknownName, Conflict, UsageError: as :func:`diagnosed`, of either evaluation.
    """
    one = _open(visit, evaluation)
    other = None if published is None else _open(visit, published)
    return reporting.profiled(visit.service.store, one, published=other)


@dataclass(frozen=True, slots=True)
class Beside:
    """Profiles of several evaluations of one question set."""

    evaluations: tuple[Evaluation, ...]
    concerns: tuple[Concern, ...]
    """None is blocking."""
    profiles: tuple[CausalProfile, ...]


def beside(visit: Visit, names: Sequence[str]) -> Beside:
    """The profiles of the evaluations called *names*.

    Raises:
        UnknownName, Conflict: as :func:`diagnosed`, of any.
        UsageError: too few or many, not to be compared, or too large together.
    """
    if not 1 < len(names) <= MOST_COMPARED:
        raise UsageError(f"{len(names)} evaluations are named: compare two to {MOST_COMPARED}")
    found = [_open(visit, name) for name in names]
    if (size := sum(one.planned * one.spec.epochs for one in found)) > LARGEST_DIAGNOSED:
        raise UsageError(
            f"these evaluations have {size} answers: at most {LARGEST_DIAGNOSED} are told of beside each other; use "
            "`causal-eval profile` with all of them"
        )
    store = visit.service.store
    concerns = checked(store, found)
    return Beside(tuple(found), concerns, tuple(reporting.profiled(store, one) for one in found))


def _open(visit: Visit, evaluation: str) -> Evaluation:
    """The evaluation, whose questions the caller may see."""
    found = jobs.find(visit, evaluation).evaluation
    with visit.service.store.reading() as connection:
        check_open(connection, found.id)
    if found.planned * found.spec.epochs > LARGEST_DIAGNOSED:
        raise UsageError(
            f"{found.id} asks {found.planned * found.spec.epochs} times: only evaluations of up to {LARGEST_DIAGNOSED} "
            f"answers are diagnosed here; use `causal-eval diagnose {found.id}`"
        )
    return found
