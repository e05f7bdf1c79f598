"""Requests are counted by who asks; a counter that is gone lets everybody through, and says so."""

from __future__ import annotations

import socket
import sys
from collections.abc import Callable
from dataclasses import replace

import pytest

from causal_eval.errors import TooSoon, UsageError
from causal_eval.service.access import NOBODY, Caller, Role
from causal_eval.service.inbound import REST, Inbound, Window, make_inbound
from causal_eval.service.wiring import Service


def _admitted(inbound: Inbound, caller: Caller, *, address: str = "192.0.2.1", tries: int = 8) -> int:
    count = 0
    for _ in range(tries):
        try:
            inbound.admit(caller, address=address)
        except TooSoon:
            continue
        count += 1
    return count


def test_each_caller_has_a_count_of_his_own(service: Service, caller: Callable[..., Caller]) -> None:
    """A key or user wherever it calls from; without a login, each address."""
    inbound = make_inbound(replace(service.settings, requests_per_minute=5))
    assert _admitted(inbound, caller(Role.VIEWER)) == 5
    assert _admitted(inbound, caller(Role.VIEWER), address="192.0.2.2") == 0
    assert _admitted(inbound, caller(Role.ADMIN)) == 5
    assert _admitted(inbound, NOBODY) == 5
    assert _admitted(inbound, NOBODY, address="192.0.2.2") == 5
    assert inbound.lapses == 0


def test_one_too_many_is_told_how_long_to_wait(service: Service, caller: Callable[..., Caller]) -> None:
    """The message names the limit and the seconds."""
    inbound = make_inbound(replace(service.settings, requests_per_minute=1))
    inbound.admit(caller(), address="")
    with pytest.raises(TooSoon, match=r"more than 1 requests in a minute: try again in 60 s"):
        inbound.admit(caller(), address="")


def test_redis_gone_lets_through_and_is_counted(service: Service, caller: Callable[..., Caller]) -> None:
    """Nobody is refused for it; this process counts meanwhile, and looks again after a while."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"redis://127.0.0.1:{closed.getsockname()[1]}/0"
    now = [0.0]
    settings = replace(service.settings, requests_per_minute=5, redis_url=url)
    inbound = replace(make_inbound(settings), now=lambda: now[0])
    assert _admitted(inbound, caller()) == 5
    assert inbound.lapses == 1
    now[0] += REST
    assert _admitted(inbound, caller(Role.ADMIN)) == 0
    assert _admitted(inbound, NOBODY) == 5
    assert inbound.lapses == 2


def test_the_window_slides() -> None:
    """What was asked in the minute before counts by how much of it the last sixty seconds still hold."""
    window = Window()
    assert [window.hit(4, "a", now=59.0) for _ in range(5)] == [True] * 4 + [False]
    assert not window.hit(4, "a", now=60.0)
    assert [window.hit(4, "a", now=90.0) for _ in range(3)] == [True, True, False]
    assert [window.hit(4, "a", now=240.0) for _ in range(5)] == [True] * 4 + [False]
    assert window.hit(4, "b", now=59.0)


def test_a_redis_library_that_cannot_be_imported_is_one_clear_error(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where `redis` is there and what it needs is not: it names the variable and what to install."""
    monkeypatch.setitem(sys.modules, "redis", None)
    with pytest.raises(
        UsageError, match=r"REDIS_URL is set, and the package redis .* cannot be imported .*bench\[service\]"
    ):
        make_inbound(replace(service.settings, redis_url="redis://127.0.0.1:1/0"))
