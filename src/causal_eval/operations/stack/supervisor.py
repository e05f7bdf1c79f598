"""The supervisor of a stack: asked over its socket to start, stop and tell."""

from __future__ import annotations

import http.client
import socket
import xmlrpc.client  # the supervisor's own protocol, over a socket in a private folder
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from causal_eval.errors import OperationFailed

_SECONDS = 90.0
"""A stop waits for open requests and for the database."""


@dataclass(frozen=True, slots=True)
class State:
    """How a process is."""

    name: str
    state: str
    """RUNNING, STARTING, BACKOFF, STOPPED, STOPPING, EXITED or FATAL."""
    pid: int
    """0: none."""
    since: float
    """Seconds since 1970 of its last start."""
    ended: int
    """Exit code of its last end; negative: a signal."""

    @property
    def runs(self) -> bool:
        """Whether it is there."""
        return self.state == "RUNNING"


class _Connection(http.client.HTTPConnection):
    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=_SECONDS)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


class _Transport(xmlrpc.client.Transport):
    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = str(path)

    def make_connection(self, host: str | tuple[str, dict[str, str]]) -> http.client.HTTPConnection:
        made = _Connection(self._path)
        self._connection = host, made  # which `close` closes
        return made


@dataclass(frozen=True, slots=True)
class Supervisor:
    """A supervisor, by its socket."""

    socket: Path

    def states(self) -> dict[str, State] | None:
        """Every process by name, none while it ends; None: no supervisor answers."""
        try:
            with self._asked() as server:
                told = cast("list[dict[str, object]]", server.supervisor.getAllProcessInfo())
        except OSError:
            return None
        except OperationFailed:  # it is about to end
            return {}
        return {state.name: state for state in map(_state, told)}

    def start(self, *names: str) -> None:
        """Start what does not run."""
        known = self.states() or {}
        for name in names:
            if known[name].state in {"STOPPED", "EXITED", "FATAL"}:
                with self._asked() as server:
                    server.supervisor.startProcess(name, False)  # noqa: FBT003 - the protocol has no names

    def stop(self, *names: str, wait: bool = False) -> None:
        """Tell what runs to stop, all at once; with *wait* returns when it has ended."""
        known = self.states() or {}
        running = [name for name in names if known[name].state in {"RUNNING", "STARTING", "BACKOFF"}]
        with self._asked() as server:
            for name in running:
                server.supervisor.stopProcess(name, wait)

    def replan(self) -> None:
        """Read the file again: what is new is started, what is gone from it stopped, what changed both."""
        with self._asked() as server:
            [[added, altered, removed]] = cast("list[list[list[str]]]", server.supervisor.reloadConfig())
            for name in (*altered, *removed):
                server.supervisor.stopProcess(name) if self._is_up(name) else None
                server.supervisor.removeProcessGroup(name)
            for name in (*added, *altered):
                server.supervisor.addProcessGroup(name)

    def shut_down(self) -> None:
        """End everything, and itself."""
        with self._asked() as server:
            server.supervisor.shutdown()

    def _is_up(self, name: str) -> bool:
        known = self.states() or {}
        return known[name].state not in {"STOPPED", "EXITED", "FATAL"}

    @contextmanager
    def _asked(self) -> Iterator[xmlrpc.client.ServerProxy]:
        try:
            with xmlrpc.client.ServerProxy("http://localhost", transport=_Transport(self.socket)) as server:
                yield server
        except xmlrpc.client.Fault as fault:
            raise OperationFailed(
                f"the supervisor refuses: {fault.faultString}; `causal-eval stack status` shows it"
            ) from fault


def _state(told: dict[str, object]) -> State:
    return State(
        str(told["name"]),
        str(told["statename"]),
        int(cast("int", told["pid"])),
        float(cast("int", told["start"])),
        int(cast("int", told["exitstatus"])),
    )
