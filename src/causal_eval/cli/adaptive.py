"""``causal-eval adapt`` and its flags; the work is done in ``adapting``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="JSON lines on stdout.")]
Known = Annotated[Path, typer.Option("--calibration", help="What `adapt calibrate` wrote.")]

adapt_app = typer.Typer(
    help="Ask what says most about a model, by difficulties calibrated from stored runs (none of real models exists).",
    no_args_is_help=True,
)


def add_to(app: typer.Typer) -> None:
    """Give *app* these commands."""
    app.add_typer(adapt_app, name="adapt")


@adapt_app.command()
def calibrate(
    runs: Annotated[list[str], typer.Argument(metavar="RUN RUN ...", help="Evaluations of at least two models.")],
    out: Annotated[Path, typer.Option("--out", help="Write the responses that it rests on to this file, JSON.")],
    json: Json = False,
) -> int:
    """Find how hard each family, kind, regime and size is, from stored runs of several models."""
    from causal_eval.cli import adapting

    return adapting.calibrate(runs, out=out, json=json)


@adapt_app.command(name="next")
def following(
    calibration: Known,
    out: Annotated[Path, typer.Option("--out", help="Write the next questions to this file, .jsonl.")],
    runs: Annotated[
        list[str] | None, typer.Argument(metavar="[RUN ...]", help="What the model was asked so far; none: nothing.")
    ] = None,
    n: Annotated[int, typer.Option("--n", "-n", min=1, max=1000, help="How many twin groups.")] = 20,
    seed: Annotated[str, typer.Option(help="Of the choice and of the questions.")] = "0",
    json: Json = False,
) -> int:
    """Write the questions that say most about the model next, fresh and proven; say what is known of it."""
    from causal_eval.cli import adapting

    return adapting.following(calibration, runs or (), out=out, n=n, seed=seed, json=json)


@adapt_app.command(name="ability")
def ability(
    runs: Annotated[list[str], typer.Argument(metavar="RUN ...", help="Evaluations of one model.")],
    calibration: Known,
    json: Json = False,
) -> int:
    """Say what is known of a model: its ability, and the score that this foretells over the calibration's mix."""
    from causal_eval.cli import adapting

    return adapting.told(runs, calibration, json=json)
