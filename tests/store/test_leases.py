"""Leases: slots never pass the cap, dead workers' come back, and only one sweeps."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert

from causal_eval.store import workers
from causal_eval.store.database import Store
from causal_eval.store.leases import Demand, fair_shares, share
from causal_eval.store.switches import switched
from causal_eval.store.work_tables import switches
from causal_eval.store.workers import Worker

MANY = 10_000


@pytest.fixture
def site(store: Store) -> Store:
    """A database with three workers."""
    with store.writing() as connection:
        for name in "abc":
            workers.sign_in(connection, Worker(name, "host", 1, "0", 0.0))
    return store


def ask(store: Store, worker: str, wanted: int, *, opened: int = 0, cap: int = 100, seconds: float = 5.0) -> int:
    """What *worker* gets."""
    with store.writing() as connection:
        return share(connection, worker, demand=Demand(opened, wanted), cap=cap, seconds=seconds)


@given(st.integers(0, 500), st.dictionaries(st.text(max_size=3), st.integers(0, 400), min_size=1, max_size=6))
def test_shares_are_all_of_the_cap(cap: int, wanted: dict[str, int]) -> None:
    """Nothing is left over, nobody gets less than a fair part of what it wants, nothing is negative."""
    shares = fair_shares(cap, wanted)
    assert sum(shares.values()) == cap
    assert all(shares[name] >= min(wanted[name], cap // len(wanted)) for name in wanted)


def test_leases_never_pass_the_cap(site: Store) -> None:
    """The first gets all; a second waits for what the first gives up; in the end both have half."""
    assert ask(site, "a", MANY) == 100
    assert ask(site, "b", MANY) == 0
    assert ask(site, "a", MANY, opened=100) == 50  # open calls end in their own time
    assert ask(site, "b", MANY) == 0
    assert ask(site, "a", MANY, opened=50) == 50
    assert ask(site, "b", MANY) == 50


def test_a_lease_that_ran_out_is_free(site: Store) -> None:
    """Slots of a worker that does not renew come back."""
    assert ask(site, "a", MANY, seconds=-1.0) == 100
    assert ask(site, "b", MANY) == 100


def test_a_lower_cap_holds_for_all(site: Store) -> None:
    """At its next renewal, every worker has its part of the new cap."""
    ask(site, "a", MANY)
    assert ask(site, "a", MANY, cap=10) == 10
    assert ask(site, "b", MANY, cap=10) == 0


def test_a_switch_holds_until_its_time_is_over(site: Store) -> None:
    """What an operator set is there until then."""
    row = {"name": "X", "value": "7", "set_by": "local", "set_at": 0.0, "until": None, "reason": ""}
    with site.writing() as connection:
        connection.execute(insert(switches), [row, {**row, "name": "Y", "until": 1.0}])
        assert (switched(connection, "X"), switched(connection, "Y"), switched(connection, "Z")) == ("7", None, None)


def test_one_sweeps_at_a_time(site: Store) -> None:
    """A lease is its owner's until it runs out, and may be renewed."""
    with site.writing() as connection:
        assert workers.take_lease(connection, "sweep", owner="a", seconds=9)
        assert not workers.take_lease(connection, "sweep", owner="b", seconds=9)
        assert workers.take_lease(connection, "sweep", owner="a", seconds=-1)
        assert workers.take_lease(connection, "sweep", owner="b", seconds=9)


def test_the_silent_are_dead(site: Store) -> None:
    """Who does not say in time that it lives is none of the living, and is forgotten with its leases."""
    ask(site, "a", MANY)
    with site.writing() as connection:
        assert workers.hands(connection, within=60) == dict.fromkeys("abc")
        workers.forget_dead(connection, after=0)
        assert workers.hands(connection, within=60) == {}
        assert not workers.beat(connection, "a", draining=False, in_hand=())
    assert ask_again(site) == 100


def ask_again(store: Store) -> int:
    """What a worker that signs in anew gets."""
    with store.writing() as connection:
        workers.sign_in(connection, Worker("d", "host", 1, "0", 0.0))
    return ask(store, "d", MANY)
