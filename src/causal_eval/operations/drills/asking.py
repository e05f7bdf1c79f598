"""What somebody before the service gets: one answer, many at once, or all that come while something goes on."""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

ANSWER_SECONDS = 5.0
OK = 200
_PAUSE = 0.05


@dataclass(frozen=True, slots=True)
class Answer:
    """What was said."""

    status: int
    """0: nobody was reached."""
    body: Mapping[str, Any]

    @property
    def is_good(self) -> bool:
        """Whether it is what was asked for."""
        return OK <= self.status < http.client.MULTIPLE_CHOICES


@dataclass(frozen=True, slots=True)
class Question:
    """A request."""

    method: str
    path: str
    body: object = None
    headers: Mapping[str, str] = field(default_factory=dict)


def ask(port: int, question: Question, *, seconds: float = ANSWER_SECONDS) -> Answer:
    """What is answered at *port* of this machine."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=seconds)
    headers = {"Content-Type": "application/json", **question.headers}
    body = None if question.body is None else json.dumps(question.body)
    try:
        connection.request(question.method, question.path, body, headers)
        answer = connection.getresponse()
        text = answer.read()
        try:
            said = json.loads(text)
        except ValueError:
            said = {}
        return Answer(answer.status, said if isinstance(said, dict) else {})
    except (OSError, http.client.HTTPException):
        return Answer(0, {})
    finally:
        connection.close()


def ask_all(port: int, questions: Sequence[Question], *, at_once: int, seconds: float) -> list[Answer]:
    """The answers to *questions*, so many of them asked at once."""
    with ThreadPoolExecutor(at_once) as threads:
        return list(threads.map(lambda one: ask(port, one, seconds=seconds), questions))


class Visitors:
    """Ask the same again and again in a thread until they leave; a context manager."""

    def __init__(self, port: int, question: Question, *, tell: Callable[[Answer], None]) -> None:
        self._port, self._question, self._tell = port, question, tell
        self._left = threading.Event()
        self._thread = threading.Thread(target=self._go, name="visitors", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._left.set()
        self._thread.join()

    def _go(self) -> None:
        while not self._left.wait(_PAUSE):
            self._tell(ask(self._port, self._question))
