"""A SQLite file: backed up while others write, restored beside, swapped when somebody says so."""

from __future__ import annotations

import errno
import functools
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from causal_eval.backups import shelf, take
from causal_eval.backups.keeping import Keeping
from causal_eval.backups.restore import Wish, plan, restore, try_restore
from causal_eval.backups.rounds import Rounds
from causal_eval.backups.sealing import Key
from causal_eval.backups.state import read_state
from causal_eval.errors import StoreError, StoreFull, StoreLocked, UnknownName, UsageError, VerificationMismatch
from causal_eval.operations.collectors import Standing
from causal_eval.operations.metrics import Metrics
from causal_eval.operations.watch import Watch
from causal_eval.settings import read_settings
from causal_eval.store.database import open_store
from causal_eval.store.fingerprints import differences


@pytest.fixture
def data(tmp_path: Path, make_data: Callable[..., Any]) -> Any:
    """A file with twenty outcomes."""
    made = make_data(f"sqlite:///{tmp_path}/store.db")
    made.write(0, 20)
    return made


@pytest.fixture
def keeping(data: Any, make_keeping: Callable[..., Keeping]) -> Keeping:
    """What backs it up, in two places."""
    return make_keeping(data.url, copy=True)


def test_a_backup_while_others_write_is_one_state(data: Any, keeping: Keeping) -> None:
    """What is restored has the very rows that the manifest counts, and is swapped in; the old file stays."""
    writer = threading.Thread(target=data.write, args=(20, 60))
    writer.start()
    kept = take.back_up(keeping)
    writer.join()
    data.delete()
    done = restore(keeping, Wish("latest", swap=True))
    assert done.source == kept.manifest.name
    found = {one.table: one.rows for one in kept.manifest.tables}
    assert data.count() == found["attempts"] >= 20
    assert data.count(f"sqlite:///{done.aside}") == 0
    assert not differences(kept.manifest.tables, take._sums_of(Path(keeping.database))[0])


def test_a_backup_is_in_both_places_and_the_last_good_ones_stay(keeping: Keeping) -> None:
    """So many are kept; one that cannot be read neither counts nor goes; the record says what was last done."""
    first = take.back_up(keeping)
    second = take.back_up(keeping)
    (second.path / shelf.MANIFEST).write_bytes(b"{")
    made = [take.back_up(keeping).manifest.name for _ in range(3)]
    assert shelf.names(keeping.folder) == [second.manifest.name, *made]
    assert first.manifest.name not in shelf.names(keeping.folder)
    assert keeping.copy is not None
    assert shelf.names(keeping.copy) == made
    assert read_state(keeping.folder).last_backup == made[-1]


