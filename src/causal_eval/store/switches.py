"""Switches: settings that an operator changed while the service runs, until they are over or taken back."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, delete, insert, or_, select

from causal_eval.store.moment import read_moment
from causal_eval.store.work_tables import switches


@dataclass(frozen=True, slots=True)
class Switch:
    """A setting that wins over the environment."""

    name: str
    value: str
    set_by: str
    set_at: float
    """By the database's clock, as ``until``; seconds since 1970."""
    until: float | None
    """None: until it is taken back."""
    reason: str


def turn(connection: Connection, switch: Switch, *, seconds: float | None) -> Switch:
    """Set *switch* from now on, for *seconds* (None: for good); what it was set to before goes."""
    turn_back(connection, switch.name)
    now = read_moment(connection)
    until = None if seconds is None else now + seconds
    turned = Switch(switch.name, switch.value, switch.set_by, now, until, switch.reason)
    connection.execute(insert(switches), {name: getattr(turned, name) for name in Switch.__slots__})
    return turned


def turn_back(connection: Connection, name: str) -> Switch | None:
    """Take it back; what it was set to, None: nothing, or that was over."""
    before = next((one for one in list_switches(connection) if one.name == name), None)
    connection.execute(delete(switches).where(switches.c.name == name))
    return before


def list_switches(connection: Connection) -> list[Switch]:
    """Those that hold now, by name."""
    columns = [switches.c[name] for name in Switch.__slots__]
    rows = connection.execute(select(*columns).where(_holds(connection)).order_by(switches.c.name))
    return [Switch(*row) for row in rows]


def switched(connection: Connection, name: str) -> str | None:
    """What *name* is set to; None: nothing, or not any more."""
    found = connection.execute(select(switches.c.value).where(switches.c.name == name, _holds(connection))).first()
    return None if found is None else str(found.value)


def _holds(connection: Connection) -> ColumnElement[bool]:
    return or_(switches.c.until.is_(None), switches.c.until > read_moment(connection))
