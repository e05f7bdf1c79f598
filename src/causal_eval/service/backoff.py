"""Guessing made slow: after a failed login the same account waits at the same address, and nobody is locked out."""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address, ip_network

from causal_eval.errors import TooSoon
from causal_eval.service.wiring import Service
from causal_eval.store.accounts import Failures, failures, forget_failures, save_failures

LONGEST = 60.0
"""Seconds that a login has to wait at most."""
FORGOTTEN = 86_400.0
"""Seconds without a try after which failures no longer count."""


def neighbourhood(address: str) -> str:
    """What counts as one address: of IPv6 the /64 network, which a single subscriber has whole."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address[:64]
    if isinstance(parsed, IPv6Address):
        mapped = parsed.ipv4_mapped
        return str(mapped or ip_network((int(parsed), 64), strict=False))
    return str(parsed)


def take_turn(service: Service, account: str, *, address: str) -> int:
    """Count a try as failed before it is made, so that tries at the same time wait for each other; failures before it.

    Raises:
        TooSoon: the last failure was too short a time ago.
    """
    now, place = service.clock(), neighbourhood(address)
    with service.store.writing() as connection:
        before = failures(connection, account, address=place)
        age = max(now - before.last_at, 0.0)
        if before.count and age < FORGOTTEN and (wait := _delay(before.count) - age) > 0:
            raise TooSoon(f"{before.count} failed logins into this account from this address", wait=wait)
        count = before.count + 1 if age < FORGOTTEN else 1
        save_failures(connection, account, address=place, now=Failures(count, now), forget=now - FORGOTTEN)
    return count - 1


def clear(service: Service, account: str, *, address: str) -> None:
    """The login succeeded: nobody waits any more."""
    with service.store.writing() as connection:
        forget_failures(connection, account, address=neighbourhood(address))


def _delay(count: int) -> float:
    return min(2.0 ** min(count - 1, 10), LONGEST)
