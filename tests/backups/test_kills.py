"""A restore that is killed at any step: what is in use is whole, nothing lives on, and the same command goes well."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy.engine import make_url
from tests import servers

from causal_eval.backups import take
from causal_eval.backups.keeping import Keeping

SECONDS = 60.0
"""Within which a step must be reached, or something must be gone."""

_STEPS = """
import importlib, os, signal, sys
where, name, when, number = sys.argv[1:5]
place = importlib.import_module(f"causal_eval.backups.{where}")
*outer, name = name.split(".")
for part in outer:
    place = getattr(place, part)
real, calls = getattr(place, name), [0]
def killed(*args, **more):
    calls[0] += 1
    if when == "before" and calls[0] == int(number):
        os.kill(os.getpid(), signal.SIGKILL)
    result = real(*args, **more)
    if when == "after" and calls[0] == int(number):
        os.kill(os.getpid(), signal.SIGKILL)
    return result
setattr(place, name, killed)
from causal_eval.cli.main import main
sys.argv[1:] = sys.argv[5:]
main()
"""
"""The command line, in a process that is killed before or after something is called for the so many-th time."""
Step = tuple[str, str, str, int]


@dataclass(frozen=True, slots=True)
class Typed:
    """Commands of ours as somebody types them, in processes that can be killed; their scratch is nobody else's."""

    env: Mapping[str, str]
    scratch: Path
    started: list[subprocess.Popen[str]] = field(default_factory=list)

    def run(self, *words: str) -> str:
        """What the command says; it must go well."""
        done = self._start("-m", "causal_eval.cli", *words)
        said, complained = done.communicate(timeout=120)
        assert done.returncode == 0, complained
        return said

    def kill_at(self, step: Step, *words: str) -> None:
        """It dies by SIGKILL at that step."""
        done = self._start("-c", _STEPS, *map(str, step), *words)
        said = done.communicate(timeout=120)
        assert done.returncode == -signal.SIGKILL, said

    def begin(self, *words: str) -> subprocess.Popen[str]:
        """It runs."""
        return self._start("-m", "causal_eval.cli", *words)

    def _start(self, *arguments: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, *arguments], env=dict(self.env), cwd=self.scratch, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        self.started.append(process)
        return process


@pytest.fixture
def type_for(tmp_path: Path) -> Iterator[Callable[[Keeping], Typed]]:
    """The hand that types commands for a database and its backups."""
    scratch = servers.new_folder()
    hands: list[Typed] = []

    def build(keeping: Keeping) -> Typed:
        told = {
            "DATABASE_URL": keeping.url,
            "CEB_BACKUP_DIR": keeping.folder,
            "CEB_BACKUP_WAL_DIR": keeping.spool,
            "CEB_BACKUP_KEY_FILE": tmp_path / "key",
            "CEB_DATA_DIR": tmp_path,
            "HOME": tmp_path,
            "TMPDIR": scratch,
            "PATH": os.environ["PATH"],
        }
        hands.append(Typed({name: str(value) for name, value in told.items() if value is not None}, scratch))
        return hands[-1]

    yield build
    for process in (one for hand in hands for one in hand.started):
        process.kill()
        process.communicate()
    shutil.rmtree(scratch)


def until(holds: Callable[[], object]) -> None:
    """Wait until it *holds*."""
    end = time.monotonic() + SECONDS
    while not holds():
        assert time.monotonic() < end, "in vain"
        time.sleep(0.02)


def databases(url: str) -> set[str]:
    """Of the server, those that this test's are named after."""
    with psycopg.connect(url) as connection:
        found = {str(row[0]) for row in connection.execute("SELECT datname FROM pg_database")}
    return {one for one in found if one.startswith(str(make_url(url).database))}


FILE_STEPS = [
    ("recover", "unpack_file", "after", 1),
    ("restore", "_make_like", "before", 1),
    ("restore", "Path.hardlink_to", "after", 1),
    ("restore", "Path.replace", "before", 2),
    ("restore", "Path.replace", "after", 2),
]
"""The second to be replaced is the file in use."""


