"""Why a stored run's answers are wrong, and what its answerer can do, as values that render."""

from __future__ import annotations

from dataclasses import dataclass

from causal_eval.analysis.diagnosis.diagnose import Diagnosis
from causal_eval.analysis.profiling.portrait import CausalProfile
from causal_eval.analysis.reports.beside import NOTE, beside_blocks, beside_names
from causal_eval.analysis.reports.diagnosing import HEAD, RULE, cause_rows, sentences
from causal_eval.analysis.reports.profiling import advice_lines, blocks
from causal_eval.analysis.shown import Shown
from causal_eval.errors import UsageError
from causal_eval.notebook.run import Run, open_run, opened
from causal_eval.service.comparing import checked
from causal_eval.service.reporting import diagnosed, profiled


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosed(Shown):
    """The causes of a run's misses."""

    diagnosis: Diagnosis


@dataclass(frozen=True, slots=True, kw_only=True)
class Profiled(Shown):
    """Rungs and families as a table, what follows as notes; all figures in ``profile``."""

    profile: CausalProfile


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfiledBeside(Shown):
    """A row for each figure, a column for each run; all figures in ``profiles``."""

    profiles: tuple[CausalProfile, ...]


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


def profiles(a: Run | str, b: Run | str, *others: Run | str) -> ProfiledBeside:
    """The profiles of runs of one question set side by side; each interval stands alone.

    Raises:
        UsageError: they cannot be compared, or lie in different databases; the message says why.
        UnknownName: there is no such run.
    """
    runs = [one if isinstance(one, Run) else open_run(one) for one in (a, b, *others)]
    if len({one.database for one in runs}) > 1:
        raise UsageError("runs of different databases cannot be told of together: evaluate all in one")
    with opened(runs[0].database) as store:
        concerns = checked(store, [one.evaluation for one in runs])
        found = tuple(profiled(store, one.evaluation) for one in runs)
    names = beside_names([one.answerer for one in runs], [one.id for one in runs])
    blocks_ = list(beside_blocks(dict(zip(names, found, strict=True))))
    rows = tuple((f"{title.split(',')[0]}: {label}", *cells) for title, _, part in blocks_ for label, *cells in part)
    advice = [f"{name}: {line}" for name, one in zip(names, found, strict=True) for line in advice_lines(one)]
    return ProfiledBeside(
        title="Causal profiles side by side, per cent and points", head=("figure", *names), rows=rows,
        notes=(f"{NOTE}.", *(f"Warning: {one.said}" for one in concerns), *advice), profiles=found,
    )  # fmt: skip
