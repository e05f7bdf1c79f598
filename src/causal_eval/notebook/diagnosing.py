"""Why a stored run's answers are wrong, and what its answerer can do, as values that render."""

from __future__ import annotations

from dataclasses import dataclass

from causal_eval.analysis.diagnosis.diagnose import Diagnosis
from causal_eval.analysis.profiling.portrait import CausalProfile
from causal_eval.analysis.reports.diagnosing import HEAD, RULE, cause_rows, sentences
from causal_eval.analysis.reports.profiling import advice_lines, blocks
from causal_eval.analysis.shown import Shown
from causal_eval.notebook.run import Run, open_run, opened
from causal_eval.service.reporting import diagnosed, profiled


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosed(Shown):
    """The causes of a run's misses."""

    diagnosis: Diagnosis


@dataclass(frozen=True, slots=True, kw_only=True)
class Profiled(Shown):
    """Rungs and families as a table, what follows as notes; all figures in ``profile``."""

    profile: CausalProfile


def diagnose(run: Run | str) -> Diagnosed:
    """Which classic mistakes the wrong answers of *run* are, without a judge.

    Raises:
        UsageError, UnknownName: there is no such run.
    """
    one = run if isinstance(run, Run) else open_run(run)
    with opened(one.database) as store:
        found = diagnosed(store, one.evaluation)
    title = f"{one.answerer}: why its answers are wrong ({one.id})"
    return Diagnosed(
        title=title, head=HEAD, rows=tuple(cause_rows(found)), notes=(*sentences(found), RULE), diagnosis=found
    )


def profile(run: Run | str, *, published: Run | str = "") -> Profiled:
    """What the answerer of *run* can do, and what follows; *published* is its run on questions published before.

    Raises:
        UsageError, UnknownName: there is no such run, or *published* is of another answerer or the same questions.
    """
    one = run if isinstance(run, Run) else open_run(run)
    old = open_run(published, database=one.database) if isinstance(published, str) and published else published
    before = old.evaluation if isinstance(old, Run) else None
    with opened(one.database) as store:
        found = profiled(store, one.evaluation, published=before)
    (title, head, rows), *_ = blocks(found)
    title = f"{one.answerer}: {title[0].lower()}{title[1:]} ({one.id})"
    return Profiled(title=title, head=head, rows=tuple(rows), notes=tuple(advice_lines(found)), profile=found)
