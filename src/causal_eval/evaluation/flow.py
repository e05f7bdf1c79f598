"""How calls flow: how many may be in flight, and what each has to pass before it begins.

A gate that lets an ask not through ends the run: calls that are open end and are kept, and nobody is cut off.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Protocol

from causal_eval.evaluation.attempt import Ask, Attempt
from causal_eval.providers.waiting import WaitingRoom


class Gate(Protocol):
    """Decides about every ask before it is asked, and sees every outcome once it is kept."""

    async def admit(self, ask: Ask) -> bool:
        """Return when it is decided whether *ask* may be asked; False: neither it nor any later one."""

    def kept(self, attempts: Sequence[Attempt]) -> None:
        """Take note of outcomes."""

    def forgo(self, ask: Ask) -> None:
        """*ask* was let through, and is not asked after all."""


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

    @property
    def closed(self) -> bool:
        """Whether nothing is let through now."""
        return not self._open.is_set()

    async def passed(self) -> None:
        """Return as soon as it is open."""
        await self._open.wait()

    async def admit(self, ask: Ask) -> bool:
        """True, as soon as it is open."""
        del ask
        await self.passed()
        return True

    def kept(self, attempts: Sequence[Attempt]) -> None:
        """Nothing to note."""

    def forgo(self, ask: Ask) -> None:
        """Nothing to take back."""


class Gates:
    """Several gates, passed in order."""

    def __init__(self, *gates: Gate) -> None:
        self._gates = gates

    async def admit(self, ask: Ask) -> bool:
        """Whether all let *ask* through."""
        for gate in self._gates:
            if not await gate.admit(ask):
                return False
        return True

    def kept(self, attempts: Sequence[Attempt]) -> None:
        """Tell all."""
        for gate in self._gates:
            gate.kept(attempts)

    def forgo(self, ask: Ask) -> None:
        """Tell all."""
        for gate in self._gates:
            gate.forgo(ask)


class Flow:
    """How many calls may be in flight, which may grow while a run goes on, and the gate that each passes.

    Who waits in *room* has no call open: a run that ends by itself does not wait for them.
    """

    def __init__(self, size: int, gate: Gate | None = None, room: WaitingRoom | None = None) -> None:
        self.size = size
        self.gate = gate
        self.room = room or WaitingRoom()
        self._grown: Callable[[], None] | None = None

    def widen(self, size: int) -> None:
        """Let at least *size* calls be in flight from now on."""
        if size > self.size:
            self.size = size
            if self._grown is not None:
                self._grown()

    def follow(self, grown: Callable[[], None]) -> None:
        """Tell *grown* when it has grown."""
        self._grown = grown
