"""What a process that backs up or restores is told: which database, which folders, which keys."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy.engine import make_url

from causal_eval.backups.sealing import Key


@dataclass(frozen=True, slots=True)
class Keeping:
    """The database that is kept, and where."""

    url: str = field(repr=False)
    account: str = field(repr=False)
    """The same database by an account that may read all of it: for a base backup one with REPLICATION."""
    folder: Path
    keys: tuple[Key, ...]
    clock: Callable[[], float]
    """Seconds since 1970."""
    copy: Path | None = None
    """A second place, on another disk or machine."""
    spool: Path | None = None
    """Where PostgreSQL's archive_command puts finished segments of its log."""
    keep: int = 7

    @property
    def is_postgresql(self) -> bool:
        """True: a server; False: a SQLite file."""
        return make_url(self.url).get_backend_name() == "postgresql"

    @property
    def database(self) -> str:
        """Name, or path of the file."""
        return str(make_url(self.url).database)

    @property
    def folders(self) -> tuple[Path, ...]:
        """Where backups are looked for, in this order."""
        return (self.folder,) if self.copy is None else (self.folder, self.copy)


def stamp(at: float) -> str:
    """*at* as it stands in a name."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y%m%dT%H%M%SZ")
