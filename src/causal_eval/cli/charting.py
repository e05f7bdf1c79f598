"""``causal-eval chart``: one picture of stored runs, as a file or as a table in the terminal."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from causal_eval.cli import output
from causal_eval.errors import UsageError

ENDINGS = ("svg", "png", "pdf", "json")
_NARROWEST, _WIDEST = 240, 2400


def add_to(app: typer.Typer) -> None:
    """Give *app* this command."""
    app.command()(chart)


def chart(
    name: Annotated[
        str,
        typer.Argument(help="forest, differences, profile, radar, dose, cost, trend, mistakes or calibration."),
    ],
    runs: Annotated[list[str], typer.Argument(metavar="RUN...", help="Evaluations.")],
    by: Annotated[str, typer.Option("--by", help="family, kind, rung, domain, regime or difficulty.")] = "",
    out: Annotated[Path | None, typer.Option("--out", "-o", help="FILE.svg, .png, .pdf or .json (Vega-Lite).")] = None,
    theme: Annotated[str, typer.Option("--theme", help="light or dark.")] = "light",
    width: Annotated[
        int, typer.Option("--width", min=_NARROWEST, max=_WIDEST, help="In pixels, labels included.")
    ] = 760,
    json: Annotated[bool, typer.Option("--json", help="JSON lines on stdout.")] = False,
) -> int:
    """Draw one picture of runs; without --out its numbers are shown as a table."""
    from causal_eval.analysis.charts.palette import Theme
    from causal_eval.cli.opening import opened, prices
    from causal_eval.service.pictures import Subject, chart_of
    from causal_eval.store.evaluations import find_evaluation

    if theme not in ("light", "dark"):
        raise UsageError(f"--theme is {theme!r}: light or dark")
    ending = "" if out is None else out.suffix.removeprefix(".")
    if out is not None and ending not in ENDINGS:
        raise UsageError(f"--out is {str(out)!r}: the name must end in .svg, .png, .pdf or .json")
    with opened() as store:
        found = [find_evaluation(store, run) for run in dict.fromkeys(runs)]
        drawn = chart_of(name, Subject(store, found, by, width, prices()))
    if out is not None:
        output.save(getattr(drawn, ending)(Theme(theme)), out)
    if json:
        numbers = {"said": drawn.said, "head": drawn.numbers.head, "rows": drawn.numbers.rows}
        output.emit({"event": "chart", "chart": name, "path": None if out is None else str(out), **numbers})
    else:
        output.say(str(drawn) if out is None else f"chart {out}")
    return 0
