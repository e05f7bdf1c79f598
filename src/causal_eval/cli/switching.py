"""``causal-eval config`` and ``disk``: what operators change while the service runs, and room on its disks."""

from __future__ import annotations

import os
import time
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated

import typer

from causal_eval.cli import output
from causal_eval.cli.operating import check_extra

Json = Annotated[bool, typer.Option("--json", help="JSON lines on stdout.")]
Name = Annotated[str, typer.Argument(help="MAX_CONCURRENT_API_CALLS, DISABLED_PROVIDERS, READ_ONLY ...")]
MIB = 2**20

config_app = typer.Typer(help="Change settings while the service runs, for a while.", no_args_is_help=True)
disk_app = typer.Typer(help="Room on the disks that the service writes to.", invoke_without_command=True)


def add_to(app: typer.Typer) -> None:
    """Give *app* these commands."""
    app.add_typer(config_app, name="config")
    app.add_typer(disk_app, name="disk")


@config_app.command(name="list")
def list_(json: Json = False) -> int:
    """Show what is changed now, by whom, why and until when."""
    check_extra()
    from causal_eval.cli.visiting import visiting
    from causal_eval.service import switches

    with visiting() as visit:
        found = switches.listed(visit)
    for one in found:
        if json:
            output.emit({"event": "switch", **asdict(one)})
        else:
            output.say(f"{one.name}={one.value}  {_until(one.until)}  by {one.set_by}: {one.reason}")
    if not found and not json:
        output.say("nothing is changed: the settings hold")
    return 0


@config_app.command(name="set")
def set_(
    name: Name,
    value: Annotated[str, typer.Argument(help="A number, providers by comma, true or false.")],
    reason: Annotated[str, typer.Option(help="Why; it stands in the audit log.")],
    lasts: Annotated[str | None, typer.Option("--for", help="How long, such as 2h; without it, until `unset`.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")] = False,
    json: Json = False,
) -> int:
    """Change a setting for a while."""
    check_extra()
    from causal_eval.cli.visiting import visiting
    from causal_eval.service import switches

    with visiting() as visit:
        if dry_run:
            output.say(f"{name}={value} would be set {f'for {lasts}' if lasts else 'until it is taken back'}")
            return 0
        one = switches.change(visit, name, value=value, reason=reason, lasts=lasts)
    if json:
        output.emit({"event": "switch", **asdict(one)})
    else:
        output.say(f"{one.name}={one.value}  {_until(one.until)}")
    return 0


@config_app.command()
def unset(name: Name, json: Json = False) -> int:
    """Let the setting of the environment hold again."""
    check_extra()
    from causal_eval.cli.visiting import visiting
    from causal_eval.service import switches

    with visiting() as visit:
        switches.take_back(visit, name)
    if json:
        output.emit({"event": "taken_back", "name": name})
    else:
        output.say(f"{name}: the setting holds again")
    return 0


@disk_app.callback()
def disk(context: typer.Context, json: Json = False) -> None:
    """Show how much room the watched disks have."""
    if context.invoked_subcommand is not None:
        return
    from causal_eval.operations.disk import volumes, watched_folders
    from causal_eval.settings import read_settings

    settings = read_settings(os.environ)
    for one in volumes(watched_folders(settings)):
        is_tight = one.share < settings.disk_reserve
        if json:
            told = {"folder": str(one.folder), "free": one.free, "size": one.size, "tight": is_tight}
            output.emit({"event": "volume", **told})
        else:
            tight = f"  TIGHT: below {settings.disk_reserve:.0%} the service only reads" if is_tight else ""
            output.say(f"{one.share:6.1%} free  {one.free // MIB} of {one.size // MIB} MiB  {one.folder}{tight}")


@disk_app.command()
def reclaim(
    older: Annotated[int, typer.Option(min=0, help="Days since a cache file or report was last changed.")] = 30,
    yes: Annotated[bool, typer.Option("--yes", help="Delete them; without it they are shown.")] = False,
    json: Json = False,
) -> int:
    """Show earlier logs, old cache files and old reports; with --yes, delete them. Never data or a database."""
    from causal_eval.operations.disk import disposable, dispose
    from causal_eval.settings import read_settings

    found = disposable(read_settings(os.environ), before=time.time() - older * 86_400)
    for one in found:
        if json:
            output.emit({"event": "file", "path": str(one.path), "what": one.what, "size": one.size})
        else:
            output.say(f"{one.size // 1024:>10} KiB  {one.what}  {one.path}")
    freed = dispose(found) if yes else 0
    total = sum(one.size for one in found)
    if json:
        output.emit({"event": "reclaimed", "files": len(found), "bytes": total, "freed": freed})
    else:
        said = f"{freed // MIB} MiB are free again" if yes else f"{total // MIB} MiB would be freed: give --yes"
        output.say(f"{len(found)} files, {said}")
    return 0


def _until(until: float | None) -> str:
    if until is None:
        return "until it is taken back"
    return f"until {datetime.fromtimestamp(until, UTC):%Y-%m-%d %H:%M:%S} UTC"
