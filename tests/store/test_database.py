"""Opening a database: made whole or not at all, and every refusal is one clear line."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from sqlalchemy import text

from causal_eval.errors import StoreError, StoreLocked, StoreNewer, StoreReadOnly, UsageError
from causal_eval.store.database import HEAD, Store, current_revision, open_store


def test_a_new_database_is_made_with_its_folder(tmp_path: Path) -> None:
    """A path that does not exist yet becomes a database at the newest migration."""
    store = open_store(f"sqlite:///{tmp_path}/new/folder/runs.db")
    with store.reading() as connection:
        assert current_revision(connection) == HEAD
    store.close()


def test_the_settings_of_a_crash_safe_run(file_store: Store) -> None:
    """WAL, NORMAL, foreign keys and a busy timeout of 30 s hold on every connection."""
    wanted = {"journal_mode": "wal", "synchronous": 1, "foreign_keys": 1, "busy_timeout": 30_000}
    for opened in (file_store.reading, file_store.writing):
        with opened() as connection:
            found = {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one() for name in wanted}
            assert found == wanted


def test_opening_again_changes_nothing(file_store: Store) -> None:
    """An up-to-date database is taken as it is."""
    before = Path(file_store.place).stat().st_mtime_ns
    open_store(f"sqlite:///{file_store.place}").close()
    assert Path(file_store.place).stat().st_mtime_ns == before


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "mysql://u:secret@h/d", "nonsense"])
def test_urls_that_keep_nothing_are_refused(url: str) -> None:
    """A database in memory or of another kind is refused by name, without its password."""
    with pytest.raises(UsageError, match="DATABASE_URL is") as refused:
        open_store(url)
    assert "secret" not in str(refused.value)


def test_a_newer_database_is_left_alone(file_store: Store) -> None:
    """A schema that this version does not know is refused, with what to do."""
    with file_store.writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        connection.execute(text("UPDATE schema_floor SET revision = '9999'"))
    with pytest.raises(StoreNewer, match=r"9999.*upgrade causal-eval-bench"):
        open_store(f"sqlite:///{file_store.place}")


def test_a_file_that_is_no_database_is_left_alone(tmp_path: Path) -> None:
    """Something else under that name is neither read nor overwritten."""
    other = tmp_path / "notes.db"
    other.write_bytes(b"my notes, not a database at all" * 100)
    with pytest.raises(StoreError, match="no sound SQLite database"):
        open_store(f"sqlite:///{other}")
    assert other.read_bytes().startswith(b"my notes")


def test_a_folder_that_cannot_be_made_is_explained(tmp_path: Path) -> None:
    """A path below a file cannot be: one line with the way out."""
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreReadOnly, match="CEB_DATA_DIR"):
        open_store(f"sqlite:///{tmp_path}/file/runs.db")


@pytest.mark.skipif(not hasattr(os, "fork") or os.geteuid() != 0, reason="needs root to become somebody else")
@pytest.mark.parametrize("exists", [True, False])
def test_a_read_only_place_is_explained(tmp_path: Path, *, exists: bool) -> None:
    """Somebody without the right to write gets one line, and nothing half-written is left."""
    place = tmp_path / "locked"
    place.mkdir()
    if exists:
        open_store(f"sqlite:///{place}/runs.db").close()
    for path in (tmp_path, *tmp_path.parents):
        if path.stat().st_uid == 0 and path != Path("/tmp"):  # the folders of pytest are private
            path.chmod(path.stat().st_mode | 0o055)
    child = os.fork()
    if child == 0:
        os.setuid(65534)
        try:
            open_store(f"sqlite:///{place}/runs.db")
        except StoreReadOnly:
            os._exit(7)
        except BaseException:  # noqa: BLE001 - the child's code is the result
            os._exit(8)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
    assert sorted(path.name for path in place.iterdir()) == (["runs.db"] if exists else [])


def test_a_locked_database_is_explained(file_store: Store) -> None:
    """A writer that another process keeps waiting for too long says so."""
    other = sqlite3.connect(file_store.place, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    impatient = open_store(f"sqlite:///{file_store.place}", busy_seconds=0.05)
    with pytest.raises(StoreLocked, match="held by another process"), impatient.writing():
        pass
    other.close()
    impatient.close()


def test_a_writer_waits_for_another(file_store: Store) -> None:
    """Within the busy timeout a second writer waits and then goes on."""
    other = sqlite3.connect(file_store.place, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    started = time.monotonic()
    release = threading.Timer(0.2, lambda: other.execute("COMMIT"))
    release.start()
    with file_store.writing():
        waited = time.monotonic() - started
    release.join()
    other.close()
    assert waited > 0.15


def test_a_failed_transaction_leaves_nothing(store: Store) -> None:
    """What was written before an error inside a block is not there after it."""

    def broken() -> None:
        with store.writing() as connection:
            connection.execute(text("INSERT INTO projects VALUES ('p', 'P', '2026-01-01')"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        broken()
    with store.reading() as connection:
        assert connection.execute(text("SELECT id FROM projects")).all() == [("local",)]


@pytest.mark.slow
def test_processes_may_open_a_new_database_at_once(tmp_path: Path) -> None:
    """Four processes that find no database make exactly one, and all of them can use it."""
    code = f"from causal_eval.store.database import open_store; open_store('sqlite:///{tmp_path}/runs.db')"
    racers = [subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE) for _ in range(4)]
    errors = [racer.communicate(timeout=60)[1].decode() for racer in racers]
    assert [racer.returncode for racer in racers] == [0, 0, 0, 0], errors
