"""Variables that may change while a run goes on: keys, switches and the hard cap, read again when a file changes.

No thread: whoever makes a call looks, and a look is a comparison of times until the next second begins.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol

from causal_eval.errors import UsageError
from causal_eval.providers.clock import Clock, SystemClock
from causal_eval.providers.events import Listener, Reread

KEY_FILE = "_API_KEY_FILE"
_EVERY = 1.0


class Live(Protocol):
    """Variables with the number of times they were read."""

    @property
    def env(self) -> Mapping[str, str]:
        """What holds now."""

    @property
    def version(self) -> int:
        """Rises with every reading."""

    def look(self, *, now: bool = False) -> int:
        """Read again if something changed, at once if *now*, else within a second; the version."""

    def reload(self) -> None:
        """Read again, changed or not (SIGHUP); what cannot be read leaves everything as it was."""


class Variables:
    """Variables that change when told to: the in-memory twin."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self.env: Mapping[str, str] = dict(env)
        self.version = 0

    def set(self, env: Mapping[str, str]) -> None:
        """Let *env* hold from now on."""
        self.env = dict(env)
        self.version += 1

    def look(self, *, now: bool = False) -> int:  # noqa: ARG002 - a change holds at once
        """The version."""
        return self.version

    def reload(self) -> None:
        """A new version of the same."""
        self.version += 1


class Watched:
    """Variables that *read* gives, read again within a second of a change of *files* or of a key file they name."""

    def __init__(
        self,
        read: Callable[[], Mapping[str, str]],
        files: tuple[Path, ...] = (),
        *,
        clock: Clock | None = None,
        listener: Listener | None = None,
    ) -> None:
        self._read = read
        self._files = files
        self._clock = clock or SystemClock()
        self.listener = listener
        self.env = read()
        self.version = 0
        self._marks = self._stamps()
        self._due = self._clock.now() + _EVERY

    def look(self, *, now: bool = False) -> int:
        """Read again if a file changed, at most once a second unless *now*; the version."""
        time = self._clock.now()
        if now or time >= self._due:
            self._due = time + _EVERY
            if self._stamps() != self._marks:
                self.reload()
        return self.version

    def reload(self) -> None:
        """Read again; a file that cannot be read leaves what held before, and the listener hears it."""
        problem = ""
        try:
            self.env = self._read()
        except UsageError as error:
            problem = str(error)
        self._marks = self._stamps()
        self.version += 1
        if self.listener is not None:
            self.listener.on_event(Reread(problem))

    def _stamps(self) -> tuple[tuple[int, int, int] | None, ...]:
        named = (Path(value).expanduser() for name, value in self.env.items() if name.endswith(KEY_FILE))
        return tuple(_stamp(path) for path in (*self._files, *named))


def _stamp(path: Path) -> tuple[int, int, int] | None:
    """Inode, time of change in ns and size; None where there is no file."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size
