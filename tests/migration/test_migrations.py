"""Migrations: they lead to exactly the tables that the code uses, from inside the package."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, text

from causal_eval.store import migrate
from causal_eval.store.database import HEAD, open_store
from causal_eval.store.tables import metadata


def test_head_is_the_newest_migration() -> None:
    """The constant that spares Alembic's import at every start names the newest file."""
    assert migrate.head() == HEAD
    assert HEAD in migrate.revisions()


def test_migrations_lead_to_the_tables_of_the_code(tmp_path: Path) -> None:
    """After all migrations a comparison with the table definitions finds no difference."""
    store = open_store(f"sqlite:///{tmp_path}/m.db")
    with store.reading() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "render_as_batch": True})
        assert compare_metadata(context, metadata) == []
        found = inspect(connection)
        for table in metadata.tables.values():
            uniques = {constraint["name"] for constraint in found.get_unique_constraints(table.name)}
            wanted = {c.name for c in table.constraints if c.__visit_name__ == "unique_constraint"}
            assert uniques == wanted
    store.close()


def test_a_migration_is_all_or_nothing(tmp_path: Path) -> None:
    """A migration that is stopped half-way leaves the database as it was."""
    store = open_store(f"sqlite:///{tmp_path}/m.db")
    with store.writing() as connection:
        for table in reversed(metadata.sorted_tables):
            connection.execute(text(f"DROP TABLE {table.name}"))
        connection.execute(text("DROP TABLE alembic_version"))

    def stopped() -> None:
        with store.writing() as connection:
            migrate.upgrade(connection)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stopped()
    with store.reading() as connection:
        assert inspect(connection).get_table_names() == []
    store.close()
    open_store(f"sqlite:///{tmp_path}/m.db").close()


def test_the_index_that_the_runbook_names_is_there(tmp_path: Path) -> None:
    """Operators are told of ``idx_evaluations_created_at`` on ``evaluations(created_at)``."""
    store = open_store(f"sqlite:///{tmp_path}/m.db")
    with store.reading() as connection:
        indexes = {index["name"]: index["column_names"] for index in inspect(connection).get_indexes("evaluations")}
    assert indexes["idx_evaluations_created_at"] == ["created_at"]
    store.close()
