"""PostgreSQL on a disk without a byte left, tables and log on the same one, as where nobody read the alerts."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import psycopg
import pytest
from tests import lacking, servers
from tests.integration.test_full_disks import APP, ORDERS, asked, mounted
from tests.serving import Site, opened_site, wait_until

from causal_eval.store.jobs import JobStatus

COUNT, SMALL, WIDTH, MB = 240, 8, 8, 192
HELD = 3


def order_over_http(address: str, questions: str) -> tuple[int, str]:
    """The status, and the id of what was ordered."""
    body = json.dumps({"answerer": "openai/gpt-x", "question_set": questions}).encode()
    try:
        with urlopen(Request(f"{address}{ORDERS}", body, {"Content-Type": "application/json"}), timeout=30) as reply:
            return int(reply.status), json.loads(reply.read())["id"]
    except HTTPError as error:
        return error.code, ""


def stop_again(server: servers.Postgres) -> None:
    """Stop it, unless it has ended by itself."""
    with suppress(subprocess.CalledProcessError):
        server.stop()


def end_by_its_log(server: servers.Postgres) -> None:
    """Have the server need one more file of its log than there is room for: it ends, and has no room to say so."""
    pid = int(Path(server.folder, "data/postmaster.pid").read_text().split()[0])

    def ended() -> bool:
        with suppress(psycopg.Error), psycopg.connect(server.url(), autocommit=True, connect_timeout=2) as connection:
            connection.execute("SELECT pg_logical_emit_message(true, 'test', 'more')")
            connection.execute("SELECT pg_switch_wal()")
        return not Path(f"/proc/{pid}").exists()

    wait_until(ended)


def check_held(site: Site, holds: Callable[[], bool]) -> None:
    """It stays so for some seconds, and nobody asks the model on meanwhile."""
    before = len(site.requests())
    for _ in range(HELD):
        time.sleep(1)
        assert holds()
    assert len(site.requests()) == before


@pytest.mark.full
def test_nothing_is_lost_by_a_server_that_has_no_room(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    """Orders are refused in words, then by a server that has ended; with room again all that was accepted is whole."""
    with mounted(MB) as disk, ExitStack() as stack:
        server = lacking.served(servers.own_postgres(disk.folder), wheel=servers.POSTGRES)
        stack.callback(stop_again, server)
        more = {"CEB_WATCHED_FOLDERS": str(disk.folder), "CEB_LOG_LEVEL": "ERROR"}  # warnings would fill the pipe
        site = stack.enter_context(opened_site(tmp_path, server.url(), more=more))
        accepted, few = {site.order(COUNT, width=WIDTH): COUNT}, site.questions(SMALL)
        (ordered,) = accepted
        with site.process(*APP) as app, site.worker() as worker:
            assert app.stdout is not None
            address = app.stdout.readline().split()[-1]
            wait_until(lambda: site.kept(ordered) > 20, process=worker)
            disk.fill()

            def refused() -> bool:
                status, made = order_over_http(address, few)
                accepted.update({made: SMALL} if made else {})
                return status == 507

            wait_until(refused, process=worker)
            time.sleep(HELD)
            check_held(site, lambda: (asked(address, ORDERS), asked(address, "/health/ready")) == (200, 200))
            end_by_its_log(server)
            wait_until(lambda: asked(address, "/health/ready") == 503, process=worker)
            check_held(site, lambda: (order_over_http(address, few)[0], asked(address, "/health/live")) == (503, 200))
            assert (app.poll(), worker.poll()) == (None, None)
            disk.empty()
            server.start()
            wait_until(lambda: {site.status(one) for one in accepted} == {JobStatus.DONE}, within=120, process=worker)
        for one, count in accepted.items():
            site.check_whole(one, count=count)
        again = len(site.requests()) - sum(accepted.values())
        record_property("orders accepted", len(accepted))
        record_property("paid again", again)
        assert 0 <= again <= 4 * WIDTH  # open when it was full, when it ended, and when it was there again
