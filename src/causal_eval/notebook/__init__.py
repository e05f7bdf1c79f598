"""The door for Python: stored runs as values that render where a cell of a notebook ends.

Knows how to open the user's database, to hand out rows as a data frame, and to show what analysis says. It must compute
nothing itself: every number is a function of ``service`` and ``analysis``, as at every other door.
"""

from causal_eval.notebook.calibrating import calibration
from causal_eval.notebook.diagnosing import diagnose, profile, profiles
from causal_eval.notebook.planning import plan, variance
from causal_eval.notebook.run import Run, compare, open_run, runs

__all__ = [
    "Run", "calibration", "compare", "diagnose", "open_run", "plan", "profile", "profiles", "runs", "variance",
]  # fmt: skip
