"""Bring a backup back: beside what is there, verified, and put into its place only when somebody says so."""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
import sqlite3
import stat
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import psycopg
from sqlalchemy.engine import make_url

from causal_eval.backups import target, wal
from causal_eval.backups.check import Check, check_same, check_sound, nothing, sums_at
from causal_eval.backups.keeping import Keeping, stamp
from causal_eval.backups.postgres import account, programs, reaching, run
from causal_eval.backups.recover import check_moment, load, log_of, recovered, replayed
from causal_eval.backups.scratch import make_durable, scratch
from causal_eval.backups.shelf import Kept, check_files, explained, find, sync
from causal_eval.backups.state import note_test
from causal_eval.backups.unpack import unpack_base, unpack_file
from causal_eval.errors import CausalEvalError, Conflict, StoreLocked, UsageError
from causal_eval.store.locks import hold_file

BESIDE = "_restored"
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be restored, and where."""

    source: str
    """``latest``, a name, or the path of a backup's folder."""
    to: datetime | None = None
    """A moment, with its offset; None: the last that there is."""
    beside: str | None = None
    """A URL of a database, the path of a SQLite file, or of a base backup's new data folder; None: a usual name."""
    swap: bool = False


@dataclass(frozen=True, slots=True)
class Restored:
    """Where it is now."""

    source: str
    place: str
    """Name of the database, path of the file or of the data folder."""
    rows: int
    """Of all tables."""
    aside: str
    """What the one that was in its place is called now; empty: nothing was swapped."""
    seconds: float


def plan(keeping: Keeping, wish: Wish) -> tuple[Kept, str]:
    """The backup that would be restored, and the name of the place; nothing is done.

    Raises:
        UsageError: the wish cannot be met.
        VerificationMismatch: the backup was changed.
    """
    by = None if wish.to is None else wish.to.timestamp()
    kept = find(wish.source, keeping.folders, keys=keeping.keys, by=by)
    check_moment(kept, wish.to)
    if wish.swap and wish.beside is not None:
        raise UsageError("--swap puts what was restored into the place of the database in use: leave --beside out")
    if (kept.manifest.kind == "sqlite") == keeping.is_postgresql and wish.beside is None:
        raise UsageError(
            f"{kept.manifest.name} is no backup of a database like DATABASE_URL's: name a place with --beside"
        )
    check_files(kept)
    usual = target.named(keeping.database, BESIDE) if keeping.is_postgresql else f"{keeping.database}{BESIDE}"
    return kept, wish.beside or usual


def restore(keeping: Keeping, wish: Wish, *, further: Check = nothing, say: Say = lambda _: None) -> Restored:
    """Restore, verify, and swap where *wish* says so.

    Raises:
        UsageError, StoreError, Conflict: it cannot be done; the database in use is as it was.
        VerificationMismatch: what was restored is not what it must be; likewise.
    """
    began = keeping.clock()
    kept, place = plan(keeping, wish)
    say(f"restoring {kept.manifest.name} beside, as {make_url(place).render_as_string() if '://' in place else place}")
    if kept.manifest.kind == "base" and keeping.is_postgresql:
        flush_log(keeping, say=say)
    if kept.manifest.kind == "sqlite":
        rows, aside = _restore_file(kept, keeping, wish=wish, place=Path(place), further=further)
    elif kept.manifest.kind == "base" and wish.beside is not None and "://" not in wish.beside:
        rows, aside = _restore_folder(kept, keeping, wish=wish, data=Path(place).absolute(), further=further), ""
    else:
        url = wish.beside or _url_beside(keeping)
        with target.alone(url):
            rows, aside = _restore_database(kept, keeping, wish=wish, url=url, further=further)
        place = str(make_url(url).database)
    return Restored(kept.manifest.name, place, rows, aside, round(keeping.clock() - began, 3))


