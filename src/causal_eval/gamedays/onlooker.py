"""Somebody who looks at the status page all the time, and remembers when what he saw there changed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from causal_eval.operations.drills.asking import Question, ask

_PAUSE = 0.1
_PAGE = Question("GET", "/summary.json")


@dataclass(frozen=True, slots=True)
class Seen:
    """What the page said from a moment on."""

    at: float
    colours: Mapping[str, str]
    """By component."""
    texts: Mapping[str, tuple[str, ...]]
    """By incident that is not over, what is public of it."""


class Onlooker:
    """Reads the page at *port* again and again in a thread until he leaves; a context manager."""

    def __init__(self, port: int, clock: Callable[[], float]) -> None:
        self._port, self._clock = port, clock
        self._seen: list[Seen] = []
        self._left = threading.Event()
        self._thread = threading.Thread(target=self._go, name="onlooker", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._left.set()
        self._thread.join()

    @property
    def seen(self) -> tuple[Seen, ...]:
        """Every change, in order."""
        return tuple(self._seen)

    def first(self, holds: Callable[[Seen], bool], *, since: float) -> float | None:
        """When the page first was so at or after *since*; None: it never was."""
        before = [one for one in self.seen if one.at <= since][-1:]
        later = [one for one in self.seen if one.at > since]
        return next((max(since, one.at) for one in (*before, *later) if holds(one)), None)

    def _go(self) -> None:
        while not self._left.wait(_PAUSE):
            body = ask(self._port, _PAGE).body
            if not body:
                continue
            colours = {one["id"]: one["status"] for one in body["components"]}
            texts = {
                one["id"]: tuple(update["body"] for update in one["incident_updates"]) for one in body["incidents"]
            }
            if not self._seen or (self._seen[-1].colours, self._seen[-1].texts) != (colours, texts):
                self._seen.append(Seen(self._clock(), colours, texts))
