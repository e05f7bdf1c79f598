"""The commands ``causal-eval backup`` and ``restore`` and their flags."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="JSON lines on stdout.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")]
From = Annotated[str, typer.Argument(metavar="FROM", help="latest, a backup's name, or the path of its folder.")]

backup_app = typer.Typer(help="Back up the database, sealed, verified and copied.", invoke_without_command=True)


def add_to(app: typer.Typer) -> None:
    """Give *app* these commands."""
    app.add_typer(backup_app, name="backup")
    app.command(name="restore")(restore)


@backup_app.callback()
def backup(
    context: typer.Context,
    kind: Annotated[str, typer.Option(help="auto, base (a server and its log) or dump (one database).")] = "auto",
    dry_run: DryRun = False,
    json: Json = False,
) -> int:
    """Make a backup: read while others write, sealed, read back, copied, old ones thrown away."""
    if context.invoked_subcommand is not None:
        return 0
    from causal_eval.cli import keeping

    return keeping.backup(kind, dry_run=dry_run, json=json)


@backup_app.command(name="key")
def backup_key(file: Annotated[Path, typer.Argument(help="A new file; keep a copy where the backups are not.")]) -> int:
    """Make the key that seals backups: without it none can be opened."""
    from causal_eval.cli import keeping

    return keeping.new_key(file)


@backup_app.command(name="list")
def backup_list(json: Json = False) -> int:
    """List the backups that can be restored, and what was last done."""
    from causal_eval.cli import keeping

    return keeping.show(json=json)


@backup_app.command(name="wal")
def backup_wal(json: Json = False) -> int:
    """Seal the segments of PostgreSQL's log that wait in CEB_BACKUP_WAL_DIR."""
    from causal_eval.cli import keeping

    return keeping.seal_log(json=json)


@backup_app.command(name="test")
def backup_test(source: From = "latest", json: Json = False) -> int:
    """Restore a backup in a throw-away place and verify it; the result is a metric."""
    from causal_eval.cli import keeping

    return keeping.test(source, json=json)


@backup_app.command(name="every")
def backup_every(
    interval: Annotated[str, typer.Argument(metavar="TIME", help="Such as 24h.")] = "24h",
    log: Annotated[str, typer.Option(help="How often the log is sealed.")] = "30s",
    test: Annotated[bool, typer.Option(help="Restore each backup in a throw-away place.")] = True,
) -> int:
    """Back up and test every so often, and seal the log in between, until SIGTERM."""
    from causal_eval.cli import keeping

    return keeping.go_on(interval, log, test=test)


def restore(
    source: From,
    to: Annotated[str | None, typer.Option(help="A moment with its offset, such as 2026-11-28T12:00:00Z.")] = None,
    beside: Annotated[
        str | None, typer.Option(help="Where to: URL of a database, a file, or a folder for a server's data.")
    ] = None,
    swap: Annotated[bool, typer.Option("--swap", help="Put it into the place of the database in use.")] = False,
    dry_run: DryRun = False,
    json: Json = False,
) -> int:
    """Restore a backup beside the database in use, verify it, and swap the two where --swap says so."""
    from causal_eval.cli import keeping

    wish = keeping.Wish(source, keeping.moment(to), beside, swap)
    return keeping.restored(wish, dry_run=dry_run, json=json)
