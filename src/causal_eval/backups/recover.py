"""A backup made into a running database in a throw-away place, at its end or at a moment that its log reaches."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy.engine import make_url

from causal_eval.backups import wal
from causal_eval.backups.keeping import Keeping
from causal_eval.backups.postgres import programs, reaching, run
from causal_eval.backups.scratch import Server, new_server, scratch, serving
from causal_eval.backups.shelf import Kept, check_files, is_there
from causal_eval.backups.unpack import unpack_base, unpack_file
from causal_eval.errors import StoreError, UsageError, VerificationMismatch

_WANT, _HAVE, _NONE = "want", "have", "none"
_FETCH = f"""#!/bin/sh
# Asks the process that restores for a file of the log, and waits for its answer.
place=$(dirname "$0")
rm -f "$place/{_HAVE}/$1" "$place/{_NONE}/$1"
: > "$place/{_WANT}/$1" || exit 2
while :; do
  if [ -e "$place/{_HAVE}/$1" ]; then cp "$place/{_HAVE}/$1" "$2" && exec rm "$place/{_HAVE}/$1"; fi
  if [ -e "$place/{_NONE}/$1" ]; then exit 1; fi
  [ -d "$place/{_WANT}" ] || exit 2
  sleep 0.02
done
"""
_BEFORE_TARGET = "recovery ended before configured recovery target"
JOBS = "2"
_EXTENSION = re.compile(r"\d+; \d+ \d+ EXTENSION - (\S+)")
"""As pg_restore lists it."""


@dataclass(frozen=True, slots=True)
class Recovered:
    """A database that runs in a place of its own."""

    url: str
    server: Server | None
    """None: a file."""


@contextlib.contextmanager
def recovered(kept: Kept, keeping: Keeping, *, to: datetime | None = None) -> Iterator[Recovered]:
    """The database of *kept*, running until the block ends; *to* is the moment to which a base backup is brought.

    Raises:
        UsageError: the backup cannot be brought to that moment.
        VerificationMismatch: the backup or its log was changed.
    """
    check_files(kept)
    check_moment(kept, to)
    with scratch() as place:
        source = kept.path / kept.manifest.files[0].name
        if kept.manifest.kind == "sqlite":
            path = unpack_file(source, place / "restored.db", keys=keeping.keys)
            yield Recovered(f"sqlite:///{path}", None)
        elif kept.manifest.kind == "dump":
            with _loaded(source, kept.manifest.database, keeping=keeping, place=place) as server:
                yield Recovered(server.url(kept.manifest.database), server)
        else:
            data = place / "data"
            unpack_base(source, data, keys=keeping.keys)
            with replayed(
                data, place, log=log_of(kept, keeping), user=make_url(keeping.account).username, to=to,
                settings={"fsync": "off", "full_page_writes": "off"},
            ) as server:  # fmt: skip
                yield Recovered(server.url(kept.manifest.database), server)


def check_moment(kept: Kept, to: datetime | None) -> None:
    """See that the backup can be brought to that moment.

    Raises:
        UsageError: it cannot.
    """
    if to is None:
        return
    if kept.manifest.kind != "base":
        raise UsageError(f"--to is {to.isoformat()}, and {kept.manifest.name} holds one moment alone: leave --to out")
    made = kept.manifest.made_at + kept.manifest.seconds
    if to.timestamp() < made:
        raise UsageError(
            f"--to is {to.isoformat()}, before backup {kept.manifest.name} was whole "
            f"({datetime.fromtimestamp(made, UTC).isoformat()}): name an earlier backup"
        )


@contextlib.contextmanager
def _loaded(source: Path, database: str, *, keeping: Keeping, place: Path) -> Iterator[Server]:
    data = new_server(place)
    dump = unpack_file(source, place / "dump", keys=keeping.keys)
    settings = {"fsync": "off", "full_page_writes": "off", "autovacuum": "off"}
    with serving(data, place, user="causal_eval", settings=settings) as server:
        env = reaching(server.url("postgres"))
        run((programs() / "createdb", "--", database), env=env)
        load(dump, reaching(server.url(database)), owner=None)
        dump.unlink()
        yield server


def load(dump: Path, env: dict[str, str], *, owner: str | None) -> None:
    """Fill the empty database that *env* reaches; what is made there belongs to *owner*.

    Raises:
        StoreError: something of it cannot be made.
    """
    role = () if owner is None else (f"--role={owner}", *_without_extensions(dump, env))
    run(
        (
            programs() / "pg_restore", "--exit-on-error", "--no-owner", "--no-privileges", f"--jobs={JOBS}", *role,
            "--no-password", f"--dbname={env['PGDATABASE']}", dump,
        ),
        env=env,
    )  # fmt: skip
    # a dump brings no statistics: without them the first queries of whoever checks or serves it take wrong ways
    run((programs() / "vacuumdb", "--analyze-only", "--no-password", f"--dbname={env['PGDATABASE']}"), env=env)


def _without_extensions(dump: Path, env: dict[str, str]) -> tuple[str, ...]:
    """Make the extensions of *dump* by the account of *env*, for an owner may not; what tells pg_restore the rest."""
    entries = run((programs() / "pg_restore", "--list", dump), env=env).splitlines()
    names = [found[1] for entry in entries if (found := _EXTENSION.match(entry))]
    if not names:
        return ()
    for name in names:
        words = f'CREATE EXTENSION IF NOT EXISTS "{name}"'
        run((programs() / "psql", "-X", "--quiet", "--no-password", "-v", "ON_ERROR_STOP=1", "-c", words), env=env)
    rest = dump.with_name(f"{dump.name}.list")
    rest.write_text("".join(f"{entry}\n" for entry in entries if " EXTENSION " not in entry), "utf-8")
    return (f"--use-list={rest}",)


def log_of(kept: Kept, keeping: Keeping) -> wal.Log:
    """The log that belongs to *kept*, beside it and its copies: elsewhere another server's has the same names."""
    beside = [one for one in keeping.folders if one != kept.path.parent and is_there(one, kept.manifest)]
    spool = keeping.spool if keeping.folder in {kept.path.parent, *beside} else None
    return wal.Log((kept.path.parent, *beside), spool, keeping.keys)


