"""The matrix of faults: every drill, a row each, by name."""

from __future__ import annotations

from types import MappingProxyType

from causal_eval.operations.drills.drill import Drill
from causal_eval.operations.drills.faults import cache, database, keeping, processes, providers
from causal_eval.operations.drills.ground import OPEN_CALLS

EVERY = 2 * OPEN_CALLS
"""Calls that two workers have open at most, and lose when all of them lose what they stand on."""
MANY = 2 * EVERY
"""The same, twice: the model API is started anew for its fault, and when it is mended."""

_PROCESSES = (
    Drill(
        "app-crash", "every replica is killed", processes.kill_apps, alert="CausalEvalAPIDown",
        keep=processes.kill_apps,
    ),
    Drill(
        "app-crash-unhurried", "every replica is killed, and rules wait as long as they do", processes.kill_apps,
        alert="CausalEvalAPIDown", keep=processes.kill_apps, pace=1, full=True,
    ),
    Drill("app-hang", "every replica hangs", processes.stop_apps, processes.kill_apps, "CausalEvalAPIDown", full=True),
    Drill(
        "replica-hang", "one replica of two hangs", processes.stop_one_app, processes.kill_one_app,
        "CausalEvalAPIReplicaDown", open_for_all=True,
    ),
    Drill(
        "replica-crash", "one replica of two is killed", processes.kill_one_app, never_refused=True, full=True,
    ),
    Drill(
        "replica-restart", "replicas are restarted one after another", processes.restart_apps, never_refused=True,
        full=True,
    ),
    Drill(
        "replicas-scaled", "a third replica comes and goes", processes.scale_up, processes.scale_down,
        never_refused=True, clear=processes.scale_down, full=True,
    ),
    Drill(
        "replica-misset", "a replica starts with a setting that cannot be read", processes.misset_app,
        processes.reset_app, "CausalEvalAPIReplicaDown", open_for_all=True, full=True,
    ),
    Drill(
        "replica-crash-loop", "a replica dies again and again", processes.kill_again, alert="CrashLooping",
        keep=processes.kill_again, full=True,
    ),
    Drill(
        "submissions", "replicas die while orders come in, each sent twice", processes.submit_while_one_dies,
        told=processes.submitted_once, calm=True, full=True,
    ),
    Drill("balancer-crash", "the load balancer is killed", processes.kill_balancer, full=True),
    Drill(
        "worker-crash", "a worker is killed in the middle of an evaluation", processes.kill_worker,
        told=processes.taken_soon, measured=processes.taken_after,
    ),
    Drill(
        "worker-zombie", "a worker sleeps longer than its lease, and wakes", processes.stop_worker,
        processes.wake_worker, unused=8, full=True,
    ),
    Drill(
        "worker-restart", "a worker is told to end in the middle of an evaluation", processes.end_worker, unused=0,
        full=True,
    ),
    Drill(
        "workers-crash", "workers are killed in turn, every other second", processes.kill_workers_in_turn, unused=32,
        full=True,
    ),
    Drill(
        "workers-stopped", "no worker runs", processes.end_workers, processes.start_workers, "EvaluationServiceDown",
        full=True,
    ),
    Drill(
        "prometheus-crash", "Prometheus is killed", processes.kill_prometheus, told=processes.alerts_again, full=True,
    ),
    Drill(
        "alertmanager-stop", "Alertmanager is stopped", processes.end_alertmanager, processes.start_alertmanager,
        "AlertDeliveryFailing", full=True,
    ),
)  # fmt: skip

