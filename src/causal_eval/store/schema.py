"""Every table of every room: what an empty database is given, and what the migrations lead to."""

from __future__ import annotations

from sqlalchemy import Connection

from causal_eval.store import account_tables, incident_tables, public_tables, work_tables
from causal_eval.store.tables import metadata
from causal_eval.store.tallies import create_triggers

__all__ = ["account_tables", "create_all", "incident_tables", "metadata", "public_tables", "work_tables"]


def create_all(connection: Connection) -> None:
    """Make every table, and what the database does by itself when rows come and go."""
    metadata.create_all(connection)
    create_triggers(connection)
