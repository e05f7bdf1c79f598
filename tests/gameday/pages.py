"""A page of the database that a disk has spoilt, as PostgreSQL's checksums find it."""

from __future__ import annotations

import subprocess
from types import MappingProxyType

import psycopg

from causal_eval.errors import OperationFailed
from causal_eval.operations.drills.drill import Drill
from causal_eval.operations.drills.faults import database, keeping
from causal_eval.operations.drills.ground import PATIENCE, Ground
from causal_eval.operations.stack import cluster
from causal_eval.operations.stack.raising import wait_for

PLACE = 8_000
"""Of the bytes that are spoilt: among the first rows of the table."""
_READ = "SELECT count(*) FROM attempts WHERE text IS NOT NULL"
_ASIDE = "causal_eval_bench\\_before\\_%"


def spoil_page(ground: Ground) -> None:
    """The server is stopped, `dd` writes eight bytes into the table of results, and it is started and asked."""
    ground.rows("CHECKPOINT")
    place = ground.rows("SELECT current_setting('data_directory') || '/' || pg_relation_filepath('attempts')")
    ground.stop("postgres")
    command = ("dd", "if=/dev/urandom", f"of={place[0][0]}", "bs=1", "count=8", f"seek={PLACE}", "conv=notrunc")
    subprocess.run(command, check=True, capture_output=True)
    ground.start("postgres")
    cluster.make_database(ground.plan)  # which waits until it answers
    if not wait_for(lambda: _is_refused(ground), PATIENCE):
        raise OperationFailed("the server reads the spoilt page without a word: are its checksums on?")


def _is_refused(ground: Ground) -> bool:
    try:
        ground.rows(_READ)
    except psycopg.errors.DataCorrupted:
        return True
    except psycopg.OperationalError:
        return False  # it is not there yet
    return False


def refuted(ground: Ground) -> str:
    """`causal-eval db verify` finds it."""
    done = ground.tried("stack", "run", "--superuser", "--", "db", "verify")
    is_found = done.returncode != 0 and "attempts" in done.stdout + done.stderr
    return "" if is_found else f"`causal-eval db verify` exits {done.returncode}: {(done.stdout + done.stderr)[-300:]}"


def restore(ground: Ground) -> None:
    """`make restore FROM=latest SWAP=1`; then the damaged one, which stands aside, is looked at and dropped."""
    database.restore(ground)
    aside = [str(name) for (name,) in ground.rows("SELECT datname FROM pg_database WHERE datname LIKE %s", _ASIDE)]
    if not aside:
        raise OperationFailed("the damaged database does not stand aside")
    for name in aside:
        ground.rows(f'DROP DATABASE "{name}" WITH (FORCE)')


_ROWS = (
    Drill(
        "page-spoilt", "a disk spoils a page of the database", spoil_page, restore, "DatabaseCorruption", calm=True,
        prepare=keeping.back_up, seen=refuted, full=True,
    ),
)  # fmt: skip

PAGES = MappingProxyType({row.name: row for row in _ROWS})
