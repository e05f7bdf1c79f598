"""A connection to PostgreSQL that notices a dead peer within a statement.

TCP keepalives tell of a machine that is gone. A relay answers them whose network swallows everything behind it, and so
does a server that hangs: there a statement would wait for ever. A server that says nothing for a while is therefore
asked over a second connection whether it is there; as long as it answers, a statement may take its time.
"""

from __future__ import annotations

import socket
import struct
import time
from typing import TypeVar, cast

import psycopg
from psycopg.abc import PQGen

QUIET_SECONDS = 4.0
"""Without a word from the server within a statement, before it is asked whether it is there."""
ASKING_SECONDS = 5.0
"""In which it has to say something: a server that is only busy does."""
LOOK_SECONDS = 0.1
"""Between two looks at the time, while nothing comes."""
_SSL_REQUEST = struct.pack("!ii", 8, 80877103)
"""What a client may ask before anything else; whoever speaks the protocol says S or N, with room for it or without."""

_RV = TypeVar("_RV")


class Connection(psycopg.Connection[tuple[object, ...]]):
    """A connection whose statements end, with a broken connection, once nothing hears them any more."""

    def wait(self, gen: PQGen[_RV], interval: float = LOOK_SECONDS, timeout: float | None = None) -> _RV:
        """What *gen*, which operates on the connection, returns.

        Raises:
            OperationalError: the server says nothing, and does not answer anew; the connection is closed.
        """
        return super().wait(self._attended(gen), interval, timeout)

    def _attended(self, gen: PQGen[_RV]) -> PQGen[_RV]:
        try:
            wanted = next(gen)
            heard = time.monotonic()
            while True:
                ready = yield wanted
                is_quiet = not ready and time.monotonic() - heard > QUIET_SECONDS
                if is_quiet:
                    self._check_peer()
                if is_quiet or ready:
                    heard = time.monotonic()
                wanted = gen.send(ready)
        except StopIteration as end:
            return cast("_RV", end.value)

    def _check_peer(self) -> None:
        if answers(self.info.hostaddr or self.info.host, self.info.port):
            return
        self.pgconn.finish()  # so that whoever has it gives it up
        raise psycopg.OperationalError(
            f"the server has said nothing for {QUIET_SECONDS:g} s, nor to a second connection for {ASKING_SECONDS:g} s"
        )


def answers(host: str, port: int) -> bool:
    """Whether a server at *host*, an address or the folder of a socket, says anything in time."""
    try:
        with _reached(host, port) as line:
            line.sendall(_SSL_REQUEST)
            return bool(line.recv(1))
    except OSError:
        return False


def _reached(host: str, port: int) -> socket.socket:
    if not host.startswith(("/", "@")):
        return socket.create_connection((host, port), timeout=ASKING_SECONDS)
    line = socket.socket(socket.AF_UNIX)
    line.settimeout(ASKING_SECONDS)
    name = f"{host}/.s.PGSQL.{port}"
    line.connect(f"\0{name[1:]}" if host.startswith("@") else name)
    return line
