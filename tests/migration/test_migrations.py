"""Migrations: they lead to exactly the tables that the code uses, from inside the package."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, text

from causal_eval.store import migrate
from causal_eval.store.database import HEAD, Store, open_store
from causal_eval.store.schema import metadata


def test_head_is_the_newest_migration() -> None:
    """The constant that spares Alembic's import at every start names the newest file."""
    assert migrate.head() == HEAD
    assert HEAD in migrate.revisions()


@pytest.fixture
def migrated(tmp_path: Path) -> Iterator[Store]:
    """A database that went through every migration, one after the other."""
    store = open_store(f"sqlite:///{tmp_path}/m.db")
    with store.writing() as connection:
        for table in (*reversed(metadata.sorted_tables), "alembic_version"):
            connection.execute(text(f"DROP TABLE {table}"))
        migrate.upgrade(connection)
    yield store
    store.close()


def schema(store: Store) -> dict[str, object]:
    """Every table with its columns, keys, indexes and constraints, as the database tells them."""
    with store.reading() as connection:
        found = inspect(connection)
        return {
            name: (
                [(column["name"], str(column["type"]), column["nullable"]) for column in found.get_columns(name)],
                found.get_pk_constraint(name)["constrained_columns"],
                sorted(map(str, found.get_foreign_keys(name))),
                sorted(map(str, found.get_indexes(name))),
                sorted(map(str, found.get_unique_constraints(name))),
            )
            for name in found.get_table_names()
        }


def test_a_new_database_equals_a_migrated_one(migrated: Store, tmp_path: Path) -> None:
    """An empty database gets at once what all migrations lead to: tables, keys, indexes, first rows and revision."""
    store = open_store(f"sqlite:///{tmp_path}/new.db")
    assert schema(store) == schema(migrated)
    for query in ("SELECT id, name FROM projects", "SELECT version_num FROM alembic_version"):
        with store.reading() as new, migrated.reading() as old:
            assert new.execute(text(query)).all() == old.execute(text(query)).all()
    store.close()


def test_migrations_lead_to_the_tables_of_the_code(migrated: Store) -> None:
    """After all migrations a comparison with the table definitions finds no difference."""
    with migrated.reading() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "render_as_batch": True})
        assert compare_metadata(context, metadata) == []
        found = inspect(connection)
        for table in metadata.tables.values():
            uniques = {constraint["name"] for constraint in found.get_unique_constraints(table.name)}
            wanted = {c.name for c in table.constraints if c.__visit_name__ == "unique_constraint"}
            assert uniques == wanted


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
