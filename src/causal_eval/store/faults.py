"""From what a database driver raises to the one error tree: what happened, where, and what to do."""

from __future__ import annotations

import errno
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy.exc import DatabaseError

from causal_eval.errors import StoreError, StoreFull, StoreLocked, StoreReadOnly

_SCARCE = 1 << 20
"""Bytes; SQLite reports a full disk as an I/O error in some places, so what is left decides."""


@contextmanager
def explained(place: str) -> Iterator[None]:
    """Raise a :class:`StoreError` in place of a driver's or the file system's error; *place* is the database."""
    try:
        yield
    except DatabaseError as error:
        if isinstance(error.orig, sqlite3.Error):
            raise _explain(error.orig, place) from error
        raise StoreError(f"database {place}: {error.orig}") from error
    except sqlite3.Error as error:
        raise _explain(error, place) from error
    except OSError as error:
        raise _explain_os(error, place) from error


def _explain(error: sqlite3.Error, place: str) -> StoreError:
    name = getattr(error, "sqlite_errorname", "") or ""
    if name.startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM", "SQLITE_AUTH")):
        return StoreReadOnly(
            f"database {place} cannot be written ({error}): check the rights of the file and its folder, "
            "or set CEB_DATA_DIR to another folder"
        )
    if name == "SQLITE_FULL" or (name.startswith("SQLITE_IOERR") and _is_full(place)):
        return StoreFull(
            f"no space left for database {place}: free some space, then run the same command again; "
            "all that was kept before is safe"
        )
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return StoreLocked(
            f"database {place} is held by another process for too long: end that process, then run the same "
            "command again"
        )
    if name in {"SQLITE_NOTADB", "SQLITE_CORRUPT"} or name.startswith("SQLITE_CORRUPT"):
        return StoreError(f"{place} is no sound SQLite database ({error}): move it away or restore a backup")
    return StoreError(f"database {place}: {error}")


def _explain_os(error: OSError, place: str) -> StoreError:
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return StoreFull(f"no space left for database {place}: free some space, then run the same command again")
    return StoreReadOnly(
        f"database {place} cannot be created ({error.strerror}): check the folder's rights, or set CEB_DATA_DIR "
        "to another folder"
    )


def _is_full(place: str) -> bool:
    try:
        return shutil.disk_usage(Path(place).parent).free < _SCARCE
    except OSError:
        return False
