"""What looking at results costs among 200,000 and 2,000,000 attempts: ``python benchmarks/service/results.py``.

On a PostgreSQL server of its own, or, with ``sqlite``, in a file. One evaluation of 100,000 questions stands among
others like it; then one alone has 2,000,000. Each look is a page's or a route's own service function. Targets: p95
under 50 ms among 2,000,000, and no slower than among 200,000; the page of 100,000 rows opens in under 2 s.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection, func, insert, select, text
from tests import servers
from tests.asked import asked

from causal_eval.evaluation.spec import RunSpec, spec_fields
from causal_eval.questions.question import canonical
from causal_eval.scoring.verdict import Mark
from causal_eval.service import results
from causal_eval.service.access import Caller, Role
from causal_eval.service.engine_memory import MemoryEngine
from causal_eval.service.wiring import Service, Visit
from causal_eval.settings import read_settings
from causal_eval.store.database import Store, open_store
from causal_eval.store.results import Cursor, Wanted
from causal_eval.store.tables import attempts, evaluations, question_sets, verdicts

QUESTIONS = 100_000
TURNS = 40
SET, SEED = "d" * 64, "0"
LACKING = "ev-lacking"
MOMENT = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Size:
    """What is in the database."""

    name: str
    evaluations: int
    """Each asks every question once."""
    samples: int
    """Of the last of them alone."""


SIZES = (Size("200,000 in 2", 2, 1), Size("2,000,000 in 20", 20, 1), Size("2,000,000 more in one", 20, 20))


def main() -> None:
    """Fill, look, print."""
    with database() as url, tempfile.TemporaryDirectory() as folder:
        settings = read_settings({"CEB_DATA_DIR": folder, "HOME": folder, "DATABASE_URL": url}, cwd=Path(folder))
        store = open_store(settings.database_url, kept=4)
        service = Service(store, settings, MemoryEngine(), time.time, lambda: "")
        visit = Visit(service, Caller("user:1", "me", Role.ADMIN, None))
        put_questions(store)
        put_lacking(store)
        sys.stdout.write("questions\n")
        there = 0
        for size in SIZES:
            for number in range(there, size.evaluations):
                put_evaluation(store, number, samples=1)
            there = size.evaluations
            if size.samples > 1:
                put_evaluation(store, there, samples=size.samples)
            settle(store)
            sys.stdout.write(f"{size.name}\n")
            look(visit, f"ev-{there if size.samples > 1 else 0:05d}")
        store.close()


@contextmanager
def database() -> Iterator[str]:
    """The URL of an empty database."""
    if "sqlite" in sys.argv:
        with tempfile.TemporaryDirectory() as folder:
            yield f"sqlite:///{folder}/results.db"
        return
    server = servers.own_postgres(servers.new_folder())
    if server is None:
        raise SystemExit("no PostgreSQL can be started: `make setup` installs one")
    try:
        yield server.url()
    finally:
        server.stop()


def look(visit: Visit, name: str) -> None:
    """Print what each look at evaluation *name* takes."""
    middle = Cursor(QUESTIONS // 2, 0)
    looks: dict[str, Callable[[], object]] = {
        "state and counts": lambda: results.whole(visit, name),
        "first page": lambda: results.page(visit, name),
        "middle page": lambda: results.page(visit, name, after=middle),
        "a family": lambda: results.page(visit, name, wanted=Wanted(family="family-7")),
        "wrong ones": lambda: results.page(visit, name, wanted=Wanted(mark=Mark.WRONG)),
        "unparsed ones (1 of 10,000)": lambda: results.page(visit, name, wanted=Wanted(mark=Mark.UNPARSED)),
        "abstained ones (none)": lambda: results.page(visit, name, wanted=Wanted(mark=Mark.ABSTAINED)),
        "missing ones (1 of 10,000)": lambda: results.page(visit, LACKING, wanted=Wanted(mark=Mark.MISSING)),
        "missing ones (none)": lambda: results.page(visit, name, wanted=Wanted(mark=Mark.MISSING)),
        "ungraded ones (none)": lambda: results.page(visit, name, wanted=Wanted(mark=Mark.UNGRADED)),
        "rows counted, for comparison": lambda: count_rows(visit, name),
    }
    for what, ask in looks.items():
        took = []
        for _ in range(TURNS if "compar" not in what else 3):
            began = time.perf_counter()
            ask()
            took.append(1000 * (time.perf_counter() - began))
            if sum(took) > 20_000:
                break
        p95 = sorted(took)[int(0.95 * (len(took) - 1))]
        sys.stdout.write(f"  {what:30} median {statistics.median(took):8.1f} ms   p95 {p95:8.1f} ms\n")
        sys.stdout.flush()


def count_rows(visit: Visit, name: str) -> object:
    """Marks counted from the rows, as no look does any more."""
    newest = (
        select(func.max(verdicts.c.id))
        .where(verdicts.c.attempt_id == attempts.c.id)
        .correlate(attempts)
        .scalar_subquery()
    )
    query = (
        select(verdicts.c.mark, func.count())
        .select_from(attempts.outerjoin(verdicts, verdicts.c.id == newest))
        .where(attempts.c.evaluation_id == name)
        .group_by(verdicts.c.mark)
    )
    with visit.service.store.reading() as connection:
        return connection.execute(query).all()


def put_questions(store: Store) -> None:
    """A set of questions that say nothing, in an order."""
    with store.writing() as connection:
        values = {"digest": SET, "hash": "h", "name": "n", "generator": "2", "count": QUESTIONS, "created_at": MOMENT}
        connection.execute(insert(question_sets), values)
        connection.execute(text(f"{numbers(QUESTIONS)} {_QUESTIONS}"), {"body": canonical(asked("q"))})
        connection.execute(text(f"{numbers(QUESTIONS)} {_ORDER}"), {"set": SET, "seed": SEED})


def put_evaluation(store: Store, number: int, *, samples: int) -> None:
    """An evaluation that has an outcome and a verdict for everything."""
    put_spec(store, name := f"ev-{number:05d}", samples=samples)
    with store.writing() as connection:
        newest = connection.scalar(select(func.coalesce(func.max(attempts.c.id), 0)))
        for sample in range(samples):
            connection.execute(text(f"{numbers(QUESTIONS)} {_ATTEMPTS}"), {"name": name, "sample": sample, "leave": 1})
        connection.execute(text(_VERDICTS), {"newest": newest})


def put_lacking(store: Store) -> None:
    """An evaluation in which the calls of one question of 10,000 have failed."""
    put_spec(store, LACKING, samples=1)
    with store.writing() as connection:
        connection.execute(text(f"{numbers(QUESTIONS)} {_ATTEMPTS}"), {"name": LACKING, "sample": 0, "leave": 0})
        connection.execute(text(_VERDICTS), {"newest": 0})
        connection.execute(text(f"{numbers(QUESTIONS // 10_000)} {_FAILURES}"), {"name": LACKING})


def put_spec(store: Store, name: str, *, samples: int) -> None:
    """The row of evaluation *name*."""
    spec = RunSpec("openai/x", SET, seed=SEED, epochs=samples)
    values = {
        "id": name, "project": "local", "created_at": MOMENT, "status": "complete", "ended_at": MOMENT,
        "answerer": spec.answerer, "spec": canonical(spec_fields(spec)).decode(), "set_digest": SET, "seed": SEED,
        "planned": QUESTIONS, "epochs": samples,
    }  # fmt: skip
    with store.writing() as connection:
        connection.execute(insert(evaluations), values)


def settle(store: Store) -> None:
    """What a server does by itself in time: statistics, and which rows everybody sees."""
    with store.engine.connect() as connection:
        if store.is_postgresql:
            connection.execution_options(isolation_level="AUTOCOMMIT").execute(text("VACUUM ANALYZE"))
        else:
            plain(connection)


def plain(connection: Connection) -> None:
    """Statistics of a file."""
    connection.execute(text("ANALYZE"))
    connection.commit()


def numbers(count: int) -> str:
    """A query's beginning that has the numbers 0 to *count* - 1 as ``g.i``; both kinds of database read it."""
    return f"WITH RECURSIVE g(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM g WHERE i < {count - 1})"


