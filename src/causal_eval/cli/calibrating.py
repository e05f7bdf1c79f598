"""``causal-eval calibration``: whether answerers are right as often as they say."""

from __future__ import annotations

from typing import Annotated

import typer

from causal_eval.cli import output


def add_to(app: typer.Typer) -> None:
    """Give *app* the command."""
    app.command()(calibration)


def calibration(
    runs: Annotated[list[str], typer.Argument(metavar="RUN...", help="Evaluations.")],
    json: Annotated[bool, typer.Option("--json", help="JSON lines on stdout.")] = False,
) -> int:
    """Say how sure answerers were, how often they were right, and how far the two are apart, from stored replies."""
    from causal_eval.analysis.reports.calibrating import calibration_line, calibration_lines
    from causal_eval.cli.opening import opened
    from causal_eval.service.calibrating import calibration_of
    from causal_eval.store.evaluations import find_evaluation

    with opened() as store:
        evaluations = [find_evaluation(store, run) for run in dict.fromkeys(runs)]
        found = [(one.id, calibration_of(store, one)) for one in evaluations]
    if json:
        for name, one in found:
            output.emit({"event": "calibration", "evaluation": name, **calibration_line(one)})
    else:
        output.say("\n\n".join("\n".join(calibration_lines(one)) for _, one in found))
    return 0
