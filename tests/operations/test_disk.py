"""Disks are seen to be full in time and for long enough, and what is deleted for room is nothing that matters."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from causal_eval.operations.disk import DiskWatch, disposable, dispose, volumes, watched_folders
from causal_eval.settings import Settings, read_settings


class Disk:
    """A file system of 100 blocks."""

    free = 50

    def look(self, path: Path) -> os.statvfs_result:
        """As ``statvfs``."""
        assert path.exists()
        return os.statvfs_result((1000, 1000, 100, self.free + 3, self.free, 0, 0, 0, 0, 255))


def test_a_disk_is_full_until_there_is_clearly_room(tmp_path: Path) -> None:
    """Below the reserve it is; at the edge of it, it stays so."""
    disk = Disk()
    watch = DiskWatch([tmp_path / "not" / "yet" / "there"], 0.05, look=disk.look)
    for free, full in ((5, False), (4, True), (5, True), (7, True), (8, False), (5, False)):
        disk.free = free
        assert bool(watch.reason()) is full
    disk.free = 4
    assert watch.reason() == f"{tmp_path}/not/yet/there has 4.0% free, 5% are kept"
    assert not DiskWatch([tmp_path], 0.0, look=disk.look).reason()


def test_a_disk_that_was_never_full_holds_nobody_up(tmp_path: Path) -> None:
    """The room that one must have again is not asked of another that had enough all along."""
    free = {"a": 4, "b": 6}

    def look(path: Path) -> os.statvfs_result:
        return os.statvfs_result((1000, 1000, 100, 0, free[path.name], 0, 0, 0, 0, 255))

    for name in free:
        (tmp_path / name).mkdir()
    watch = DiskWatch([tmp_path / name for name in free], 0.05, look=look)
    assert watch.reason() == f"{tmp_path}/a has 4.0% free, 5% are kept"
    free["a"] = 8
    assert not watch.reason()


def test_what_is_watched_is_where_data_lies(tmp_path: Path) -> None:
    """The data folder, the folder of a database in a file, and what the setting names; of a server, none."""
    env = {"HOME": str(tmp_path), "CEB_DATA_DIR": "/data", "CEB_WATCHED_FOLDERS": "/srv/pg,/data"}
    file = read_settings({**env, "DATABASE_URL": "sqlite:////elsewhere/x.db"}, cwd=tmp_path)
    assert [str(one) for one in watched_folders(file)] == ["/data", "/elsewhere", "/srv/pg"]
    server = read_settings({**env, "DATABASE_URL": "postgresql://u@h/x"}, cwd=tmp_path)
    assert [str(one) for one in watched_folders(server)] == ["/data", "/srv/pg"]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A service with some files of each kind, changed at 1000 s, and new ones."""
    for name in (
        "cache/a",
        "cache/deep/b",
        "reports/old.html",
        "data/causal-eval.db",
        "data/backups/1",
        "log/app.log.1",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("12345")
        os.utime(tmp_path / name, (1000, 1000))
    for name in ("cache/new", "reports/new.html", "log/app.log", "log/app.log.lock"):
        (tmp_path / name).write_text("1")
    (tmp_path / "cache" / "link").symlink_to(tmp_path / "data" / "causal-eval.db")
    env = {"HOME": str(tmp_path), "CEB_DATA_DIR": "data", "CEB_CACHE_DIR": "cache", "CEB_LOG_FILE": "log/app.log"}
    return read_settings(env, cwd=tmp_path)


def test_only_what_can_be_made_again_is_deleted(settings: Settings, tmp_path: Path) -> None:
    """Shown first; then gone, with the bytes that it had, and everything else is there."""
    found = disposable(settings, before=2000)
    assert [str(one.path.relative_to(tmp_path)) for one in found] == [
        "log/app.log.1", "cache/a", "cache/deep/b", "reports/old.html",
    ]  # fmt: skip
    assert all(one.path.exists() for one in found)
    assert dispose(found) == 20
    assert dispose(found) == 0
    for name in ("data/causal-eval.db", "data/backups/1", "cache/new", "reports/new.html", "log/app.log"):
        assert (tmp_path / name).exists()


def test_a_folder_that_holds_data_is_left_alone(tmp_path: Path, settings: Settings) -> None:
    """A cache around the data, or within it, is not looked into."""
    for place in (".", "data", "data/backups"):
        env = {"HOME": str(tmp_path), "CEB_DATA_DIR": "data", "CEB_CACHE_DIR": place, "CEB_REPORT_DIR": place}
        assert disposable(read_settings(env, cwd=tmp_path), before=2000) == []
    assert settings.data_dir.exists()


@pytest.fixture
def tiny(tmp_path: Path) -> Iterator[Path]:
    """A file system of one megabyte."""
    folder = tmp_path / "tiny"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tiny", folder], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"no file system can be mounted here: {mounted.stderr.decode().strip()}")
    yield folder
    subprocess.run(["umount", folder], check=True)


def test_a_real_disk_that_fills_up_is_seen_before_it_is_full(tiny: Path) -> None:
    """There is still room to write when it is told; after something went, it is over."""
    watch = DiskWatch([tiny], 0.05)
    assert not watch.reason()
    ballast = tiny / "ballast"
    ballast.write_bytes(b"x" * 1_000_000)
    assert "are kept" in watch.reason()
    (tiny / "more").write_bytes(b"x" * 4096)
    ballast.unlink()
    assert not watch.reason()
    assert next(iter(volumes([tiny]))).size == 2**20
