"""``causal-eval runbook``: the incident runbook checked, carried out step by step, and told how well it is proven."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

File = Annotated[Path | None, typer.Option("--file", help="The runbook; default: that of the checkout around here.")]
Json = Annotated[bool, typer.Option("--json", help="JSON lines on stdout.")]

runbook_app = typer.Typer(help="The incident runbook: checked, carried out, proven.", no_args_is_help=True)


def add_to(app: typer.Typer) -> None:
    """Give *app* these commands."""
    app.add_typer(runbook_app, name="runbook")


@runbook_app.command()
def lint(context: typer.Context, file: File = None, json: Json = False) -> int:
    """Check that all it names exists and that every step is whole; exit 8 where not."""
    from causal_eval.cli import stepping

    return stepping.lint(context.find_root().command, file, json=json)


@runbook_app.command()
def run(
    step: Annotated[str, typer.Argument(help="Its id, as the runbook and `runbook coverage` show it.")],
    incident: Annotated[
        str, typer.Option(help="INC-7: what is done is written into its timeline; needed for what may be noticed.")
    ] = "",
    values: Annotated[
        list[str] | None, typer.Option("--set", help="NAME=VALUE in place of a word in capitals; repeated.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done; do and write nothing.")] = False,
    file: File = None,
) -> int:
    """Carry a step out as the shell does; its exit code is 0 where it ends as the runbook expects, else 1."""
    from causal_eval.cli import stepping

    return stepping.run(step, incident, values=values or [], dry=dry_run, file=file)


@runbook_app.command()
def coverage(file: File = None, json: Json = False) -> int:
    """Show every step with the drill that last proved it, or why none does; exit 8 where neither is known."""
    from causal_eval.cli import stepping

    return stepping.coverage(file, json=json)
