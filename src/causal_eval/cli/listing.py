"""``causal-eval ls``: the stored runs."""

from __future__ import annotations

from typing import Annotated

import typer


def add_to(app: typer.Typer) -> None:
    """Give *app* the command."""
    app.command()(ls)


def ls(
    limit: Annotated[int, typer.Option(min=1, help="At most so many runs.")] = 50,
    json: Annotated[bool, typer.Option("--json", help="JSON lines on stdout.")] = False,
) -> int:
    """List stored runs, newest first."""
    from causal_eval.cli import runs

    return runs.ls(limit=limit, json=json)
