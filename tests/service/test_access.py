"""Roles and projects: who may do what."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from causal_eval.errors import NotAllowed, NotLoggedIn, UnknownName
from causal_eval.service.access import NOBODY, Caller, Permission, Role, require

ALLOWED = {
    Role.VIEWER: {Permission.READ},
    Role.EVALUATOR: {Permission.READ, Permission.EVALUATE},
    Role.OPERATOR: {Permission.READ, Permission.EVALUATE, Permission.OPERATE},
    Role.ADMIN: set(Permission),
}


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("permission", Permission)
def test_a_role_has_the_rights_of_those_before_it(
    role: Role, permission: Permission, caller: Callable[..., Caller]
) -> None:
    """Every role may do exactly what the table says."""
    assert caller(role).may(permission) == (permission in ALLOWED[role])
    if permission not in ALLOWED[role]:
        with pytest.raises(NotAllowed, match=f"this needs {permission}"):
            require(caller(role), permission)


def test_a_scope_limits_a_key_below_its_role() -> None:
    """A key of an admin that is limited to reading does not write."""
    key = Caller("key:1", "ci", Role.ADMIN, frozenset({"local"}), frozenset({Permission.READ}))
    require(key, Permission.READ, project="local")
    with pytest.raises(NotAllowed, match="limited to read"):
        require(key, Permission.EVALUATE, project="local")


def test_another_project_is_unknown_rather_than_forbidden(caller: Callable[..., Caller]) -> None:
    """Whether a project exists is not told to those who may not enter it, whatever their role."""
    with pytest.raises(UnknownName, match="unknown project 'theirs'"):
        require(caller(Role.ADMIN, "ours"), Permission.READ, project="theirs")


def test_nobody_may_do_nothing() -> None:
    """Who has not logged in is told how."""
    with pytest.raises(NotLoggedIn, match="Authorization: Bearer"):
        require(NOBODY, Permission.READ)
