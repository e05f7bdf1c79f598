"""The commands of a stack on this machine, and their flags."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from causal_eval.errors import UsageError

Dir = Annotated[Path | None, typer.Option("--dir", help="Folder of the stack; default: CEB_STACK_DIR.")]
Json = Annotated[bool, typer.Option("--json", help="JSON lines on stdout.")]
Mode = Annotated[str, typer.Option(help="proc or compose; default: whichever runs.")]
Dry = Annotated[bool, typer.Option("--dry-run", help="Say what would be done; do nothing.")]
Service = Annotated[str, typer.Argument(help="app, worker, postgres, redis, lb (nginx) ..., or one process: app-1.")]

stack_app = typer.Typer(help="Look after what runs here: processes of `up`, or containers.", no_args_is_help=True)


def add_to(app: typer.Typer) -> None:
    """Give *app* these commands."""
    for command in (up, down, drill, gameday):
        app.command()(command)
    app.add_typer(stack_app, name="stack")


def up(
    app: Annotated[int | None, typer.Option(help="Replicas that answer requests; at first 2.")] = None,
    worker: Annotated[int | None, typer.Option(help="Workers; at first 2.")] = None,
    folder: Dir = None,
    host: Annotated[str | None, typer.Option(help="Where the load balancer listens; at first 127.0.0.1.")] = None,
    ports: Annotated[
        str | None,
        typer.Option(help="lb=8000,postgres=5433,redis=6380,prometheus=9090,alertmanager=9093,app-=8100 ..."),
    ] = None,
    free_ports: Annotated[bool, typer.Option("--free-ports", help="Whatever is free, in place of the usual.")] = False,
    login: Annotated[
        bool | None, typer.Option("--login/--no-login", help="Whoever uses this machine is admin.")
    ] = None,
    monitoring: Annotated[bool | None, typer.Option(help="Prometheus and what is beside it, where installed.")] = None,
    backups: Annotated[
        bool | None,
        typer.Option(help="Back up each day and keep the log; a new stack does."),
    ] = None,
    detach: Annotated[
        bool, typer.Option("--detach", "-d", help="Leave it running; `causal-eval down` ends it.")
    ] = False,
    json: Json = False,
) -> int:
    """Run everything on this machine: PostgreSQL, Valkey, replicas, workers, load balancer, monitoring."""
    from causal_eval.cli import stack
    from causal_eval.operations.stack.plan import Wanted

    wanted = Wanted(app, worker, host, login, monitoring, _ports(ports), backups, free_ports)
    return stack.up(folder, wanted, detach=detach, json=json)


def down(folder: Dir = None, json: Json = False) -> int:
    """End what `causal-eval up` started; data and logs stay."""
    from causal_eval.cli import stack

    return stack.down(folder, json=json)


def drill(
    names: Annotated[list[str] | None, typer.Argument(metavar="NAME ...|all", help="Which; --list shows all.")] = None,
    listed: Annotated[bool, typer.Option("--list", help="Show every drill; do nothing.")] = False,
    scorecard: Annotated[Path | None, typer.Option(help="Write the results into this table.")] = None,
    json: Json = False,
) -> int:
    """Start a stack, break it on purpose, and see it told, mended and whole; no other stack is touched."""
    from causal_eval.cli import drilling

    if listed:
        return drilling.show(json=json)
    if not names:
        raise UsageError("no drill is named: give names, or all; `causal-eval drill --list` shows them")
    return drilling.drill(names, scorecard, json=json)


def gameday(
    seed: Annotated[str, typer.Option(help="Same seed, same rounds.")] = "0",
    rounds: Annotated[int, typer.Option(min=1, help="How many are played.")] = 4,
    drills: Annotated[str, typer.Option(help="Names with commas: only of these; --list shows all.")] = "",
    listed: Annotated[bool, typer.Option("--list", help="Show what may be played; do nothing.")] = False,
    out: Annotated[Path | None, typer.Option(help="Folder for the reviews.")] = None,
    scorecard: Annotated[Path | None, typer.Option(help="Write the results into this table.")] = None,
    json: Json = False,
) -> int:
    """Play drills as incidents: alert, letters, status page, escalation, runbook, review; on a stack of its own."""
    from causal_eval.cli import gaming

    if listed:
        return gaming.show(json=json)
    return gaming.gameday(seed, rounds, drills, out=out, card=scorecard, json=json)


@stack_app.command()
def logs(
    service: Service,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Stay, and show what comes.")] = False,
    folder: Dir = None,
    mode: Mode = "",
    dry_run: Dry = False,
) -> int:
    """Show what a service said, all replicas by time, without colour or prefix."""
    from causal_eval.cli import acting

    return acting.logs(acting.Where(folder, mode, dry_run), service, follow=follow)


@stack_app.command()
def psql(
    query: Annotated[list[str] | None, typer.Argument(help="One query; default: what comes in, or a prompt.")] = None,
    folder: Dir = None,
    mode: Mode = "",
    dry_run: Dry = False,
) -> int:
    """Open the database as its superuser, over a reserved connection."""
    from causal_eval.cli import acting

    return acting.psql(acting.Where(folder, mode, dry_run), query or [])


@stack_app.command()
def shell(folder: Dir = None, mode: Mode = "", dry_run: Dry = False) -> int:
    """Open a shell that is set up as app and workers are."""
    from causal_eval.cli import acting

    return acting.shell(acting.Where(folder, mode, dry_run))


@stack_app.command(context_settings={"ignore_unknown_options": True})
def run(
    words: Annotated[list[str], typer.Argument(metavar="COMMAND ...", help="Of causal-eval, behind --.")],
    superuser: Annotated[bool, typer.Option("--superuser", help="As the database's superuser.")] = False,
    folder: Dir = None,
    mode: Mode = "",
    dry_run: Dry = False,
) -> int:
    """Run one of these commands, set up as app and workers are: `stack run -- invariants`."""
    from causal_eval.cli import acting

    return acting.run(acting.Where(folder, mode, dry_run), words, superuser=superuser)


@stack_app.command()
def restart(service: Service, folder: Dir = None, mode: Mode = "", dry_run: Dry = False) -> int:
    """Restart a service, one replica after another."""
    from causal_eval.cli import acting

    return acting.restart(acting.Where(folder, mode, dry_run), service)


@stack_app.command()
def scale(
    service: Annotated[str, typer.Argument(help="app or worker.")],
    count: Annotated[int, typer.Argument(min=1, help="How many.")],
    folder: Dir = None,
    mode: Mode = "",
    dry_run: Dry = False,
) -> int:
    """Run as many replicas, from now on and after the next start."""
    from causal_eval.cli import acting

    return acting.scale(acting.Where(folder, mode, dry_run), service, count=count)


@stack_app.command()
def deploy(folder: Dir = None, mode: Mode = "", dry_run: Dry = False) -> int:
    """Run this version of the program, one replica after another; back by itself where it does not get well."""
    from causal_eval.cli import acting

    return acting.deploy(acting.Where(folder, mode, dry_run))


@stack_app.command()
def rollback(
    to: Annotated[str, typer.Argument(help="As `deploys` names it, or its beginning; default: the one before.")] = "",
    folder: Dir = None,
    mode: Mode = "",
    dry_run: Dry = False,
) -> int:
    """Run an earlier version again, one replica after another."""
    from causal_eval.cli import acting

    return acting.rollback(acting.Where(folder, mode, dry_run), to)


@stack_app.command()
def stats(
    service: Annotated[str, typer.Argument(help="app, worker, postgres ...; default: everything.")] = "",
    folder: Dir = None,
    mode: Mode = "",
    dry_run: Dry = False,
) -> int:
    """Show memory and processor time of everything, or of a service, once."""
    from causal_eval.cli import acting

    return acting.stats(acting.Where(folder, mode, dry_run), service)


@stack_app.command()
def health(folder: Dir = None, mode: Mode = "", dry_run: Dry = False, json: Json = False) -> int:
    """Ask every process and all below it how it is, whichever runs: exit 0 well, 1 degraded, 2 down."""
    from causal_eval.cli import acting

    return acting.health(acting.Where(folder, mode, dry_run), json=json)


@stack_app.command()
def status(folder: Dir = None, mode: Mode = "", dry_run: Dry = False, json: Json = False) -> int:
    """Show how every process is; exit 1 where one does not run."""
    from causal_eval.cli import acting

    return acting.status(acting.Where(folder, mode, dry_run), json=json)


def _ports(text: str | None) -> dict[str, int]:
    """The ports that *text* names.

    Raises:
        UsageError: it is not of the form NAME=NUMBER,...
    """
    said: dict[str, int] = {}
    for pair in filter(None, (part.strip() for part in (text or "").split(","))):
        name, _, number = pair.partition("=")
        if not number.isdigit():
            raise UsageError(f"--ports {pair!r}: give NAME=NUMBER, with commas between several")
        said[name.strip()] = int(number)
    return said
