"""What a stack is made of, kept in its folder as ``stack.json``: id, ports, replicas, the programs that it runs."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType

import msgspec

from causal_eval.errors import UsageError
from causal_eval.operations.stack.programs import Programs
from causal_eval.operations.stack.versions import FOLDER, Made

STATE = "stack.json"
MARK = "CAUSAL_EVAL_STACK"
"""Environment variable of every process of a stack: the stack's id, and nobody else's."""
DATABASE = "causal_eval_bench"
ROLE = "causal_eval"
"""The account of app and workers: owner of the database, no superuser."""
USUAL = MappingProxyType(
    {
        "lb": 8000,
        "postgres": 5433,
        "redis": 6380,
        "sentinel": 9095,
        "prometheus": 9090,
        "alertmanager": 9093,
        "blackbox": 9115,
        "postgres-exporter": 9187,
        "redis-exporter": 9121,
        "app-": 8100,
        "worker-": 9100,
    }
)
"""Port by process; of replicas, the one before the first's."""
SINGLE = (
    "postgres", "redis", "lb", "sentinel", "prometheus", "alertmanager", "blackbox", "postgres-exporter",
    "redis-exporter",
)  # fmt: skip
LONGEST_FOLDER = 80
"""A socket's path may have 107 bytes."""
MOST = 32
"""Replicas of one service on one machine."""
_LOWEST, _SPAN = 20_000, 12_000
"""Ports below those that the system gives to whoever connects, so that none is taken while its server restarts."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What whoever starts a stack says; None leaves as it is, or is usual."""

    apps: int | None = None
    workers: int | None = None
    host: str | None = None
    login: bool | None = None
    monitoring: bool | None = None
    ports: Mapping[str, int] | None = None
    """By process; of replicas, ``app-`` and ``worker-``: the port before the first's."""
    backups: bool | None = None
    free_ports: bool = False
    """Whatever is free, in place of the usual ports."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A stack as it is meant to be."""

    id: str
    folder: str
    programs: Programs
    ports: Mapping[str, int]
    """Of every process that listens, by its name."""
    apps: int = 2
    workers: int = 2
    host: str = "127.0.0.1"
    """Where the balancer listens; everything else listens on this machine alone."""
    login: bool = True
    monitoring: bool = True
    backups: bool = False
    """The server hands on its log, and a process makes backups and restores each on trial."""
    pace: int = 1
    """How many times quicker rules and measuring are than usual: for drills."""
    haste: int = 1
    """How many times sooner the sentinel's deadlines pass than usual: for games."""
    version: str = ""
    """Of app and workers, by the name of its folder; empty: the program that started the stack, wherever it lies."""
    before: str = ""
    """The version that ran before that one, and to which a rollback goes."""
    moved: Mapping[str, str] = field(default_factory=dict)
    """Replicas of another version: while one is put into the place of the other."""

    @property
    def root(self) -> Path:
        """Its folder: nothing is written elsewhere."""
        return Path(self.folder)

    @property
    def logs(self) -> Path:
        """Logs, a file for each process."""
        return self.root / "logs"

    @property
    def home(self) -> Path:
        """The working folder of app and workers, whose ``.env`` they read."""
        return self.root / "app"

    @property
    def names(self) -> list[str]:
        """Every process, in the order of starting."""
        watched = ("sentinel", *self.programs.monitoring) if self.monitoring else ()
        kept = ["backup"] if self.backups else []
        return ["postgres", "redis", *self.replicas("worker"), *self.replicas("app"), "lb", *kept, *watched]

    def replicas(self, service: str) -> list[str]:
        """The processes of ``app`` or ``worker``."""
        count = {"app": self.apps, "worker": self.workers}[service]
        return [f"{service}-{number}" for number in range(1, count + 1)]

    def of(self, service: str) -> list[str]:
        """The processes of a service, or the process of that name.

        Raises:
            UsageError: the stack has no such service.
        """
        if service in {"app", "worker"}:
            return self.replicas(service)
        known = {"nginx": "lb"}.get(service, service)  # as the runbook's compose file calls it
        if known not in self.names:
            raise UsageError(f"the stack has no {service!r}: it has app, worker, {', '.join(self.names)}")
        return [known]

    def url(self, name: str) -> str:
        """Where a process answers over HTTP, from this machine."""
        return f"http://127.0.0.1:{self.ports[name]}"

    def runs(self, name: str) -> str:
        """The version of a replica."""
        return self.moved.get(name, self.version)

    def command(self, name: str = "") -> tuple[str, ...]:
        """How this program is started, as the replica *name* or beside them all."""
        version = self.runs(name)
        return Made(version, self.root / FOLDER / version).command if version else self.programs.command

    def secret(self, name: str) -> Path:
        """A file that its owner alone may read."""
        return self.root / "secrets" / name

    def database_url(self, role: str = ROLE, database: str = DATABASE) -> str:
        """The database, without the password: that is in the file of :meth:`environment`."""
        return f"postgresql://{role}@127.0.0.1:{self.ports['postgres']}/{database}"

    def environment(self, role: str = ROLE) -> dict[str, str]:
        """What makes a program one of this stack's, as the database's *role*."""
        return {
            MARK: self.id,
            "CEB_STACK_DIR": self.folder,
            "DATABASE_URL": self.database_url(role),
            "PGPASSFILE": str(self.secret(f"pgpass-{role}")),
            "REDIS_URL_FILE": str(self.secret("redis-url")),
            "CEB_DATA_DIR": str(self.root / "data"),
            "CEB_CACHE_DIR": str(self.root / "cache"),
            "CEB_REPORT_DIR": str(self.root / "reports"),
            "CEB_SIGNING_KEY_FILE": str(self.secret("signing-key.pem")),
            "CEB_MASTER_KEY_FILE": str(self.secret("master.key")),
            "CEB_METRICS_TOKEN_FILE": str(self.secret("metrics-token")),
            "CEB_INCIDENTS": str(self.incidents),
            "PYTHONUNBUFFERED": "1",
            "NO_COLOR": "1",
            **({"CEB_SENTINEL_URL": self.url("sentinel")} if self.monitoring and "sentinel" in self.ports else {}),
            **(self._keeping() if self.backups else {}),
        }

    @property
    def incidents(self) -> Path:
        """The sentinel's file."""
        return self.root / "sentinel" / "incidents.db"

    @property
    def spool(self) -> Path:
        """Where PostgreSQL hands on its log."""
        return self.root / "postgres" / "spool"

    def _keeping(self) -> dict[str, str]:
        return {
            "CEB_BACKUP_DIR": str(self.root / "backups"),
            "CEB_BACKUP_WAL_DIR": str(self.spool),
            "CEB_BACKUP_KEY_FILE": str(self.secret("backup.key")),
        }


