"""Outbound requests: nothing inside the house is reached, whatever its name says and however often it changes."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from ipaddress import ip_address

import aiohttp
import pytest
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult

from causal_eval.errors import UsageError
from causal_eval.operations.guard import AddressRefused, Allowed, guarded, is_outside

pytestmark = pytest.mark.anyio


class Names(AbstractResolver):
    """Resolves every name to the next address of a list, and stays at the last."""

    def __init__(self, *addresses: str) -> None:
        self.addresses = list(addresses)

    async def resolve(
        self,
        host: str,
        port: int = 0,
        family: socket.AddressFamily = socket.AF_INET,  # noqa: ARG002 - the interface of resolvers
    ) -> list[ResolveResult]:
        address = self.addresses.pop(0) if len(self.addresses) > 1 else self.addresses[0]
        kind = socket.AF_INET6 if ":" in address else socket.AF_INET
        return [
            ResolveResult(hostname=host, host=address, port=port, family=kind, proto=0, flags=socket.AI_NUMERICHOST)
        ]

    async def close(self) -> None:
        """Nothing is open."""


@dataclass
class Inside:
    """A server on this machine that nobody outside may reach."""

    port: int = 0
    asked: list[str] = field(default_factory=list)


@pytest.fixture
async def inside() -> AsyncIterator[Inside]:
    """The server, listening."""
    server = Inside()

    async def answer(request: web.Request) -> web.Response:
        server.asked.append(request.path)
        if request.path == "/away":
            raise web.HTTPFound(f"http://127.0.0.1:{server.port}/secret")
        return web.Response(text="secret")

    app = web.Application()
    app.router.add_get("/{path}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    server.port = runner.addresses[0][1]
    yield server
    await runner.cleanup()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "[::1]", "0.0.0.0", "2130706433"])
async def test_this_machine_is_not_reached_however_it_is_written(inside: Inside, host: str) -> None:
    """The connection is refused before a byte is sent."""
    async with guarded(Allowed()) as session:
        with pytest.raises(aiohttp.ClientError):
            await session.get(f"http://{host}:{inside.port}/secret")
    assert inside.asked == []


@pytest.mark.parametrize("then", ["127.0.0.1", "::ffff:127.0.0.1", "::1", "64:ff9b::7f00:1", "2002:7f00:1::"])
async def test_a_name_that_rebinds_is_judged_by_what_it_is_connected_to(inside: Inside, then: str) -> None:
    """It is public when it is looked at, and inside when it is called, in IPv6 clothes too: the call is refused."""
    names = Names("192.0.2.1", then)
    assert [found["host"] for found in await names.resolve("rebind.test")] == ["192.0.2.1"]
    async with guarded(Allowed(), resolver=names) as session:
        with pytest.raises(aiohttp.ClientConnectorError) as refused:
            await session.get(f"http://rebind.test:{inside.port}/secret")
    assert isinstance(refused.value.os_error, AddressRefused)
    assert "CEB_ALLOWED_NETWORKS" in str(refused.value)
    assert inside.asked == []


@pytest.mark.parametrize("listed", ["127.0.0.0/8", "127.0.0.1:{port}", "inside.test:{port}"])
async def test_what_the_operator_lists_is_reached(inside: Inside, listed: str) -> None:
    """A network, an address with its port, or a name with its port."""
    allowed = Allowed.parse(listed.format(port=inside.port))
    async with guarded(allowed, resolver=Names("127.0.0.1")) as session:
        response = await session.get(f"http://inside.test:{inside.port}/secret")
        assert await response.text() == "secret"


async def test_a_listed_name_opens_its_port_alone(inside: Inside) -> None:
    """Another port of the same machine stays shut."""
    allowed = Allowed.parse(f"inside.test:{inside.port + 1}")
    async with guarded(allowed, resolver=Names("127.0.0.1")) as session:
        with pytest.raises(aiohttp.ClientConnectorError):
            await session.get(f"http://inside.test:{inside.port}/secret")
    assert inside.asked == []


async def test_a_redirect_is_not_followed(inside: Inside) -> None:
    """Not even to where one might go oneself."""
    async with guarded(Allowed.parse("127.0.0.0/8")) as session:
        with pytest.raises(aiohttp.TooManyRedirects, match="redirects are not followed"):
            await session.get(f"http://127.0.0.1:{inside.port}/away")
    assert inside.asked == ["/away"]


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.9.9.9", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0",
        "100.100.100.200", "168.63.129.16", "192.0.0.192", "224.0.0.1", "239.1.1.1", "255.255.255.255", "240.0.0.1",
        "::1", "::", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "fe80::1", "fc00::1", "fd00:ec2::254", "ff02::1",
        "ff0e::1", "2002:7f00:1::", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "2001:0:0:0:0:0:80ff:fffe",
    ],
)  # fmt: skip
async def test_what_lies_inside(address: str) -> None:
    """Loopback, private, link-local, shared, metadata, multicast, reserved; also inside IPv6."""
    assert not is_outside(ip_address(address))


@pytest.mark.parametrize("address", ["8.8.8.8", "1.1.1.1", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"])
async def test_what_lies_outside(address: str) -> None:
    """Public addresses may be called."""
    assert is_outside(ip_address(address))


@pytest.mark.parametrize("text", ["10.0.0.0/99", "host", "host:port", "a/b"])
async def test_a_list_that_makes_no_sense_is_refused(text: str) -> None:
    """The part is named."""
    with pytest.raises(UsageError, match="CEB_ALLOWED_NETWORKS has"):
        Allowed.parse(text)
