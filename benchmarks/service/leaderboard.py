"""A page of a leaderboard of 10,000 evaluations: ``python benchmarks/service/leaderboard.py [DATABASE_URL]``.

Prints wall and CPU milliseconds of the first page, of one in the middle and of a rung's. Target: under 50 ms. The
database must be empty; without one, a SQLite file in a temporary folder is used.
"""

from __future__ import annotations

import hashlib
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import insert

from causal_eval.service import leaderboard
from causal_eval.service.access import Caller, Role
from causal_eval.service.engine_memory import MemoryEngine
from causal_eval.service.wiring import Service, Visit
from causal_eval.settings import read_settings
from causal_eval.store.database import Store, open_store
from causal_eval.store.public_tables import submissions
from causal_eval.store.standings import BoardOf
from causal_eval.store.submissions import Tier
from causal_eval.store.tables import evaluations, question_sets
from causal_eval.store.work_tables import scores

EVALUATIONS = 10_000
SCOPES = ("overall", "rung 1", "rung 2", "rung 3", *(f"family-{number}" for number in range(12)))
TURNS = 30
BOARD = BoardOf(Tier.VERIFIED, "standard")


def main() -> None:
    """Fill, ask, print."""
    with tempfile.TemporaryDirectory() as folder:
        given = {"DATABASE_URL": sys.argv[1]} if len(sys.argv) > 1 else {}
        settings = read_settings({"CEB_DATA_DIR": folder, "HOME": folder, **given}, cwd=Path(folder))
        store = open_store(settings.database_url)
        fill(store)
        service = Service(store, settings, MemoryEngine(), time.time, lambda: "")
        visit = Visit(service, Caller("user:1", "me", Role.VIEWER, frozenset({"local"})))
        for name, board, start in (
            ("first page", BOARD, 0),
            ("middle", BOARD, EVALUATIONS // 2),
            ("rung 2", replace(BOARD, scope="rung 2"), 0),
            ("up to 10 billion", replace(BOARD, largest=10.0), 0),
        ):
            report(name, visit, board=board, start=start)
        store.close()


def report(name: str, visit: Visit, *, board: BoardOf, start: int) -> None:
    """Ask *TURNS* times and print what it took."""
    wall, cpu = [], []
    for _ in range(TURNS):
        began, worked = time.perf_counter(), time.process_time()
        leaderboard.board(visit, board, start=start, limit=50)
        wall.append(1000 * (time.perf_counter() - began))
        cpu.append(1000 * (time.process_time() - worked))
    p95 = statistics.quantiles(wall, n=20)[-1]
    sys.stdout.write(
        f"{name}: wall {statistics.median(wall):.1f} ms (p95 {p95:.1f}), CPU {statistics.median(cpu):.1f} ms\n"
    )


def fill(store: Store) -> None:
    """Evaluations with a submission and scores each, and no answers."""
    dice = random.Random(7)
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    with store.writing() as connection:
        values = {"digest": "d", "hash": "h", "name": "n", "generator": "2", "count": 400, "created_at": moment}
        connection.execute(insert(question_sets), values)
        for names in batches():
            connection.execute(
                insert(evaluations),
                [
                    {
                        "id": name, "project": "local", "created_at": moment, "status": "complete", "ended_at": moment,
                        "answerer": "a/b", "spec": "{}", "set_digest": "d", "seed": "0", "planned": 400, "epochs": 1,
                    }
                    for name in names
                ],
            )  # fmt: skip
            connection.execute(
                insert(submissions),
                [
                    {
                        "id": name[3:], "project": "local", "tier": "verified", "answerer": f"a/{name}", "about": "{}",
                        "suite": "standard", "evaluation_id": name, "commitment": "", "seed": name, "flags": "[]",
                        "status": "published" if dice.random() < 0.98 else "rejected", "is_public": True,
                        "signature": b"", "created_at": 0.0, "scored_at": 1.0, "paired": "{}", "answers_digest": "",
                        "set_digest": hashlib.sha256(name.encode()).hexdigest(), "size": dice.choice([1.0, 8.0, 70.0]),
                    }
                    for name in names
                ],
            )  # fmt: skip
            connection.execute(insert(scores), [row for name in names for row in scored(name, dice)])


def batches() -> Iterator[list[str]]:
    """Names of evaluations, 1,000 at a time."""
    for start in range(0, EVALUATIONS, 1000):
        yield [f"ev-{number:016x}" for number in range(start, start + 1000)]


def scored(name: str, dice: random.Random) -> Iterator[dict[str, object]]:
    """A row for each scope."""
    for place, scope in enumerate(SCOPES):
        score = dice.random()
        yield {
            "evaluation_id": name, "scope": scope, "place": place, "score": score, "low": score - 0.02,
            "high": score + 0.02, "chance": 0.3, "against": "above", "units": 400, "clusters": 200, "strict": score,
            "unparsed": 0, "abstained": 0, "missing": 0, "ungraded": 0, "excluded": 0, "exempt": 0, "alarm": False,
            "cost": None, "time_ms": None, "cached": 0, "kept": 400, "verdicts": 400, "computed_at": 0.0,
        }  # fmt: skip


if __name__ == "__main__":
    main()
