"""App and workers behind a PgBouncer that hands connections of the server on after every transaction."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from tests import lacking, servers
from tests.serving import opened_site, wait_until

from causal_eval.operations.database.fitting import check_room
from causal_eval.store.database import migrate_store, open_store
from causal_eval.store.jobs import JobStatus

COUNT, WIDTH, POOL = 300, 8, 10
SETTINGS = """
[databases]
* = host=127.0.0.1 port={server}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
user = nobody
pool_mode = transaction
default_pool_size = {pool}
max_client_conn = 200
ignore_startup_parameters = extra_float_digits
logfile = {folder}/log
"""


@pytest.fixture
def behind(own_postgres: servers.Postgres) -> Iterator[str]:
    """The address of a database through a pooler with few connections of the server."""
    program = lacking.program("pgbouncer")
    if os.geteuid():
        pytest.skip("the pooler's settings name an account to become: only root can")
    folder, port = servers.new_folder(), servers.free_port()
    folder.chmod(0o777)
    given = SETTINGS.format(server=own_postgres.port, port=port, pool=POOL, folder=folder)
    given = given.replace("* =", f"* = user=postgres password={own_postgres.password}")
    (folder / "pooler.ini").write_text(given)
    url = f"postgresql://postgres:{own_postgres.password}@127.0.0.1:{port}/postgres"
    with subprocess.Popen([program, "-q", str(folder / "pooler.ini")], cwd="/") as pooler:
        try:
            wait_until(lambda: answers(url), within=20)
            yield url
        finally:
            pooler.kill()
            shutil.rmtree(folder)


def answers(url: str) -> bool:
    """Whether the database can be asked."""
    try:
        with psycopg.connect(url, connect_timeout=2) as connection:
            return connection.execute("SELECT 1").fetchone() == (1,)
    except psycopg.OperationalError:
        return False


@pytest.mark.slow
def test_a_pooler_by_transactions_changes_nothing(tmp_path: Path, behind: str) -> None:
    """Two workers share ten connections of the server, one is killed, and the evaluation is whole."""
    with opened_site(tmp_path, behind, scenario="latency = 0.05\n", more={}) as site:
        ordered = site.order(COUNT, width=WIDTH)
        with site.worker() as killed, site.worker() as other:
            wait_until(lambda: site.kept(ordered) > COUNT // 5)
            killed.kill()
            killed.wait()
            wait_until(lambda: site.status(ordered) is JobStatus.DONE, process=other)
            check_quiet(other)
        site.check_whole(ordered, count=COUNT)


def check_quiet(worker: subprocess.Popen[str]) -> None:
    """The worker ends as it is told, and has complained of nothing that a pooler is known to break."""
    worker.terminate()
    said = "".join(worker.communicate(timeout=30))
    assert "prepared statement" not in said, said
    assert "Traceback" not in said, said


@pytest.mark.slow
def test_a_pooler_gives_more_connections_than_the_server_has(behind: str) -> None:
    """So how many a process may open says nothing of the server."""
    migrate_store(behind)
    store = open_store(behind, most=500)
    check_room(store)
    store.close()
