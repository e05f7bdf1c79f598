"""PostgreSQL's log of changes, kept segment by segment: with it any moment since a base backup can be restored.

The server copies each finished segment into a spool folder on its own machine; what backs up seals it, copies it to the
second place and only then takes it out of the spool.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from causal_eval.backups.keeping import Keeping
from causal_eval.backups.sealing import PIECE, Key, seal, unseal
from causal_eval.backups.shelf import copy_file, explained, sync
from causal_eval.errors import Conflict, StoreLocked, VerificationMismatch
from causal_eval.store.locks import hold_file

FOLDER = "wal"
_SEALED = ".sealed"
_LOCK = ".lock"
_SEGMENT = re.compile(r"[0-9A-F]{24}")
_FILE = re.compile(r"[0-9A-F]{24}(\.[0-9A-F]{8}\.backup)?|[0-9A-F]{8}\.history")
_TIMELINE = 8
"""Digits; what follows is the place in the log."""


def archive_command(spool: Path) -> str:
    """What PostgreSQL is told to do with a finished segment: it appears in *spool* whole, or not at all."""
    return f'cp "%p" "{spool}/.%f" && mv "{spool}/.%f" "{spool}/%f"'


def sweep(keeping: Keeping) -> int:
    """Seal what lies in the spool and take it away; how many segments.

    Raises:
        StoreFull, StoreReadOnly: what could not be sealed lies in the spool as before.
    """
    if keeping.spool is None or not keeping.spool.is_dir():
        return 0
    place = keeping.folder / FOLDER
    with explained(keeping.folder):
        place.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            with hold_file(str(place / _LOCK), f"another process seals the log in {place}"):
                return _sweep(keeping, keeping.spool)
        except StoreLocked:
            return 0  # it takes what waits


def _sweep(keeping: Keeping, spool: Path) -> int:
    waiting = sorted(one for one in spool.iterdir() if _FILE.fullmatch(one.name))
    for path in waiting:
        _keep(path, keeping)
        path.unlink()
    return sum(1 for one in waiting if _SEGMENT.fullmatch(one.name))


def _keep(path: Path, keeping: Keeping) -> None:
    for number, folder in enumerate(keeping.folders):
        place = folder / FOLDER
        place.mkdir(parents=True, exist_ok=True, mode=0o700)
        part, target = place / f".{path.name}.part", place / f"{path.name}{_SEALED}"
        part.unlink(missing_ok=True)
        if target.exists():
            _check_same(path, target, keys=keeping.keys)
        elif number:
            copy_file(keeping.folder / FOLDER / target.name, part)
        else:
            seal(_pieces(path), part, key=keeping.keys[0])
        if part.exists():
            part.replace(target)
        sync(place)


def _check_same(path: Path, kept: Path, *, keys: Sequence[Key]) -> None:
    """See that a segment which is kept already is the same: another server's log must not be written over.

    Raises:
        Conflict: it is another one.
    """
    digest, other = hashlib.sha256(), hashlib.sha256()
    for piece in _pieces(path):
        digest.update(piece)
    for piece in unseal(kept, keys):
        other.update(piece)
    if digest.digest() != other.digest():
        raise Conflict(
            f"{kept} is of another server than {path}: name an empty folder for the backups of this one "
            "(CEB_BACKUP_DIR, CEB_BACKUP_COPY_DIR)"
        )


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            yield piece


def segments(folder: Path) -> list[str]:
    """Those that are kept there, in order."""
    place = folder / FOLDER
    if not place.is_dir():
        return []
    found = (one.name.removesuffix(_SEALED) for one in place.iterdir() if one.name.endswith(_SEALED))
    return sorted(name for name in found if _SEGMENT.fullmatch(name))


def prune(folder: Path, *, before: str) -> None:
    """Throw away segments that no base backup needs: those in front of *before*."""
    for name in segments(folder):
        if name[_TIMELINE:] < before[_TIMELINE:]:
            (folder / FOLDER / f"{name}{_SEALED}").unlink()


@dataclass(frozen=True, slots=True)
class Log:
    """What a server that recovers asks for, wherever it is kept."""

    folders: tuple[Path, ...]
    spool: Path | None
    keys: Sequence[Key]
    given: list[str] = field(default_factory=list)
    """Segments that were handed out, in order."""

    def fetch(self, name: str, target: Path) -> bool:
        """Put the file *name* of the log at *target*; False: nobody has it.

        Raises:
            VerificationMismatch: where it is kept, it was changed.
        """
        if not _FILE.fullmatch(name):
            return False
        # what is sealed meanwhile is gone from the spool, and kept by then
        found = self._sealed(name, target) or self._spooled(name, target) or self._sealed(name, target)
        if found and _SEGMENT.fullmatch(name):
            self.given.append(name)
        return found

    def _sealed(self, name: str, target: Path) -> bool:
        faults = []
        for path in (folder / FOLDER / f"{name}{_SEALED}" for folder in self.folders):
            if path.exists():
                try:
                    _write(unseal(path, self.keys), target)
                except VerificationMismatch as error:
                    faults.append(error)
                    continue
                return True
        if faults and not self._is_spooled(name):
            raise faults[0]
        return False

    def _spooled(self, name: str, target: Path) -> bool:
        if self.spool is None or not self._is_spooled(name):
            return False
        try:
            _write(_pieces(self.spool / name), target)
        except FileNotFoundError:
            return False
        return True

    def _is_spooled(self, name: str) -> bool:
        return self.spool is not None and (self.spool / name).exists()

    def gap(self) -> str:
        """The first segment that is kept behind one that is missing; empty: there is none.

        Without it a restore to the end of the log would end early and say nothing.
        """
        if not self.given:
            return ""
        kept = sorted({name for folder in self.folders for name in segments(folder)})
        timeline, last = self.given[-1][:_TIMELINE], self.given[-1]
        return next((name for name in kept if name.startswith(timeline) and name > last), "")


def _write(pieces: Iterator[bytes], target: Path) -> None:
    part = target.with_name(f".{target.name}.part")
    with part.open("wb") as file:
        for piece in pieces:
            file.write(piece)
    part.replace(target)
