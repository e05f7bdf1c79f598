"""The page on disk: whole at every moment, for whoever hands it out, whatever becomes of this process."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from causal_eval.errors import OperationFailed
from causal_eval.incidents.status.page import StatusPage
from causal_eval.incidents.status.rendering import FOLDER, documents

_NEW, _LOCK = ".new", ".lock"


def write(page: StatusPage, folder: Path) -> int:
    """Put *page* into *folder*; how many files changed.

    Each file is written beside its place and moved there, the index last, so that a ``kill -9`` leaves every file old
    or new; what a killed process left beside is written over. Nothing waits for the disk: after a loss of power the
    next call finds what differs.

    Raises:
        OperationFailed: the folder cannot be written, or another process does so now.
    """
    try:
        (folder / FOLDER).mkdir(parents=True, exist_ok=True)
        with _alone(folder):
            changed = sum(_put(folder / name, content) for name, content in documents(page))
            return changed + _forget(folder / FOLDER, kept={f"{one.id}.html" for one in page.incidents})
    except BlockingIOError as error:
        raise OperationFailed(f"another process writes the status page to {folder}: let one alone do so") from error
    except OSError as error:
        raise OperationFailed(
            f"the status page cannot be written to {folder} ({error.strerror}): make room, or give it to this user"
        ) from error


def _put(path: Path, content: bytes) -> int:
    """1: it was not there like this."""
    try:
        if path.read_bytes() == content:
            return 0
    except FileNotFoundError:
        pass  # it is new
    beside = path.with_name(f".{path.name}{_NEW}")
    beside.write_bytes(content)
    beside.replace(path)
    return 1


def _forget(folder: Path, *, kept: set[str]) -> int:
    """Take away pages of ours whose incidents are not public, or no longer; what others put there stays."""
    ours = [*folder.glob("INC-*.html"), *folder.glob(f".INC-*.html{_NEW}")]
    gone = [path for path in ours if path.name not in kept]
    for path in gone:
        path.unlink()
    return len(gone)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """A block that no other process is in; nobody is waited for: who is stopped in it would stop us too."""
    with (folder / _LOCK).open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
