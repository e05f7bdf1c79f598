"""The lines that the processes of the service write: one a request, one a record of any library, as text or JSON.

Text: ``<time> <LEVEL> <logger> <event> <field>=<value> ...``; what took time begins its event with ``duration 12.3ms``,
so that the number is the fifth field of the line. A record is one line; a traceback follows it, indented.
"""

from __future__ import annotations

import json
import logging
import sys
import threading
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from contextvars import Token
from datetime import UTC, datetime
from http import HTTPStatus
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import TracebackType
from typing import TextIO

import msgspec
import structlog
from structlog.contextvars import bind_contextvars, merge_contextvars, reset_contextvars

from causal_eval.operations.redaction import Redactor
from causal_eval.settings import Settings
from causal_eval.store.locks import hold_file

ROTATE_BYTES, KEPT_FILES = 20_000_000, 5
"""Of ``CEB_LOG_FILE``: its size, and how many earlier ones stay beside it."""
JSON = "json"

_OF_RECORDS = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}
_FAULT = logging.getLogger("causal_eval.fault")

Event = MutableMapping[str, object]


@contextmanager
def logging_to(settings: Settings, redactor: Redactor, *, stream: TextIO | None = None) -> Iterator[None]:
    """A block in which whatever any logger says is written as *settings* say, to *stream* (standard error).

    Raises:
        UsageError: another process writes into the log file.
    """
    level = logging.getLevelNamesMapping()[settings.log_level]
    root, ours = logging.getLogger(), logging.getLogger("causal_eval")
    before = (root.handlers[:], root.level, ours.level, sys.excepthook, threading.excepthook)
    with _Sink.opened(stream or sys.stderr, settings.log_file) as sink:
        structlog.configure(
            processors=[
                merge_contextvars,
                structlog.processors.TimeStamper(fmt=None, key="time"),
                structlog.processors.format_exc_info,
                _as_json if settings.log_format == JSON else _as_text,
                lambda _logger, _method, line: redactor.clean(str(line)),
            ],
            wrapper_class=structlog.make_filtering_bound_logger(level),
            logger_factory=lambda *_: sink,
        )
        root.handlers[:] = [_Through()]
        root.setLevel(max(level, logging.WARNING))  # what libraries say beside trouble is for who develops them
        ours.setLevel(level)
        sys.excepthook, threading.excepthook = _tell_end, _tell_end_of_thread
        logging.captureWarnings(capture=True)
        try:
            yield
        finally:
            logging.captureWarnings(capture=False)
            root.handlers[:], level, own_level, sys.excepthook, threading.excepthook = before
            root.setLevel(level)
            ours.setLevel(own_level)
            structlog.reset_defaults()


class Named:
    """A block whose lines all carry *names*, such as ``request_id``; tasks that it starts inherit them."""

    def __init__(self, names: Mapping[str, str]) -> None:
        self._names = names
        self._before: Mapping[str, Token[object]] = {}

    def __enter__(self) -> None:
        self._before = bind_contextvars(**self._names)

    def __exit__(self, *raised: object) -> None:
        reset_contextvars(**self._before)


class RequestLog:
    """Writes a line for each request; nothing, where this process keeps no log."""

    def __init__(self, logger: str) -> None:
        self._log = structlog.get_logger().bind(logger=logger) if structlog.is_configured() else None

    def write(self, event: str, fields: Mapping[str, object], *, status: int, quiet: bool) -> None:
        """*event* with *fields*: at ERROR where we failed, at DEBUG where it is *quiet* and went well."""
        if self._log is None:
            return
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            self._log.error(event, status=status, **fields)
        elif quiet and status < HTTPStatus.BAD_REQUEST:
            self._log.debug(event, status=status, **fields)
        else:
            self._log.info(event, status=status, **fields)


