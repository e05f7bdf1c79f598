"""What is looked up when somebody scrapes is what there is, and it is bounded."""

from __future__ import annotations

import json
import re
import threading
import time
from pathlib import Path

import pytest

from causal_eval import __version__
from causal_eval.backups.state import note_success, note_test
from causal_eval.errors import StoreError
from causal_eval.operations.collectors import Counted, Standing, watching
from causal_eval.operations.deployments import note_process
from causal_eval.operations.metrics import Metrics
from causal_eval.operations.notices import Checked
from causal_eval.operations.watch import Lookout, Watch
from causal_eval.store.database import Store
from causal_eval.store.deployments import list_deployments
from causal_eval.store.key_states import CLOSED, OPEN, KeyState, note_keys
from causal_eval.store.moment import read_moment
from causal_eval.store.switches import Switch, turn


@pytest.fixture
def metrics(watch: Watch, tmp_path: Path) -> Metrics:
    """What tells of it, on a machine whose group may use 512 MiB."""
    limit = tmp_path / "memory.max"
    limit.write_text("536870912\n")
    metrics = Metrics()
    metrics.add(Standing(watch, limits=[tmp_path / "none", limit]))
    return metrics


def value(metrics: Metrics, sample: str, **labels: str) -> float | None:
    """What *sample* stands at."""
    return metrics.registry.get_sample_value(sample, labels)


def test_an_idle_service_is_told_whole(metrics: Metrics) -> None:
    """The database answers, nothing waits, nothing is overridden; what never was has no time."""
    assert value(metrics, "database_up") == 1
    assert value(metrics, "database_connection_pool_size") == 7 or value(metrics, "database_connection_pool_size") == 8
    assert value(metrics, "database_connection_pool_in_use") == 0
    assert value(metrics, "database_connection_errors_total") == 0
    assert value(metrics, "database_connection_pool_timeouts_total") == 0
    assert value(metrics, "evaluation_queue_depth") == value(metrics, "evaluation_queue_oldest_seconds") == 0
    assert value(metrics, "evaluation_shards", state="open") == 0
    assert value(metrics, "read_only_mode") == value(metrics, "runtime_switch", name="DISABLED_PROVIDERS") == 0
    assert value(metrics, "process_memory_limit_bytes") == 512 * 2**20
    assert (
        0
        < (value(metrics, "disk_free_bytes", mount="data") or 0)
        <= (value(metrics, "disk_size_bytes", mount="data") or 0)
    )
    assert value(metrics, "backup_last_success_timestamp_seconds") is None
    assert value(metrics, "redis_client_up") is None
    assert b"build_info{" in metrics.text()


def test_the_page_of_metrics_lists_them_all(watch: Watch, metrics: Metrics, root: Path) -> None:
    """By name, type and labels, and no others; what only a door or a Redis tells stands there too."""
    note_process(watch.store, by="somebody")
    note_success(watch.settings.backup_dir, name="b", kind="dump", at=1.0)
    note_test(watch.settings.backup_dir, ok=True, said="", at=1.0)
    metrics.hear(Checked(1.0, {"tally": 0}, 0))
    told = {
        f"{one.name}_total" if one.type == "counter" else one.name
        for one in metrics.registry.collect()
        if not one.name.startswith(("process_", "python_")) or one.name == "process_memory_limit_bytes"
    }
    page = (root / "docs/reference/metrics.md").read_text("utf-8")
    listed = set(re.findall(r"^\| `(\w+)` \|", page, flags=re.MULTILINE))
    assert listed == told | {"redis_client_up", "inbound_limiter_fallback_total"}
    assert value(metrics, "backup_last_success_timestamp_seconds") == 1.0
    assert value(metrics, "backup_restore_test_success") == 1.0
    with watch.store.reading() as connection:
        running = list_deployments(connection)[0].name
    assert running.startswith(f"{__version__}+")
    assert (value(metrics, "deployment_timestamp_seconds", version=running) or 0) > 0


