"""The commands of the service's processes and their flags."""

from __future__ import annotations

import importlib.util
import sys
from typing import Annotated

import typer

from causal_eval.errors import UsageError

SERVICE = (
    "authlib", "cryptography", "dbos", "fastapi", "limits", "prometheus_client", "psycopg", "pwdlib", "pydantic",
    "python_multipart", "redis", "starlette", "structlog", "uvicorn",
    "yaml",
)  # fmt: skip
"""What the extra brings, as it is imported."""
Host = Annotated[str, typer.Option(help="Address to listen on.")]
Port = Annotated[int, typer.Option(min=0, max=65535, help="0: any that is free.")]
NoLogin = Annotated[bool, typer.Option("--no-login", help="Whoever uses this machine is admin; on 127.0.0.1 alone.")]
Proxy = Annotated[list[str] | None, typer.Option(help="Proxy (address or network) whose forwarded headers hold.")]
Json = Annotated[bool, typer.Option("--json", help="JSON lines on stdout.")]


def add_to(app: typer.Typer) -> None:
    """Give *app* these commands."""
    for command in (serve, app_, worker, migrate, deploys, invariants, health):
        app.command(name=command.__name__.rstrip("_"))(command)


def serve(host: Host = "127.0.0.1", port: Port = 8000, no_login: NoLogin = False, proxy: Proxy = None) -> int:
    """Offer API, pages and a worker in one process."""
    check_extra()
    from causal_eval.cli import serving

    return serving.serve(serving.Place(host, port, not no_login, tuple(proxy or ())))


def app_(host: Host = "127.0.0.1", port: Port = 8000, no_login: NoLogin = False, proxy: Proxy = None) -> int:
    """Offer API and pages; jobs are for `causal-eval worker`."""
    check_extra()
    from causal_eval.cli import serving

    return serving.app(serving.Place(host, port, not no_login, tuple(proxy or ())))


def worker() -> int:
    """Carry out jobs until SIGTERM."""
    check_extra()
    from causal_eval.cli import serving

    return serving.worker()


def migrate(json: Json = False) -> int:
    """Bring the service's database to what this version needs."""
    check_extra()
    from causal_eval.cli import serving

    return serving.migrate(json=json)


def deploys(json: Json = False) -> int:
    """List which versions of the program were started, and when."""
    check_extra()
    from causal_eval.cli import serving

    return serving.deploys(json=json)


def invariants(json: Json = False) -> int:
    """Check everything that is kept: outcomes, hashes, shards, scores, audit log."""
    check_extra()
    from causal_eval.cli import serving

    return serving.invariants(json=json)


def health(
    url: Annotated[str | None, typer.Option(help="Of the API; else that of the stack of this machine.")] = None,
    at: Annotated[list[str] | None, typer.Option(help="NAME=URL of something else to ask; may be given again.")] = None,
    json: Json = False,
) -> int:
    """Ask every process and all below it how it is: exit 0 well, 1 degraded, 2 down."""
    check_extra()
    from causal_eval.cli import wellbeing

    return wellbeing.health(url, at or [], json=json)


def check_extra() -> None:
    """Raise UsageError where the service's packages are not all installed."""
    missing = [name for name in needed() if importlib.util.find_spec(name) is None]
    if missing:
        raise UsageError(
            f"the service is an extra, and lacks {', '.join(missing)}: pip install 'causal-eval-bench[service]' with "
            f"{sys.executable} (Python {'.'.join(map(str, sys.version_info[:3]))})"
        )


def needed(version: tuple[int, int, int] = sys.version_info[:3]) -> tuple[str, ...]:
    """What the extra brings to a Python of this *version*, as it is imported."""
    return (*SERVICE, "async_timeout") if version < (3, 11, 3) else SERVICE
