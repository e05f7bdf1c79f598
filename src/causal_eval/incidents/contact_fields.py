"""Fields of a file that people wrote, read one by one: whatever is wrong with any of them is told at once."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from urllib.parse import urlsplit

Check = Callable[[str], str]
"""What is wrong with a text; empty: nothing."""

_PLACEHOLDER = re.compile(
    r"^\s*$|\[.*\]|<.*>|\b(example\.(org|com|net|edu)|TODO|FIXME|changeme)\b|\.(example|invalid)\b", re.IGNORECASE
)
_MAILBOX = re.compile(r"[^\s@,;<>\"]+@[^\s@,;<>\"]+")


@dataclass(frozen=True, slots=True)
class Faults:
    """What is wrong with a file."""

    production: bool
    """Placeholders are faults."""
    found: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Fields:
    """A section of the file; what is not there or wrong reads as empty, and is a fault."""

    read: object
    place: str
    faults: Faults

    def names(self) -> Collection[str]:
        """What it holds."""
        return [str(name) for name in self._mapping()]

    def only(self, *known: str) -> None:
        """It holds nothing but *known*."""
        for name in self.names():
            if name not in known:
                self.fault(name, "a name that nobody reads", f"one of {', '.join(known)}")

    def fault(self, name: str, value: object, wanted: str) -> None:
        """*name* is *value*, where *wanted* should be."""
        shown = "missing" if value is None else repr(value)
        self.faults.found.append(f"{self._where(name)}: {shown}: {wanted}")

    def section(self, name: str) -> Fields:
        """The section called *name*."""
        return Fields(self._mapping().get(name), self._where(name), self.faults)

    def sections(self, name: str) -> Mapping[str, Fields]:
        """The sections within *name*."""
        within = self.section(name)
        return {one: within.section(one) for one in within.names()}

    def rows(self, name: str) -> list[Fields]:
        """The sections in the list *name*, of which there may be none."""
        read = self._mapping().get(name)
        return [
            Fields(one, f"{self._where(name)}[{place}]", self.faults)
            for place, one in enumerate(self._list(name, read))
        ]

    def text(self, name: str, check: Check | None = None) -> str:
        """The text *name*."""
        read = self._mapping().get(name)
        if not isinstance(read, str):
            self.fault(name, read, "a text")
            return ""
        return self._checked(name, read, check=check, shown=read)

    def secret(self, name: str, path: Path, *, check: Check | None = None) -> str:
        """The text *name*, or what the file ``{name}_file`` beside *path* holds; no fault repeats it."""
        mapping = self._mapping()
        kept = mapping.get(f"{name}_file")
        if kept is None:
            read = mapping.get(name)
            if isinstance(read, str):
                return self._checked(name, read, check=check, shown="(secret)")
            self.fault(name, None if read is None else "(secret)", "a text")
            return ""
        try:
            read = (path.parent / str(kept)).read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            self.fault(f"{name}_file", kept, f"a file that can be read ({type(error).__name__})")
            return ""
        return self._checked(f"{name}_file", read, check=check, shown="(secret)")

    def texts(self, name: str, known: Collection[str]) -> tuple[str, ...]:
        """The list of names *name*, each one of *known*."""
        found = []
        for one in self._list(name, self._mapping().get(name)):
            if isinstance(one, str) and one in known:
                found.append(one)
            else:
                self.fault(name, one, f"one of {', '.join(sorted(known))}")
        return tuple(found)

    def moment(self, name: str) -> float:
        """The moment *name*, in seconds since 1970; without a time zone it is one of UTC."""
        read = self._mapping().get(name)
        try:
            at = datetime.fromisoformat(read.isoformat() if isinstance(read, date) else str(read))
        except ValueError:
            self.fault(name, read, "a moment such as 2026-11-30T09:00:00Z")
            return 0.0
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()

    def number(self, name: str, default: int) -> int:
        """The whole number *name*, of a port."""
        read = self._mapping().get(name, default)
        if isinstance(read, int) and not isinstance(read, bool) and 0 < read < 2**16:
            return read
        self.fault(name, read, "a port, 1 to 65535")
        return default

    def switch(self, name: str, *, default: bool) -> bool:
        """Yes or no."""
        read = self._mapping().get(name, default)
        if isinstance(read, bool):
            return read
        self.fault(name, read, "true or false")
        return default

    def _checked(self, name: str, read: str, *, check: Check | None, shown: str) -> str:
        if self.faults.production and _PLACEHOLDER.search(read):
            self.fault(name, shown, "this is a placeholder: write down who it is before this runs in production")
        elif read.startswith("[") and read.endswith("]"):
            return ""  # a placeholder, which reaches nobody
        elif check is not None and (wrong := check(read)):
            self.fault(name, shown, wrong)
        return read.strip()

    def _mapping(self) -> Mapping[object, object]:
        if isinstance(self.read, Mapping):
            return self.read
        # What it is instead may be a secret: its kind is told.
        told = "missing" if self.read is None else f"({type(self.read).__name__})"
        wrong = f"{self.place or 'the file'}: {told}: a section of names and values"
        if wrong not in self.faults.found:
            self.faults.found.append(wrong)
        return {}

    def _list(self, name: str, read: object) -> list[object]:
        if read is None:
            return []
        if isinstance(read, list):
            return read
        self.fault(name, read, "a list")
        return []

    def _where(self, name: str) -> str:
        return ".".join(part for part in (self.place, name) if part)


def mailbox(text: str) -> str:
    """What is wrong with a mailbox."""
    return "" if _MAILBOX.fullmatch(text.strip()) else "a mailbox such as maria@your-company.com"


def url(text: str) -> str:
    """What is wrong with the address of a webhook."""
    try:
        parts = urlsplit(text.strip())
    except ValueError:
        return "an address that begins with https://"
    return "" if parts.scheme in {"http", "https"} and parts.hostname else "an address that begins with https://"