def name_of(step: Step) -> str:
    """As pytest shows it."""
    return "-".join(map(str, step))


@pytest.mark.parametrize("step", FILE_STEPS, ids=name_of)
def test_a_file_is_the_old_or_the_new_one(
    tmp_path: Path, make_data: Callable[..., Any], make_keeping: Callable[..., Keeping], type_for: Any, step: Step
) -> None:
    """Killed at any step, the file in use is whole; typed again, the restore goes well and the old one is aside."""
    data = make_data(f"sqlite:///{tmp_path}/store.db")
    keeping = make_keeping(data.url)
    data.write(0, 20)
    take.back_up(keeping)
    data.write(20, 30)
    hand = type_for(keeping)
    hand.kill_at(step, "restore", "latest", "--swap")
    assert data.count() == (20 if step == FILE_STEPS[-1] else 30)
    assert "it is in use now" in hand.run("restore", "latest", "--swap")
    assert data.count() == 20
    assert 30 in {data.count(f"sqlite:///{one}") for one in tmp_path.glob("store.db.before-*Z")}
    assert not list(tmp_path.glob("store.db_restored*")) + list(tmp_path.glob(".store.db*.part"))
    assert not list(hand.scratch.iterdir())


@pytest.mark.parametrize("number", [1, 2])
def test_a_broken_file_is_replaced_with_all_beside_it(
    tmp_path: Path, make_data: Callable[..., Any], make_keeping: Callable[..., Keeping], type_for: Any, number: int
) -> None:
    """Nothing of a broken file, its log of changes least of all, is ever taken for the restored one's."""
    data = make_data(f"sqlite:///{tmp_path}/store.db")
    keeping = make_keeping(data.url)
    data.write(0, 20)
    take.back_up(keeping)
    for end in ("", "-wal", "-shm"):
        Path(f"{keeping.database}{end}").write_bytes(b"broken" * 1000)
    hand = type_for(keeping)
    hand.kill_at(("restore", "Path.rename", "after", number), "restore", "latest", "--swap")
    assert Path(keeping.database).read_bytes() == b"broken" * 1000
    hand.run("restore", "latest", "--swap")
    assert data.count() == 20
    assert len(list(tmp_path.glob("store.db.before-*Z-wal"))) == 1


DATABASE_STEPS = [
    ("target", "_say", "before", 1),
    ("restore", "load", "after", 1),
    ("target", "swap", "before", 1),
    ("target", "_rename", "after", 1),
    ("target", "_rename", "after", 2),
    ("target", "swap", "after", 1),
]
"""The second to be renamed is the restored one; then the transaction ends."""


@pytest.mark.parametrize("step", DATABASE_STEPS, ids=name_of)
def test_a_database_is_the_old_or_the_new_one(
    postgres_url: str, make_data: Callable[..., Any], make_keeping: Callable[..., Keeping], type_for: Any, step: Step
) -> None:
    """Killed at any step, the database in use is whole; typed again, the restore goes well and the old one is aside."""
    data, keeping = make_data(postgres_url), make_keeping(postgres_url)
    data.write(0, 20)
    take.back_up(keeping)
    data.write(20, 30)
    hand = type_for(keeping)
    hand.kill_at(step, "restore", "latest", "--swap")
    name = str(make_url(postgres_url).database)
    try:
        until(lambda: name in databases(postgres_url))
        assert data.count() == (20 if step == DATABASE_STEPS[-1] else 30)
        assert "it is in use now" in hand.run("restore", "latest", "--swap")
        assert data.count() == 20
        aside = databases(postgres_url) - {name}
        assert 30 in {data.count(on(postgres_url, one)) for one in aside}
        assert all(one.startswith(f"{name}_before_") for one in aside)
        assert not list(hand.scratch.iterdir())
    finally:
        drop(postgres_url)