class _Through(logging.Handler):
    """Hands the records of all loggers to structlog."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write *record*; one whose arguments do not fit its words is written with both."""
        try:
            said = record.getMessage()
        except (TypeError, ValueError, KeyError):
            said = f"{record.msg!r} with {record.args!r}"
        fields = {name: value for name, value in record.__dict__.items() if name not in _OF_RECORDS}
        level = max(logging.DEBUG, min(record.levelno // 10 * 10, logging.CRITICAL))
        if record.exc_info:
            fields["exc_info"] = record.exc_info
        elif record.stack_info:
            fields["stack"] = record.stack_info
        structlog.get_logger().log(level, said, **{**fields, "logger": record.name})


class _Sink:
    """Where lines go: a stream, and a file that is rotated; what cannot be written is counted, and nothing fails."""

    def __init__(self, stream: TextIO, file: RotatingFileHandler | None) -> None:
        self._stream = stream
        self._file = file
        self._lock = threading.Lock()
        self.lost = 0
        """Lines that a full disk or a closed pipe swallowed."""
        self.debug = self.info = self.warning = self.error = self.critical = self.write

    @classmethod
    @contextmanager
    def opened(cls, stream: TextIO, path: Path | None) -> Iterator[_Sink]:
        """One for a block; *path* belongs to this process alone while it lasts."""
        if path is None:
            yield cls(stream, None)
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        refusal = f"CEB_LOG_FILE {path} is another process's: give each process a file of its own"
        with hold_file(f"{path}.lock", refusal):
            file = _Rotating(path, maxBytes=ROTATE_BYTES, backupCount=KEPT_FILES, encoding="utf-8", delay=True)
            file.errors = "backslashreplace"
            try:
                yield cls(stream, file)
            finally:
                file.close()

    def write(self, line: str) -> None:
        """Write *line* and its end at once."""
        with self._lock:
            try:
                self._stream.write(line + "\n")
                self._stream.flush()
            except (OSError, ValueError):
                self.lost += 1
        if self._file is not None:
            self._file.handle(logging.makeLogRecord({"msg": line}))


class _Rotating(RotatingFileHandler):
    """A file that says nothing on the terminal when the disk is full: the stream has the line."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - as its base has it
        """Leave it."""
        del record


def _as_text(logger: object, method: str, event: Event) -> str:
    del logger
    took, trace = event.pop("duration_ms", None), event.pop("exception", "") or event.pop("stack", "")
    parts = [_when(event.pop("time")), method.upper(), str(event.pop("logger", "causal_eval"))]
    if took is not None:
        parts.append(f"duration {took:.1f}ms")
    parts.append(_plain(str(event.pop("event"))))
    parts += [f"{name}={_word(value)}" for name, value in event.items() if name != "exc_info"]
    if trace:
        parts.append("\n    " + "\n    ".join(_plain(line) for line in str(trace).splitlines()))
    return " ".join(parts)


def _as_json(logger: object, method: str, event: Event) -> str:
    del logger
    event.pop("exc_info", None)
    told = {
        "time": _when(event.pop("time")),
        "level": method.upper(),
        "logger": event.pop("logger", "causal_eval"),
        **event,
    }
    return msgspec.json.encode(told, enc_hook=str).decode()


def _when(seconds: object) -> str:
    assert isinstance(seconds, float)
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")[:-6] + "Z"


def _plain(text: str) -> str:
    """*text* in one line: who writes a line break into a message forges no record."""
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in text)


def _word(value: object) -> str:
    text = str(value)
    if text.isalnum():  # most are: ids and numbers
        return text
    fits = text.isprintable() and text and not _QUOTED.intersection(text)
    return text if fits else json.dumps(text)


_QUOTED = frozenset(' "=\\')


def _tell_end(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if not issubclass(kind, KeyboardInterrupt):
        _FAULT.critical("the process ends by a fault", exc_info=(kind, error, trace))


def _tell_end_of_thread(told: threading.ExceptHookArgs) -> None:
    if told.exc_value is not None:
        _FAULT.error("a thread ended by a fault", exc_info=(told.exc_type, told.exc_value, told.exc_traceback))