_DATABASE = (
    Drill(
        "postgres-stop", "the database is stopped", database.end_postgres, database.start_postgres, "DatabaseDown",
        health=503, unused=EVERY,
    ),
    Drill(
        "postgres-crash", "the database is killed, and comes back", database.kill_postgres, unused=EVERY, full=True,
    ),
    Drill(
        "postgres-crash-twice", "the database ends at once, twice", database.crash_twice,
        alert="DatabaseConnectivityIntermittent", unused=MANY, full=True,
    ),
    Drill(
        "connections-taken", "every connection of the database is taken", database.take_slots, database.reap,
        "DatabaseConnectionsHigh", seen=database.seen_through_reserve, measured=database.how_many,
        clear=database.send_away, impossible=database.not_watched, unused=EVERY, full=True,
    ),
    Drill(
        "long-query", "a query takes ten minutes", database.run_long, database.cancel, "LongRunningTransaction",
        seen=database.listed, never_refused=True, clear=database.send_away, impossible=database.not_watched, full=True,
    ),
    Drill(
        "table-locked", "somebody locks a table and goes away", database.lock_table, database.cancel,
        "DatabaseLockWaits", health=200, seen=database.waited_for, told=database.victims_live,
        clear=database.send_away, full=True,
    ),
    Drill(
        "row-changed", "a result is changed behind the service", database.change_row, database.restore,
        "DatabaseCorruption", calm=True, prepare=keeping.back_up, seen=database.refuted, full=True,
    ),
    Drill(
        "backup-damaged", "the last backup has lost its second half", keeping.truncate_backup, keeping.back_up_anew,
        "BackupRestoreTestFailed", prepare=keeping.back_up, full=True,
    ),
    Drill(
        "backup-old", "the last backup is two days old", keeping.age_backup, keeping.back_up, "BackupTooOld",
        prepare=keeping.back_up, full=True,
    ),
    Drill(
        "disk-full", "a disk has no room", keeping.fill_disk, keeping.reclaim, "DiskSpaceCritical",
        prepare=keeping.mount, seen=keeping.only_reads, clear=keeping.unmount, impossible=keeping.no_mount, full=True,
    ),
)  # fmt: skip

_CACHE = (
    Drill(
        "redis-stop", "the cache is stopped", cache.end_redis, cache.start_redis, "RedisDown", health=200,
        never_refused=True,
    ),
    Drill("redis-flush", "the cache is emptied", cache.flush_redis, never_refused=True, full=True),
    Drill(
        "redis-full", "the cache takes nothing more", cache.fill_redis, cache.empty_redis, "RedisMemoryHigh",
        health=200, never_refused=True, seen=providers.goes_on, impossible=cache.not_watched, full=True,
    ),
    Drill(
        "redis-hang", "the cache answers nobody", cache.pause_redis, cache.wake_redis, "RedisDown", health=200,
        never_refused=True, full=True,
    ),
)  # fmt: skip

_MODELS = (
    Drill(
        "api-rate-limit", "the model API answers 429", providers.limit_calls, providers.mend_api, "ModelAPIRateLimited",
        unused=MANY, calls_fail=True,
    ),
    Drill(
        "api-500", "the model API answers 500", providers.fail_calls, providers.mend_api, "ModelAPIFailing",
        unused=MANY, calls_fail=True,
    ),
    Drill(
        "api-reset", "the model API cuts connections", providers.cut_calls, providers.mend_api, "ModelAPIFailing",
        unused=MANY, calls_fail=True, full=True,
    ),
    Drill(
        "api-garbage", "the model API cannot be read", providers.garble_calls, providers.mend_api, "ModelAPIFailing",
        unused=100, calls_fail=True, full=True,
    ),
    Drill(
        "api-empty", "the model API says nothing", providers.empty_calls, providers.mend_api, "ModelAPIFailing",
        unused=100, calls_fail=True, full=True,
    ),
    Drill(
        "api-hang", "the model API never answers", providers.hang_calls, providers.mend_api, "ModelAPIFailing",
        unused=100, calls_fail=True, full=True,
    ),
    Drill(
        "api-down", "nobody listens where the model API was", providers.refuse_calls, providers.mend_api,
        "AllModelAPIsFailing", unused=MANY, calls_fail=True, full=True,
    ),
    Drill(
        "api-slow", "the model API takes long", providers.slow_calls, providers.mend_api, seen=providers.goes_on,
        unused=MANY, calls_fail=True, full=True,
    ),
    Drill(
        "api-flaky", "the model API fails for one call in three", providers.some_calls_fail, providers.mend_api,
        seen=providers.goes_on, unused=MANY, calls_fail=True, full=True,
    ),
    Drill(
        "key-refused", "the model API takes another key from now on", providers.refuse_key, providers.rotate_key,
        "ModelAPIKeyInvalid", clear=providers.old_key, unused=MANY, calls_fail=True,
    ),
    Drill(
        "key-leak", "a key is about to stand in a log", keeping.leak_key, alert="SecretExposureDetected",
        told=keeping.scanned,
    ),
    Drill(
        "provider-off", "a provider is switched off, and on again", providers.switch_off, providers.switch_on,
        seen=providers.waits, prepare=providers.slow_enough, clear=providers.quick_again, full=True,
    ),
    Drill(
        "read-only", "the service only reads", providers.read_only, providers.writable, seen=providers.refuses_writing,
        prepare=providers.slow_enough, clear=providers.quick_again, full=True,
    ),
)  # fmt: skip

DRILLS = MappingProxyType({drill.name: drill for drill in (*_PROCESSES, *_DATABASE, *_CACHE, *_MODELS)})
