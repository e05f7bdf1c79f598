"""Migrations: they lead to exactly the tables that the code uses, from inside the package."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, text
from sqlalchemy.engine import make_url

from causal_eval.errors import StoreBehind, StoreNewer
from causal_eval.store import migrate
from causal_eval.store.database import HEAD, Store, migrate_store, open_store
from causal_eval.store.schema import metadata


def test_head_is_the_newest_migration() -> None:
    """The constant that spares Alembic's import at every start names the newest file."""
    assert migrate.head() == HEAD
    assert HEAD in migrate.revisions()


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database without any table, on each kind that there is."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/m.db"
    return str(request.getfixturevalue("empty_postgres_url"))


def at_revision(url: str, revision: str) -> None:
    """Make the empty database at *url* one of an earlier version: every migration up to *revision*, none later."""
    store = open_store(url)
    with store.writing() as connection:
        for table in (*reversed(metadata.sorted_tables), "alembic_version"):
            connection.execute(text(f"DROP TABLE {table}"))
        migrate.upgrade(connection, revision)
    store.close()


@pytest.fixture
def migrated(empty_url: str) -> Iterator[Store]:
    """A database that went through every migration, one after the other."""
    at_revision(empty_url, "head")
    store = open_store(empty_url)
    yield store
    store.close()


def with_text(index: Mapping[str, object]) -> dict[str, object]:
    """*index* with its condition, if it has one, as text."""
    options = index.get("dialect_options")
    told = {name: str(value) for name, value in options.items()} if isinstance(options, dict) else {}
    return {**index, "dialect_options": told}


def schema(store: Store) -> dict[str, object]:
    """Every table with its columns, keys, indexes and constraints, as the database tells them."""
    with store.reading() as connection:
        found = inspect(connection)
        return {
            name: (
                [
                    (column["name"], str(column["type"]), column["nullable"], column["default"])
                    for column in found.get_columns(name)
                ],
                found.get_pk_constraint(name)["constrained_columns"],
                sorted(map(str, found.get_foreign_keys(name))),
                sorted(map(str, map(with_text, found.get_indexes(name)))),
                sorted(map(str, found.get_unique_constraints(name))),
            )
            for name in found.get_table_names()
        }


def triggers(store: Store) -> list[tuple[str, ...]]:
    """Every trigger with its text, as the database tells it."""
    query = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' ORDER BY name"
    if store.is_postgresql:
        query = """SELECT tgname, pg_get_triggerdef(t.oid), prosrc FROM pg_trigger t JOIN pg_proc p ON p.oid = tgfoid
                   WHERE NOT tgisinternal AND tgname LIKE '%tally%' ORDER BY tgname"""
    with store.reading() as connection:
        found = [tuple(map(str, row)) for row in connection.execute(text(query))]
    assert len(found) == 6
    return found


@pytest.fixture
def new_url(request: pytest.FixtureRequest, migrated: Store, tmp_path: Path) -> str:
    """The URL of a database of the same kind that got its tables at once."""
    if migrated.is_postgresql:
        return str(request.getfixturevalue("postgres_url"))
    return f"sqlite:///{shutil.copyfile(request.getfixturevalue('sqlite_template'), tmp_path / 'new.db')}"


def test_a_new_database_equals_a_migrated_one(migrated: Store, new_url: str) -> None:
    """An empty database gets at once what all migrations lead to: tables, keys, indexes, first rows and revision."""
    store = open_store(new_url)
    assert store.is_postgresql is migrated.is_postgresql
    assert schema(store) == schema(migrated)
    assert triggers(store) == triggers(migrated)
    firsts = ("SELECT id, name FROM projects", "SELECT version_num FROM alembic_version", "SELECT * FROM schema_floor")
    for query in firsts:
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


@pytest.mark.thinned(3)
@pytest.mark.parametrize("revision", sorted(migrate.revisions()))
def test_every_earlier_version_can_be_migrated(empty_url: str, revision: str) -> None:
    """A database of any version ends at the newest, with the rows that it had; doing it again changes nothing."""
    at_revision(empty_url, revision)
    assert migrate_store(empty_url).endswith(HEAD)
    assert migrate_store(empty_url).endswith(f"is up to date: schema {HEAD}")
    store = open_store(empty_url)
    with store.reading() as connection:
        assert connection.execute(text("SELECT id FROM projects")).all() == [("local",)]
        context = MigrationContext.configure(connection, opts={"compare_type": True, "render_as_batch": True})
        assert compare_metadata(context, metadata) == []
    store.close()


def test_a_server_is_migrated_only_when_somebody_says_so(empty_postgres_url: str) -> None:
    """Other processes use it: opening an older database says what to do, without the password, and changes nothing."""
    at_revision(empty_postgres_url, "0004")
    with pytest.raises(StoreBehind, match=f"schema 0004, this program needs {HEAD}: run `causal-eval migrate`") as said:
        open_store(empty_postgres_url)
    assert str(make_url(empty_postgres_url).password) not in str(said.value)
    assert "from schema 0004" in migrate_store(empty_postgres_url)
    open_store(empty_postgres_url).close()


def test_a_server_of_a_later_version_is_left_alone(postgres_url: str) -> None:
    """A schema that this version does not know is refused by opening and by migrating."""
    store = open_store(postgres_url)
    with store.writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        connection.execute(text("UPDATE schema_floor SET revision = '9998'"))
    store.close()
    for use in (open_store, migrate_store):
        with pytest.raises(StoreNewer, match=r"9999.*upgrade causal-eval-bench"):
            use(postgres_url)


@pytest.mark.parametrize("revision", [None, "0001"])
def test_processes_may_migrate_at_once(empty_postgres_url: str, revision: str | None) -> None:
    """Four processes that find an empty or an older database make one of it, one after the other."""
    if revision is not None:
        at_revision(empty_postgres_url, revision)
    code = f"from causal_eval.store.database import migrate_store; print(migrate_store({empty_postgres_url!r}))"
    racers = [subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) for _ in range(4)]
    said = [racer.communicate(timeout=60)[0] for racer in racers]
    assert [racer.returncode for racer in racers] == [0, 0, 0, 0]
    assert sorted("is up to date" in one for one in said) == [False, True, True, True]
    open_store(empty_postgres_url).close()


def test_a_migration_is_all_or_nothing(empty_url: str) -> None:
    """A migration that is stopped half-way leaves the database as it was."""
    store = open_store(empty_url)
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
    open_store(empty_url).close()


def test_the_index_that_the_runbook_names_is_there(tmp_path: Path) -> None:
    """Operators are told of ``idx_evaluations_created_at`` on ``evaluations(created_at)``."""
    store = open_store(f"sqlite:///{tmp_path}/m.db")
    with store.reading() as connection:
        indexes = {index["name"]: index["column_names"] for index in inspect(connection).get_indexes("evaluations")}
    assert indexes["idx_evaluations_created_at"] == ["created_at"]
    store.close()
