"""What any logger says is one line as text or JSON, with its ids, without secrets, and never a reason to fail."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
import structlog

from causal_eval.errors import StoreLocked
from causal_eval.operations.lines import Named, RequestLog, logging_to
from causal_eval.operations.news import log_event
from causal_eval.operations.redaction import Redactor
from causal_eval.operations.sink import LATEST_SECONDS, MOST_LINES
from causal_eval.providers.events import (
    BreakerChanged,
    BreakerState,
    CallEnded,
    CallStarted,
    Event,
    KeyChanged,
    KeyStatus,
)
from causal_eval.providers.provider import FailureKind
from causal_eval.settings import read_settings

KEY = "sk-planted-secret-value-1234"
Opened = Callable[..., AbstractContextManager[io.StringIO]]


def fail(error: Exception) -> None:
    raise error


@pytest.fixture
def opened(tmp_path: Path) -> Opened:
    """A block that logs into what it is handed."""

    @contextmanager
    def open_log(found: Callable[[str], None] = lambda _: None, **variables: str) -> Iterator[io.StringIO]:
        settings = read_settings({"HOME": str(tmp_path), **variables}, cwd=tmp_path)
        stream = io.StringIO()
        with logging_to(settings, Redactor(["held-by-us"], found=found), stream=stream):
            yield stream

    return open_log


def test_a_line_has_its_fields_in_order(opened: Opened) -> None:
    """Time, level in upper case, logger; the fifth field is the duration; ids at the end."""
    with opened() as said:
        with Named({"request_id": "r-1"}):
            fields: dict[str, object] = {"duration_ms": 1234.5, "client": "10.1.0.7"}
            RequestLog("causal_eval.api", time.time).write("GET /x", fields, status=200, quiet=False)
        logging.getLogger("some.library").warning("took %d", 3, extra={"who": "a b", "empty": ""})
    first, second = said.getvalue().splitlines()
    assert first.split(" ")[1:] == [
        "INFO", "causal_eval.api", "duration", "1234.5ms", "GET", "/x", "status=200", "client=10.1.0.7",
        "request_id=r-1",
    ]  # fmt: skip
    assert first.split(" ")[0].endswith("Z")
    assert second.split(" ", 1)[1] == 'WARNING some.library took 3 who="a b" empty=""'


def test_json_says_the_same(opened: Opened) -> None:
    """An object a line, traceback included."""
    with opened(CEB_LOG_FORMAT="json") as said, Named({"evaluation_id": "e", "shard": "e-1"}):
        RequestLog("causal_eval.api", time.time).write("GET /x", {"duration_ms": 1.5}, status=503, quiet=True)
        try:
            fail(ValueError(KEY))
        except ValueError:
            logging.getLogger("x").exception("failed")
    first, second = (json.loads(line) for line in said.getvalue().splitlines())
    told = {
        "level": "ERROR",
        "event": "GET /x",
        "duration_ms": 1.5,
        "status": 503,
        "evaluation_id": "e",
        "shard": "e-1",
    }
    assert told.items() <= first.items()
    assert second["exception"].splitlines()[0] == "Traceback (most recent call last):"
    assert second["exception"].endswith("ValueError: ***")


@pytest.mark.parametrize("form", ["text", "json"])
def test_no_secret_is_written(opened: Opened, form: str) -> None:
    """Not from a message, its arguments, an extra field, an id, an exception, its cause, a traceback; all are told."""
    told: list[str] = []
    log = logging.getLogger("leaky")
    with opened(told.append, CEB_LOG_FORMAT=form) as said:
        log.warning("key %s", KEY)
        log.warning("held-by-us")
        log.warning("see", extra={"headers": {"Authorization": f"Bearer {KEY}"}, "url": "redis://:hunter22@cache:6379"})
        log.warning("%s %s", *[KEY])
        with Named({"request_id": KEY}):
            log.warning("named")
        try:
            try:
                fail(OSError(f"password={KEY}"))
            except OSError as error:
                raise ValueError({"x-api-key": "0123456789abcdef"}) from error
        except ValueError as error:
            log.exception("failed", exc_info=error)
    text = said.getvalue()
    for secret in (KEY, "planted", "held-by-us", "hunter22", "0123456789abcdef"):
        assert secret not in text
    assert told == ["log"] * 6


def test_nobody_forges_a_line(opened: Opened) -> None:
    """A line break in a message stays one line; a traceback's lines are indented."""
    with opened() as said:
        logging.getLogger("causal_eval.x").info("a\n2026-01-01T00:00:00Z ERROR forged\x1b[31m", extra={"f": "b\nc"})
        try:
            fail(ValueError("one\ntwo"))
        except ValueError:
            logging.getLogger("x").exception("failed")
    first, second, *rest = said.getvalue().splitlines()
    assert "a\\n2026-01-01T00:00:00Z ERROR forged\\x1b[31m" in first
    assert second.endswith("ERROR x failed ")
    assert rest
    assert all(line.startswith("    ") for line in rest)


