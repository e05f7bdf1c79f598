"""The lines that the processes of the service write: one a request, one a record of any library, as text or JSON.

Text: ``<time> <LEVEL> <logger> <event> <field>=<value> ...``; what took time begins its event with ``duration 12.3ms``,
so that the number is the fifth field of the line. A record is one line; a traceback follows it, indented.
"""

from __future__ import annotations

import json
import logging
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from contextvars import ContextVar, Token
from datetime import UTC, datetime
from functools import lru_cache
from http import HTTPStatus
from types import MappingProxyType, TracebackType
from typing import TextIO

import msgspec
import structlog

from causal_eval.operations.redaction import Redactor
from causal_eval.operations.sink import Sink
from causal_eval.settings import Settings

JSON = "json"

_OF_RECORDS = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}
_FAULT = logging.getLogger("causal_eval.fault")

_LEVELS = logging.getLevelNamesMapping()
_NAMES: ContextVar[Mapping[str, str]] = ContextVar("names", default=MappingProxyType({}))

Event = MutableMapping[str, object]


@contextmanager
def logging_to(settings: Settings, redactor: Redactor, *, stream: TextIO | None = None) -> Iterator[None]:
    """A block in which whatever any logger says is written as *settings* say, to *stream* (standard error).

    Raises:
        UsageError: another process writes into the log file.
    """
    root, ours = logging.getLogger(), logging.getLogger("causal_eval")
    before = (root.handlers[:], root.level, ours.level, sys.excepthook, threading.excepthook)
    with Sink.opened(stream or sys.stderr, settings.log_file) as sink:
        structlog.configure(
            processors=[
                _with_names,
                structlog.processors.TimeStamper(fmt=None, key="time"),
                structlog.processors.format_exc_info,
                _as_json if settings.log_format == JSON else _as_text,
                lambda _logger, _method, line: redactor.clean(str(line)),
            ],
            wrapper_class=structlog.make_filtering_bound_logger(logging.DEBUG),  # what comes here has been let through
            logger_factory=lambda *_: sink,
        )
        root.handlers[:] = [_Through(sink, redactor, is_json=settings.log_format == JSON)]
        set_level(settings.log_level)
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


def set_level(least: str) -> None:
    """Write what is of level *least* or graver from now on; nothing, where this process keeps no log."""
    level, root = _LEVELS[least], logging.getLogger()
    for handler in [one for one in root.handlers if isinstance(one, _Through)]:
        handler.least = level
        root.setLevel(max(level, logging.WARNING))  # what libraries say beside trouble is for who develops them
        logging.getLogger("causal_eval").setLevel(level)


class Named:
    """A block whose lines all carry *names*, such as ``request_id``; tasks that it starts inherit them."""

    def __init__(self, names: Mapping[str, str]) -> None:
        self._names = names
        self._before: Token[Mapping[str, str]] | None = None

    def __enter__(self) -> None:
        around = _NAMES.get()
        self._before = _NAMES.set({**around, **self._names} if around else self._names)

    def __exit__(self, *raised: object) -> None:
        assert self._before is not None
        _NAMES.reset(self._before)


class RequestLog:
    """Writes a line for each request; nothing, where this process keeps no log.

    It goes past structlog and ``logging``: every request pays for its line, and here each field is known.
    """

    def __init__(self, logger: str, clock: Callable[[], float]) -> None:
        self._logger = logger
        self._clock = clock
        self._into = next((one for one in logging.getLogger().handlers if isinstance(one, _Through)), None)

    def write(self, event: str, fields: Mapping[str, object], *, status: int, quiet: bool) -> None:
        """*event* with *fields*, which hold no secret.

        At ERROR, and at once, where we failed, else soon; at DEBUG where it is *quiet* and went well.
        """
        into = self._into
        if into is None:
            return
        failed = status >= HTTPStatus.INTERNAL_SERVER_ERROR
        level = "ERROR" if failed else "DEBUG" if quiet and status < HTTPStatus.BAD_REQUEST else "INFO"
        if _LEVELS[level] < into.least:
            return
        names = _NAMES.get()
        form = _json_of_request if into.is_json else _text_of_request
        at = _when(self._clock())
        line = form(f"{at} {level} {self._logger}", event, {"status": status, **fields, **names})
        if into.redactor.suspects(" ".join((event, *names.values()))):
            line = into.redactor.clean(line)
        (into.sink.write if failed else into.sink.add)(line)


class _Through(logging.Handler):
    """Hands the records of all loggers to structlog."""

    def __init__(self, sink: Sink, redactor: Redactor, *, is_json: bool) -> None:
        super().__init__()
        self.sink = sink
        self.redactor = redactor
        self.least = logging.INFO
        self.is_json = is_json

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


def _with_names(logger: object, method: str, event: Event) -> Event:
    del logger, method
    for name, value in _NAMES.get().items():
        event.setdefault(name, value)
    return event


def _text_of_request(head: str, event: str, fields: dict[str, object]) -> str:
    took = fields.pop("duration_ms", None)
    begun = head if took is None else f"{head} duration {took:.1f}ms"
    return f"{begun} {_plain(event)}" + "".join([f" {name}={_word(value)}" for name, value in fields.items()])


def _json_of_request(head: str, event: str, fields: dict[str, object]) -> str:
    at, level, logger = head.split(" ")
    told = {"time": at, "level": level, "logger": logger, "event": event, **fields}
    return msgspec.json.encode(told, enc_hook=str).decode()


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
    whole = int(seconds)
    return f"{_second(whole)}.{int((seconds - whole) * 1000):03d}Z"


@lru_cache(maxsize=4)
def _second(whole: int) -> str:
    """It costs as much as half a line, and hundreds of lines share it."""
    return datetime.fromtimestamp(whole, UTC).isoformat()[:19]


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
