"""Who may do what: four roles, each with the rights of the one before, and projects that only members enter."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from causal_eval.errors import NotAllowed, NotLoggedIn, UnknownName


class Role(StrEnum):
    """What somebody is; each may do all that those before it may."""

    VIEWER = "viewer"
    EVALUATOR = "evaluator"
    OPERATOR = "operator"
    ADMIN = "admin"


class Permission(StrEnum):
    """What a door asks for before it does anything."""

    READ = "read"
    """See what a project holds; part of every scope, because what changes something answers with what it is now."""
    EVALUATE = "evaluate"
    """Begin, cancel and repeat evaluations, generate sets, submit to the leaderboard, and use configured endpoints."""
    OPERATE = "operate"
    """Switches, limits, workers, the detail of health: the system, of which no project is part."""
    ADMINISTER = "administer"
    """Users, projects, provider keys, the audit log, moderation."""


_LEAST = {
    Permission.READ: Role.VIEWER,
    Permission.EVALUATE: Role.EVALUATOR,
    Permission.OPERATE: Role.OPERATOR,
    Permission.ADMINISTER: Role.ADMIN,
}
_RANK = {role: rank for rank, role in enumerate(Role)}


def at_least(role: Role, other: Role) -> bool:
    """True: *role* may do all that *other* may."""
    return _RANK[role] >= _RANK[other]


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks, as a door has made sure of it."""

    actor: str
    """``user:<id>``, ``key:<id>``, ``local`` (a laptop without accounts) or ``nobody``; as in the audit log."""
    name: str
    role: Role
    projects: frozenset[str] | None
    """Those that it may enter; None: all."""
    scopes: frozenset[Permission] = frozenset()
    """What a key is limited to; empty: all of its role."""
    address: str = ""
    """Where it calls from; of the audit log."""

    def may(self, permission: Permission) -> bool:
        """True: role and scopes allow it."""
        reached = not self.scopes or permission is Permission.READ or permission in self.scopes
        return reached and at_least(self.role, _LEAST[permission])

    def enters(self, project: str) -> bool:
        """True: the project is one of the caller's."""
        return self.projects is None or project in self.projects


NOBODY = Caller("nobody", "nobody", Role.VIEWER, frozenset())
"""Who has not logged in."""


def require(caller: Caller, permission: Permission, *, project: str | None = None) -> None:
    """Return where *caller* may do it, in *project* if one is named.

    Raises:
        NotLoggedIn: nobody asks.
        UnknownName: the project is none of the caller's, whether or not it exists.
        NotAllowed: the role or the key's scopes do not reach.
    """
    if caller.actor == NOBODY.actor:
        raise NotLoggedIn("nobody is logged in: log in, or send an API key as `Authorization: Bearer <key>`")
    if project is not None and not caller.enters(project):
        raise UnknownName("project", project, caller.projects or ())
    if not caller.may(permission):
        least = _LEAST[permission]
        limited = f", and the key is limited to {', '.join(sorted(caller.scopes))}" if caller.scopes else ""
        raise NotAllowed(f"{caller.name} is {caller.role}{limited}: this needs {permission} (role {least} or higher)")
