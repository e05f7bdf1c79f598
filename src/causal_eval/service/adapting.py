"""How able an answerer is, by difficulties calibrated from other stored runs, and what to ask it next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from causal_eval.analysis.adaptive.calibration import Calibration, calibrate
from causal_eval.analysis.adaptive.dials import responses, summed
from causal_eval.analysis.adaptive.selection import Ability, ability, choose, counted, predicted
from causal_eval.analysis.intervals import Interval
from causal_eval.errors import UsageError
from causal_eval.questions.settings import Setting
from causal_eval.service import jobs, makings
from causal_eval.service.set_orders import SetOrder
from causal_eval.service.splits import check_open
from causal_eval.service.wiring import Visit
from causal_eval.store.evaluations import Evaluation
from causal_eval.store.makings import Making
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
    also: tuple[Evaluation, ...]
    """Further runs of the answerer, which count too."""
    calibrated: tuple[Evaluation, ...]
    """The runs that the difficulties are from."""
    calibration: Calibration
    ability: Ability
    predicted: Interval
    """The score that the ability foretells over the calibration's mix, if the model fits."""
    following: tuple[Setting, ...]
    """Those that say most next; which of the nearly best is drawn by the seed."""
    seed: str
    """The ids of the answerer's runs: further ones give other questions."""


def adapted(visit: Visit, evaluation: str, *, calibration: Sequence[str], n: int, also: Sequence[str] = ()) -> Adapted:
    """The ability behind *evaluation* by difficulties from the runs *calibration*, and *n* next twin groups.

    *also* are further runs of its answerer.

    Raises:
        UnknownName: the caller may not see one of them.
        Conflict: one is of a verified submission that is not scored yet, or of a set that is not revealed.
        UsageError: the runs are of fewer than two answerers, too many or too large, *n* is out of range, or a run of
            *also* is another answerer's.
    """
    if not 1 <= n <= MOST_NEXT:
        raise UsageError(f"n is {n}: ask for 1 to {MOST_NEXT} twin groups")
    names, further = tuple(dict.fromkeys(calibration)), tuple(sorted({*also} - {evaluation}))
    if len(names) > MOST_CALIBRATED:
        raise UsageError(f"calibration has {len(names)} runs: name at most {MOST_CALIBRATED}")
    if len(further) > MOST_CALIBRATED:
        raise UsageError(f"also has {len(further)} runs: name at most {MOST_CALIBRATED}")
    one = _open(visit, evaluation)
    own, others = (tuple(_open(visit, name) for name in several) for several in (further, names))
    if wrong := next((each for each in own if each.spec.answerer != one.spec.answerer), None):
        raise UsageError(f"also is {wrong.id} of {wrong.spec.answerer}: name further runs of {one.spec.answerer}")
    if (size := sum(each.planned * each.spec.epochs for each in (one, *own, *others))) > LARGEST_CALIBRATED:
        raise UsageError(
            f"calibration has {size} answers: at most {LARGEST_CALIBRATED} are looked at here; use `causal-eval adapt`"
        )
    store = visit.service.store
    known = calibrate(summed(found for each in others for found in responses(observations(store, each))))
    at = ability(summed(found for each in (one, *own) for found in responses(observations(store, each))), known)
    seed = "/".join((one.id, *(each.id for each in own)))
    chosen = counted(choose(known, at.estimate, n=n, seed=seed))
    settings = tuple(Setting(dial.kind, dial.regime, dial.size, groups) for dial, groups in chosen)
    return Adapted(one, own, others, known, at, predicted(at, known), settings, seed)


def order_next(
    visit: Visit, evaluation: str, *, calibration: Sequence[str], n: int, also: Sequence[str] = ()
) -> Making:
    """Have a worker make the questions that say most next, fresh and proven, for the evaluation's project.

    Raises:
        NotAllowed: the caller may not evaluate there.
        UnknownName, Conflict, UsageError: as for :func:`adapted`; or too much waits.
    """
    found = adapted(visit, evaluation, calibration=calibration, n=n, also=also)
    return makings.order_set(
        visit, SetOrder(found.evaluation.project, f"adaptive/{found.seed}", settings=found.following)
    )


def _open(visit: Visit, name: str) -> Evaluation:
    found = jobs.find(visit, name).evaluation
    with visit.service.store.reading() as connection:
        check_open(connection, found.id)
    return found