_QUESTIONS = """
    INSERT INTO questions (digest, id, body, family, kind, rung, domain, regime, difficulty, cluster, joint, exempt)
    SELECT 'x' || i, 'q-' || i, CAST(:body AS BYTEA), 'family-' || (i % 29), 'ate', 1 + i % 3, 'medicine', 'real', 1,
           'c' || (i / 3), false, '[]' FROM g
"""
_ORDER = """
    INSERT INTO set_orders (set_digest, seed, position, question)
    SELECT :set, :seed, i, 'x' || (i * 7919 % 100000) FROM g
"""
_ATTEMPTS = """
    INSERT INTO attempts (evaluation_id, question, answerer, sample, kind, text, reasoning, finish, served, latency_ms,
                          calls, started_at, content_hash)
    SELECT :name, 'x' || i, 'openai/x', :sample, 'reply', 'Because of the graph. ANSWER: yes', '', 'stop', 'x', 200.0,
           1, '2026-01-01T00:00:00.000+00:00', 'h' FROM g
    WHERE i % 10000 <> 7 OR :leave = 1
"""
_FAILURES = """
    INSERT INTO failures (evaluation_id, question, answerer, sample, kind, message, latency_ms, calls, started_at)
    SELECT :name, 'x' || (i * 10000 + 7), 'openai/x', 0, 'timeout', 'no reply', 200.0, 3,
           '2026-01-01T00:00:00.000+00:00' FROM g
"""
_VERDICTS = """
    INSERT INTO verdicts (evaluation_id, attempt_id, scorer, mark, strict, share, answer, reason)
    SELECT evaluation_id, id, '1',
           CASE WHEN id % 10000 = 0 THEN 'unparsed' WHEN id % 3 = 0 THEN 'wrong' ELSE 'correct' END, 'correct', '1',
           '"yes"', '' FROM attempts WHERE id > :newest ORDER BY id
"""

if __name__ == "__main__":
    main()