def test_no_program_fills_a_database_after_its_restore_was_killed(
    postgres_url: str, make_data: Callable[..., Any], make_keeping: Callable[..., Keeping], type_for: Any
) -> None:
    """What fills the database beside ends with the command, so that the next one finds it as it left it."""
    data, keeping = make_data(postgres_url), make_keeping(postgres_url)
    data.write(0, 20)
    take.back_up(keeping)
    hand = type_for(keeping)
    process = hand.begin("restore", "latest")
    with psycopg.connect(on(postgres_url, "postgres"), autocommit=True) as connection:

        def filling() -> bool:
            return bool(connection.execute(_FILLING, [f"{data.url.rpartition('/')[2]}_restored"]).fetchall())

        until(filling)
        process.kill()
        until(lambda: not filling())
    try:
        hand.run("restore", "latest")
        assert data.count(on(postgres_url, f"{data.url.rpartition('/')[2]}_restored")) == 20
    finally:
        drop(postgres_url)


_FILLING = "SELECT 1 FROM pg_stat_activity WHERE datname = %s AND application_name = 'pg_restore'"


def test_a_schedule_ends_in_the_middle_of_a_backup(
    tmp_path: Path, make_data: Callable[..., Any], make_keeping: Callable[..., Keeping], type_for: Any
) -> None:
    """SIGTERM does not wait for a round: it ends well, and what was begun is gone."""
    keeping = make_keeping(make_data(f"sqlite:///{tmp_path}/store.db").url)
    hand = type_for(keeping)
    process = hand.begin("backup", "every", "1s", "--log", "1s")
    until(lambda: list(hand.scratch.glob("*/*")))
    process.terminate()
    said = process.communicate(timeout=SECONDS)
    assert process.returncode == 0, said
    assert not list(hand.scratch.iterdir()) + list(keeping.folder.glob(".*.part"))


def on(url: str, database: str) -> str:
    """Another database of the server."""
    return make_url(url).set(database=database).render_as_string(hide_password=False)


def drop(url: str) -> None:
    """All that is named after the test's database, but for itself."""
    with psycopg.connect(on(url, "postgres"), autocommit=True) as connection:
        for one in databases(url) - {str(make_url(url).database)}:
            connection.execute(f'DROP DATABASE "{one}" WITH (FORCE)')


@pytest.fixture
def replaying(archiving: Any, make_data: Callable[..., Any], make_keeping: Callable[..., Keeping]) -> Any:
    """A server with a base backup and a log that goes beyond it: its database has 40 outcomes."""
    data = make_data(archiving.url)
    keeping = make_keeping(archiving.url, spool=archiving.spool)
    take.back_up(keeping)
    data.write(0, 40)
    return data, keeping


@pytest.mark.slow
@pytest.mark.parametrize(
    ("number", "beside"),
    [
        (signal.SIGKILL, False),
        pytest.param(signal.SIGKILL, True, marks=pytest.mark.full),
        pytest.param(signal.SIGTERM, False, marks=pytest.mark.full),
    ],
)
def test_no_throw_away_server_outlives_a_restore(
    archiving: Any, replaying: Any, type_for: Any, number: signal.Signals, *, beside: bool
) -> None:
    """Whatever ends the command while its server replays the log: the server ends, and the command goes well again."""
    data, keeping = replaying
    hand = type_for(keeping)
    words = ("restore", "latest", *(("--beside", str(archiving.spool / "new")) if beside else ("--swap",)))
    process = hand.begin(*words)
    where = archiving.spool if beside else hand.scratch
    until(lambda: list(where.glob("**/postmaster.pid")))
    process.send_signal(number)
    said = process.communicate(timeout=SECONDS)
    assert process.returncode == (-number if number == signal.SIGKILL else 130), said
    until(lambda: not list(where.glob("**/postmaster.pid")) and not served(where))
    assert number == signal.SIGKILL or not list(hand.scratch.iterdir())
    assert data.count() == 40
    hand.run(*words)
    assert data.count() == 40
    assert not list(hand.scratch.iterdir())


def served(where: Path) -> list[int]:
    """Processes that work below that folder, PostgreSQL's of throw-away servers."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            place = (path / "cwd").readlink()
        except OSError:
            continue
        if where in place.parents:
            found.append(int(path.name))
    return found