def load_plan(folder: Path) -> Plan | None:
    """The stack of *folder*; None: there is none."""
    try:
        return msgspec.json.decode((folder / STATE).read_bytes(), type=Plan)
    except FileNotFoundError:
        return None
    except (msgspec.MsgspecError, OSError) as error:
        raise UsageError(f"{folder / STATE} cannot be read ({error}): restore it, or start in another --dir") from error


def find_plan(folder: Path) -> Plan:
    """The stack of *folder*.

    Raises:
        UsageError: there is none.
    """
    plan = load_plan(folder)
    if plan is None:
        raise UsageError(f"no stack in {folder}: start one with `causal-eval up --dir {folder}`, or name its folder")
    return plan


def save_plan(plan: Plan) -> None:
    """Keep *plan*, whole or not at all."""
    path = plan.root / STATE
    part = path.with_suffix(".part")
    part.write_bytes(msgspec.json.format(msgspec.json.encode(plan)) + b"\n")
    part.chmod(0o600)
    part.replace(path)


def new_plan(folder: Path, programs: Programs, *, token: str) -> Plan:
    """A stack that is not there yet; *token* is a name that nobody else has.

    Raises:
        UsageError: the folder's path is too long for sockets in it.
    """
    if len(os.fsencode(folder)) > LONGEST_FOLDER:
        raise UsageError(f"--dir {folder}: a path of at most {LONGEST_FOLDER} bytes, for sockets lie in it")
    return Plan(token, str(folder), programs, {})


def changed(plan: Plan, wanted: Wanted) -> Plan:
    """*plan* as *wanted*, every process with its port.

    Raises:
        UsageError: a number of replicas or a port that cannot be.
    """
    after = replace(
        plan,
        apps=plan.apps if wanted.apps is None else wanted.apps,
        workers=plan.workers if wanted.workers is None else wanted.workers,
        host=wanted.host or plan.host,
        login=plan.login if wanted.login is None else wanted.login,
        monitoring=plan.monitoring if wanted.monitoring is None else wanted.monitoring,
        backups=plan.backups if wanted.backups is None else wanted.backups,
    )
    for name, count in (("app", after.apps), ("worker", after.workers)):
        if not 1 <= count <= MOST:
            raise UsageError(f"{name} is {count}: from 1 to {MOST} on one machine")
    return replace(after, ports=_ports(after, wanted))


def _ports(plan: Plan, wanted: Wanted) -> dict[str, int]:
    said = dict(wanted.ports or {})
    if unknown := said.keys() - USUAL.keys():
        raise UsageError(f"--ports {min(unknown)}: known are {', '.join(USUAL)}")
    names = [*SINGLE, *plan.replicas("app"), *plan.replicas("worker")]
    kept = {name: port for name, port in plan.ports.items() if name not in said}
    free = _free(int(plan.id[:8], 16), taken=set(kept.values()))
    for name in names:
        if name not in kept:
            kept[name] = next(free) if _is_free(name, said, wanted=wanted, plan=plan) else _said(name, said)
    if len(set(kept.values())) < len(kept):
        raise UsageError(f"two processes on one port ({kept}): give others by --ports")
    return kept


def _is_free(name: str, said: Mapping[str, int], *, wanted: Wanted, plan: Plan) -> bool:
    """Whether any port will do: it was said so, now or when the stack was made."""
    if _stem(name) in said:
        return False
    return wanted.free_ports or any(port >= _LOWEST for other, port in plan.ports.items() if other in SINGLE)


def _said(name: str, said: Mapping[str, int]) -> int:
    stem = _stem(name)
    number = int(name.removeprefix(stem)) if stem != name else 0
    port = said.get(stem, USUAL[stem]) + number
    if not 0 < port < 65536:  # noqa: PLR2004 - the last port
        raise UsageError(f"port {port} of {name}: from 1 to 65535; give another by --ports")
    return port


def _stem(name: str) -> str:
    return next((stem for stem in ("app-", "worker-") if name.startswith(stem)), name)


def _free(start: int, *, taken: set[int]) -> Iterator[int]:
    """Ports on which nobody listens, from a place that *start* decides: two stacks do not seek at the same one."""
    for step in range(_SPAN):
        port = _LOWEST + (start + step) % _SPAN
        if port not in taken and not _listens(port):
            yield port


def _listens(port: int) -> bool:
    with socket.socket() as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind(("127.0.0.1", port))
        except OSError:
            return True
        return False
