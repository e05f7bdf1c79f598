"""A small disk under the database that fills up: the service only reads before it is full, and goes on after."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from tests import lacking, servers
from tests.serving import COMMAND, Site, opened_site, wait_until

from causal_eval.store.jobs import JobStatus

COUNT, WIDTH = 240, 8
APP = (*COMMAND, "app", "--port", "0", "--no-login")
ORDERS = "/api/v1/evaluations"
SETTLED, HELD = 4.0, 4


@dataclass(frozen=True, slots=True)
class Disk:
    """A file system in memory that a test may fill."""

    folder: Path

    def leave(self, share: float) -> None:
        """Fill it until only *share* of it is free; what others write meanwhile is no longer there to take."""
        with (self.folder / "ballast").open("ab") as ballast:
            while (size := self._beyond(share)) > 0:
                with contextlib.suppress(OSError):
                    os.posix_fallocate(ballast.fileno(), ballast.seek(0, os.SEEK_END), size)

    def _beyond(self, share: float) -> int:
        seen = os.statvfs(self.folder)
        return int((seen.f_bavail - share * seen.f_blocks) * seen.f_frsize)

    def fill(self) -> None:
        """Fill it until no page is free, though others write and delete meanwhile."""
        with (self.folder / "ballast").open("ab", buffering=0) as ballast:
            for size in (2**20, 2**12):
                with suppress(OSError):
                    ballast.writelines(itertools.repeat(bytes(size)))

    def empty(self) -> None:
        """Make room."""
        (self.folder / "ballast").unlink(missing_ok=True)


@contextmanager
def mounted(size: int) -> Iterator[Disk]:
    """One of so many MB, for as long as the block lasts."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small disk")
    folder = servers.new_folder()
    options = ["-o", f"size={size}m,mode=755"]
    done = subprocess.run(
        ["mount", "-t", "tmpfs", *options, "tmpfs", str(folder)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        pytest.skip(f"no file system can be mounted here: {done.stderr.strip()}")
    try:
        yield Disk(folder)
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)
        folder.rmdir()


@pytest.fixture
def disk(request: pytest.FixtureRequest) -> Iterator[Disk]:
    """One of so many MB."""
    with mounted(request.param) as made:
        yield made


@pytest.fixture
def site(request: pytest.FixtureRequest, tmp_path: Path, disk: Disk) -> Iterator[Site]:
    """A service whose database lies on it."""
    with ExitStack() as stack:
        url = f"sqlite:///{disk.folder}/site.db"
        if request.param == "postgresql":
            server = lacking.served(servers.own_postgres(disk.folder), wheel=servers.POSTGRES)
            stack.callback(server.stop)
            url = server.url()
        more = {"CEB_DISK_RESERVE": "15%", "CEB_WATCHED_FOLDERS": str(disk.folder), "CEB_LOG_LEVEL": "WARNING"}
        yield stack.enter_context(opened_site(tmp_path, url, more=more))


CASES = pytest.mark.parametrize(
    ("site", "disk", "left"),
    [
        pytest.param("sqlite", 24, 0.1, marks=pytest.mark.full),
        ("sqlite", 24, 0.0),
        ("postgresql", 192, 0.1),
    ],
    indirect=["site", "disk"],
    ids=["sqlite-tight", "sqlite-full", "postgresql-tight"],
)


def asked(address: str, path: str, body: object = None) -> int:
    """The status of an answer."""
    sent = None if body is None else json.dumps(body).encode()
    try:
        with urlopen(Request(f"{address}{path}", sent, {"Content-Type": "application/json"}), timeout=30) as reply:
            return int(reply.status)
    except HTTPError as error:
        return error.code


@pytest.mark.slow
@CASES
def test_what_a_full_disk_stops_goes_on_when_there_is_room(site: Site, disk: Disk, left: float) -> None:
    """Writes are refused in words, reading goes on, nobody asks on, and in the end every question has one outcome.

    Nothing is paid twice, even where it is full before anybody could look: what was under way then is held on to.
    """
    ordered = site.order(COUNT, width=WIDTH)
    body = {"answerer": "openai/gpt-x", "question_set": site.questions(COUNT)}
    with site.process(*APP) as app, site.worker() as worker:
        assert app.stdout is not None
        address = app.stdout.readline().split()[-1]
        wait_until(lambda: site.kept(ordered) > 20, process=worker)

        def refused() -> bool:
            return asked(address, ORDERS, {}) == 503 or (left == 0 and asked(address, ORDERS, body) == 507)

        disk.leave(left)
        wait_until(refused, within=6, process=worker)
        time.sleep(SETTLED)
        before = len(site.requests())
        for _ in range(HELD):
            time.sleep(1)
            assert refused()
            assert (asked(address, ORDERS), asked(address, "/health/ready")) == (200, 200)
        assert len(site.requests()) == before
        assert (app.poll(), worker.poll()) == (None, None)
        disk.empty()
        wait_until(lambda: site.status(ordered) is JobStatus.DONE, process=worker)
    site.check_whole(ordered, count=COUNT)
    assert len(site.requests()) == COUNT
