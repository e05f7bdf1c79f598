"""``causal-eval db``: the database's server, looked at and relieved with care."""

from __future__ import annotations

import os
import sys
from dataclasses import asdict
from typing import Annotated

import typer

from causal_eval.cli import output
from causal_eval.cli.flags import number
from causal_eval.cli.operating import check_extra
from causal_eval.errors import VerificationMismatch
from causal_eval.settings import read_settings

Json = Annotated[bool, typer.Option("--json", help="JSON lines on stdout.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")]

db_app = typer.Typer(help="Look at the database's server, and relieve it with care.", no_args_is_help=True)


def add_to(app: typer.Typer) -> None:
    """Give *app* these commands."""
    app.add_typer(db_app, name="db")


@db_app.command()
def connections(json: Json = False) -> int:
    """Count connections by account, program and state, against what the server takes."""
    check_extra()
    from causal_eval.cli import tending
    from causal_eval.operations.database.sessions import room, sessions

    with tending.server() as server:
        there, found = room(server), [one for one in sessions(server) if one.kind == "client backend"]
    groups: dict[tuple[str, str, str], list[float]] = {}
    for one in found:
        groups.setdefault((one.user, one.application, one.state or "?"), []).append(one.in_state)
    free = max(0, there.most - there.reserved - there.used)
    if json:
        output.emit({"event": "room", **there._asdict(), "free": free})
    else:
        output.say(f"{there.used} of {there.most} connections are used, {there.reserved} are reserved, {free} are free")
    for (user, application, state), ages in sorted(groups.items(), key=lambda item: -len(item[1])):
        if json:
            told = {"user": user, "application": application, "state": state}
            output.emit({"event": "connections", **told, "count": len(ages), "longest": max(ages)})
        else:
            output.say(f"{len(ages):>5}  {user}  {application or '-'}  {state}  for up to {max(ages):.0f} s")
    return 0


@db_app.command(name="long-queries")
def long_queries(
    older: Annotated[str, typer.Option(help="Since when: 30s, 5m ...")] = "30s", json: Json = False
) -> int:
    """Show what runs, or keeps a transaction open, for long, and who waits for whom."""
    check_extra()
    from causal_eval.cli import tending
    from causal_eval.operations.database.sessions import long_ones

    with tending.server() as server:
        found = long_ones(server, seconds=tending.seconds(older))
    tending.show(found, json=json)
    return 0


@db_app.command()
def cancel(
    pid: Annotated[int, typer.Argument(help="A session's pid, as long-queries shows it.")],
    wait: Annotated[
        float, typer.Option(min=0, callback=number, help="Seconds for the cancel, before the session is ended.")
    ] = 5.0,
    victim: Annotated[bool, typer.Option("--victim", help="Although it only waits for somebody's lock.")] = False,
    dry_run: DryRun = False,
    json: Json = False,
) -> int:
    """Cancel what a session does; if that has no effect, end the session."""
    check_extra()
    from causal_eval.cli import tending
    from causal_eval.operations.database import sessions

    with tending.server() as server:
        end = sessions.cancel(server, pid, wait=wait, dry_run=dry_run, victim=victim)
    if json:
        output.emit({"event": "session", "pid": pid, "end": end.value})
    else:
        output.say(f"session {pid}: {'would be cancelled' if dry_run else end.value}")
    return 0


@db_app.command(name="reap-idle")
def reap_idle(
    older: Annotated[str, typer.Option(help="Idle for longer: 10m, 1h ...")] = "1h",
    user: Annotated[str | None, typer.Option(help="Of this account alone.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="End them; without it they are shown.")] = False,
    json: Json = False,
) -> int:
    """Show sessions that have long done nothing, in a transaction or not; with --yes, end them."""
    check_extra()
    from causal_eval.cli import tending
    from causal_eval.operations.database.sessions import idle_ones, terminate

    with tending.server() as server:
        found = idle_ones(server, seconds=tending.seconds(older), user=user)
        tending.show(found, json=json)
        for one in found if yes else ():
            terminate(server, one.pid)
    said = f"{len(found)} sessions {'are ended' if yes else 'would be ended: give --yes'}"
    if json:
        output.emit({"event": "reaped", "sessions": len(found) if yes else 0, "found": len(found)})
    else:
        output.say(said)
    return 0


@db_app.command()
def explain(
    query: Annotated[
        str, typer.Argument(help="One statement; the pid of a session in long-queries; - for standard input.")
    ],
    analyze: Annotated[
        bool, typer.Option("--analyze", help="Run it too, in a transaction that can only read.")
    ] = False,
    timeout: Annotated[str, typer.Option(help="Most that it may take.")] = "30s",
    json: Json = False,
) -> int:
    """Show the plan of a query."""
    check_extra()
    from causal_eval.cli import tending
    from causal_eval.operations.database import checks
    from causal_eval.operations.database.sessions import statement_of

    text = sys.stdin.read() if query == "-" else query
    with tending.server() as server:
        if text.strip().isdecimal():
            text = statement_of(server, int(text))
        plan = checks.explain(server, text, analyze=analyze, seconds=tending.seconds(timeout))
    for line in plan:
        if json:
            output.emit({"event": "plan", "line": line})
        else:
            output.say(line)
    return 0


@db_app.command()
def indexes(json: Json = False) -> int:
    """Show our indexes: missing and broken ones first; exit 8 where there is such a one."""
    check_extra()
    from causal_eval.cli import tending
    from causal_eval.operations.database import checks

    with tending.server() as server:
        found = checks.indexes(server)
    for one in found:
        if json:
            output.emit({"event": "index", **asdict(one)})
        else:
            output.say(f"{one.state:<8} {one.table}.{one.name}  {one.scans} scans  {one.size // 1024} KiB")
    bad = [one.name for one in found if one.state in {"missing", "invalid"}]
    if bad:
        raise VerificationMismatch(f"{', '.join(bad)}: CREATE INDEX CONCURRENTLY, or DROP it and then create it anew")
    return 0


@db_app.command()
def verify(json: Json = False) -> int:
    """Check pages, tables and indexes where the server can, and every row hash and invariant; exit 8 on damage."""
    check_extra()
    from causal_eval.cli import tending
    from causal_eval.cli.serving import invariants
    from causal_eval.operations.database.checks import damages

    if read_settings(os.environ).database_url.startswith("sqlite"):
        output.note("a SQLite file: its structure, row hashes and invariants")
        count = tending.check_file(json=json)
    else:
        with tending.server() as server:
            count = tending.tell_damages(damages(server), json=json)
    invariants(json=json)
    if count:
        raise VerificationMismatch(
            f"{count} places are damaged: keep the database as it is, and restore a backup beside it"
        )
    return 0
