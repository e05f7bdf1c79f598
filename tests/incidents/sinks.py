"""Places that letters arrive at: a webhook's server, and a mail server that speaks as much SMTP as a client needs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message
from email.policy import default

from aiohttp import web

HOOK = "/services/T0/B0/s3cr3t"


@dataclass(frozen=True, slots=True)
class Post:
    """What a webhook got."""

    text: str
    headers: dict[str, str]


@dataclass(frozen=True, slots=True)
class Hook:
    """A webhook."""

    url: str
    got: list[Post] = field(default_factory=list)


@asynccontextmanager
async def hook(*, status: int = 200, wait: float = 0.0, location: str = "") -> AsyncIterator[Hook]:
    """A webhook on a free port, which answers with *status* after *wait* seconds."""
    got: list[Post] = []

    async def take(request: web.Request) -> web.Response:
        got.append(Post((await request.json())["text"], dict(request.headers)))
        await asyncio.sleep(wait)
        return web.Response(status=status, headers={"Location": location} if location else None)

    app = web.Application()
    app.router.add_post(HOOK, take)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield Hook(f"http://127.0.0.1:{runner.addresses[0][1]}{HOOK}", got)
    finally:
        await runner.cleanup()


@dataclass(frozen=True, slots=True)
class Mailroom:
    """A mail server."""

    port: int
    got: list[Message] = field(default_factory=list)


@asynccontextmanager
async def mailroom(*, refuses: bytes = b"", hangs_up: bool = False) -> AsyncIterator[Mailroom]:
    """A mail server on a free port; it *refuses* recipients, or *hangs_up* when it has the whole letter."""
    got: list[Message] = []
    answers: dict[bytes, bytes] = {b"RCPT": refuses or b"250 ok", b"DATA": b"354 go on", b"QUIT": b"221 bye"}

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 here\r\n")
        while line := await reader.readline():
            verb = line[:4].upper().strip()
            writer.write(answers.get(verb, b"250 ok") + b"\r\n")
            if verb == b"DATA":
                whole = await reader.readuntil(b"\r\n.\r\n")
                got.append(message_from_bytes(whole[:-3].replace(b"\r\n..", b"\r\n."), policy=default))
                if hangs_up:
                    break
                writer.write(b"250 kept\r\n")
            if verb == b"QUIT":
                break
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield Mailroom(server.sockets[0].getsockname()[1], got)
    finally:
        server.close()
