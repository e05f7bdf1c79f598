"""The commands of a stack on this machine, and their flags."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from causal_eval.errors import UsageError

Dir = Annotated[Path | None, typer.Option("--dir", help="Folder of the stack; default: CEB_STACK_DIR.")]
Json = Annotated[bool, typer.Option("--json", help="JSON lines on stdout.")]


def add_to(app: typer.Typer) -> None:
    """Give *app* these commands."""
    for command in (up, down):
        app.command()(command)


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
    monitoring: Annotated[bool | None, typer.Option(help="Prometheus and Alertmanager, where installed.")] = None,
    detach: Annotated[
        bool, typer.Option("--detach", "-d", help="Leave it running; `causal-eval down` ends it.")
    ] = False,
    json: Json = False,
) -> int:
    """Run everything on this machine: PostgreSQL, Valkey, replicas, workers, load balancer, monitoring."""
    from causal_eval.cli import stack
    from causal_eval.operations.stack.plan import Wanted

    wanted = Wanted(app, worker, host, login, monitoring, _ports(ports), free_ports)
    return stack.up(folder, wanted, detach=detach, json=json)


def down(folder: Dir = None, json: Json = False) -> int:
    """End what `causal-eval up` started; data and logs stay."""
    from causal_eval.cli import stack

    return stack.down(folder, json=json)


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
