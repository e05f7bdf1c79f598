"""``causal-eval compare A B [C ...]``: what stored runs of the same questions allow to say about each other."""

from __future__ import annotations

from typing import Annotated

import typer

from causal_eval.cli import output
from causal_eval.cli.flags import number
from causal_eval.cli.runs import opened
from causal_eval.errors import UsageError

Json = Annotated[bool, typer.Option("--json", help="JSON lines on stdout.")]
Level = Annotated[float, typer.Option(min=0.5, max=0.9999, callback=number, help="Confidence level.")]
Runs = Annotated[list[str], typer.Argument(metavar="A B [C ...]", help="Evaluations of one question set.")]


def add_to(app: typer.Typer) -> None:
    """Give *app* these commands."""
    app.command()(compare)


def compare(runs: Runs, level: Level = 0.95, json: Json = False) -> int:
    """Say which is better, paired and clustered, or how many questions would tell; many: rank sets."""
    from causal_eval.analysis.reports.versus import rank_lines, versus_lines
    from causal_eval.service.comparing import compared_lines, versus
    from causal_eval.store.evaluations import find_evaluation

    if len(runs) < 2:  # noqa: PLR2004 - one is no comparison
        raise UsageError(f"only {runs[0]} is given: name at least two evaluations (`causal-eval ls` lists them)")
    with opened() as store:
        found = versus(store, [find_evaluation(store, run) for run in runs], level=level)
    if json:
        for line in compared_lines(found):
            output.emit(line)
        return 0
    for concern in found.concerns:
        output.note(f"warning: {concern.said}")
    one, *others = found.comparisons
    output.say("\n".join(rank_lines(found.ranks, found.comparisons) if others else versus_lines(one)))
    return 0
