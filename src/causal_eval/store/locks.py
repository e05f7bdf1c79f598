"""A lock that dies with its process, however that ends."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from causal_eval.errors import StoreLocked

if sys.platform != "win32":  # there, two runs of one evaluation are kept apart by the unique key alone
    import fcntl

_LOOKS, _MOMENT = 5, 0.01
"""Who looks whether a lock is held holds it for a moment, which is waited out."""


@contextlib.contextmanager
def hold_file(path: str, refusal: str) -> Iterator[None]:
    """Hold the lock file *path* while the block runs; the file is gone afterwards.

    Raises:
        StoreLocked: with the words of *refusal*: another process holds it.
    """
    descriptor = _locked(path, refusal)
    try:
        yield
    finally:
        Path(path).unlink(missing_ok=True)
        os.close(descriptor)


def is_held(path: str) -> bool:
    """Whether a living process holds the lock file *path*; True also where that cannot be told."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    try:
        return sys.platform == "win32" or not _take(descriptor)
    finally:
        os.close(descriptor)


def _locked(path: str, refusal: str) -> int:
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        if not _take_soon(descriptor):
            os.close(descriptor)
            raise StoreLocked(refusal)
        if _is_at(descriptor, path):
            return descriptor
        os.close(descriptor)  # its last holder removed the file between our opening and locking it


def _take_soon(descriptor: int) -> bool:
    for _ in range(_LOOKS):
        if _take(descriptor):
            return True
        time.sleep(_MOMENT)
    return False


def _take(descriptor: int) -> bool:
    if sys.platform != "win32":
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True


def _is_at(descriptor: int, path: str) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), Path(path).stat())
    except FileNotFoundError:
        return False
