"""Where requests may go that people outside of the operator's circle cause: never inside the house, unless listed.

The address is checked when the connection is made, on what the name has resolved to then: a name that resolves to
something else a moment later (rebinding) gains nothing. Redirects are refused, whoever sends them.
"""

from __future__ import annotations

import errno
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from causal_eval.errors import UsageError

Address = IPv4Address | IPv6Address

_METADATA = frozenset({ip_address("168.63.129.16"), ip_address("100.100.100.200"), ip_address("fd00:ec2::254")})
"""Of clouds; the usual 169.254.169.254 is link-local."""
_PROTOCOLS = ip_network("192.0.0.0/24")
"""Of protocols and of one more cloud's metadata; some versions of Python call parts of it global."""
_NAT64 = ip_network("64:ff9b::/96")
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


class AddressRefused(PermissionError):
    """The name resolves to an address that may not be called."""


@dataclass(frozen=True, slots=True)
class Allowed:
    """What the operator lets through though it lies inside."""

    networks: tuple[IPv4Network | IPv6Network, ...] = ()
    places: frozenset[tuple[str, int]] = frozenset()
    """Host and port."""

    @classmethod
    def parse(cls, text: str) -> Allowed:
        """The comma list of ``CEB_ALLOWED_NETWORKS``.

        Raises:
            UsageError: a part is neither a network nor host:port.
        """
        networks, places = [], set()
        for part in filter(None, map(str.strip, text.split(","))):
            try:
                if "/" in part:
                    networks.append(ip_network(part, strict=False))
                else:
                    host, _, port = part.rpartition(":")
                    places.add((host.strip("[]").lower(), int(port)))
            except ValueError as error:
                raise UsageError(f"CEB_ALLOWED_NETWORKS has {part!r}: give networks and host:port") from error
        return cls(tuple(networks), frozenset(places))

    def lets(self, address: Address, port: int) -> bool:
        """True: the operator has listed it."""
        return any(address in network for network in self.networks) or (str(address), port) in self.places


def is_outside(address: Address) -> bool:
    """True: it belongs to no machine, network or cloud of the house; IPv4 in IPv6 clothes counts as what it is."""
    if isinstance(address, IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo or (None, None))[1]
        if address in _NAT64:
            inner = IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return is_outside(inner)
    return address.is_global and not address.is_multicast and address not in _METADATA and address not in _PROTOCOLS


@dataclass(frozen=True, slots=True)
class Doorkeeper:
    """Makes the sockets of a connector, and none to where nobody may go."""

    allowed: Allowed
    trusted: set[tuple[str, int]] = field(default_factory=set)
    """Addresses and ports that listed names have resolved to."""

    def socket_to(self, info: tuple[int, int, int, str, tuple[object, ...]]) -> socket.socket:
        """A socket for this very address.

        Raises:
            AddressRefused: it lies inside, and is not listed.
        """
        family, kind, protocol, _, (host, port, *_) = info
        address, port = ip_address(str(host)), int(str(port))
        plain = address.ipv4_mapped or address if isinstance(address, IPv6Address) else address
        listed = self.allowed.lets(plain, port) or (str(address), port) in self.trusted
        if not listed and not is_outside(address):
            raise AddressRefused(
                errno.EACCES, f"{address} port {port} lies inside: an operator can list it in CEB_ALLOWED_NETWORKS"
            )
        return socket.socket(family, kind, protocol)


class _Names(AbstractResolver):
    """Resolves as *inner* does, and remembers where listed names lead."""

    def __init__(self, doorkeeper: Doorkeeper, inner: AbstractResolver) -> None:
        self._doorkeeper, self._inner = doorkeeper, inner

    async def resolve(  # type: ignore[override]  # aiohttp passes the family by name
        self, host: str, port: int = 0, *, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = await self._inner.resolve(host, port, family)
        if (host.lower(), port) in self._doorkeeper.allowed.places:
            self._doorkeeper.trusted.update((result["host"], port) for result in found)
        return found

    async def close(self) -> None:
        await self._inner.close()


def guarded(allowed: Allowed, *, resolver: AbstractResolver | None = None) -> aiohttp.ClientSession:
    """A session that goes where it may and follows no redirect; it uses no proxy, and is made inside a running loop.

    A refused address ends the request with ``ClientConnectorError`` (its ``os_error`` says why), a redirect with
    ``TooManyRedirects``.
    """
    doorkeeper = Doorkeeper(allowed)
    names = _Names(doorkeeper, resolver or aiohttp.DefaultResolver())
    connector = aiohttp.TCPConnector(resolver=names, socket_factory=doorkeeper.socket_to, use_dns_cache=False)
    return aiohttp.ClientSession(connector=connector, trust_env=False, middlewares=(_stay,))


async def _stay(
    request: aiohttp.ClientRequest, handler: Callable[[aiohttp.ClientRequest], Awaitable[aiohttp.ClientResponse]]
) -> aiohttp.ClientResponse:
    response = await handler(request)
    if response.status in _REDIRECTS:
        response.close()
        raise aiohttp.TooManyRedirects(
            response.request_info, (response,), status=response.status, message="redirects are not followed"
        )
    return response
