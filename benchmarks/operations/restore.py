"""How long a restore to a moment takes: ``python -m benchmarks.operations.restore [ROWS]``, 1,000,000 by default.

On a PostgreSQL server of its own that hands on its log: outcomes with true hashes and a verdict each; a base backup; a
DELETE; then the restore to just before it, verified and swapped. Target: under 5 minutes for 1,000,000 on two cores.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import psycopg
from sqlalchemy import text
from tests import servers
from tests.asked import asked

from causal_eval.backups.check import sums_at
from causal_eval.backups.keeping import Keeping
from causal_eval.backups.restore import Wish, restore
from causal_eval.backups.sealing import make_key
from causal_eval.backups.take import back_up
from causal_eval.backups.wal import archive_command
from causal_eval.evaluation.spec import RunSpec
from causal_eval.providers.provider import Reply, Usage
from causal_eval.store.bulk import fill
from causal_eval.store.database import Store, open_store
from causal_eval.store.evaluations import begin
from causal_eval.store.rows import Values, attempt_values
from causal_eval.store.suites import keep_set

QUESTIONS = 1000
ANSWER = "The effect is that of the direct edge, since the path by the common effect is blocked. ANSWER: 0.25"
_VERDICTS = """
    INSERT INTO verdicts (attempt_id, scorer, mark, strict, share, answer, reason)
    SELECT id, '1', 'correct', 'correct', '1', '0.25', '' FROM attempts
"""


def main() -> None:
    """Fill, back up, delete, restore, print."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    folder, spool = Path(tempfile.mkdtemp()), servers.new_folder()
    server = servers.own_postgres(servers.new_folder())
    if server is None:
        raise SystemExit("no PostgreSQL can be started: `make setup` installs one")
    try:
        _measure(server, folder, spool=spool, rows=rows)
    finally:
        server.stop()
        for place in (folder, spool, Path(server.folder).parent):
            shutil.rmtree(place, ignore_errors=True)


def _measure(server: servers.Postgres, folder: Path, *, spool: Path, rows: int) -> None:
    _archive(server, spool)
    url = server.url("causal_eval_bench")
    keeping = Keeping(url, url, folder / "backups", (make_key(folder / "key"),), time.time, spool=spool)
    _timed("fill", lambda: _fill(url, rows))
    kept = back_up(keeping)
    _say("base backup, sealed and verified", kept.manifest.seconds, f"{kept.manifest.size / 1e6:.0f} MB")
    before, moment = sums_at(url), datetime.now(UTC)
    with psycopg.connect(url) as connection:
        connection.execute("DELETE FROM verdicts")
    done = restore(keeping, Wish("latest", to=moment, swap=True), say=lambda said: _say(said, 0.0))
    _say("restore to before the DELETE, verified and swapped", done.seconds, f"{done.rows} rows")
    if sums_at(url) != before:
        raise SystemExit("the restored rows are not those before the DELETE")


def _archive(server: servers.Postgres, spool: Path) -> None:
    owner = Path(server.folder, "data").stat()
    os.chown(spool, owner.st_uid, owner.st_gid)
    with psycopg.connect(server.url(), autocommit=True) as connection:
        connection.execute("ALTER SYSTEM SET archive_mode = on")
        connection.execute(f"ALTER SYSTEM SET archive_command = '{archive_command(spool)}'")
        connection.execute("ALTER SYSTEM SET max_wal_size = '4GB'")
        connection.execute("CREATE DATABASE causal_eval_bench")
    server.stop("fast")
    server.start()


def _fill(url: str, rows: int) -> None:
    store = open_store(url)
    questions = keep_set(store, (asked(f"q-{number}") for number in range(QUESTIONS)), name="set.jsonl")
    samples = -(-rows // QUESTIONS)
    evaluation = begin(store, RunSpec("openai/gpt-x", questions.digest, epochs=samples)).id
    for first in range(0, samples, 50):
        with store.writing() as connection:
            names = _digests(store)
            some = list(_outcomes(evaluation, names, samples=range(first, min(first + 50, samples))))
            fill(connection, "attempts", names=tuple(some[0]), rows=[tuple(one.values()) for one in some])
    with store.writing() as connection:
        connection.execute(text(_VERDICTS))
    store.close()


def _digests(store: Store) -> list[str]:
    with store.reading() as connection:
        return list(connection.execute(text("SELECT digest FROM questions ORDER BY id")).scalars())


def _outcomes(evaluation: str, questions: list[str], *, samples: range) -> Iterator[Values]:
    reply = Reply(ANSWER, "", "stop", "gpt-x", Usage(220, 31), 812.5, 1)
    for sample in samples:
        for question in questions:
            of = {"evaluation_id": evaluation, "question": question, "answerer": "openai/gpt-x", "sample": sample}
            yield attempt_values(of, reply, started_at="2026-11-28T00:00:00.000Z")


def _timed(what: str, do: object) -> None:
    began = time.perf_counter()
    assert callable(do)
    do()
    _say(what, time.perf_counter() - began)


def _say(what: str, seconds: float, more: str = "") -> None:
    sys.stdout.write(f"{what:55} {seconds:8.1f} s  {more}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
