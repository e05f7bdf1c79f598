"""Make a backup: read the database while others write, seal it, read it back, copy it, throw away what is too old."""

from __future__ import annotations

import sqlite3
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from sqlalchemy import text

import causal_eval
from causal_eval.backups import wal
from causal_eval.backups.keeping import Keeping, stamp
from causal_eval.backups.postgres import failed, programs, reaching
from causal_eval.backups.scratch import scratch
from causal_eval.backups.sealing import PIECE, SealedFile, seal
from causal_eval.backups.shelf import (
    Kept,
    Manifest,
    check_files,
    copy,
    explained,
    names,
    prune,
    putting,
    read_manifest,
    write_manifest,
)  # fmt: skip
from causal_eval.backups.state import note_failure, note_success
from causal_eval.backups.unpack import read_dump, unpack_base, unpack_file
from causal_eval.errors import CausalEvalError, StoreError, StoreFull, UsageError
from causal_eval.store.database import bare_store, current_revision
from causal_eval.store.fingerprints import TableSum, differences, table_sums
from causal_eval.store.locks import hold_file

AUTO, BASE, DUMP, SQLITE = "auto", "base", "dump", "sqlite"
KINDS = (AUTO, BASE, DUMP)
LOCK = ".lock"


@dataclass(frozen=True, slots=True)
class _Read:
    """What was read of a database."""

    file: SealedFile
    server: str
    schema: str
    tables: tuple[TableSum, ...]
    wal_start: str = ""


def kind_of(keeping: Keeping, asked: str = AUTO) -> str:
    """Which kind of backup is made of that database.

    Raises:
        UsageError: *asked* is none, or none of this database.
    """
    if asked not in KINDS:
        raise UsageError(f"--kind is {asked!r}: one of {', '.join(KINDS)}")
    if not keeping.is_postgresql:
        if asked != AUTO:
            raise UsageError(
                f"--kind is {asked!r}, and DATABASE_URL is a SQLite file, which is copied whole: leave it out"
            )
        return SQLITE
    if asked == AUTO:
        return DUMP if keeping.spool is None else BASE
    return asked


def back_up(keeping: Keeping, *, kind: str = AUTO) -> Kept:
    """A new backup, verified, in its place and in the second one; the record of it for whoever watches.

    Raises:
        UsageError, StoreError, VerificationMismatch: there is none, and those before are as they were.
    """
    chosen = kind_of(keeping, kind)
    with explained(keeping.folder):
        keeping.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        refusal = f"another process makes a backup in {keeping.folder}: wait for it"
        with hold_file(str(keeping.folder / LOCK), refusal):
            try:
                kept = _make(keeping, chosen)
            except CausalEvalError as error:
                note_failure(keeping.folder, said=str(error), at=keeping.clock())
                raise
            note_success(keeping.folder, name=kept.manifest.name, kind=chosen, at=keeping.clock())
    return kept


def _make(keeping: Keeping, kind: str) -> Kept:
    name = _free_name(keeping, kind)
    began = keeping.clock()
    with explained(keeping.folder), putting(keeping.folder, name) as part:
        read = _READERS[kind](keeping, part)
        manifest = Manifest(
            name=name, kind=kind, made_at=began, seconds=round(keeping.clock() - began, 3),
            version=causal_eval.__version__, schema=read.schema, server=read.server, database=keeping.database,
            key=keeping.keys[0].id, files=(read.file,), tables=read.tables, exact=kind != BASE,
            wal_start=read.wal_start,
        )  # fmt: skip
        write_manifest(part, manifest, key=keeping.keys[0])
        check_files(Kept(part, read_manifest(part, keeping.keys)))
    kept = Kept(keeping.folder / name, manifest)
    wal.sweep(keeping)
    if keeping.copy is not None:
        with explained(keeping.copy):
            copy(kept, keeping.copy)
    for folder in keeping.folders:
        _throw_away(keeping, folder)
    return kept


def _free_name(keeping: Keeping, kind: str) -> str:
    name = first = f"{stamp(keeping.clock())}-{kind}"
    number = 1
    while any((folder / name).exists() for folder in keeping.folders):
        number += 1
        name = f"{first}-{number}"
    return name


def _throw_away(keeping: Keeping, folder: Path) -> None:
    prune(folder, keeping.keys, keep=keeping.keep)
    starts = [read_manifest(folder / name, keeping.keys).wal_start for name in names(folder) if BASE in name]
    if starts:
        wal.prune(folder, before=min(starts, key=lambda name: name[8:]))


