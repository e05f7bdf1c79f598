"""A mail server in a thread of its own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import Message

from tests.incidents.sinks import mailroom


@contextmanager
def mails() -> Iterator[tuple[int, list[Message]]]:
    """Its port, and what it got."""
    loop, ready, got = asyncio.new_event_loop(), threading.Event(), list[Message]()
    port, stop = [0], asyncio.Event()

    async def serve() -> None:
        async with mailroom() as room:
            port[0] = room.port
            ready.set()
            while not stop.is_set():
                got[:] = room.got
                await asyncio.sleep(0.05)

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    try:
        assert ready.wait(30)
        yield port[0], got
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()
        loop.close()


def text_of(message: Message) -> str:
    """What people read."""
    body = message.get_payload(decode=True)
    assert isinstance(body, bytes)
    return body.decode()
