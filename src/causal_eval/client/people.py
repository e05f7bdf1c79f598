"""Who asks: sessions, API keys, users."""

from __future__ import annotations

from typing import Literal

from causal_eval.client.asking import Asking, Call, quoted
from causal_eval.client.shapes import Order, Secret, Shape


class BegunSession(Shape, frozen=True):
    """A session; its cookie is in ``Set-Cookie``, where no script reads it."""

    csrf: Secret
    """Sent back as ``X-CSRF-Token`` by every request that changes something."""
    expires_at: float


class WhoIam(Shape, frozen=True):
    """Who asks."""

    actor: str
    name: str
    role: str
    projects: tuple[str, ...] | None
    """Those that may be entered; null: all."""
    scopes: tuple[str, ...]
    """What a key is limited to; empty: all of its role."""
    csrf: Secret | None
    """The session's token; null: no session."""


class ApiKey(Shape, frozen=True):
    """An API key, without its secret."""

    id: str
    user_id: str
    project: str | None
    name: str
    role: str
    scopes: tuple[str, ...]
    created_at: float
    expires_at: float | None
    last_used_at: float | None
    revoked_at: float | None


class MadeKey(Shape, frozen=True):
    """A new key, and the only sight of it."""

    key: Secret
    line: ApiKey


class KeyOrder(Order, frozen=True, kw_only=True):
    """The key that somebody wants."""

    name: str
    role: Literal["viewer", "evaluator", "operator", "admin"] = "viewer"
    project: str | None = None
    """The only project that it opens; null: all of its user's."""
    scopes: tuple[Literal["read", "evaluate", "operate", "administer"], ...] = ()
    """What it is limited to; empty: all of its role."""
    expires_at: float | None = None
    """Seconds since 1970."""


class User(Shape, frozen=True):
    """Somebody with an account."""

    id: str
    email: str
    name: str
    role: str
    created_at: float
    disabled_at: float | None
    projects: tuple[str, ...]


class UserOrder(Order, frozen=True, kw_only=True):
    """Somebody who is to have an account."""

    email: str
    name: str
    role: Literal["viewer", "evaluator", "operator", "admin"] = "viewer"
    password: str | None = None
    """null: logs in by the OpenID provider alone."""
    projects: tuple[str, ...] = ()


class People(Asking):
    """The routes of this part of the service, each by its operation id."""

    async def log_in(self, email: str, password: str) -> BegunSession:
        """Begin a session, which further requests then belong to; programs rather use an API key."""
        begun = await self._ask(Call("POST", "/session", body={"email": email, "password": password}), BegunSession)
        self._session().headers["X-CSRF-Token"] = str(begun.csrf)
        return begun

    async def who_am_i(self) -> WhoIam:
        """Who asks, and with what rights."""
        return await self._ask(Call("GET", "/session"), WhoIam)

    async def log_out(self) -> None:
        """End the session."""
        await self._done(Call("DELETE", "/session"))

    async def create_api_key(self, order: KeyOrder) -> MadeKey:
        """Make a key of who asks; it never reaches further than he does. Sent twice, two keys are made."""
        return await self._ask(Call("POST", "/api-keys", body=order), MadeKey)

    async def list_api_keys(self, *, everybodys: bool = False) -> tuple[ApiKey, ...]:
        """The caller's keys, newest first; with ``everybodys`` those of all users, for admins."""
        return await self._ask(Call("GET", "/api-keys", query={"everybodys": everybodys}), tuple[ApiKey, ...])

    async def revoke_api_key(self, key: str) -> None:
        """Shut a key out: everywhere within 2 s."""
        await self._done(Call("DELETE", f"/api-keys/{quoted(key)}"))

    async def list_users(self) -> tuple[User, ...]:
        """All users, by address."""
        return await self._ask(Call("GET", "/users"), tuple[User, ...])

    async def create_user(self, order: UserOrder) -> User:
        """Make an account; an address has one."""
        return await self._ask(Call("POST", "/users", body=order), User)

    async def get_user(self, user: str) -> User:
        """Oneself; admins see everybody."""
        return await self._ask(Call("GET", f"/users/{quoted(user)}"), User)

    async def change_user(
        self,
        user: str,
        *,
        name: str | None = None,
        role: Literal["viewer", "evaluator", "operator", "admin"] | None = None,
    ) -> User:
        """Give a user another name or role."""
        return await self._ask(Call("PATCH", f"/users/{quoted(user)}", body={"name": name, "role": role}), User)

    async def set_password(self, user: str, password: str, *, present: str = "") -> None:
        """Set a password: one's own with the present one, anybody's as an admin."""
        await self._done(
            Call("PUT", f"/users/{quoted(user)}/password", body={"password": password, "present": present})
        )

    async def disable_user(self, user: str) -> User:
        """Shut a user out: sessions end at once, keys open nothing within 2 s."""
        return await self._ask(Call("POST", f"/users/{quoted(user)}/disable"), User)

    async def enable_user(self, user: str) -> User:
        """Let a user in again."""
        return await self._ask(Call("POST", f"/users/{quoted(user)}/enable"), User)
