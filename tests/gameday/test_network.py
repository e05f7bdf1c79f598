"""The relay does to bytes what its weather says, and nothing else."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator

import pytest
from tests.gameday.network import Network, Place, Weather

pytestmark = pytest.mark.timeout(60)


@pytest.fixture
def echo() -> Iterator[Place]:
    """A server that sends back what it gets."""
    listening = socket.create_server(("127.0.0.1", 0))

    def talk(one: socket.socket) -> None:
        with one:
            while data := one.recv(65536):
                one.sendall(data)

    def serve() -> None:
        while True:
            try:
                one, _ = listening.accept()
            except OSError:
                return
            threading.Thread(target=quietly, args=(one,), daemon=True).start()

    def quietly(one: socket.socket) -> None:
        try:
            talk(one)
        except ConnectionError:
            return

    threading.Thread(target=serve, daemon=True).start()
    yield Place("127.0.0.1", listening.getsockname()[1])
    listening.shutdown(socket.SHUT_RDWR)
    listening.close()


def said(one: socket.socket, text: bytes) -> bytes:
    """What comes back for *text*."""
    one.sendall(text)
    back = b""
    while len(back) < len(text):
        more = one.recv(65536)
        if not more:
            raise ConnectionResetError
        back += more
    return back


@pytest.mark.parametrize("weather", [Weather.FINE, Weather.SLOW, Weather.SLICED])
def test_what_gets_through_is_whole(echo: Place, weather: Weather) -> None:
    """Late or in pieces, every byte arrives, in order."""
    with Network(echo, seconds=0.01) as network:
        network.become(weather)
        with socket.create_connection(("127.0.0.1", network.port), timeout=30) as one:
            assert said(one, bytes(range(256)) * 20) == bytes(range(256)) * 20


def test_a_black_hole_holds_connections_and_lets_them_go(echo: Place) -> None:
    """Nothing gets through while it lasts, on open and on new connections; then all of it does."""
    with contextlib.ExitStack() as stack:
        network = stack.enter_context(Network(echo))
        one = stack.enter_context(socket.create_connection(("127.0.0.1", network.port), timeout=30))
        assert said(one, b"before") == b"before"
        network.become(Weather.BLACK_HOLE)
        two = stack.enter_context(socket.create_connection(("127.0.0.1", network.port), timeout=30))
        for each in (one, two):
            each.sendall(b"during")
            each.settimeout(0.1)
            with pytest.raises(TimeoutError):
                each.recv(1)
            each.settimeout(30)
        network.become(Weather.FINE)
        assert one.recv(6, socket.MSG_WAITALL) == two.recv(6, socket.MSG_WAITALL) == b"during"


def test_a_cut_resets_what_is_open_and_what_comes(echo: Place) -> None:
    """Open connections break, new ones too, and afterwards it is as if nothing had been."""
    with Network(echo) as network:
        with socket.create_connection(("127.0.0.1", network.port), timeout=30) as one:
            assert said(one, b"before") == b"before"
            network.become(Weather.CUT)
            with pytest.raises(ConnectionError):
                said(one, b"during")
        with pytest.raises(ConnectionError), socket.create_connection(("127.0.0.1", network.port), timeout=30) as two:
            said(two, b"during")
        network.become(Weather.FINE)
        with socket.create_connection(("127.0.0.1", network.port), timeout=30) as three:
            assert said(three, b"after") == b"after"
