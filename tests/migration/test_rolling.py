"""Two versions of the program over one database: the earlier goes on while the later has migrated."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import inspect, text
from tests.serving import COMMAND, Site, opened_site, wait_until

from causal_eval.errors import StoreNewer
from causal_eval.store.database import FLOOR, HEAD, open_store
from causal_eval.store.jobs import JobStatus
from causal_eval.store.schema import metadata

COUNT = 30


@pytest.fixture
def site(tmp_path: Path, database_url: str) -> Iterator[Site]:
    """A service of this version, on each kind of database."""
    with opened_site(tmp_path, database_url, scenario="latency = 0.01\n", more={}) as opened:
        yield opened


def expand(site: Site, *, floor: str) -> None:
    """What a later version's first step may do: columns and tables are added, none is taken away."""
    with site.service.store.writing() as connection:
        for name in sorted(set(inspect(connection).get_table_names()) & metadata.tables.keys()):
            connection.execute(text(f"ALTER TABLE {name} ADD COLUMN of_later VARCHAR(16) DEFAULT 'unset' NOT NULL"))
        connection.execute(text("CREATE TABLE of_later (id INTEGER NOT NULL PRIMARY KEY)"))
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        connection.execute(text("UPDATE schema_floor SET revision = :floor"), {"floor": floor})


@pytest.mark.slow
def test_this_version_works_on_the_schema_of_the_next(site: Site) -> None:
    """Ordered, carried out by a worker process and scored: nothing that was added stands in the way."""
    expand(site, floor=HEAD)
    ordered = site.order(COUNT, width=4)
    with site.worker() as worker:
        wait_until(lambda: site.status(ordered) is JobStatus.DONE, process=worker)
    site.check_whole(ordered, count=COUNT)
    command = [*COMMAND, "migrate"]
    said = subprocess.run(command, check=False, env=dict(site.env), capture_output=True, text=True, timeout=60)
    assert said.returncode == 0
    assert f"is at schema 9999, of a later version: this one ({HEAD}) may use it" in said.stdout + said.stderr


def test_a_later_version_says_when_there_is_no_room(site: Site) -> None:
    """Once it has taken away what this version uses, this one is refused before it reads a row."""
    expand(site, floor="9999")
    with pytest.raises(StoreNewer, match="9999"):
        open_store(site.env["DATABASE_URL"])


def test_the_floor_is_a_version_that_there_was() -> None:
    """What new databases say is a migration of this version."""
    assert FLOOR <= HEAD
