"""``causal-eval report`` and ``reproduce``: stored runs as one file, and their numbers computed again."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from causal_eval.cli import charting, output

ENDINGS = {"latex": "tex"}
"""Of file names, where they are not the format's own name."""


def add_to(app: typer.Typer) -> None:
    """Give *app* these commands."""
    app.command()(report)
    app.command()(reproduce)
    charting.add_to(app)


def report(
    runs: Annotated[list[str], typer.Argument(metavar="RUN...", help="Evaluations of one question set.")],
    form: Annotated[str, typer.Option("--format", help="html, pdf, md, json or latex.")] = "html",
    out: Annotated[Path | None, typer.Option("--out", "-o", help="FILE; default: a file named by the run.")] = None,
    chart: Annotated[
        list[str] | None, typer.Option("--chart", help="Pictures in the HTML: profile, mistakes ... (extra [charts]).")
    ] = None,
    summary: Annotated[bool, typer.Option("--summary", help="Without the questions: at most 1 MB.")] = False,
    json: Annotated[bool, typer.Option("--json", help="JSON lines on stdout.")] = False,
) -> int:
    """Write one self-contained file about runs: numbers, what they rest on, what reproduces them, every question."""
    from causal_eval.analysis.reports.forms import written
    from causal_eval.cli.flags import split
    from causal_eval.cli.opening import opened, prices
    from causal_eval.service.whole import whole_report
    from causal_eval.store.evaluations import find_evaluation

    with opened() as store, _everything_kept():
        evaluations = [find_evaluation(store, run) for run in dict.fromkeys(runs)]
        data = whole_report(store, evaluations, prices=prices(), summary=summary, charts=split(chart))
        page = written(data, form)
    path = out or Path(f"{evaluations[0].id}.{ENDINGS.get(form, form)}")
    output.save(page, path)
    if json:
        found = [{"evaluation": one.evaluation, "result": one.hash} for one in data.tickets]
        output.emit({"event": "report", "path": str(path), "format": form, "bytes": len(page), "results": found})
        return 0
    output.say(f"report {path} ({len(page):,} bytes)")
    for one in data.tickets:
        output.say(f"{one.answerer}: {one.command}")
    return 0


@contextlib.contextmanager
def _everything_kept() -> Iterator[None]:
    """A block in which nothing looks for garbage: all questions stay, and going through them takes its time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()  # what was made is not gone through at the end either
        if was_on:
            gc.enable()


def reproduce(
    result: Annotated[str, typer.Argument(metavar="RESULT", help="RUN@HASH, RUN, HASH, or a report that is JSON.")],
    json: Annotated[bool, typer.Option("--json", help="JSON lines on stdout.")] = False,
) -> int:
    """Compute a run's questions, verdicts and scores again: MATCH (0), or DRIFT (8) with what drifted."""
    from causal_eval.cli.opening import opened
    from causal_eval.errors import VerificationMismatch
    from causal_eval.scoring.grade import judge
    from causal_eval.service.reproducing import claimed
    from causal_eval.service.reproducing import reproduce as again

    with opened() as store:
        found = [again(store, one, judge=judge) for one in claimed(store, result)]
    for one in found:
        if json:
            checks = [asdict(check) for check in one.checks]
            output.emit({"event": "reproduced", "match": one.match, "result": one.ticket.name, "checks": checks})
        else:
            output.say("\n".join(one.lines()))
    return 0 if all(one.match for one in found) else VerificationMismatch.exit_code
