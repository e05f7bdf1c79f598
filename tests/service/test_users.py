"""Users: an admin is always left, everybody else changes only himself, and keys reach no further than their makers."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Protocol

import pytest

from causal_eval.errors import CausalEvalError, Conflict, NotAllowed, NotLoggedIn, UnknownName, UsageError
from causal_eval.service import accounts, audit, keys, users
from causal_eval.service.access import NOBODY, Caller, Permission, Role
from causal_eval.service.accounts import by_key, user_caller
from causal_eval.service.keys import KeyOrder
from causal_eval.service.users import NewUser
from causal_eval.service.wiring import Service, Visit
from causal_eval.store.accounts import User

PASSWORD = "correct horse battery"


class Clock(Protocol):
    """What a test moves."""

    now: float


@pytest.fixture
def admin(service: Service) -> Visit:
    """Somebody who may everything."""
    return Visit(service, accounts.local_caller("127.0.0.1"))


@pytest.fixture
def ada(admin: Visit) -> User:
    """An evaluator in project ``local``."""
    return users.add(admin, NewUser("ada@example.org", "Ada", Role.EVALUATOR, PASSWORD, frozenset({"local"})))


@pytest.fixture
def hers(admin: Visit, ada: User) -> Visit:
    """Ada at the service."""
    return Visit(admin.service, user_caller(ada, address=""))


def test_the_last_admin_stays(admin: Visit, ada: User) -> None:
    """Neither disabled nor demoted; with a second one the first may go."""
    first = users.add(admin, NewUser("root@example.org", "Root", Role.ADMIN))
    with pytest.raises(Conflict, match="last admin and cannot be demoted"):
        users.change(admin, first.id, role=Role.OPERATOR)
    with pytest.raises(Conflict, match="last admin and cannot be disabled"):
        users.disable(admin, first.id)
    users.change(admin, ada.id, role=Role.ADMIN)
    assert users.disable(admin, first.id).disabled_at is not None
    with pytest.raises(Conflict):
        users.disable(admin, ada.id)
    assert users.enable(admin, first.id).disabled_at is None


def test_two_admins_who_demote_each_other_at_once_leave_one(admin: Visit) -> None:
    """Of two changes at the same moment one is refused."""
    both = [users.add(admin, NewUser(f"{name}@example.org", name, Role.ADMIN)) for name in ("a", "b")]
    barrier, refused = threading.Barrier(2), []

    def demote(user: str) -> None:
        barrier.wait()
        try:
            users.change(admin, user, role=Role.VIEWER)
        except Conflict as error:
            refused.append(error)

    threads = [threading.Thread(target=demote, args=(user.id,)) for user in both]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 1
    assert sorted(user.role for user in users.listed(admin)) == ["admin", "viewer"]


def test_an_address_has_one_account(admin: Visit, ada: User) -> None:
    """Whatever its case."""
    with pytest.raises(Conflict, match="has an account"):
        users.add(admin, NewUser(ada.email.upper(), "Other"))


@pytest.mark.parametrize(
    ("wanted", "says"),
    [
        (NewUser("nobody", "N"), "email is"),
        (NewUser("a b@example.org", "N"), "email is"),
        (NewUser("a@example.org", " "), "name of the user"),
        (NewUser("a@example.org", "a\nb"), "name of the user"),
        (NewUser("a@example.org", "N", password="short"), "password has 5 characters"),
        (NewUser("a@example.org", "N", projects=frozenset({"nowhere"})), "unknown project 'nowhere'"),
    ],
    ids=["no-at", "space", "no-name", "line-break", "short", "project"],
)
def test_a_bad_field_is_named_and_nothing_is_kept(admin: Visit, wanted: NewUser, says: str) -> None:
    """The message names the field, and no user is there."""
    with pytest.raises(UsageError, match=says):
        users.add(admin, wanted)
    assert users.listed(admin) == []


def test_only_admins_manage_users(service: Service, caller: Callable[..., Caller], ada: User) -> None:
    """Everybody else is refused everything but himself."""
    visit = Visit(service, caller(Role.OPERATOR))
    tries: list[Callable[[], object]] = [
        lambda: users.add(visit, NewUser("x@example.org", "X")),
        lambda: users.listed(visit),
        lambda: users.find(visit, ada.id),
        lambda: users.change(visit, ada.id, role=Role.ADMIN),
        lambda: users.set_password(visit, ada.id, password="a new password"),
        lambda: users.disable(visit, ada.id),
        lambda: users.enable(visit, ada.id),
        lambda: audit.listed(visit),
        lambda: audit.broken(visit),
        lambda: keys.listed(visit, everybodys=True),
    ]
    for attempt in tries:
        with pytest.raises(NotAllowed):
            attempt()


def test_ones_own_password_needs_the_present_one(hers: Visit, ada: User) -> None:
    """Whoever finds a browser open cannot take the account."""
    with pytest.raises(NotAllowed, match="present password is wrong"):
        users.set_password(hers, ada.id, password="a new password", present="guess")
    users.set_password(hers, ada.id, password="a new password", present=PASSWORD)
    accounts.log_in(hers.service, ada.email, password="a new password", address="")


def test_every_change_is_in_the_log_without_secrets(admin: Visit, ada: User, hers: Visit) -> None:
    """Each deed has an entry, the chain is whole, and neither password nor key is told."""
    users.change(admin, ada.id, name="Ada L.")
    users.set_password(admin, ada.id, password="a new password")
    made = keys.make(hers, KeyOrder("ci"))
    keys.revoke(hers, made.line.id)
    users.disable(admin, ada.id)
    users.enable(admin, ada.id)
    noted = audit.listed(admin)
    assert [one.entry.action for one in reversed(noted)] == [
        "user.add", "user.change", "user.password", "key.make", "key.revoke", "user.disable", "user.enable",
    ]  # fmt: skip
    assert audit.broken(admin) == []
    assert not [one for one in noted if "password" in repr(one.entry.detail) or made.key in repr(one)]


def test_a_key_is_seen_and_revoked_by_its_owner_and_by_admins(admin: Visit, hers: Visit) -> None:
    """For everybody else it is unknown."""
    one, two = (keys.make(hers, KeyOrder(name)).line for name in ("one", "two"))
    other = users.add(admin, NewUser("bob@example.org", "Bob", Role.OPERATOR))
    his = Visit(admin.service, user_caller(other, address=""))
    assert keys.listed(his) == []
    with pytest.raises(UnknownName):
        keys.revoke(his, one.id)
    with pytest.raises(NotLoggedIn):
        keys.revoke(Visit(admin.service, NOBODY), one.id)
    keys.revoke(hers, one.id)
    keys.revoke(admin, two.id)
    assert {key.id for key in keys.listed(hers) if key.revoked_at is not None} == {one.id, two.id}
    assert keys.listed(admin) == []


@pytest.mark.parametrize(
    "wanted",
    [
        KeyOrder("x", Role.OPERATOR),
        KeyOrder("x", project="elsewhere"),
        KeyOrder("", Role.VIEWER),
        KeyOrder("x", expires_at=1.0),
    ],
    ids=["role", "project", "name", "expired"],
)
def test_a_key_reaches_no_further_than_its_user(hers: Visit, wanted: KeyOrder) -> None:
    """A higher role, a foreign project, no name or a time that is past: none is made."""
    with pytest.raises(CausalEvalError):
        keys.make(hers, wanted)
    assert keys.listed(hers) == []


def test_a_key_that_makes_a_key_hands_on_its_limits(hers: Visit, clock: Clock) -> None:
    """Scopes, project and life of the child lie within those of the parent."""
    ends = clock.now + 100
    scopes = frozenset({Permission.READ})
    parent = keys.make(hers, KeyOrder("parent", Role.EVALUATOR, "local", scopes, ends))
    visit = Visit(hers.service, by_key(hers.service, parent.key, address=""))
    for wider in (
        KeyOrder("x", project="local", expires_at=ends),
        KeyOrder("x", project="local", scopes=frozenset({Permission.EVALUATE}), expires_at=ends),
        KeyOrder("x", scopes=scopes, expires_at=ends),
        KeyOrder("x", project="local", scopes=scopes),
        KeyOrder("x", project="local", scopes=scopes, expires_at=ends + 1),
    ):
        with pytest.raises(NotAllowed):
            keys.make(visit, wider)
    child = keys.make(visit, KeyOrder("child", project="local", scopes=scopes, expires_at=ends))
    assert by_key(hers.service, child.key, address="").scopes == scopes


def test_a_key_for_one_project_governs_nothing_else(admin: Visit) -> None:
    """Roles of the whole system cannot be had by it, even from an admin."""
    root = users.add(admin, NewUser("root@example.org", "Root", Role.ADMIN))
    visit = Visit(admin.service, user_caller(root, address=""))
    with pytest.raises(UsageError, match="for one project"):
        keys.make(visit, KeyOrder("x", Role.ADMIN, "local"))
    made = keys.make(visit, KeyOrder("x", Role.EVALUATOR, "local"))
    assert by_key(admin.service, made.key, address="").projects == frozenset({"local"})
