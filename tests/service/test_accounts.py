"""Who asks: keys, sessions, passwords, back-off and the first admin."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from typing import Protocol

import pytest
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from sqlalchemy import text, update

from causal_eval.errors import NotLoggedIn, TooSoon
from causal_eval.service import accounts, keys, projects, users
from causal_eval.service.access import Caller, Role
from causal_eval.service.accounts import by_cookie, by_key, log_in, log_out
from causal_eval.service.keys import KeyOrder, MadeKey
from causal_eval.service.remembered import KeyMemory
from causal_eval.service.secret import check_password, digest, hash_password, key_id, new_key
from causal_eval.service.users import NewUser
from causal_eval.service.wiring import Service, Visit
from causal_eval.store.account_tables import users as user_rows
from causal_eval.store.accounts import User
from causal_eval.store.audit import entries

PASSWORD = "correct horse battery"
HERE, THERE = "192.0.2.1", "192.0.2.2"


class Clock(Protocol):
    """What a test moves."""

    now: float


@pytest.fixture
def ada(service: Service) -> User:
    """An evaluator with a password, in project ``local``."""
    admin = Visit(service, accounts.local_caller(HERE))
    return users.add(admin, NewUser("Ada@example.org", "Ada", Role.EVALUATOR, PASSWORD, frozenset({"local"})))


@pytest.fixture
def key(service: Service, ada: User) -> MadeKey:
    """A key of hers."""
    return keys.make(Visit(service, accounts.user_caller(ada, address=HERE)), KeyOrder("ci", Role.EVALUATOR))


def test_a_key_says_who_asks(service: Service, ada: User, key: MadeKey) -> None:
    """Its caller has the key's role, its user's projects, and the address of this very request."""
    caller = by_key(service, key.key, address=HERE)
    assert caller == Caller(f"key:{key.line.id}", "ci", Role.EVALUATOR, ada.projects, address=HERE)
    assert by_key(service, key.key, address=THERE).address == THERE


def test_a_key_is_nowhere_in_the_database(service: Service, key: MadeKey) -> None:
    """Only its SHA-256 and its public part are kept, and no repr shows it."""
    secret = key.key.rpartition("_")[2]
    with service.store.reading() as connection:
        dump = "\n".join(connection.connection.driver_connection.iterdump())  # type: ignore[union-attr]  # sqlite3's own
    assert secret not in dump
    assert digest(key.key) in dump
    assert secret not in repr(key)


@pytest.mark.parametrize("wrong", ["", "ceb_", "ceb_00000000_" + "0" * 43, "x" * 10_000, "ceb_\x00"])
def test_what_is_no_key_opens_nothing(service: Service, wrong: str) -> None:
    """An unknown or malformed key is refused."""
    with pytest.raises(NotLoggedIn, match="unknown or revoked"):
        by_key(service, wrong, address=HERE)


def test_another_secret_behind_the_same_public_part_opens_nothing(service: Service, key: MadeKey) -> None:
    """The whole key counts."""
    forged = f"{key.key[:-1]}{'1' if key.key[-1] != '1' else '2'}"
    assert key_id(forged) == key.line.id
    with pytest.raises(NotLoggedIn):
        by_key(service, forged, address=HERE)


def test_a_remembered_key_asks_the_database_nothing(service: Service, key: MadeKey, clock: Clock) -> None:
    """Within two seconds the second look-up needs no connection."""
    by_key(service, key.key, address=HERE)
    service.store.close()
    blind = replace(service, store=replace(service.store, engine=None))  # type: ignore[arg-type]  # must not be used
    clock.now += 1.9
    assert by_key(blind, key.key, address=HERE).name == "ci"


def test_a_revoked_key_is_shut_out_at_once_here_and_soon_elsewhere(
    service: Service, ada: User, key: MadeKey, clock: Clock
) -> None:
    """The process that revokes forgets it at once, another one within two seconds."""
    other = replace(service, known=KeyMemory())
    by_key(service, key.key, address=HERE)
    by_key(other, key.key, address=HERE)
    keys.revoke(Visit(service, accounts.user_caller(ada, address=HERE)), key.line.id)
    with pytest.raises(NotLoggedIn):
        by_key(service, key.key, address=HERE)
    clock.now += 2
    with pytest.raises(NotLoggedIn):
        by_key(other, key.key, address=HERE)


def test_a_key_expires_even_while_it_is_remembered(service: Service, ada: User, clock: Clock) -> None:
    """At its time it is over, not two seconds later."""
    owner = Visit(service, accounts.user_caller(ada, address=HERE))
    made = keys.make(owner, KeyOrder("short", expires_at=clock.now + 1))
    by_key(service, made.key, address=HERE)
    clock.now += 1
    with pytest.raises(NotLoggedIn, match="expired"):
        by_key(service, made.key, address=HERE)


def test_the_last_use_is_written_once_a_minute(service: Service, key: MadeKey, clock: Clock) -> None:
    """Uses within a minute write one row change."""
    owner = Visit(service, accounts.local_caller(HERE))
    seen = []
    for wait in (0, 30, 27, 3):
        clock.now += wait
        by_key(service, key.key, address=HERE)
        seen.append(keys.listed(owner, everybodys=True)[0].last_used_at)
    assert seen == [clock.now - 60] * 3 + [clock.now]


def test_a_key_loses_what_its_user_loses(service: Service, ada: User, key: MadeKey) -> None:
    """A user who is demoted, taken out of a project or disabled takes the keys along."""
    admin = Visit(service, accounts.local_caller(HERE))
    by_key(service, key.key, address=HERE)
    users.change(admin, ada.id, role=Role.VIEWER)
    assert by_key(service, key.key, address=HERE).role is Role.VIEWER
    projects.put_out(admin, "local", user=ada.id)
    assert by_key(service, key.key, address=HERE).projects == frozenset()
    users.disable(admin, ada.id)
    with pytest.raises(NotLoggedIn, match="disabled"):
        by_key(service, key.key, address=HERE)


def test_a_login_begins_a_session(service: Service, ada: User) -> None:
    """The address counts without its case; the cookie opens, the log has it, and no repr shows it."""
    begun = log_in(service, " ADA@example.org ", password=PASSWORD, address=HERE)
    login = by_cookie(service, begun.cookie, address=HERE)
    assert login.caller == Caller(f"user:{ada.id}", "Ada", Role.EVALUATOR, ada.projects, address=HERE)
    assert login.csrf == begun.csrf
    assert begun.cookie not in repr(begun)
    assert begun.csrf not in repr(begun) + repr(login)
    with service.store.reading() as connection:
        assert entries(connection)[0].entry.action == "session.begin"


def test_a_session_ends(service: Service, ada: User, clock: Clock) -> None:
    """By logging out, by lying idle, and at the latest after twelve hours."""
    for end in ("out", "idle", "old"):
        begun = log_in(service, ada.email, password=PASSWORD, address=HERE)
        if end == "out":
            log_out(service, begun.cookie)
        elif end == "idle":
            clock.now += accounts.IDLE
        else:
            for _ in range(int(accounts.SESSION // 3600) - 1):
                clock.now += 3600
                by_cookie(service, begun.cookie, address=HERE)
            clock.now += 3600
        with pytest.raises(NotLoggedIn, match="session is over"):
            by_cookie(service, begun.cookie, address=HERE)


@pytest.mark.parametrize("how", ["disable", "password"])
def test_disabling_a_user_or_a_new_password_ends_all_sessions(service: Service, ada: User, how: str) -> None:
    """Whoever was logged in is out."""
    admin = Visit(service, accounts.local_caller(HERE))
    begun = [log_in(service, ada.email, password=PASSWORD, address=HERE) for _ in range(2)]
    if how == "disable":
        users.disable(admin, ada.id)
    else:
        users.set_password(admin, ada.id, password="another password")
    for one in begun:
        with pytest.raises(NotLoggedIn):
            by_cookie(service, one.cookie, address=HERE)


@pytest.mark.parametrize("email", ["ada@example.org", "nobody@example.org", "x" * 400, "a\x00b"])
def test_a_failed_login_does_not_say_why(service: Service, ada: User, email: str) -> None:
    """Wrong password and unknown account read the same."""
    with pytest.raises(NotLoggedIn, match="do not belong together"):
        log_in(service, email, password="wrong", address=HERE)
    assert ada.disabled_at is None


@pytest.mark.slow
def test_an_unknown_account_takes_as_long_as_a_known_one() -> None:
    """The hash is computed either way; CPU time, the least of five each."""
    kept = hash_password(PASSWORD)
    check_password("warm", None)

    def least(against: str | None) -> float:
        times = []
        for _ in range(5):
            begun = time.process_time()
            assert not check_password("wrong", against).right
            times.append(time.process_time() - begun)
        return min(times)

    known, unknown = least(kept), least(None)
    assert 0.5 < known / unknown < 2


def test_failures_slow_down_one_account_at_one_address(service: Service, ada: User, clock: Clock) -> None:
    """1, 2, 4 ... up to 60 s; another address is not slowed, and success begins anew."""
    waits = []
    for _ in range(9):
        with pytest.raises(NotLoggedIn):
            log_in(service, ada.email, password="wrong", address=HERE)
        with pytest.raises(TooSoon, match=r"try again in \d+ s") as refused:
            log_in(service, ada.email, password=PASSWORD, address=HERE)
        waits.append(refused.value.wait)
        clock.now += refused.value.wait
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    log_in(service, ada.email, password=PASSWORD, address=THERE)
    log_in(service, ada.email, password=PASSWORD, address=HERE)
    log_in(service, ada.email, password=PASSWORD, address=HERE)


def test_addresses_of_one_network_are_one(service: Service, ada: User) -> None:
    """Somebody who has an IPv6 network gains nothing by changing addresses within it."""
    with pytest.raises(NotLoggedIn):
        log_in(service, ada.email, password="wrong", address="2001:db8::1")
    with pytest.raises(TooSoon):
        log_in(service, ada.email, password="wrong", address="2001:db8::2")
    with pytest.raises(NotLoggedIn):
        log_in(service, ada.email, password="wrong", address="2001:db8:0:1::2")


def test_a_hash_with_weaker_parameters_is_made_anew(
    service: Service, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The login that proves the password keeps a stronger hash of it."""
    monkeypatch.setattr("causal_eval.service.secret._hasher", PasswordHash.recommended)
    weak = Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    with service.store.writing() as connection:
        connection.execute(update(user_rows).values(password=weak))
    log_in(service, ada.email, password=PASSWORD, address=HERE)
    with service.store.reading() as connection:
        kept = connection.scalars(text("SELECT password FROM users")).one()
    assert kept.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    log_in(service, ada.email, password=PASSWORD, address=HERE)


def test_the_first_admin_is_made_once(service: Service) -> None:
    """Of processes that begin at the same time one makes it, and its password opens."""
    barrier, made = threading.Barrier(4), []

    def begin() -> None:
        barrier.wait()
        made.append(accounts.bootstrap(service))

    threads = [threading.Thread(target=begin) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (first,) = [one for one in made if one is not None]
    assert first.password not in repr(first)
    begun = log_in(service, first.email, password=first.password, address=HERE)
    assert by_cookie(service, begun.cookie, address=HERE).caller.role is Role.ADMIN
    assert accounts.bootstrap(service) is None


def test_keys_have_the_promised_form() -> None:
    """``ceb_``, eight characters, and all of 32 bytes in base 62."""
    assert new_key("a", "f" * 64).endswith("_" + new_key("b", "f" * 64).rpartition("_")[2])
    assert key_id(new_key("a", "0" * 64)) == new_key("a", "0" * 64)[4:12]
    assert len({new_key(str(number), "1" * 64)[4:12] for number in range(2000)}) == 2000