@pytest.mark.parametrize("harm", ["flip", "cut", "manifest", "file"])
def test_a_changed_backup_is_refused_and_reported(keeping: Keeping, harm: str) -> None:
    """A turned bit, a cut file, an edited manifest: refused with what to do, and the restore test has failed."""
    kept = take.back_up(keeping)
    path = kept.path / (shelf.MANIFEST if harm == "manifest" else "database.db.sealed")
    body = bytearray(path.read_bytes())
    if harm == "flip":
        body[len(body) // 2] ^= 1
    elif harm == "cut":
        del body[-5:]
    elif harm == "manifest":
        body = bytearray(bytes(body).replace(b'"exact":true', b'"exact":false'))
    path.write_bytes(body) if harm != "file" else path.unlink()
    with pytest.raises(VerificationMismatch, match="use another backup"):
        try_restore(keeping, "latest")
    state = read_state(keeping.folder)
    assert state.restore_test_ok is False
    assert "use another backup" in state.restore_test_said
    with pytest.raises(VerificationMismatch, match="use another backup"):
        restore(keeping, Wish("latest", swap=True))


def test_a_good_backup_passes_its_test_with_a_further_check(keeping: Keeping) -> None:
    """The record says that it passed; what a door finds wrong makes it fail."""
    take.back_up(keeping)
    assert "all is as it must be" in try_restore(keeping, "latest")
    assert read_state(keeping.folder).restore_test_ok is True
    with pytest.raises(VerificationMismatch, match="odd"):
        try_restore(keeping, "latest", further=lambda _: ["odd"])
    assert read_state(keeping.folder).restore_test_ok is False


def test_a_changed_row_is_found_by_its_hash(data: Any, keeping: Keeping) -> None:
    """What was changed before the backup was made is in it as it was, and no restore calls it sound."""
    with sqlite3.connect(keeping.database) as connection:
        connection.execute("UPDATE attempts SET text = 'other' WHERE id = 3")
    connection.close()
    take.back_up(keeping)
    with pytest.raises(VerificationMismatch, match="attempt 3 of"):
        restore(keeping, Wish("latest", swap=True))
    assert data.count() == 20


def test_the_wrong_key_and_the_wrong_name_are_named(keeping: Keeping) -> None:
    """Each error says what to do."""
    kept = take.back_up(keeping)
    other = Keeping(keeping.url, keeping.account, keeping.folder, (Key(bytes(32)),), keeping.clock)
    with pytest.raises(UsageError, match=f"sealed with key {keeping.keys[0].id}"):
        plan(other, Wish("latest"))
    with pytest.raises(UnknownName, match=kept.manifest.name):
        plan(keeping, Wish(kept.manifest.name[:-1]))
    with pytest.raises(UsageError, match="leave --beside out"):
        plan(keeping, Wish("latest", beside="x", swap=True))


def test_a_file_in_use_is_not_swapped(data: Any, keeping: Keeping) -> None:
    """Who has it open would write into the old file: the swap is refused, and nothing changes."""
    take.back_up(keeping)
    holder = sqlite3.connect(keeping.database)
    holder.execute("SELECT count(*) FROM attempts").fetchone()
    with pytest.raises(StoreLocked, match="open in another process"):
        restore(keeping, Wish("latest", swap=True))
    holder.close()
    assert data.count() == 20


def test_a_broken_file_is_replaced(data: Any, keeping: Keeping) -> None:
    """What is no database any more is put aside as it is; a backup of it is refused, and older ones stay."""
    take.back_up(keeping)
    path = Path(keeping.database)
    body = bytearray(path.read_bytes())
    body[:200] = bytes(200)
    path.write_bytes(body)
    with pytest.raises(StoreError, match="restore"):
        take.back_up(keeping)
    assert len(shelf.names(keeping.folder)) == 1
    done = restore(keeping, Wish("latest", swap=True))
    assert data.count() == 20
    assert Path(done.aside).read_bytes() == bytes(body)


def test_a_full_disk_leaves_nothing_half_written(keeping: Keeping, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error says so, what was begun is gone, and the record tells of the failure."""
    take.back_up(keeping)

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(take, "seal", full)
    with pytest.raises(StoreFull, match="no space left for backups"):
        take.back_up(keeping)
    assert len(shelf.names(keeping.folder)) == 1
    assert not list(keeping.folder.glob(".*.part"))
    assert "no space left" in read_state(keeping.folder).last_failure


class Small(sqlite3.Connection):
    """To a database that may not grow, as where the disk for the copy is full."""

    def __init__(self, *place: Any, **more: Any) -> None:
        super().__init__(*place, **more)
        self.execute("PRAGMA max_page_count = 2")


def test_no_room_for_the_copy_is_told_as_that(keeping: Keeping, monkeypatch: pytest.MonkeyPatch) -> None:
    """It names the folder that is full and what to do; nothing sends anybody to a restore."""
    monkeypatch.setattr(sqlite3, "connect", functools.partial(sqlite3.connect, factory=Small))
    with pytest.raises(StoreFull, match=r"no space left for the copy of database .*: free some, or .*TMPDIR"):
        take.back_up(keeping)
    assert not list(keeping.folder.glob("*-sqlite"))


KILLED = """
import os, signal, sys
from causal_eval.backups import take
def kill(*args, **more):
    os.kill(os.getpid(), signal.SIGKILL)
setattr(take, sys.argv[1], kill)
from causal_eval.cli.main import main
sys.argv[1:] = ["backup"]
main()
"""


@pytest.mark.parametrize("at", ["write_manifest", "check_files", "copy", "_throw_away"])
def test_a_killed_backup_never_looks_whole(tmp_path: Path, keeping: Keeping, data: Any, at: str) -> None:
    """Killed at any step, what stands there under a name is whole, and the next one goes well and tidies up."""
    take.back_up(keeping)
    env = {
        "DATABASE_URL": data.url, "CEB_BACKUP_DIR": str(keeping.folder), "CEB_BACKUP_KEY_FILE": str(tmp_path / "key"),
        "CEB_BACKUP_COPY_DIR": str(keeping.copy), "HOME": str(tmp_path), "CEB_DATA_DIR": str(tmp_path),
    }  # fmt: skip
    done = subprocess.run([sys.executable, "-c", KILLED, at], env=env, cwd=tmp_path, check=False, timeout=120)
    assert done.returncode == -signal.SIGKILL
    for folder in keeping.folders:
        for name in shelf.names(folder):
            shelf.check_files(shelf.Kept(folder / name, shelf.read_manifest(folder / name, keeping.keys)))
    take.back_up(keeping)
    assert not [left for folder in keeping.folders for left in folder.glob(".*.part")]
    assert "all is as it must be" in try_restore(keeping, "latest")


def test_rounds_do_what_is_due(keeping: Keeping) -> None:
    """A backup, and its test, once in the interval, whichever process asks; what fails is said, and ends nothing."""
    said: list[str] = []
    rounds = Rounds(keeping, interval=1000.0, test=True, further=lambda _: [], say=said.append)
    rounds.once()
    rounds.once()
    assert len(shelf.names(keeping.folder)) == 1
    assert "all is as it must be" in said[-1]
    failing = Rounds(keeping, interval=1.0, test=True, further=lambda _: ["odd"], say=said.append)
    failing.once()
    assert "odd" in said[-1]
    assert read_state(keeping.folder).restore_test_ok is False


def test_a_backup_whose_test_was_cut_off_is_tested(keeping: Keeping) -> None:
    """The next process restores it on trial, though no backup is due; one that was tested is left alone."""
    kept, said = take.back_up(keeping), list[str]()
    rounds = Rounds(keeping, interval=1000.0, test=True, further=lambda _: [], say=said.append)
    rounds.once()
    rounds.once()
    assert len(said) == 1
    assert said[0].startswith(kept.manifest.name)
    assert len(shelf.names(keeping.folder)) == 1


def test_a_schedule_tells_of_its_restores(data: Any, keeping: Keeping, tmp_path: Path) -> None:
    """`backup every` backs up and restores on trial; whoever scrapes the service hears when, and that it failed."""
    with sqlite3.connect(keeping.database) as connection:
        connection.execute("UPDATE attempts SET text = 'other' WHERE id = 3")
    connection.close()
    env = {
        "DATABASE_URL": data.url, "CEB_BACKUP_DIR": str(keeping.folder), "CEB_BACKUP_KEY_FILE": str(tmp_path / "key"),
        "HOME": str(tmp_path), "CEB_DATA_DIR": str(tmp_path),
    }  # fmt: skip
    began = time.time()
    words = (sys.executable, "-m", "causal_eval.cli", "backup", "every", "1h", "--log", "1s")
    process = subprocess.Popen(words, env=env, cwd=tmp_path, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    for line in process.stderr:
        if "attempt 3 of" in line:
            break
    process.terminate()
    assert process.wait(60) == 0
    process.stderr.close()
    store, metrics = open_store(data.url), Metrics()
    watch = Watch(store, read_settings(env, cwd=tmp_path), clock=time.time)
    metrics.add(Standing(watch))
    told = metrics.registry.get_sample_value
    assert told("backup_restore_test_success") == 0.0
    made, tested = told("backup_last_success_timestamp_seconds"), told("backup_restore_test_timestamp_seconds")
    watch.stop()
    store.close()
    assert made is not None
    assert tested is not None
    assert began <= made <= tested <= time.time()
