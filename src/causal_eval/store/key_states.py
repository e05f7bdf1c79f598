"""What the workers know about providers' keys, as rows."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, select

from causal_eval.store.work_tables import key_states


@dataclass(frozen=True, slots=True)
class KeyState:
    """One key of a provider; ``key`` is its printed name, empty for the provider itself."""

    provider: str
    key: str
    cooldown_until: float | None
    revoked_at: float | None
    breaker: str
    note: str
    updated_at: float


def known_keys(connection: Connection) -> list[KeyState]:
    """All that is known, by provider and key."""
    columns = [key_states.c[name] for name in KeyState.__slots__]
    rows = connection.execute(select(*columns).order_by(key_states.c.provider, key_states.c.key))
    return [KeyState(*row) for row in rows]
