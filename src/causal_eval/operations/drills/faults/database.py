"""Faults of PostgreSQL, and of who takes its connections and locks."""

from __future__ import annotations

import contextlib
import json
import signal
import threading
from typing import cast

import psycopg

from causal_eval.errors import OperationFailed
from causal_eval.operations.drills.asking import OK, Question, Visitors
from causal_eval.operations.drills.ground import PATIENCE, Ground
from causal_eval.operations.stack.raising import wait_for

CROWD = 60
"""Who asks at once: more than the pools of all replicas hold."""
_REFUSED = "DatabaseConnectivityIntermittent"
_LISTING = Question("GET", "/api/v1/evaluations?limit=5")


def end_postgres(ground: Ground) -> None:
    """It is stopped."""
    ground.stop("postgres")


def kill_postgres(ground: Ground) -> None:
    """It dies, and comes back."""
    ground.signal(signal.SIGKILL, "postgres")


def start_postgres(ground: Ground) -> None:
    """`make restart S=postgres`."""
    ground.command("stack", "restart", "postgres")


def crash_twice(ground: Ground) -> None:
    """It ends at once, as `pg_ctl stop -m immediate` has it, and again as soon as it is back."""
    ground.signal(signal.SIGQUIT, "postgres")
    wait_for(lambda: ground.health() != OK, 10.0)
    wait_for(lambda: ground.health() == OK, PATIENCE)
    ground.signal(signal.SIGQUIT, "postgres")


# ---- connections --------------------------------------------------------------------------------------------------


def take_slots(ground: Ground) -> None:
    """Somebody with the service's account takes every connection that is left, and does nothing with it."""
    taken = list[psycopg.Connection[tuple[object, ...]]]()
    ground.held["sessions"] = taken
    with contextlib.suppress(psycopg.OperationalError):
        while True:
            taken.append(ground.session())
    ground.held["slots"] = len(taken)
    _let_in(ground)


def _let_in(ground: Ground) -> None:
    """A crowd that asks until :func:`send_away`."""
    crowd = contextlib.ExitStack()
    ground.held["crowd"] = crowd
    for _ in range(CROWD):
        crowd.enter_context(Visitors(ground.plan.ports["lb"], _LISTING, tell=_forget))


def _forget(answer: object) -> None:
    del answer


def send_away(ground: Ground) -> None:
    """Crowd and sessions go, if they are there."""
    crowd = ground.held.pop("crowd", None)
    if isinstance(crowd, contextlib.ExitStack):
        crowd.close()
    sessions = cast("list[psycopg.Connection[tuple[object, ...]]]", ground.held.pop("sessions", []))
    for one in sessions:
        one.close()


def seen_through_reserve(ground: Ground) -> str:
    """`causal-eval db connections` gets through over a reserved connection; that others fail is told too."""
    told = json.loads(ground.as_superuser("db", "connections", "--json").splitlines()[0])
    if told["free"] != 0:
        return f"{told['free']} connections are free"
    fails = wait_for(lambda: _REFUSED in ground.firing(), PATIENCE)
    return "" if fails else f"{_REFUSED} does not fire"


def not_watched(ground: Ground) -> str:
    """Whether nothing looks into PostgreSQL here."""
    is_watched = "postgres-exporter" in ground.plan.ports
    return "" if is_watched else "postgres_exporter is not installed (Debian: prometheus-postgres-exporter)"


def reap(ground: Ground) -> None:
    """`causal-eval db reap-idle --older 1s --yes`."""
    crowd = ground.held.pop("crowd", None)
    if isinstance(crowd, contextlib.ExitStack):
        crowd.close()
    ground.as_superuser("db", "reap-idle", "--older", "1s", "--user", "causal_eval", "--yes")


def how_many(ground: Ground) -> str:
    """That were taken."""
    return f"{ground.held['slots']} connections taken"


# ---- sessions that are in the way -----------------------------------------------------------------------------------


def run_long(ground: Ground) -> None:
    """Somebody asks the database something that takes ten minutes."""
    asking = ground.session()
    ground.held["sessions"] = [asking]
    threading.Thread(target=_sleep, args=(asking,), daemon=True).start()
    wait_for(lambda: bool(_long_ones(ground)), 30.0)


def lock_table(ground: Ground) -> None:
    """Somebody locks the table of results, and goes for lunch."""
    asking = ground.session()
    ground.held["sessions"] = [asking]
    ground.held["broken"] = _broken(ground)
    asking.execute("BEGIN")
    asking.execute("LOCK TABLE attempts IN ACCESS EXCLUSIVE MODE")


def _broken(ground: Ground) -> float:
    return ground.value("sum(database_connection_errors_total)")


def waited_for(ground: Ground) -> str:
    """`causal-eval db long-queries` shows who waits, and for whom."""
    told = [json.loads(line) for line in ground.as_superuser("db", "long-queries", "--json").splitlines()]
    blockers = {pid for one in told for pid in one.get("blocked_by") or []}
    return "" if blockers & set(_long_ones(ground)) else f"`causal-eval db long-queries` does not show it: {told}"


def victims_live(ground: Ground) -> str:
    """Who waited was not ended: no connection of app or workers broke."""
    broken = _broken(ground) - float(str(ground.held["broken"]))
    return f"{broken:g} connections of app and workers broke" if broken else ""


def _sleep(asking: psycopg.Connection[tuple[object, ...]]) -> None:
    with contextlib.suppress(psycopg.Error):
        asking.execute("SELECT pg_sleep(600)")


def _long_ones(ground: Ground) -> list[int]:
    """The pids that `causal-eval db long-queries` shows, of whoever waits for nobody."""
    told = ground.as_superuser("db", "long-queries", "--older", "2s", "--json").splitlines()
    found = [json.loads(line) for line in told]
    return [int(one["pid"]) for one in found if one.get("application") == "drill" and not one.get("blocked_by")]


def listed(ground: Ground) -> str:
    """`causal-eval db long-queries` shows it."""
    return "" if _long_ones(ground) else "`causal-eval db long-queries` does not show it"


def cancel(ground: Ground) -> None:
    """`causal-eval db cancel PID`, of the one that the others wait for.

    Raises:
        OperationFailed: none is shown.
    """
    found = _long_ones(ground)
    if not found:
        raise OperationFailed("`causal-eval db long-queries` shows nobody who is in the way")
    for pid in found:
        ground.as_superuser("db", "cancel", str(pid), "--wait", "1")
    crowd = ground.held.pop("crowd", None)
    if isinstance(crowd, contextlib.ExitStack):
        crowd.close()


# ---- what is kept ---------------------------------------------------------------------------------------------------


def change_row(ground: Ground) -> None:
    """Somebody changes a result behind the service's back."""
    ground.rows(
        "UPDATE attempts SET text = 'ANSWER: no, surely' WHERE id = (SELECT max(id) FROM attempts "
        "WHERE evaluation_id = %s)", ground.held["evaluation"],
    )  # fmt: skip


def refuted(ground: Ground) -> str:
    """`causal-eval invariants` finds it too, and exits with 8."""
    code = ground.tried("invariants").returncode
    return "" if code == 8 else f"`causal-eval invariants` exits {code}, not 8"  # noqa: PLR2004 - the code of a mismatch


def restore(ground: Ground) -> None:
    """`make restore FROM=latest SWAP=1`."""
    ground.as_superuser("restore", "latest", "--swap")
