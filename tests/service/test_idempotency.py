"""A request sent twice is carried out once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Protocol

import pytest

from causal_eval.errors import Conflict, UsageError
from causal_eval.service.access import Caller, Role
from causal_eval.service.idempotency import KEPT, Replay, abandon, begin, finish
from causal_eval.service.wiring import Service, Visit

ONE, OTHER = "1" * 64, "2" * 64


class Clock(Protocol):
    """What a test moves."""

    now: float


def test_the_second_is_answered_like_the_first(visit: Visit) -> None:
    """Status and bytes are the same."""
    assert begin(visit, "k", request=ONE) is None
    finish(visit, "k", status=201, body=b'{"id": 1}')
    assert begin(visit, "k", request=ONE) == Replay(201, b'{"id": 1}')


def test_a_key_is_for_one_request(visit: Visit) -> None:
    """Another one with it is a mistake, and is said to be."""
    begin(visit, "k", request=ONE)
    finish(visit, "k", status=201, body=b"")
    with pytest.raises(Conflict, match="came with another request"):
        begin(visit, "k", request=OTHER)


def test_while_the_first_is_under_way_the_second_is_refused(visit: Visit) -> None:
    """And when the first came to nothing, the key may be used anew."""
    assert begin(visit, "k", request=ONE) is None
    with pytest.raises(Conflict, match="under way"):
        begin(visit, "k", request=ONE)
    abandon(visit, "k")
    assert begin(visit, "k", request=ONE) is None


def test_of_many_at_once_one_is_carried_out(visit: Visit) -> None:
    """Whatever the threads do."""
    barrier, first = threading.Barrier(8), []

    def send() -> None:
        barrier.wait()
        try:
            first.append(begin(visit, "k", request=ONE))
        except Conflict:
            return

    threads = [threading.Thread(target=send) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert first == [None]


def test_keys_of_different_callers_do_not_meet(service: Service, caller: Callable[..., Caller]) -> None:
    """Nobody is answered with what somebody else was."""
    one, other = Visit(service, caller(Role.ADMIN)), Visit(service, caller(Role.VIEWER))
    begin(one, "k", request=ONE)
    finish(one, "k", status=200, body=b"secret")
    assert begin(other, "k", request=ONE) is None


def test_an_answer_is_kept_for_a_day(visit: Visit, clock: Clock) -> None:
    """Then the key is a fresh one."""
    begin(visit, "k", request=ONE)
    finish(visit, "k", status=200, body=b"")
    clock.now += KEPT
    assert begin(visit, "k", request=ONE) == Replay(200, b"")
    clock.now += 1
    assert begin(visit, "k", request=ONE) is None


@pytest.mark.parametrize("key", ["", "x" * 201, "ä", "a\nb"])
def test_a_key_is_short_and_plain(visit: Visit, key: str) -> None:
    """Anything else is refused before the database sees it."""
    with pytest.raises(UsageError, match="Idempotency-Key"):
        begin(visit, key, request=ONE)
