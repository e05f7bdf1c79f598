"""``causal-eval trend``: one model measured again and again."""

from __future__ import annotations

from typing import Annotated

import typer

from causal_eval.cli import output


def add_to(app: typer.Typer) -> None:
    """Give *app* the command."""
    app.command()(trend)


def trend(
    what: Annotated[list[str], typer.Argument(metavar="MODEL | RUN RUN ...", help="A model's name, or runs of one.")],
    suite: Annotated[
        str, typer.Option(help="Of a model: runs over this suite alone; default: that of the newest.")
    ] = "",
    json: Annotated[bool, typer.Option("--json", help="JSON lines on stdout.")] = False,
) -> int:
    """Show a model's scores over time, when they changed, whether it drifts, and signs of another model."""
    from causal_eval.analysis.trends.trend import sentences, trend_line
    from causal_eval.cli.opening import opened
    from causal_eval.service.trending import measured, trend_of
    from causal_eval.store.evaluations import LOCAL, find_evaluation

    with opened() as store:
        if len(what) == 1 and "/" in what[0]:
            found = trend_of(store, what[0], suite=suite, projects=frozenset({LOCAL}))
        else:
            found = measured(store, [find_evaluation(store, run) for run in what])
    if json:
        output.emit({"event": "trend", **trend_line(found)})
    else:
        output.say("\n".join(sentences(found)))
    return 0
