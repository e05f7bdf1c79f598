"""``causal-eval diagnose`` and ``profile``: why a run's answers are wrong, and what its answerer can do."""

from __future__ import annotations

from typing import Annotated

import typer

from causal_eval.cli import output
from causal_eval.cli.opening import opened
from causal_eval.errors import UsageError

Run = Annotated[str, typer.Argument(help="An evaluation's id, or its beginning.")]
Form = Annotated[str, typer.Option("--format", help="table, json or md.")]
FORMS = ("table", "json", "md")


def add_to(app: typer.Typer) -> None:
    """Give *app* these commands."""
    app.command()(diagnose)
    app.command()(profile)


def diagnose(run: Run, form: Form = "table") -> int:
    """Say which classic mistakes a run's wrong answers are, each with interval, n and proof cards; no judge."""
    from causal_eval.analysis.reports.diagnosing import diagnosis_line, diagnosis_lines
    from causal_eval.analysis.reports.markdown import diagnosis_parts
    from causal_eval.service.reporting import diagnosed
    from causal_eval.store.evaluations import find_evaluation

    _check(form)
    with opened() as store:
        evaluation = find_evaluation(store, run)
        found = diagnosed(store, evaluation)
    if form == "json":
        output.emit({"event": "diagnosis", "evaluation": evaluation.id, **diagnosis_line(found)})
    else:
        output.say("\n\n".join(diagnosis_parts(found)) if form == "md" else "\n".join(diagnosis_lines(found)))
    return 0


def profile(
    runs: Annotated[list[str], typer.Argument(metavar="RUN...", help="Evaluations; several: of one question set.")],
    published: Annotated[str, typer.Option(metavar="RUN", help="Its run on published questions: memorisation.")] = "",
    learn: Annotated[bool, typer.Option("--learn", help="Also shortcuts that learn first; takes seconds.")] = False,
    form: Form = "table",
) -> int:
    """Say what answerers can do by rung and family, what they lean on, and what follows; several side by side."""
    from causal_eval.analysis.reports.portraits import portraits_said
    from causal_eval.analysis.reports.profiling import profile_line
    from causal_eval.evaluation.baselines.learn import learnt
    from causal_eval.service.comparing import checked
    from causal_eval.service.reporting import profiled
    from causal_eval.store.evaluations import find_evaluation

    _check(form)
    if len(runs) > 1 and published:
        raise UsageError("--published is a run of one answerer: name that answerer's run alone")
    with opened() as store:
        evaluations = [find_evaluation(store, run) for run in runs]
        concerns = checked(store, evaluations) if len(evaluations) > 1 else ()
        before = find_evaluation(store, published) if published else None
        found = [profiled(store, one, published=before, learn=learnt if learn else None) for one in evaluations]
    for concern in concerns:
        output.note(f"warning: {concern.said}")
    if form == "json":
        for evaluation, one in zip(evaluations, found, strict=True):
            output.emit({"event": "profile", "evaluation": evaluation.id, **profile_line(one)})
    else:
        output.say(portraits_said([one.id for one in evaluations], found, is_markdown=form == "md"))
    return 0


def _check(form: str) -> None:
    if form not in FORMS:
        raise UsageError(f"--format {form!r}: give one of {', '.join(FORMS)}")
