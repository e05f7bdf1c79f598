"""Room on the disks that the service writes to: looked at, and made by deleting what can be made again."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from causal_eval.settings import Settings

EASE = 1.5
"""Times the reserve that must be free again before it counts as free: who is at the edge does not flicker."""


@dataclass(frozen=True, slots=True)
class Volume:
    """A folder's file system."""

    folder: Path
    free: int
    """Bytes that this account may still write."""
    size: int

    @property
    def share(self) -> float:
        """What is free of it, from 0 to 1."""
        return self.free / self.size if self.size else 1.0


def watched_folders(settings: Settings) -> list[Path]:
    """Where the service writes: its data, a database in a file, and what the settings name beside them."""
    file = settings.database_url.removeprefix("sqlite:///")
    own = [settings.data_dir, *([Path(file).parent] if file != settings.database_url else [])]
    return list(dict.fromkeys([*own, *(Path(name) for name in settings.watched_folders.split(",") if name)]))


def volumes(folders: Iterable[Path], *, look: Callable[[Path], os.statvfs_result] = os.statvfs) -> Iterator[Volume]:
    """The file systems of *folders*, or of what they will be made in; what cannot be seen is left out."""
    for folder in folders:
        there = next((path for path in (folder, *folder.parents) if path.exists()), folder)
        try:
            seen = look(there)
        except OSError:
            continue
        yield Volume(folder, seen.f_bavail * seen.f_frsize, seen.f_blocks * seen.f_frsize)


class DiskWatch:
    """Says when a disk is as good as full, until there is clearly room again."""

    def __init__(
        self, folders: Sequence[Path], reserve: float, *, look: Callable[[Path], os.statvfs_result] = os.statvfs
    ) -> None:
        self._folders = folders
        self._reserve = reserve
        self._look = look
        self._full = frozenset[Path]()
        """Those that had no room at the last look."""

    def reason(self) -> str:
        """Which folder has no room, one line; empty: all have."""
        seen = list(volumes(self._folders, look=self._look))
        tight = [one for one in seen if one.share < self._reserve * (EASE if one.folder in self._full else 1)]
        self._full = frozenset(one.folder for one in tight)
        return "; ".join(f"{one.folder} has {one.share:.1%} free, {self._reserve:.0%} are kept" for one in tight)


@dataclass(frozen=True, slots=True)
class Disposable:
    """A file that can go."""

    path: Path
    what: str
    size: int


def disposable(settings: Settings, *, before: float) -> list[Disposable]:
    """Rotated logs, and files of the cache and report folders last changed before *before* (seconds since 1970).

    Never anything of the data folder, of the database, or beside it, wherever the other folders lie.
    """
    evidence = watched_folders(settings)
    found = list[Disposable]()
    log = settings.log_file
    if log is not None and log.parent.exists():
        found += _seen(log.parent.glob(f"{log.name}.[0-9]*"), "earlier log", before=None)
    for folder, what in ((settings.cache_dir, "cache"), (settings.report_dir, "report")):
        if any(kept.is_relative_to(folder) or folder.is_relative_to(kept) for kept in evidence):
            continue
        found += _seen(folder.rglob("*"), what, before=before)
    return found


def dispose(found: Iterable[Disposable]) -> int:
    """Delete them; the bytes that were freed. What is gone already, or may not go, is left."""
    freed = 0
    for one in found:
        try:
            one.path.unlink()
        except OSError:
            continue
        freed += one.size
    return freed


def _seen(paths: Iterable[Path], what: str, *, before: float | None) -> Iterator[Disposable]:
    """Those of *paths* that are files, and old enough; what somebody else deletes meanwhile is left out."""
    for path in sorted(paths):
        try:
            seen = path.lstat()
        except OSError:
            continue
        if stat.S_ISREG(seen.st_mode) and (before is None or seen.st_mtime < before):
            yield Disposable(path, what, seen.st_size)
