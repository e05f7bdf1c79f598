"""Throw-away places: a folder that goes with its process, and in it a PostgreSQL server that only we can reach."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import psycopg
from sqlalchemy import URL

from causal_eval.backups.postgres import Account, account, ending_with_us, programs
from causal_eval.errors import StoreError, UsageError
from causal_eval.store.locks import hold_file, is_held

_PREFIX = "causal-eval-restore-"
_LOCK = "owner.lock"
_DATA = "data"
_SERVED = "served"
"""A link to the data folder of the server that is reached from here, wherever that lies."""
_LOOK_SECONDS = 0.02
_STOP_SECONDS = 60
_GONE_SECONDS = 10.0
"""Within which a server ends that is told to end at once."""
_LONGEST_SOCKET = 80
"""Characters of a folder: a socket's path may have 107."""

_ALONE = {
    "listen_addresses": "",
    "port": "5432",  # names the socket alone
    "archive_mode": "off",
    "shared_preload_libraries": "",
    "shared_buffers": "128MB",
    "huge_pages": "off",
    "max_wal_size": "2GB",
    "maintenance_work_mem": "256MB",
    "ssl": "off",
    "logging_collector": "off",
    "log_destination": "stderr",
    "external_pid_file": "",
    "hot_standby": "off",
    "unix_socket_permissions": "0700",
}
"""A server that is looked at and thrown away, whatever the settings were of the one that it is a copy of."""


@dataclass(frozen=True, slots=True)
class Server:
    """A server in a folder of ours."""

    place: Path
    user: str

    def url(self, database: str) -> str:
        """How the store reaches it: by a socket that nobody else may enter."""
        query = {"host": str(self.place)}
        return URL.create("postgresql", self.user, database=database, query=query).render_as_string()


@contextlib.contextmanager
def scratch() -> Iterator[Path]:
    """An empty folder of this process, gone afterwards; what killed processes left is gone before.

    Raises:
        UsageError: the folder for temporary files has too long a name.
    """
    _sweep()
    place = Path(tempfile.mkdtemp(prefix=_PREFIX))
    try:
        if len(str(place)) > _LONGEST_SOCKET:
            raise UsageError(
                f"TMPDIR is {place.parent}, too long for a socket's path: name a folder with a shorter one"
            )
        with hold_file(str(place / _LOCK), f"{place} is in use"):
            account().take(place)
            yield place
    finally:
        _remove(place)


def _remove(place: Path) -> None:
    """Until nothing is left: a server that is ending may still write below it."""
    until = time.monotonic() + _GONE_SECONDS
    while place.exists() and time.monotonic() < until:
        shutil.rmtree(place, ignore_errors=True)
        if place.exists():
            time.sleep(_LOOK_SECONDS)


def _sweep() -> None:
    for place in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        lock = place / _LOCK
        if not lock.exists() or is_held(str(lock)):
            continue
        _end_server(place / _SERVED)
        shutil.rmtree(place, ignore_errors=True)


def _end_server(served: Path) -> None:
    """End the server that a killed process left, and wait for that: it says that it serves this folder."""
    with contextlib.suppress(OSError, ValueError):  # it has ended, or never began; or the process is another's
        data = served.readlink()
        pid = int((data / "postmaster.pid").read_text().split()[0])
        until = time.monotonic() + _GONE_SECONDS
        while Path(f"/proc/{pid}/cwd").readlink() == data and time.monotonic() < until:
            os.kill(pid, signal.SIGQUIT)
            time.sleep(_LOOK_SECONDS)


def new_server(place: Path) -> Path:
    """The data folder of an empty server in *place*."""
    data = place / _DATA
    command = (
        programs() / "initdb",
        "-D",
        data,
        "-U",
        "causal_eval",
        "-A",
        "trust",
        "-E",
        "UTF8",
        "-N",
        "--locale=C.UTF-8",
    )
    _as(account(), command)
    return data


def _as(owner: Account, command: tuple[str | Path, ...]) -> None:
    """Run *command* under that account."""
    done = subprocess.run(  # noqa: S603 - PostgreSQL's own program
        command,
        capture_output=True,
        check=False,
        cwd="/",
        user=owner.user,
        group=owner.group,
        extra_groups=owner.groups,
    )
    if done.returncode:
        raise StoreError(f"{Path(command[0]).name} failed: {done.stderr.decode(errors='replace').strip()[-400:]}")


def make_durable(data: Path) -> None:
    """See that all of the data folder is on the disk."""
    _as(account(), (programs() / "initdb", "--sync-only", "-D", data))


@contextlib.contextmanager
def serving(
    data: Path, place: Path, *, user: str, settings: Mapping[str, str], tend: Callable[[], None] = lambda: None
) -> Iterator[Server]:
    """The server of the data folder, reached by a socket in *place*, once it takes connections; *tend* runs till then.

    Raises:
        StoreError: it ends before that, with what it says last.
    """
    hba, log, owner = place / "hba", place / "log", account()
    hba.write_text("local all all trust\n")
    given = {
        **_ALONE,
        "data_directory": str(data),
        "hba_file": str(hba),
        "unix_socket_directories": str(place),
        **settings,
    }
    options = [word for name, value in given.items() for word in ("-c", f"{name}={value}")]
    owner.take(place)
    owner.take(data)
    (place / _SERVED).symlink_to(data)
    with log.open("wb") as said:
        process = subprocess.Popen(  # noqa: S603 - PostgreSQL's own program
            (_postgres(data), "-D", str(data), *options), stdin=subprocess.DEVNULL, stdout=said, stderr=said, cwd=data,
            env={name: value for name, value in os.environ.items() if not name.startswith("PG")},
            user=owner.user, group=owner.group, extra_groups=owner.groups,
            start_new_session=True,
        )  # fmt: skip
    with ending_with_us(process, signal.SIGQUIT):
        try:
            _await_ready(data, process, tend=tend, log=log)
            yield Server(place, _superuser(Server(place, user)))
        finally:
            _end(process)


def _await_ready(data: Path, process: subprocess.Popen[bytes], *, tend: Callable[[], None], log: Path) -> None:
    while not _is_ready(data, process.pid):
        tend()
        if process.poll() is not None:
            raise StoreError(f"the restored server does not start: {_last(log)}")
        time.sleep(_LOOK_SECONDS)


def _postgres(data: Path) -> Path:
    return programs(int((data / "PG_VERSION").read_text().split()[0])) / "postgres"


def _is_ready(data: Path, pid: int) -> bool:
    try:
        lines = (data / "postmaster.pid").read_text().splitlines()
    except OSError:
        return False
    return lines[:1] == [str(pid)] and lines[7:8] != [] and lines[7].strip() == "ready"


def _superuser(server: Server) -> str:
    """Somebody who may read everything."""
    with psycopg.connect(server.url("template1")) as connection:
        row = connection.execute("SELECT rolname FROM pg_roles WHERE rolsuper AND rolcanlogin ORDER BY oid").fetchone()
    return server.user if row is None else str(row[0])


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGQUIT)
            process.wait()


def _last(log: Path) -> str:
    """What it says that matters, on one line."""
    lines = log.read_text(errors="replace").splitlines()
    told = [line for line in lines if "FATAL" in line or "PANIC" in line] or lines
    return " / ".join(line.partition("] ")[2] or line for line in told[-2:])
