"""What the workers know about providers' keys, as rows."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass

from sqlalchemy import Connection, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from causal_eval.store.moment import read_moment
from causal_eval.store.work_tables import key_states

CLOSED, OPEN = "closed", "open"
FORGET_SECONDS = 900.0
"""After which what is over is no longer shown."""
REFUSED_SECONDS = 60.0
"""For which a key that was refused somewhere is not tried elsewhere: it may be good again, and only a try tells."""


@dataclass(frozen=True, slots=True)
class KeyState:
    """One key of a provider; times are seconds since 1970 by the database's clock."""

    provider: str
    """``provider`` for what holds whatever is asked, ``provider/model`` for what was met with a model."""
    key: str
    """Its printed name; that of a project's sealed key has the project behind it (:func:`owned`)."""
    cooldown_until: float | None
    revoked_at: float | None
    breaker: str
    note: str
    updated_at: float
    breaker_until: float | None = None
    failures: int = 0


def owned(key: str, project: str) -> str:
    """The name of a sealed key of *project*; no name of a key has a blank of its own."""
    return f"{key} of {project}"


def owner(state: KeyState) -> str | None:
    """The project whose sealed key it is; None: the service's own."""
    return state.key.partition(" of ")[2] or None


def known_keys(connection: Connection, providers: Collection[str] | None = None) -> list[KeyState]:
    """All that was met lately, by provider and key; of *providers* alone, where they are given."""
    columns = [key_states.c[name] for name in KeyState.__slots__]
    query = select(*columns).where(key_states.c.updated_at > read_moment(connection) - FORGET_SECONDS)
    if providers is not None:
        query = query.where(key_states.c.provider.in_(providers))
    rows = connection.execute(query.order_by(key_states.c.provider, key_states.c.key))
    return [KeyState(*row) for row in rows]


def forget_refusals(connection: Connection, provider: str) -> None:
    """Let the keys of *provider* be tried at once."""
    connection.execute(
        delete(key_states).where(key_states.c.provider == provider, key_states.c.revoked_at.is_not(None))
    )


def note_keys(connection: Connection, states: Sequence[KeyState]) -> None:
    """Write what was met, over what was known of the same keys; what is long over is taken out."""
    make = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    for state in sorted(states, key=lambda one: (one.provider, one.key)):  # one order: nobody waits in a circle
        row = asdict(state)
        changed = {name: value for name, value in row.items() if name not in {"provider", "key"}}
        keys = [key_states.c.provider, key_states.c.key]
        insertion = make(key_states).values(**row)
        connection.execute(insertion.on_conflict_do_update(index_elements=keys, set_=changed))
    connection.execute(delete(key_states).where(key_states.c.updated_at < read_moment(connection) - FORGET_SECONDS))
