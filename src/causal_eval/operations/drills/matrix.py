"""The matrix of faults: every drill, a row each, by name."""

from __future__ import annotations

import signal
from types import MappingProxyType

from causal_eval.operations.drills.drill import Drill, nothing
from causal_eval.operations.drills.ground import Ground
from causal_eval.operations.stack.raising import wait_for

WORKER_LEASE = 20.0
"""Seconds within which another has taken over what a worker had."""


def _apps(ground: Ground) -> list[str]:
    return ground.plan.replicas("app")


def _workers(ground: Ground) -> list[str]:
    return ground.plan.replicas("worker")


def _kill_apps(ground: Ground) -> None:
    ground.signal(signal.SIGKILL, *_apps(ground))


def _stop_apps(ground: Ground) -> None:
    ground.signal(signal.SIGSTOP, *_apps(ground))


def _stop_one_app(ground: Ground) -> None:
    ground.signal(signal.SIGSTOP, _apps(ground)[0])


def _kill_one_app(ground: Ground) -> None:
    ground.signal(signal.SIGKILL, _apps(ground)[0])


def _kill_worker(ground: Ground) -> None:
    ground.signal(signal.SIGKILL, _workers(ground)[0])


def _stop_worker(ground: Ground) -> None:
    ground.signal(signal.SIGSTOP, _workers(ground)[0])
    wait_for(lambda: False, WORKER_LEASE)  # until another has what it had


def _wake_worker(ground: Ground) -> None:
    ground.signal(signal.SIGCONT, _workers(ground)[0])


def _end_workers(ground: Ground) -> None:
    ground.stop(*_workers(ground))


def _start_workers(ground: Ground) -> None:
    ground.command("stack", "restart", "worker")


def _end_postgres(ground: Ground) -> None:
    ground.stop("postgres")


def _kill_postgres(ground: Ground) -> None:
    ground.signal(signal.SIGKILL, "postgres")


def _start_postgres(ground: Ground) -> None:
    ground.command("stack", "restart", "postgres")


def _end_redis(ground: Ground) -> None:
    ground.stop("redis")


def _start_redis(ground: Ground) -> None:
    ground.command("stack", "restart", "redis")


def _flush_redis(ground: Ground) -> None:
    ground.redis("FLUSHALL")


def _fill_redis(ground: Ground) -> None:
    ground.redis("CONFIG", "SET", "maxmemory", "1mb", "maxmemory-policy", "noeviction")


def _empty_redis(ground: Ground) -> None:
    ground.redis("CONFIG", "SET", "maxmemory", "128mb", "maxmemory-policy", "allkeys-lru")


def _limit_calls(ground: Ground) -> None:
    ground.weather("rate-limit:seconds=1")


def _fail_calls(ground: Ground) -> None:
    ground.weather("server-error")


def _cut_calls(ground: Ground) -> None:
    ground.weather("reset")


def _empty_calls(ground: Ground) -> None:
    ground.weather("garbage")


def _refuse_key(ground: Ground) -> None:
    ground.weather("unauthorized")


def _mend_api(ground: Ground) -> None:
    ground.weather()
    ground.try_again()


_ROWS = (
    Drill("app-crash", "every replica is killed", _kill_apps, nothing, "CausalEvalAPIDown", keep=_kill_apps),
    Drill("app-hang", "every replica hangs", _stop_apps, _kill_apps, "CausalEvalAPIDown"),
    Drill(
        "replica-hang", "one replica of two hangs", _stop_one_app, _kill_one_app, "CausalEvalAPIReplicaDown",
        open_for_all=True,
    ),
    Drill("worker-crash", "a worker is killed in the middle of an evaluation", _kill_worker, nothing),
    Drill("worker-zombie", "a worker sleeps longer than its lease, and wakes", _stop_worker, _wake_worker),
    Drill("workers-stopped", "no worker runs", _end_workers, _start_workers, "EvaluationServiceDown"),
    Drill("postgres-stop", "the database is stopped", _end_postgres, _start_postgres, "DatabaseDown", health=503),
    Drill("postgres-crash", "the database is killed, and comes back", _kill_postgres, nothing),
    Drill("redis-stop", "the cache is stopped", _end_redis, _start_redis, "RedisDown", health=200, open_for_all=True),
    Drill("redis-flush", "the cache is emptied", _flush_redis, nothing, open_for_all=True),
    Drill("redis-full", "the cache takes nothing more", _fill_redis, _empty_redis, health=200, open_for_all=True),
    Drill("api-rate-limit", "the model API answers 429", _limit_calls, _mend_api, "ModelAPIRateLimited"),
    Drill("api-500", "the model API answers 500", _fail_calls, _mend_api, "ModelAPIFailing"),
    Drill("api-reset", "the model API cuts connections", _cut_calls, _mend_api, "ModelAPIFailing", full=True),
    Drill("api-garbage", "the model API cannot be read", _empty_calls, _mend_api, "ModelAPIFailing", full=True),
    Drill("key-invalid", "the model API refuses the key", _refuse_key, _mend_api, "ModelAPIKeyInvalid"),
)  # fmt: skip

DRILLS = MappingProxyType({drill.name: drill for drill in _ROWS})
