"""Users over HTTP: added, listed, changed, shut out."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, SecretStr

from causal_eval.api.paging import Label, Name
from causal_eval.api.routing import make_router
from causal_eval.api.sessions import Email
from causal_eval.api.shapes import In, Out
from causal_eval.api.who import Visiting
from causal_eval.service import users
from causal_eval.service.access import Role
from causal_eval.service.secret import LONGEST, SHORTEST

router = make_router("/users", tag="users")

Password = Annotated[SecretStr, Field(min_length=SHORTEST, max_length=LONGEST)]


class UserRequest(In):
    """Somebody who is to have an account."""

    email: Email = Field(examples=["ada@example.org"])
    name: Label
    role: Role = Role.VIEWER
    password: Password | None = Field(None, description="null: logs in by the OpenID provider alone.")
    projects: frozenset[Name] = Field(frozenset(), max_length=1000)

    def order(self) -> users.NewUser:
        """The same as the service takes it."""
        password = None if self.password is None else self.password.get_secret_value()
        return users.NewUser(self.email, self.name, self.role, password, self.projects)


class UserChange(In):
    """What is to be another; what is left out stays."""

    name: Label | None = None
    role: Role | None = None


class NewPassword(In):
    """A password, which ends all sessions."""

    password: Password
    present: Annotated[SecretStr, Field(max_length=LONGEST)] = Field(
        SecretStr(""), description="Needed for one's own account."
    )


class User(Out):
    """Somebody with an account."""

    id: str
    email: str
    name: str
    role: Role
    created_at: float
    disabled_at: float | None
    projects: frozenset[str]


@router.get("")
def list_users(visit: Visiting) -> list[User]:
    """All users, by address."""
    return [User.model_validate(one) for one in users.listed(visit)]


@router.post("", status_code=201)
def create_user(visit: Visiting, wanted: UserRequest) -> User:
    """Make an account; an address has one."""
    return User.model_validate(users.add(visit, wanted.order()))


@router.get("/{user}")
def get_user(visit: Visiting, user: Name) -> User:
    """Oneself; admins see everybody."""
    return User.model_validate(users.find(visit, user))


@router.patch("/{user}")
def change_user(visit: Visiting, user: Name, wanted: UserChange) -> User:
    """Give a user another name or role."""
    return User.model_validate(users.change(visit, user, name=wanted.name, role=wanted.role))


@router.put("/{user}/password", status_code=204)
def set_password(visit: Visiting, user: Name, wanted: NewPassword) -> None:
    """Set a password: one's own with the present one, anybody's as an admin."""
    password, present = wanted.password.get_secret_value(), wanted.present.get_secret_value()
    users.set_password(visit, user, password=password, present=present)


@router.post("/{user}/disable")
def disable_user(visit: Visiting, user: Name) -> User:
    """Shut a user out: sessions end at once, keys open nothing within 2 s."""
    return User.model_validate(users.disable(visit, user))


@router.post("/{user}/enable")
def enable_user(visit: Visiting, user: Name) -> User:
    """Let a user in again."""
    return User.model_validate(users.enable(visit, user))
