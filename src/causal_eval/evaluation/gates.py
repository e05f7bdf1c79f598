"""What stands between a run and its next question: a ledger whose stream of missing asks passes through a gate.

A gate that lets nothing more through ends the stream: calls that are open end and are kept, and nobody is cut off.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Protocol

from causal_eval.evaluation.attempt import Ask, Attempt
from causal_eval.evaluation.ledger import Judged, Ledger, Progress


class Gate(Protocol):
    """Decides about every ask before it is given out, and sees every outcome once it is kept."""

    async def admit(self, ask: Ask) -> bool:
        """Return when it is decided whether *ask* may be asked; False: neither it nor any later one."""

    def kept(self, attempts: Sequence[Attempt]) -> None:
        """Take note of outcomes."""


class Gated:
    """A :class:`~causal_eval.evaluation.ledger.Ledger` with a gate before its missing asks."""

    def __init__(self, ledger: Ledger, gate: Gate) -> None:
        self._ledger = ledger
        self._gate = gate

    def now(self) -> str:
        """That of the ledger."""
        return self._ledger.now()

    async def progress(self) -> Progress:
        """That of the ledger."""
        return await self._ledger.progress()

    async def missing(self) -> AsyncIterator[Ask]:
        """The ledger's, as long as the gate lets them through."""
        async for ask in self._ledger.missing():
            if not await self._gate.admit(ask):
                return
            yield ask

    async def keep(self, attempts: Sequence[Attempt], judged: Sequence[Judged] = ()) -> list[int | None]:
        """Keep them in the ledger, then tell the gate."""
        keys = await self._ledger.keep(attempts, judged)
        self._gate.kept(attempts)
        return keys

    async def judge(self, verdicts: Sequence[Judged]) -> None:
        """That of the ledger."""
        await self._ledger.judge(verdicts)

    async def unjudged(self) -> Sequence[tuple[int, Attempt]]:
        """That of the ledger."""
        return await self._ledger.unjudged()


class Barrier:
    """A gate that somebody closes and opens: for answerers whose calls cannot be held back otherwise."""

    def __init__(self) -> None:
        self._open = asyncio.Event()
        self._open.set()

    def close(self) -> None:
        """Let nothing through for now."""
        self._open.clear()

    def open(self) -> None:
        """Let everything through again."""
        self._open.set()

    async def admit(self, ask: Ask) -> bool:
        """True, as soon as it is open."""
        del ask
        await self._open.wait()
        return True

    def kept(self, attempts: Sequence[Attempt]) -> None:
        """Nothing to note."""
