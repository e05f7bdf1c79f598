"""Whether an answerer is right as often as it says, from the replies that are stored."""

from __future__ import annotations

from causal_eval.analysis.calibration.calibrate import Calibration, calibrate
from causal_eval.errors import UsageError
from causal_eval.service import jobs
from causal_eval.service.wiring import Visit
from causal_eval.store.database import Store
from causal_eval.store.evaluations import Evaluation
from causal_eval.store.observations import replied

LARGEST_READ = 20_000
"""Replies that are read while somebody waits."""


def calibrated(visit: Visit, evaluation: str) -> Calibration:
    """How its answerer's confidences and its answers go together.

    Raises:
        UnknownName: there is none, or it is another project's.
        UsageError: it is too large to be waited for.
    """
    found = jobs.find(visit, evaluation).evaluation
    if (size := found.planned * found.spec.epochs) > LARGEST_READ:
        raise UsageError(
            f"{found.id} asks {size} times: the replies of at most {LARGEST_READ} are read here; use "
            f"`causal-eval calibration {found.id}`"
        )
    return calibration_of(visit.service.store, found)


def calibration_of(store: Store, evaluation: Evaluation) -> Calibration:
    """The same for whoever has the store at hand; memory grows with the confidences that are stated."""
    return calibrate(evaluation.spec.answerer, replied(store, evaluation))
