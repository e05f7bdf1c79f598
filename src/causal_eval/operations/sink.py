"""Where lines of the log go: a stream, each at once, and a file, some together."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import TextIO

from causal_eval.store.locks import hold_file

ROTATE_BYTES, KEPT_FILES = 20_000_000, 5
"""Of ``CEB_LOG_FILE``: its size, and how many earlier ones stay beside it."""
LATEST_SECONDS, MOST_LINES = 0.1, 64
"""A line that can wait is in the file after so long, or once so many wait: one costs as much there as ten of them."""


class Sink:
    """A stream, and a file that is rotated; what cannot be written is counted, and nothing fails."""

    def __init__(self, stream: TextIO, file: RotatingFileHandler | None) -> None:
        self._stream = stream
        self._file = file
        self._lock = threading.RLock()
        self._waiting: list[str] = []
        self._since = 0.0
        """When the first of them came, by the monotonic clock."""
        self.lost = 0
        """Lines that a full disk or a closed pipe swallowed."""
        self.debug = self.info = self.warning = self.error = self.critical = self.write

    @classmethod
    @contextmanager
    def opened(cls, stream: TextIO, path: Path | None) -> Iterator[Sink]:
        """One for a block; *path* belongs to this process alone while it lasts."""
        if path is None:
            yield from _lasting(cls(stream, None))
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        refusal = f"CEB_LOG_FILE {path} is another process's: give each process a file of its own"
        with hold_file(f"{path}.lock", refusal):
            file = _Rotating(path, maxBytes=ROTATE_BYTES, backupCount=KEPT_FILES, encoding="utf-8", delay=True)
            file.errors = "backslashreplace"
            try:
                yield from _lasting(cls(stream, file))
            finally:
                file.close()

    def write(self, line: str) -> None:
        """Write *line* at once, in the file after those that wait."""
        with self._lock:
            self._say(line)
            if self._file is not None:
                self._waiting.append(line)
                self.flush()

    def add(self, line: str) -> None:
        """Write *line*: into the file soon, with those that come meanwhile, where an event loop can see to that."""
        with self._lock:
            self._say(line)
            if self._file is None:
                return
            waiting = self._waiting
            waiting.append(line)
            now = time.monotonic()
            if len(waiting) == 1:
                self._since = now
                try:
                    asyncio.get_running_loop().call_later(LATEST_SECONDS, self.flush)
                except RuntimeError:
                    self.flush()
            elif len(waiting) >= MOST_LINES or now - self._since > LATEST_SECONDS:
                self.flush()

    def flush(self) -> None:
        """Write what waits into the file."""
        with self._lock:
            if self._file is not None and self._waiting:
                lines, self._waiting = self._waiting, []
                self._file.handle(logging.makeLogRecord({"msg": "\n".join(lines)}))

    def _say(self, line: str) -> None:
        try:
            self._stream.write(line + "\n")
            self._stream.flush()
        except (OSError, ValueError):
            self.lost += 1


def _lasting(sink: Sink) -> Iterator[Sink]:
    try:
        yield sink
    finally:
        sink.flush()


class _Rotating(RotatingFileHandler):
    """A file that says nothing on the terminal when the disk is full: the stream has the line."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - as its base has it
        """Leave it."""
        del record
