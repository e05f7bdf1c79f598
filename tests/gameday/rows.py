"""Rows of the matrix of faults whose tools are never shipped: networks that fail, clocks that lie, bad versions."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path
from types import MappingProxyType

from tests.gameday.network import Network, Place, Weather
from tests.gameday.pages import PAGES
from tests.gameday.runbook import RUNBOOKS
from tests.gameday.stalls import STALLS
from tests.gameday.versions import VERSIONS
from tests.gameday.watchers import ALERTS
from tests.gameday.worse import WORSE

from causal_eval.errors import OperationFailed
from causal_eval.operations.drills.asking import OK
from causal_eval.operations.drills.drill import Drill
from causal_eval.operations.drills.faults import providers
from causal_eval.operations.drills.ground import PATIENCE, Ground
from causal_eval.operations.drills.matrix import DRILLS, EVERY, MANY
from causal_eval.operations.stack import cluster
from causal_eval.operations.stack.plan import MARK
from causal_eval.operations.stack.raising import wait_for

PROMPT = 1.0
"""Seconds: /health takes no longer."""
LATE = 0.02
"""Seconds that a chunk is late, in each direction."""
BEHIND = 40
"""How far behind its usual port something listens while the relay stands before it."""
_LIBRARIES = tuple(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))
_HOUR = "3600"


# ---- a relay before what listens ------------------------------------------------------------------------------------


def _stand_before(ground: Ground, name: str, port: int, *, behind: int) -> None:
    network = Network(Place("127.0.0.1", behind), seconds=LATE, port=port)
    ground.held[f"network {name}"] = network
    network.__enter__()


def network(ground: Ground, name: str) -> Network:
    """The relay before *name*."""
    found = ground.held[f"network {name}"]
    assert isinstance(found, Network)
    return found


def _go_away(ground: Ground, name: str) -> bool:
    found = ground.held.pop(f"network {name}", None)
    if isinstance(found, Network):
        found.__exit__(None, None, None)
    return found is not None


def before_postgres(ground: Ground) -> None:
    """PostgreSQL moves to another port, and a relay stands where it was: nobody is told."""
    port = ground.plan.ports["postgres"]
    ground.rows(f"ALTER SYSTEM SET port = {port + BEHIND}")
    ground.stop("postgres")
    _stand_before(ground, "postgres", port, behind=port + BEHIND)
    ground.start("postgres")
    _wait_well(ground)


def after_postgres(ground: Ground) -> None:
    """It comes back to its port."""
    if "network postgres" not in ground.held:
        return
    network(ground, "postgres").become(Weather.FINE)
    ground.rows("ALTER SYSTEM RESET port")
    ground.stop("postgres")
    _go_away(ground, "postgres")
    ground.start("postgres")
    cluster.make_database(ground.plan)  # which waits until it answers


def _wait_well(ground: Ground) -> None:
    if not wait_for(lambda: ground.health() == OK, PATIENCE):
        raise OperationFailed(f"with a relay in between it is not well: /health {ground.health()}")


def before_redis(ground: Ground) -> None:
    """The same with Redis: who was connected comes again."""
    port = ground.plan.ports["redis"]
    ground.redis("CONFIG", "SET", "port", str(port + BEHIND))
    _stand_before(ground, "redis", port, behind=port + BEHIND)
    ground.redis("CLIENT", "KILL", "TYPE", "normal", port=port + BEHIND)
    _wait_well(ground)


def after_redis(ground: Ground) -> None:
    """It comes back to its port."""
    if _go_away(ground, "redis"):
        port = ground.plan.ports["redis"]
        ground.redis("CONFIG", "SET", "port", str(port), port=port + BEHIND)


def before_api(ground: Ground) -> None:
    """The model API moves to another port, and a relay stands where it was."""
    ground.api.weather(port=ground.api.port + BEHIND)
    _stand_before(ground, "api", ground.api.port, behind=ground.api.port + BEHIND)


def after_api(ground: Ground) -> None:
    """It comes back to its port."""
    _go_away(ground, "api")
    ground.api.weather()


def postgres_late(ground: Ground) -> None:
    """Every answer is 40 ms late."""
    network(ground, "postgres").become(Weather.SLOW)


def postgres_cut(ground: Ground) -> None:
    """Connections are reset, and new ones too."""
    network(ground, "postgres").become(Weather.CUT)


def postgres_silent(ground: Ground) -> None:
    """Connections stay open, and nothing gets through."""
    network(ground, "postgres").become(Weather.BLACK_HOLE)


def told_at_once(ground: Ground) -> str:
    """Once it is told, /health is answered as quickly as ever, whoever else waits for the database."""
    late = [seconds for seconds in (_asking(ground) for _ in range(20)) if seconds > PROMPT]
    return f"/health took {max(late):.1f} s" if late else ""


def _asking(ground: Ground) -> float:
    begun = time.monotonic()
    ground.health()
    return time.monotonic() - begun


def postgres_fine(ground: Ground) -> None:
    """The network is mended."""
    network(ground, "postgres").become(Weather.FINE)


def redis_silent(ground: Ground) -> None:
    """Connections stay open, and nothing gets through."""
    network(ground, "redis").become(Weather.BLACK_HOLE)


def redis_fine(ground: Ground) -> None:
    """The network is mended."""
    network(ground, "redis").become(Weather.FINE)


def api_silent(ground: Ground) -> None:
    """Connections stay open, and nothing gets through."""
    network(ground, "api").become(Weather.BLACK_HOLE)


def api_cut(ground: Ground) -> None:
    """Connections are reset, and new ones too."""
    network(ground, "api").become(Weather.CUT)


def api_sliced(ground: Ground) -> None:
    """Bytes come one by one."""
    network(ground, "api").become(Weather.SLICED)


def api_fine(ground: Ground) -> None:
    """The network is mended, and whoever ordered goes on."""
    network(ground, "api").become(Weather.FINE)
    ground.try_again()


# ---- clocks ---------------------------------------------------------------------------------------------------------


def no_library(ground: Ground) -> str:
    """Whether clocks can be made to lie here."""
    del ground
    return "" if _LIBRARIES else "libfaketime is not installed (Debian: libfaketime)"


def lying_workers(ground: Ground) -> None:
    """Two more workers come, one an hour ahead and one an hour behind, and those with the right time go."""
    for name, offset in (("ahead", f"+{_HOUR}s"), ("behind", f"-{_HOUR}s")):
        lie = {"LD_PRELOAD": str(_LIBRARIES[0]), "FAKETIME": offset, "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
        environment = {**os.environ, **ground.plan.environment(), **lie, MARK: ground.plan.id}
        with (ground.plan.logs / f"worker-{name}.log").open("wb") as log:
            command = (*ground.plan.programs.command, "worker")
            ground.held[f"worker {name}"] = subprocess.Popen(
                command, env=environment, cwd=ground.plan.home, stdout=log, stderr=log
            )
    if not wait_for(lambda: len(ground.rows("SELECT 1 FROM workers")) >= 4, PATIENCE):
        raise OperationFailed("workers with clocks that lie do not come")
    ground.stop(*ground.plan.replicas("worker"))


def true_workers(ground: Ground) -> None:
    """`make restart S=worker`, once the others have done what they can."""
    wait_for(lambda: ground.evaluation(str(ground.held["evaluation"])) == "done", 60.0)
    ground.held["done by liars"] = ground.evaluation(str(ground.held["evaluation"]))
    ground.command("stack", "restart", "worker")


def liars_did_it(ground: Ground) -> str:
    """They carried it out: nothing stood still because of a clock."""
    said = ground.held["done by liars"]
    return "" if said == "done" else f"with clocks that lie the evaluation is {said}"


def liars_go(ground: Ground) -> None:
    """They end."""
    for name in ("ahead", "behind"):
        process = ground.held.pop(f"worker {name}", None)
        if isinstance(process, subprocess.Popen):
            process.terminate()
            process.wait()


_ROWS = (
    Drill(
        "network-postgres-slow", "the network to the database is slow", postgres_late, postgres_fine,
        prepare=before_postgres, clear=after_postgres, never_refused=True, seen=providers.goes_on, full=True,
    ),
    Drill(
        "network-postgres-cut", "the network cuts connections to the database", postgres_cut, postgres_fine,
        "DatabaseDown", health=503, prepare=before_postgres, clear=after_postgres, unused=EVERY, full=True,
    ),
    Drill(
        "network-postgres-half-open", "the network to the database swallows all", postgres_silent, postgres_fine,
        "DatabaseDown", health=503, prepare=before_postgres, seen=told_at_once, clear=after_postgres, unused=EVERY,
        full=True,
    ),
    Drill(
        "network-redis-half-open", "the network to the cache swallows all", redis_silent, redis_fine, "RedisDown",
        health=200, prepare=before_redis, clear=after_redis, never_refused=True, full=True,
    ),
    Drill(
        "network-api-half-open", "the network to the model API swallows all", api_silent, api_fine, "ModelAPIFailing",
        prepare=before_api, clear=after_api, unused=MANY, calls_fail=True, full=True,
    ),
    Drill(
        "network-api-cut", "the network cuts connections to the model API", api_cut, api_fine, "ModelAPIFailing",
        prepare=before_api, clear=after_api, unused=MANY, calls_fail=True, full=True,
    ),
    Drill(
        "network-api-sliced", "the network to the model API passes bytes one by one", api_sliced, api_fine,
        prepare=before_api, clear=after_api, seen=providers.goes_on, full=True,
    ),
    Drill(
        "clock-of-workers", "workers are an hour ahead and an hour behind", lying_workers, true_workers,
        told=liars_did_it, clear=liars_go, impossible=no_library, full=True,
    ),
)  # fmt: skip

ALL = MappingProxyType(
    {
        **DRILLS, **{row.name: row for row in _ROWS}, **VERSIONS, **WORSE, **PAGES, **RUNBOOKS, **ALERTS, **STALLS,
    }
)  # fmt: skip
"""Every row of the matrix."""