def _read_base(keeping: Keeping, part: Path) -> _Read:
    """A whole server, with as much of its log as makes it consistent."""
    _check_archiving(keeping)
    command = (
        str(programs() / "pg_basebackup"), "--pgdata=-", "--format=tar", "--wal-method=fetch", "--checkpoint=fast",
        "--no-password",
    )  # fmt: skip
    file = seal(_output(command, reaching(keeping.account)), part / "base.tar.sealed", key=keeping.keys[0])
    with scratch() as place:
        start = unpack_base(part / file.name, place / "data", keys=keeping.keys)
    store = bare_store(keeping.account)
    try:
        with store.reading() as connection:
            server = str(connection.execute(text("SHOW server_version")).scalar_one())
            sums, schema = table_sums(connection), current_revision(connection)
    finally:
        store.close()
    return _Read(file, f"PostgreSQL {server}", schema or "", tuple(sums), start)


def _check_archiving(keeping: Keeping) -> None:
    """See that the log is kept, without which the backup is good for its own moment alone.

    Raises:
        UsageError: it is not.
    """
    store = bare_store(keeping.account)
    try:
        with store.reading() as connection:
            mode = connection.execute(text("SHOW archive_mode")).scalar_one()
    finally:
        store.close()
    if mode == "off" and keeping.spool is not None:
        raise UsageError(
            f"CEB_BACKUP_WAL_DIR is {keeping.spool}, and the server's archive_mode is off: set archive_mode = on and "
            f"archive_command = '{wal.archive_command(keeping.spool)}', or leave the variable out"
        )


def _read_dump(keeping: Keeping, part: Path) -> _Read:
    """One database, by one snapshot: of the rows and of their sums."""
    store = bare_store(keeping.account)
    try:
        with store.reading() as connection:
            connection.exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout = 0")
            snapshot = str(connection.execute(text("SELECT pg_export_snapshot()")).scalar_one())
            server = str(connection.execute(text("SHOW server_version")).scalar_one())
            sums, schema = table_sums(connection), current_revision(connection)
            command = (
                str(programs() / "pg_dump"), "--format=custom", "--compress=0", "--no-password",
                f"--snapshot={snapshot}",
            )  # fmt: skip
            file = seal(_output(command, reaching(keeping.account)), part / "database.dump.sealed", key=keeping.keys[0])
    finally:
        store.close()
    read_dump(part / file.name, keys=keeping.keys)
    return _Read(file, f"PostgreSQL {server}", schema or "", tuple(sums))


def _read_sqlite(keeping: Keeping, part: Path) -> _Read:
    """The file, by SQLite's own online backup: writers go on meanwhile."""
    if not Path(keeping.database).exists():
        raise StoreError(f"database {keeping.database} is not there: nothing to back up")
    with scratch() as place:
        copied = place / "copy.db"
        _copy_online(Path(keeping.database), copied)
        sums, schema = _sums_of(copied)
        file = seal(_pieces(copied), part / "database.db.sealed", key=keeping.keys[0])
        again = unpack_file(part / file.name, place / "again.db", keys=keeping.keys)
        faults = differences(sums, _sums_of(again)[0])
    if faults:
        raise StoreError(f"the backup of {keeping.database} is not what was read: {faults[0]}")
    return _Read(file, f"SQLite {sqlite3.sqlite_version}", schema, sums)


def _copy_online(source: Path, target: Path) -> None:
    try:
        read, written = sqlite3.connect(source), sqlite3.connect(target)
        try:
            read.backup(written)
        finally:
            read.close()
            written.close()
    except sqlite3.Error as error:
        if error.sqlite_errorcode == sqlite3.SQLITE_FULL:
            raise StoreFull(
                f"no space left for the copy of database {source} in {target.parent}: free some, or name another "
                "folder by TMPDIR"
            ) from error
        raise StoreError(
            f"database {source} cannot be backed up ({error}): `causal-eval restore latest` brings it back"
        ) from error


def _sums_of(path: Path) -> tuple[tuple[TableSum, ...], str]:
    store = bare_store(f"sqlite:///{path}")
    try:
        with store.reading() as connection:
            return tuple(table_sums(connection)), current_revision(connection) or ""
    finally:
        store.close()


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            yield piece


def _output(command: Sequence[str], env: Mapping[str, str]) -> Iterator[bytes]:
    """What *command* writes, piece by piece.

    Raises:
        StoreError: it fails; what it wrote until then is worth nothing.
    """
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(  # noqa: S603 - PostgreSQL's own program
            command, env=dict(env), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=said, cwd="/"
        )
        assert process.stdout is not None
        try:
            while piece := process.stdout.read(PIECE):  # killed, we break its pipe, and it ends
                yield piece
        except BaseException:  # whoever reads has gone
            process.terminate()
            raise
        finally:
            process.stdout.close()
            process.wait()
        if process.returncode:
            said.seek(0)
            raise StoreError(failed(command, said.read()))


_READERS: Mapping[str, Callable[[Keeping, Path], _Read]] = MappingProxyType(
    {BASE: _read_base, DUMP: _read_dump, SQLITE: _read_sqlite}
)