def test_levels_decide(opened: Opened) -> None:
    """INFO is the least that is written, unless the setting says otherwise; polls and libraries are quiet."""
    for level, wanted in (("INFO", ["INFO"]), ("debug", ["DEBUG", "DEBUG", "INFO"]), ("ERROR", [])):
        with opened(CEB_LOG_LEVEL=level) as said:
            RequestLog("r", time.time).write("GET /health/live", {}, status=200, quiet=True)
            logging.getLogger("causal_eval.x").debug("a")
            logging.getLogger("causal_eval.x").info("b")
            logging.getLogger("a.library").info("c")
        assert [line.split()[1] for line in said.getvalue().splitlines()] == wanted


def test_news_of_calls(opened: Opened) -> None:
    """Each 429 says rate limit in lower case; other failures, open circuits and bad keys are told, the rest is not."""
    events: list[Event] = [
        CallStarted("openai/x", 1),
        CallEnded("openai/x", None, None, 5.0),
        CallEnded("openai/x", FailureKind.RATE_LIMIT, 429, 7.0),
        CallEnded("openai/x", FailureKind.SERVER_ERROR, 500, 8.0),
        BreakerChanged("openai/x", "", BreakerState.OPEN, "HTTP 500"),
        BreakerChanged("openai/x", "", BreakerState.CLOSED, ""),
        KeyChanged("openai/x", "…1234", KeyStatus.REVOKED, "401"),
        KeyChanged("openai/x", "…1234", KeyStatus.READY),
    ]
    with opened() as said:
        for event in events:
            log_event(event)
    lines = [line.split(" ", 1)[1] for line in said.getvalue().splitlines()]
    assert [line.split()[0] for line in lines] == ["WARNING", "WARNING", "WARNING", "INFO", "ERROR"]
    assert "rate limit: openai/x status=429" in lines[0]
    assert "call failed (server_error): openai/x status=500" in lines[1]


def test_ends_by_a_fault_are_written(opened: Opened) -> None:
    """Of the process and of its threads: with the traceback, without the secret."""
    with opened() as said:
        thread = threading.Thread(target=fail, args=[ValueError(KEY)])
        thread.start()
        thread.join()
        try:
            fail(ValueError(KEY))
        except ValueError as error:
            sys.excepthook(ValueError, error, error.__traceback__)
        sys.excepthook(KeyboardInterrupt, KeyboardInterrupt(), None)
    text = said.getvalue()
    assert text.count("ValueError: ***") == 2
    assert " CRITICAL causal_eval.fault the process ends by a fault" in text
    assert "KeyboardInterrupt" not in text


