"""How able an answerer is, by difficulties calibrated from other stored runs, and what to ask it next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from causal_eval.analysis.adaptive.calibration import Calibration, calibrate
from causal_eval.analysis.adaptive.dials import Dial, responses, summed
from causal_eval.analysis.adaptive.selection import Ability, ability, choose, counted, predicted
from causal_eval.analysis.intervals import Interval
from causal_eval.errors import UsageError
from causal_eval.service import jobs
from causal_eval.service.splits import check_open
from causal_eval.service.wiring import Visit
from causal_eval.store.evaluations import Evaluation
from causal_eval.store.observations import observations

MOST_CALIBRATED = 12
"""Runs that difficulties are found from while somebody waits."""
LARGEST_CALIBRATED = 40_000
"""Answers of all of them together."""
MOST_NEXT = 500


@dataclass(frozen=True, slots=True)
class Adapted:
    """What is known of an answerer, and the settings of its next questions."""

    evaluation: Evaluation
    calibrated: tuple[Evaluation, ...]
    """The runs that the difficulties are from."""
    calibration: Calibration
    ability: Ability
    predicted: Interval
    """The score that the ability foretells over the calibration's mix, if the model fits."""
    following: tuple[tuple[Dial, int], ...]
    """Setting -> twin groups of it that say most next; which of the nearly best is drawn by the evaluation's id."""


def adapted(visit: Visit, evaluation: str, *, calibration: Sequence[str], n: int) -> Adapted:
    """The ability behind *evaluation* by difficulties from the runs *calibration*, and *n* next twin groups.

    Raises:
        UnknownName: the caller may not see one of them.
        Conflict: one is of a verified submission that is not scored yet, or of a set that is not revealed.
        UsageError: the runs are of fewer than two answerers, too many or too large, or *n* is out of range.
    """
    if not 1 <= n <= MOST_NEXT:
        raise UsageError(f"n is {n}: ask for 1 to {MOST_NEXT} twin groups")
    names = tuple(dict.fromkeys(calibration))
    if len(names) > MOST_CALIBRATED:
        raise UsageError(f"calibration has {len(names)} runs: name at most {MOST_CALIBRATED}")
    one, *others = (_open(visit, name) for name in (evaluation, *names))
    if (size := sum(each.planned * each.spec.epochs for each in (one, *others))) > LARGEST_CALIBRATED:
        raise UsageError(
            f"calibration has {size} answers: at most {LARGEST_CALIBRATED} are looked at here; use `causal-eval adapt`"
        )
    store = visit.service.store
    known = calibrate(summed(found for each in others for found in responses(observations(store, each))))
    at = ability(summed(responses(observations(store, one))), known)
    chosen = counted(choose(known, at.estimate, n=n, seed=one.id))
    return Adapted(one, tuple(others), known, at, predicted(at, known), tuple(chosen))


def _open(visit: Visit, name: str) -> Evaluation:
    found = jobs.find(visit, name).evaluation
    with visit.service.store.reading() as connection:
        check_open(connection, found.id)
    return found