def test_keys_and_switches_are_told(store: Store, metrics: Metrics) -> None:
    """By provider and state, whoever's keys they are; what is over counts no more."""
    with store.writing() as connection:
        now = read_moment(connection)
        states = [
            KeyState("openai/a", "...1", None, None, OPEN, "", now, breaker_until=now + 60),
            KeyState("openai/b", "...1", None, None, OPEN, "", now, breaker_until=now - 60),
            KeyState("openai", "...2", None, now, CLOSED, "revoked: no", now),
            KeyState("odd one/b", "...3 of p", now + 60, None, CLOSED, "", now),
        ]
        note_keys(connection, states)
        turn(connection, Switch("READ_ONLY", "true", "x", 0.0, None, "disk"), seconds=None)
    assert value(metrics, "model_api_circuit_open", provider="openai") == 1
    assert value(metrics, "model_api_keys", provider="openai", state="open") == 1
    assert value(metrics, "model_api_keys", provider="openai", state="revoked") == 1
    assert value(metrics, "model_api_keys", provider="other", state="cooling") == 1
    assert value(metrics, "read_only_mode") == value(metrics, "runtime_switch", name="READ_ONLY") == 1


def test_backups_are_told(metrics: Metrics, tmp_path: Path) -> None:
    """From the record that lies beside them; one that cannot be read says nothing."""
    folder = tmp_path / "backups"
    folder.mkdir()
    record = folder / "backup-state.json"
    record.write_text(json.dumps({"last_success_at": 5.0, "restore_test_at": 6.0, "restore_test_ok": False, "more": 1}))
    assert value(metrics, "backup_last_success_timestamp_seconds") == 5.0
    assert value(metrics, "backup_restore_test_success") == 0.0
    assert value(metrics, "backup_restore_test_timestamp_seconds") == 6.0
    record.write_text("{")
    assert value(metrics, "backup_last_success_timestamp_seconds") is None


def test_a_database_that_does_not_answer_is_told(store: Store, metrics: Metrics) -> None:
    """By what it says, and scraping goes on."""
    with store.writing() as connection:
        connection.exec_driver_sql("DROP TABLE switches")
    assert value(metrics, "database_up") == 0


def test_a_look_that_hangs_is_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for it: it is down as soon as it is overdue, and up again once it comes back."""
    monkeypatch.setattr("causal_eval.operations.watch.EVERY", 0.01)
    monkeypatch.setattr("causal_eval.operations.watch.PATIENCE", 0.05)
    looked, go_on = threading.Event(), threading.Event()

    def look() -> None:
        looked.set()
        assert go_on.wait(30)

    lookout = Lookout("x", look, clock=time.time)
    lookout.start()
    assert looked.wait(30)
    while lookout.state().up:
        looked.wait(0.01)
    assert "no answer" in lookout.state().fault
    go_on.set()
    while not lookout.state().up:
        go_on.wait(0.01)
    lookout.stop()


def test_how_long_it_is_so_is_known() -> None:
    """Since it last changed, not since it was last looked at."""
    clock, faults = iter(range(100)), iter(["", "", "gone", "gone", ""])

    def look() -> None:
        if fault := next(faults):
            raise StoreError(fault)

    lookout = Lookout("x", look, clock=lambda: float(next(clock)))
    found = [lookout.state() for _ in range(5)]
    assert [one.up for one in found] == [True, True, False, False, True]
    assert [one.since for one in found] == [0.0, 0.0, 1.0, 1.0, 2.0]


def test_a_watch_looks_by_itself(watch: Watch) -> None:
    """From a thread that ends with it."""
    metrics = Metrics()
    with watching(watch, metrics):
        assert value(metrics, "database_up") == 1
    assert not [one for one in threading.enumerate() if one.name.startswith("watch-")]


def test_a_counter_that_is_kept_elsewhere_is_told() -> None:
    """As it stands when somebody looks."""
    metrics = Metrics()
    lapses = [2]
    metrics.add(Counted("inbound_limiter_fallback", "lapses", value=lambda: lapses[0]))
    lapses[0] = 3
    assert value(metrics, "inbound_limiter_fallback_total") == 3