def test_a_full_disk_fails_nobody(tmp_path: Path) -> None:
    """What cannot be written is left out; what comes after is written again."""

    class Full(io.StringIO):
        full = True

        def write(self, text: str) -> int:
            if self.full:
                raise OSError(28, "No space left on device")
            return super().write(text)

    stream = Full()
    settings = read_settings({"HOME": str(tmp_path)}, cwd=tmp_path)
    with logging_to(settings, Redactor(), stream=stream):
        logging.getLogger("x").error("lost")
        stream.full = False
        logging.getLogger("x").error("kept")
    assert [line.split()[-1] for line in stream.getvalue().splitlines()] == ["kept"]


def test_lines_of_requests_keep_their_order_and_none_is_lost(opened: Opened, tmp_path: Path) -> None:
    """Each is on the stream at once; in the file they wait a moment, but a failure, other lines and the end do not."""
    file, count = tmp_path / "app.log", 7 + MOST_LINES
    file.touch()

    async def ask(said: io.StringIO) -> list[int]:
        log, lengths = RequestLog("r", time.time), []

        def note() -> None:
            lengths.append(len(file.read_text().splitlines()))

        for number in range(3):
            log.write(f"GET /{number}", {}, status=200, quiet=False)
        note()
        log.write("GET /3", {}, status=500, quiet=False)
        note()
        log.write("GET /4", {}, status=200, quiet=False)
        logging.getLogger("x").warning("other")
        note()
        log.write("GET /5", {}, status=200, quiet=False)
        await asyncio.sleep(3 * LATEST_SECONDS)
        note()
        for number in range(6, count):
            log.write(f"GET /{number}", {}, status=200, quiet=False)
        note()
        log.write(f"GET /{count}", {}, status=200, quiet=False)
        assert f"GET /{count} " in said.getvalue()
        note()
        return lengths

    with opened(CEB_LOG_FILE=str(file)) as said:
        assert asyncio.run(ask(said)) == [0, 4, 6, 7, count, count]
    for text in (said.getvalue(), file.read_text()):
        paths = [int(line.rsplit("/", 1)[1].split()[0]) for line in text.splitlines() if "GET" in line]
        assert paths == list(range(count + 1))


@pytest.mark.parametrize("form", ["text", "json"])
def test_no_secret_is_in_the_line_of_a_request(opened: Opened, form: str) -> None:
    """Not in its path, nor in an id that was sent along; each is told."""
    told: list[str] = []
    with opened(told.append, CEB_LOG_FORMAT=form) as said:
        log = RequestLog("r", time.time)
        log.write(f"GET /{KEY}", {}, status=200, quiet=False)
        log.write("GET /held-by-us", {"duration_ms": 1.0}, status=200, quiet=False)
        with Named({"request_id": KEY}):
            log.write("GET /", {}, status=200, quiet=False)
        log.write("GET /a\nb", {}, status=200, quiet=False)
    assert "planted" not in said.getvalue()
    assert "held-by-us" not in said.getvalue()
    assert len(said.getvalue().splitlines()) == 4
    assert told == ["log"] * 3


def test_a_file_has_the_lines_too_and_one_process(opened: Opened, tmp_path: Path) -> None:
    """A second process is told to take another file."""
    file = tmp_path / "logs" / "app.log"
    with opened(CEB_LOG_FILE=str(file)) as said:
        logging.getLogger("x").error("here")
        with pytest.raises(StoreLocked, match="give each process a file of its own"), opened(CEB_LOG_FILE=str(file)):
            pass
        logging.getLogger("x").error("still")
    assert file.read_text() == said.getvalue()
    assert len(said.getvalue().splitlines()) == 2


def test_nothing_stays_behind(opened: Opened) -> None:
    """After the block, logging is as it was, and a request log that is made then is silent."""
    before = logging.getLogger().handlers[:]
    with opened():
        pass
    assert logging.getLogger().handlers == before
    assert not structlog.is_configured()
    RequestLog("x", time.time).write("GET /", {}, status=500, quiet=False)
