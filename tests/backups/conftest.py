"""Databases to back up, with rows that hold together, and a PostgreSQL server that keeps its log."""

from __future__ import annotations

import itertools
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import delete, func, insert, select
from tests import servers
from tests.asked import asked

from causal_eval.backups.keeping import Keeping
from causal_eval.backups.sealing import make_key, read_keys
from causal_eval.backups.wal import archive_command
from causal_eval.evaluation.spec import RunSpec
from causal_eval.providers.provider import Reply, Usage
from causal_eval.store.database import open_store
from causal_eval.store.evaluations import begin
from causal_eval.store.rows import attempt_values
from causal_eval.store.suites import keep_set
from causal_eval.store.tables import attempts

START = 1_800_000_000.0


@dataclass(frozen=True, slots=True)
class Data:
    """A database with an evaluation, and a hand that writes."""

    url: str
    evaluation: str
    questions: tuple[str, ...]

    def write(self, first: int, last: int) -> None:
        """Keep the outcomes of questions *first* to *last*, each in a transaction of its own."""
        store = open_store(self.url)
        for number in range(first, last):
            of = {
                "evaluation_id": self.evaluation,
                "question": self.questions[number],
                "answerer": "openai/gpt-x",
                "sample": 0,
            }
            reply = Reply(f"answer {number} é", "", "stop", "gpt-x", Usage(3, 4), 12.5, 1)
            with store.writing() as connection:
                connection.execute(insert(attempts), attempt_values(of, reply, started_at="2026-11-28T00:00:00.000Z"))
        store.close()

    def delete(self) -> None:
        """What should never have happened."""
        store = open_store(self.url)
        with store.writing() as connection:
            connection.execute(delete(attempts))
        store.close()

    def count(self, url: str | None = None) -> int:
        """Outcomes that are there."""
        store = open_store(url or self.url)
        with store.reading() as connection:
            found = connection.execute(select(func.count()).select_from(attempts)).scalar_one()
        store.close()
        return int(found)


@pytest.fixture
def make_data() -> Callable[..., Data]:
    """A database at a URL, with an evaluation of so many questions."""

    def make(url: str, *, count: int = 60) -> Data:
        store = open_store(url)
        kept = keep_set(store, (asked(f"q-{number}") for number in range(count)), name="set.jsonl")
        spec = RunSpec(question_set=kept.digest, answerer="openai/gpt-x", seed="0", epochs=1)
        evaluation = begin(store, spec)
        with store.reading() as connection:
            digests = connection.exec_driver_sql("SELECT digest FROM questions ORDER BY id").scalars().all()
        store.close()
        return Data(url, evaluation.id, tuple(digests))

    return make


@pytest.fixture
def make_keeping(tmp_path: Path) -> Callable[..., Keeping]:
    """What a process that backs up is told; a clock that goes on by a second whenever it is asked."""
    key = tmp_path / "key"
    make_key(key)
    moments = itertools.count()

    def make(url: str, *, spool: Path | None = None, copy: bool = False, keep: int = 3) -> Keeping:
        return Keeping(
            url=url, account=url, folder=tmp_path / "backups", keys=read_keys(key), clock=lambda: START + next(moments),
            copy=tmp_path / "second" if copy else None, spool=spool, keep=keep,
        )  # fmt: skip

    return make


@dataclass(frozen=True, slots=True)
class Archiving:
    """A PostgreSQL server of the test's own that hands its log on."""

    server: servers.Postgres
    spool: Path

    @property
    def url(self) -> str:
        """Of the database that is backed up."""
        return self.server.url("causal_eval_bench")

    def now(self) -> datetime:
        """By the server's clock."""
        with psycopg.connect(self.url) as connection:
            row = connection.execute("SELECT clock_timestamp()").fetchone()
        assert row is not None
        return row[0].astimezone(UTC)  # type: ignore[no-any-return]  # what the driver makes of a timestamp


@pytest.fixture
def archiving(own_postgres: servers.Postgres) -> Iterator[Archiving]:
    """A server with ``archive_mode = on``."""
    spool = servers.new_folder()
    owner = Path(own_postgres.folder, "data").stat()
    os.chown(spool, owner.st_uid, owner.st_gid)
    with psycopg.connect(own_postgres.url(), autocommit=True) as connection:
        connection.execute("ALTER SYSTEM SET archive_mode = on")
        connection.execute(f"ALTER SYSTEM SET archive_command = '{archive_command(spool)}'")
        connection.execute("CREATE DATABASE causal_eval_bench")
    own_postgres.stop("fast")
    own_postgres.start()
    yield Archiving(own_postgres, spool)
    shutil.rmtree(spool)