def try_restore(keeping: Keeping, source: str, *, further: Check = nothing) -> str:
    """Restore *source* in a throw-away place and verify it; one line. How it went is noted for whoever watches.

    Raises:
        UsageError, StoreError, VerificationMismatch: the backup is not good.
    """
    began = keeping.clock()
    try:
        kept = find(source, keeping.folders, keys=keeping.keys)
        with recovered(kept, keeping) as there:
            rows = _verified(kept, there.url, further=further, exact=True)
    except CausalEvalError as error:
        note_test(keeping.folder, ok=False, said=str(error), at=keeping.clock())
        raise
    said = f"{kept.manifest.name} restored in {keeping.clock() - began:.1f} s: {rows} rows, and all is as it must be"
    note_test(keeping.folder, ok=True, said=said, at=keeping.clock())
    return said


def flush_log(keeping: Keeping, *, say: Say) -> None:
    """Have a server that still lives finish its segment, so that its last transactions can be restored too."""
    if keeping.spool is None:
        return
    try:
        with psycopg.connect(_libpq(keeping.account), autocommit=True, connect_timeout=5) as connection:
            connection.execute("SELECT pg_current_xact_id()")  # a commit, by which a target of a moment ago is reached
            row = connection.execute("SELECT pg_walfile_name(pg_switch_wal())").fetchone()
        _await_segment(keeping, str(row and row[0]), say=say)
    except psycopg.Error as error:
        say(f"the server's last changes cannot be asked for ({' '.join(str(error).split())}): its kept log is used")
    wal.sweep(keeping)


def _await_segment(keeping: Keeping, name: str, *, say: Say) -> None:
    assert keeping.spool is not None
    for _ in range(_LOOKS):
        if (keeping.spool / name).exists() or name in wal.segments(keeping.folder):
            return
        time.sleep(_LOOK_SECONDS)
    say(f"the server has not archived segment {name} in {_LOOKS * _LOOK_SECONDS:g} s: what is in it cannot be restored")


_LOOKS, _LOOK_SECONDS = 300, 0.1


def _verified(kept: Kept, url: str, *, further: Check, exact: bool) -> int:
    """Rows of the database, which is what the manifest says where that can be said."""
    sums = sums_at(url)
    if exact and kept.manifest.exact:
        check_same(kept.manifest.tables, sums, what=f"{kept.manifest.name}, restored,")
    check_sound(url, further=further)
    return sum(one.rows for one in sums)


def _restore_file(kept: Kept, keeping: Keeping, *, wish: Wish, place: Path, further: Check) -> tuple[int, str]:
    if place.exists() and wish.beside is not None:
        raise Conflict(f"--beside is {place}, which is there: name a new file")
    part = place.with_name(f".{place.name}.part")
    with explained(place.parent), hold_file(f"{part}.lock", f"another process restores to {place}"):
        for left in (part, place):  # of a restore that was killed, or is done again
            _forget(left)
        with recovered(kept, keeping) as there:
            rows = _verified(kept, there.url, further=further, exact=True)
            shutil.copyfile(str(make_url(there.url).database), part)
        with part.open("rb+") as file:
            os.fsync(file.fileno())
        _make_like(part, Path(keeping.database))
        part.replace(place)
    return rows, _swap_file(Path(keeping.database), place, aside=stamp(keeping.clock())) if wish.swap else ""


def _make_like(path: Path, live: Path) -> None:
    """Give *path* the rights and the owner of *live*: its service must be able to use it."""
    if not live.exists():
        path.chmod(0o600)
        return
    said = live.stat()
    path.chmod(stat.S_IMODE(said.st_mode))
    if os.geteuid() == 0:
        os.chown(path, said.st_uid, said.st_gid)


def _forget(path: Path) -> None:
    for name in (path, Path(f"{path}-wal"), Path(f"{path}-shm")):
        name.unlink(missing_ok=True)


def _swap_file(live: Path, place: Path, *, aside: str) -> str:
    """Put the file *place* into that of *live*, which nobody may have open."""
    with _alone(live):
        old = _unused(live.with_name(f"{live.name}.before-{aside}"))
        if live.exists():
            old.hardlink_to(live)  # at no moment is there no file under the name: a process would make an empty one
        for end in ("-wal", "-shm"):  # SQLite would play what is in the old one's into the new one
            if Path(f"{live}{end}").exists():
                Path(f"{live}{end}").rename(f"{old}{end}")
        place.replace(live)
        sync(live.parent)
    return str(old)


