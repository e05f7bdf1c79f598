"""Every table of every room: what an empty database is given, and what the migrations lead to."""

from __future__ import annotations

from causal_eval.store import account_tables, public_tables, work_tables
from causal_eval.store.tables import metadata

__all__ = ["account_tables", "metadata", "public_tables", "work_tables"]
