"""A batch API in memory: the twin for tests and for playing, which can be told to lose and to spoil things."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from causal_eval.providers.batch import Found, Limits, Request, Row, Sought, Standing, Take
from causal_eval.providers.provider import Failure, FailureKind, Outcome, Prompt

Spoil = Callable[[int, Row], Row | None]
"""From the number of a batch and one of its rows to what becomes of the row; None: no result mentions it."""


class _Held:
    """An order that arrived."""

    def __init__(self, tag: str, requests: Sequence[Request]) -> None:
        self.tag = tag
        self.requests = requests
        self.polls = 0
        self.cancelled = False


def _whole(_: int, row: Row) -> Row:
    return row


class MemoryBatches:
    """Answers each body by a function; a batch ends when it is asked for *polls* times."""

    def __init__(self, answer: Callable[[str], Outcome], name: str = "memory/batch") -> None:
        self.answer = answer
        """From the text of a prompt's last message."""
        self.name = name
        self.polls = 1
        self.limits = Limits(requests=1000, bytes=2**20)
        self.spoil: Spoil = _whole
        self.faults: list[Failure | None] = []
        """The next calls fail so, None: go well; an order that fails with TIMEOUT has arrived nevertheless."""
        self.refusal: Failure | None = None
        """Why no batch is taken."""
        self.orders: dict[str, _Held] = {}
        """By handle, oldest first."""

    def encode(self, prompt: Prompt) -> bytes:
        """The text alone."""
        return prompt.messages[-1].content.encode()

    async def submit(self, tag: str, requests: Sequence[Request]) -> str | Failure:
        """See the protocol."""
        fault = self._fault()
        if fault is not None and fault.kind is not FailureKind.TIMEOUT:
            return fault
        handle = f"batch_{len(self.orders) + 1}"
        self.orders[handle] = _Held(tag, requests)
        return fault or handle

    async def find(self, sought: Sought) -> Found | Failure:
        """See the protocol."""
        if fault := self._fault():
            return fault
        return Found(next((handle for handle, held in self.orders.items() if held.tag == sought.tag), ""))

    async def poll(self, handle: str) -> Standing | Failure:
        """See the protocol."""
        if fault := self._fault():
            return fault
        held = self.orders[handle]
        held.polls += 1
        ended = held.cancelled or held.polls >= self.polls
        count = len(held.requests)
        return Standing(handle, ended, count if ended else 0, count, cancelled=held.cancelled, refused=self.refusal)

    async def fetch(self, handle: str, take: Take) -> Failure | None:
        """Of a cancelled batch the first half is done; a fault breaks the download off after half of the rows."""
        fault = self._fault()
        held, number = self.orders[handle], list(self.orders).index(handle)
        done = len(held.requests) // 2 if held.cancelled else len(held.requests)
        rows = [
            self.spoil(number, Row(request.name, self.answer(request.body.decode()) if place < done else None))
            for place, request in enumerate(held.requests)
        ]
        told = [row for row in rows if row is not None]
        await take(told[: len(told) // 2] if fault else told)
        return fault

    async def cancel(self, handle: str) -> Failure | None:
        """See the protocol."""
        fault = self._fault()
        self.orders[handle].cancelled = fault is None
        return fault

    async def close(self) -> None:
        """Nothing is held."""

    def _fault(self) -> Failure | None:
        return self.faults.pop(0) if self.faults else None
