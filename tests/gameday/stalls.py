"""What raises an alert slowly: workers that hang, a disk that gets tight, a result that is lost, a cache of no use."""

from __future__ import annotations

import os
import signal
from types import MappingProxyType

from causal_eval.errors import OperationFailed
from causal_eval.operations.drills.drill import Drill
from causal_eval.operations.drills.faults import database, keeping, processes
from causal_eval.operations.drills.ground import PATIENCE, Ground
from causal_eval.operations.drills.matrix import EVERY
from causal_eval.operations.stack.raising import wait_for

FRESH = 400
ANOTHER = "openai/gpt-5-pro"
"""Asked by another path of the model API than the drills' own, so that it stands in none of their books."""
_CACHE = "ENABLE_RESPONSE_CACHE"
TIGHT = 57 * 2**20
"""Of 64 MB: a tenth is left, and more than is kept free."""
_LONG_AGO = 1_000_000_000.0


def stop_workers(ground: Ground) -> None:
    """Every worker hangs."""
    ground.signal(signal.SIGSTOP, *ground.plan.replicas("worker"))


def tighten_disk(ground: Ground) -> None:
    """Old reports fill it but for a tenth."""
    path = ground.plan.root / "reports" / "old.html"
    path.write_bytes(b"\0" * TIGHT)
    os.utime(path, (_LONG_AGO, _LONG_AGO))


def still_writes(ground: Ground) -> str:
    """Orders are taken: a tenth is more than is kept free."""
    return "the service only reads" if ground.value("max(read_only_mode)") else ""


def lose_result(ground: Ground) -> None:
    """Somebody deletes a result behind the service's back."""
    newest = "(SELECT max(id) FROM attempts WHERE evaluation_id = %s)"
    ground.rows(f"DELETE FROM verdicts WHERE attempt_id = {newest}", ground.held["evaluation"])
    ground.rows(f"DELETE FROM attempts WHERE id = {newest}", ground.held["evaluation"])


def cache_on(ground: Ground) -> None:
    """`causal-eval config set ENABLE_RESPONSE_CACHE`."""
    ground.command("config", "set", _CACHE, "true", "--reason", "drill")


def ask_anew(ground: Ground) -> None:
    """Somebody has another model asked, of which the cache knows nothing."""
    call = {"max_connections": 2, "timeout": 4.0}
    wanted = {"answerer": ANOTHER, "question_set": ground.held["questions"], "limit": FRESH, "call": call}
    told = ground.ask("POST", "/api/v1/evaluations", body=wanted)
    if not told.is_good:
        raise OperationFailed(f"it cannot be ordered: {told.status} {told.body}")
    ground.held["anew"] = str(told.body["id"])


def cache_off(ground: Ground) -> None:
    """`causal-eval config unset ENABLE_RESPONSE_CACHE`."""
    ground.command("config", "unset", _CACHE)


def cache_as_before(ground: Ground) -> None:
    """The same, where it was not done."""
    ground.tried("config", "unset", _CACHE)


def answered_anew(ground: Ground) -> str:
    """It is done, and each of its questions has an outcome."""
    name = str(ground.held.pop("anew"))
    wait_for(lambda: ground.evaluation(name) == "done", PATIENCE)
    told = ground.ask("GET", f"/api/v1/evaluations/{name}").body
    counts = told.get("progress", {})
    whole = told.get("status") == "done" and counts.get("kept") == counts.get("wanted")
    return "" if whole else f"the other evaluation is {told.get('status')}, {counts}"


_ROWS = (
    Drill(
        "alert-queue", "every worker hangs", stop_workers, processes.start_workers, "EvaluationQueueStalled",
        beside=("EvaluationServiceDown",), unused=EVERY, full=True,
    ),
    Drill(
        "alert-disk", "a disk gets tight", tighten_disk, keeping.reclaim, "DiskSpaceLow", prepare=keeping.mount,
        seen=still_writes, clear=keeping.unmount, impossible=keeping.no_mount, never_refused=True, full=True,
    ),
    Drill(
        "alert-invariant", "a result is deleted behind the service", lose_result, database.restore,
        "EvaluationInvariantViolated", calm=True, prepare=keeping.back_up, seen=database.refuted, full=True,
    ),
    Drill(
        "alert-cache", "a cache is asked for what it does not know", ask_anew, cache_off, "CacheHitRateLow", calm=True,
        prepare=cache_on, told=answered_anew, clear=cache_as_before, full=True,
    ),
)  # fmt: skip

STALLS = MappingProxyType({row.name: row for row in _ROWS})
