"""Why an evaluation's answers are wrong, and what its answerer can do, for whoever may see its questions."""

from __future__ import annotations

from causal_eval.analysis.diagnosis.diagnose import Diagnosis
from causal_eval.analysis.profiling.portrait import CausalProfile
from causal_eval.errors import Conflict, UsageError
from causal_eval.service import jobs, reporting
from causal_eval.service.wiring import Visit
from causal_eval.store.evaluations import Evaluation
from causal_eval.store.submissions import sealed_evaluation

LARGEST_DIAGNOSED = 10_000
"""Questions: every wrong answer is matched and shared out while somebody waits."""


def diagnosed(visit: Visit, evaluation: str) -> Diagnosis:
    """Which mistakes its wrong answers are.

    Raises:
        UnknownName: there is none, or it is another project's.
        Conflict: it is of a verified submission that is not scored yet.
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


def _open(visit: Visit, evaluation: str) -> Evaluation:
    """The evaluation, whose questions the caller may see."""
    found = jobs.find(visit, evaluation).evaluation
    with visit.service.store.reading() as connection:
        if sealed_evaluation(connection, found.id):
            raise Conflict(f"the questions of {found.id} are sealed until its submission is scored")
    if found.planned * found.spec.epochs > LARGEST_DIAGNOSED:
        raise UsageError(
            f"{found.id} asks {found.planned * found.spec.epochs} times: only evaluations of up to {LARGEST_DIAGNOSED} "
            f"answers are diagnosed here; use `causal-eval diagnose {found.id}`"
        )
    return found
