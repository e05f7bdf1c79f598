"""What was last done about backups, in one small file beside them, for whoever watches: metrics, health, people."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import msgspec

FILE = "backup-state.json"


@dataclass(frozen=True, slots=True)
class BackupState:
    """When it last went well; times are seconds since 1970, None: never."""

    last_success_at: float | None = None
    """A backup was written, verified and, where there is a second place, copied."""
    last_backup: str = ""
    made_at: Mapping[str, float] = field(default_factory=dict)
    """When that last was, of each kind."""
    last_failure_at: float | None = None
    last_failure: str = ""
    restore_test_at: float | None = None
    restore_test_ok: bool | None = None
    restore_test_said: str = ""
    """One line: what was restored in how many seconds, or what was wrong."""


def read_state(folder: Path) -> BackupState:
    """The record of the backups in *folder*; an empty one where nothing was ever done, or nobody may read it."""
    try:
        return msgspec.json.decode((folder / FILE).read_bytes(), type=BackupState)
    except (OSError, msgspec.DecodeError):
        return BackupState()


def note_success(folder: Path, *, name: str, kind: str, at: float) -> None:
    """Backup *name* is whole."""
    state = read_state(folder)
    made = {**state.made_at, kind: at}
    _write(folder, replace(state, last_success_at=at, last_backup=name, made_at=made))


def note_failure(folder: Path, *, said: str, at: float) -> None:
    """No backup was made."""
    _write(folder, replace(read_state(folder), last_failure_at=at, last_failure=said))


def note_test(folder: Path, *, ok: bool, said: str, at: float) -> None:
    """A backup was restored in a throw-away place, or could not be."""
    _write(folder, replace(read_state(folder), restore_test_at=at, restore_test_ok=ok, restore_test_said=said))


def _write(folder: Path, state: BackupState) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / f"{FILE}.part"
    with part.open("wb") as file:
        file.write(msgspec.json.encode(asdict(state)) + b"\n")
        file.flush()
        os.fsync(file.fileno())
    part.replace(folder / FILE)
