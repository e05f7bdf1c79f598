"""Down without what it needs, degraded without what it can do without; what is not configured is no fault."""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest
from sqlalchemy import text
from tests.servers import free_port
from tests.serving import wait_until
from tests.stacks import COMMAND, environment

from causal_eval.operations.health import LONG_WAIT, Part, Status, overall, parts
from causal_eval.operations.probes import Address, addresses, bearing, probe
from causal_eval.operations.watch import Watch
from causal_eval.settings import Settings
from causal_eval.store.database import Store, open_store
from causal_eval.store.lock_waits import LockWaits


class _Answers(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        """What the path says."""
        self.send_response(int(self.path[1:]))
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the parent's name
        """Say nothing."""


def by_name(found: list[Part]) -> dict[str, Part]:
    """Each part by its name."""
    return {one.name: one for one in found}


@pytest.mark.parametrize(
    ("statuses", "whole"),
    [
        ([(Status.OK, True), (Status.NONE, False)], Status.OK),
        ([(Status.OK, True), (Status.DOWN, False)], Status.DEGRADED),
        ([(Status.DEGRADED, True)], Status.DEGRADED),
        ([(Status.DOWN, True), (Status.OK, False)], Status.DOWN),
    ],
)
def test_the_whole_is_as_its_parts_let_it(statuses: list[tuple[Status, bool]], whole: Status) -> None:
    """Only a critical part takes it down."""
    assert overall(Part("x", status, critical) for status, critical in statuses) is whole


def test_an_idle_service_is_well(watch: Watch) -> None:
    """What is not there is said to be not configured."""
    found = by_name(parts(watch))
    assert {name for name, one in found.items() if one.status is Status.NONE} == {"redis", "backup"}
    assert found["database"].critical
    assert overall(found.values()) is Status.OK


def test_without_its_database_it_is_down(watch: Watch, store: Store) -> None:
    """And says why, to operators."""
    with store.writing() as connection:
        connection.exec_driver_sql("DROP TABLE workers")
    found = parts(watch)
    assert overall(found) is Status.DOWN
    assert "workers" in by_name(found)["database"].said


def test_a_locked_table_degrades(settings: Settings, postgres_url: str) -> None:
    """The database answers, and what it holds is told as it was; above half a minute somebody is in the way."""
    store = open_store(postgres_url)
    watch = Watch(store, settings, clock=lambda: 0.0)
    with store.writing() as connection:
        connection.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))
        connection.execute(text("LOCK TABLE workers IN ACCESS EXCLUSIVE MODE"))
        assert by_name(parts(watch))["database"].status is Status.OK
        watch.start()
        wait_until(lambda: watch.database().seconds > 0)
        found = []
        for longest in (LONG_WAIT, LONG_WAIT + 1):
            watch.waits = LockWaits(3, longest)
            found.append(by_name(parts(watch))["database"])
    watch.stop()
    store.close()
    assert [one.status for one in found] == [Status.OK, Status.DEGRADED]
    assert found[1].said == "3 sessions wait for a lock, one of them for 31 s"
    assert overall(found) is Status.DEGRADED


def test_redis_that_is_gone_degrades(store: Store, settings: Settings) -> None:
    """The service counts for itself meanwhile."""
    gone = Watch(store, replace(settings, redis_url=f"redis://127.0.0.1:{free_port()}/0"), clock=lambda: 0.0)
    found = parts(gone)
    assert by_name(found)["redis"].status is Status.DOWN
    assert overall(found) is Status.DEGRADED
    gone.stop()


def test_an_old_backup_degrades(watch: Watch, tmp_path: Path) -> None:
    """So does one that could not be restored on trial."""
    record = tmp_path / "backups" / "backup-state.json"
    record.parent.mkdir()
    now = watch.clock()
    states = []
    for hours, tested in ((1, True), (27, True), (1, False)):
        record.write_text(json.dumps({"last_success_at": now - hours * 3600, "restore_test_ok": tested}))
        states.append(by_name(parts(watch))["backup"].status)
    assert states == [Status.OK, Status.DEGRADED, Status.DEGRADED]


@pytest.mark.anyio
async def test_probes_ask_each_at_its_own_address(store: Store, settings: Settings) -> None:
    """What answers is well, what refuses or is not there is down, and the database is asked with the API down."""
    del store  # it is there
    with HTTPServer(("127.0.0.1", 0), _Answers) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        here = f"http://127.0.0.1:{server.server_port}"
        asked = [
            Address("api", f"http://127.0.0.1:{free_port()}/200", critical=True),
            Address("app-1", f"{here}/200"),
            Address("app-2", f"{here}/503"),
        ]
        found = by_name(await probe(asked, settings, clock=lambda: 0.0))
        server.shutdown()
    assert [found[name].status for name in ("api", "app-1", "app-2")] == [Status.DOWN, Status.OK, Status.DOWN]
    assert found["database"].status is Status.OK
    assert found["prometheus"].status is found["sentinel"].status is Status.NONE
    assert overall(found.values()) is Status.DOWN


def test_without_a_stack_the_api_alone_is_asked() -> None:
    """At the address that is given."""
    assert [one.url for one in addresses(None, "http://x:1")] == ["http://x:1/health/ready"]


def test_metrics_are_asked_for_by_the_token_where_there_is_one(tmp_path: Path) -> None:
    """Without a file, or with one that is gone, nothing is sent along."""
    (tmp_path / "token").write_text("secret\n")
    assert bearing(tmp_path / "token") == {"Authorization": "Bearer secret"}
    assert bearing(None) == bearing(tmp_path / "gone") == {}


@pytest.mark.slow
@pytest.mark.parametrize("said", ["worker", "=http://127.0.0.1:1", "worker=127.0.0.1:1"])
def test_what_is_no_address_is_refused(said: str, tmp_path: Path) -> None:
    """Before anything is asked, and the message shows the form."""
    done = subprocess.run(
        [COMMAND, "health", "--at", said], env=environment(tmp_path), capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "give NAME=URL" in done.stderr


@pytest.mark.slow
def test_what_is_named_is_asked_too(tmp_path: Path) -> None:
    """Where nobody answers it is down, which takes nothing down that is critical; the API is."""
    at = f"grafana=http://127.0.0.1:{free_port()}/"
    done = subprocess.run(
        [COMMAND, "health", "--url", f"http://127.0.0.1:{free_port()}", "--at", at, "--json"],
        env=environment(tmp_path), capture_output=True, text=True, check=False,
    )  # fmt: skip
    found = {part["name"]: (part["status"], part["critical"]) for part in json.loads(done.stdout)["parts"]}
    assert done.returncode == 2
    assert (found["grafana"], found["api"]) == (("down", False), ("down", True))