@contextlib.contextmanager
def replayed(
    data: Path, place: Path, *, log: wal.Log, user: str | None, to: datetime | None, settings: dict[str, str]
) -> Iterator[Server]:
    """The server of an unpacked base backup, once it has replayed its log, to the end or to a moment.

    Raises:
        UsageError: the log does not reach the moment.
        VerificationMismatch: a piece of the log was changed, or is missing between others.
    """
    tend = _answering(place, log)
    (data / "recovery.signal").touch(mode=0o600)
    # by a shell: where temporary files lie, none may be executed on some machines
    given = {"restore_command": f'/bin/sh "{place}/fetch" "%f" "%p"', "recovery_target_action": "promote", **settings}
    if to is not None:
        given["recovery_target_time"] = to.astimezone(UTC).isoformat(sep=" ")
    try:
        with serving(data, place, user=user or "postgres", settings=given, tend=tend) as server:
            missing = log.gap() if to is None else ""
            if missing:
                raise VerificationMismatch(
                    f"the log has a gap before segment {missing}: give --to a moment before it, or a later backup"
                )
            yield server
    except StoreError as error:
        if _BEFORE_TARGET in str(error):
            last = log.given[-1] if log.given else "none"
            raise UsageError(
                f"--to is later than anything in the log that is kept (its last segment is {last}): leave --to out to "
                "restore the last moment that there is"
            ) from error
        raise


def _answering(place: Path, log: wal.Log) -> Callable[[], None]:
    """What answers the server's questions for files of the log."""
    for name in (_WANT, _HAVE, _NONE):
        (place / name).mkdir()
    script = place / "fetch"
    script.write_text(_FETCH)
    script.chmod(0o755)

    def answer() -> None:
        for wanted in sorted((place / _WANT).iterdir()):
            wanted.unlink()
            if not log.fetch(wanted.name, place / _HAVE / wanted.name):
                (place / _NONE / wanted.name).touch()

    return answer
