"""Whether a stored run's answerer is right as often as it says, as a value that renders."""

from __future__ import annotations

from dataclasses import dataclass

from causal_eval.analysis.calibration.calibrate import Calibration
from causal_eval.analysis.reports.calibrating import HEAD, RULE, bin_rows, sentences
from causal_eval.analysis.shown import Shown
from causal_eval.notebook.run import Run, open_run, opened
from causal_eval.service.calibrating import calibration_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibrated(Shown):
    """Bins of stated confidence as a table, what follows as notes; all figures in ``calibration``."""

    calibration: Calibration


def calibration(run: Run | str) -> Calibrated:
    """How sure the answerer of *run* is, how often it is right, and how far the two are apart.

    Raises:
        UsageError, UnknownName: there is no such run.
    """
    one = run if isinstance(run, Run) else open_run(run)
    with opened(one.database) as store:
        found = calibration_of(store, one.evaluation)
    title = f"{one.answerer}: stated confidence against what is right ({one.id})"
    notes = (*sentences(found), *((RULE,) if found.bins else ()))
    return Calibrated(title=title, head=HEAD, rows=tuple(bin_rows(found)), notes=notes, calibration=found)
