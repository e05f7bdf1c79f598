"""The processes of a stack, by the mark in their environment: whatever lost its supervisor is found by it."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

from causal_eval.operations.stack.plan import MARK

_PROC = Path("/proc")
_MOMENT = 0.05


def marked(token: str) -> list[int]:
    """The living processes whose environment says that they are of the stack *token*; our own is left out."""
    wanted = f"{MARK}={token}".encode()
    return [pid for pid in _pids() if pid != os.getpid() and wanted in _environment(pid)]


def is_marked(pid: int, token: str) -> bool:
    """Whether the process *pid* is of the stack *token*."""
    return f"{MARK}={token}".encode() in _environment(pid)


def end_marked(token: str, *, patience: float) -> int:
    """End what is left of a stack: asked first, made to after *patience* seconds; how many there were."""
    found = marked(token)
    _tell(found, signal.SIGTERM)
    deadline = time.monotonic() + patience
    while marked(token) and time.monotonic() < deadline:
        time.sleep(_MOMENT)
    while left := marked(token):
        _tell(left, signal.SIGKILL)
        time.sleep(_MOMENT)
    return len(found)


def _tell(pids: list[int], number: signal.Signals) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):  # it has ended by itself
            os.kill(pid, number)


def _pids() -> Iterator[int]:
    return (int(path.name) for path in _PROC.iterdir() if path.name.isdigit())


def _environment(pid: int) -> list[bytes]:
    """Variables that *pid* was started with; none of a process that is gone, a zombie, or somebody else's."""
    try:
        return (_PROC / str(pid) / "environ").read_bytes().split(b"\0")
    except OSError:
        return []