def _unused(path: Path) -> Path:
    """*path*, or the first free one of *path*-2 ...: one second may see a restore killed and begun again."""
    names = itertools.chain([path], (path.with_name(f"{path.name}-{number}") for number in itertools.count(2)))
    return next(name for name in names if not name.exists())


@contextlib.contextmanager
def _alone(live: Path) -> Iterator[None]:
    """Hold the file while nobody else has it open; one that is no sound database is nobody's."""
    if not live.exists():
        yield
        return
    connection = sqlite3.connect(live, timeout=1, isolation_level=None)
    try:
        try:
            connection.execute("PRAGMA journal_mode = DELETE")  # refused while any other process has it open
            connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorname.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
                raise StoreLocked(
                    f"database {live} is open in another process: end the service and all runs, then run it again"
                ) from error
        except sqlite3.DatabaseError:
            pass  # what is broken is what is replaced
        yield
    finally:
        connection.close()


def _restore_folder(kept: Kept, keeping: Keeping, *, wish: Wish, data: Path, further: Check) -> int:
    """A new data folder, from which a server can be started."""
    if data.exists():
        raise Conflict(f"--beside is {data}, which is there: name a new folder")
    part = data.with_name(f".{data.name}.part")
    refusal = f"another process restores to {data}"
    with explained(data.parent), hold_file(f"{part}.lock", refusal), scratch() as place:
        shutil.rmtree(part, ignore_errors=True)
        unpack_base(kept.path / kept.manifest.files[0].name, part, keys=keeping.keys)
        log, user = log_of(kept, keeping), make_url(keeping.account).username
        with replayed(part, place, log=log, user=user, to=wish.to, settings={}) as server:
            rows = _verified(kept, server.url(kept.manifest.database), further=further, exact=False)
        make_durable(part)
        account().take(part)
        part.rename(data)
    return rows


def _url_beside(keeping: Keeping) -> str:
    name = target.named(keeping.database, BESIDE)
    return make_url(keeping.account).set(database=name).render_as_string(hide_password=False)


def _restore_database(kept: Kept, keeping: Keeping, *, wish: Wish, url: str, further: Check) -> tuple[int, str]:
    """A new database of the server, filled from a throw-away server in which the backup was verified first."""
    beside = target.make_beside(url, of=keeping.database, source=kept.manifest.name)
    fill = _fill_from_dump if kept.manifest.kind == "dump" else _fill_from_base
    with explained(Path(tempfile.gettempdir())):
        rows = fill(kept, keeping, wish=wish, beside=beside, further=further)
    target.call_whole(beside, source=kept.manifest.name)
    if not wish.swap:
        return rows, ""
    aside = target.named(keeping.database, f"_before_{stamp(keeping.clock()).lower()}")
    target.swap(keeping.account, beside=beside.name, aside=aside)
    return rows, aside


def _fill_from_dump(kept: Kept, keeping: Keeping, *, wish: Wish, beside: target.Beside, further: Check) -> int:
    del wish
    with scratch() as place:
        dump = unpack_file(kept.path / kept.manifest.files[0].name, place / "dump", keys=keeping.keys)
        load(dump, reaching(beside.url), owner=beside.owner)
    return _verified(kept, beside.url, further=further, exact=True)


def _fill_from_base(kept: Kept, keeping: Keeping, *, wish: Wish, beside: target.Beside, further: Check) -> int:
    with recovered(kept, keeping, to=wish.to) as there:
        assert there.server is not None
        rows = _verified(kept, there.url, further=further, exact=True)
        dump = there.server.place / "moved"
        env = reaching(there.url)
        run((programs() / "pg_dump", "--format=custom", "--compress=0", "--no-password", f"--file={dump}"), env=env)
        load(dump, reaching(beside.url), owner=beside.owner)
        check_same(sums_at(there.url), sums_at(beside.url), what=f"database {beside.name}")
    return rows


def _libpq(url: str) -> str:
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
