"""The port of the durable engine: it only says "carry out shard S now"; what is done is in our own rows."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy import Connection


@dataclass(frozen=True, slots=True)
class ShardJob:
    """A shard as the engine sees it."""

    id: str
    provider: str
    """Shards of one provider share a partition: one that is slow does not hold up the others."""
    priority: int = 10


class Perform(Protocol):
    """Carries out one shard; returns when nothing of it is left to do."""

    def __call__(self, shard: str, /) -> Awaitable[None]:
        """Never raises for what a later try may mend: that would end the shard for good."""


class Engine(Protocol):
    """Starts shards, again and again until each is done, on whichever worker lives."""

    def enqueue_in_transaction(self, connection: Connection, jobs: Sequence[ShardJob]) -> None:
        """Put *jobs* in the queue if, and only if, the transaction on *connection* is committed."""

    def cancel(self, shards: Sequence[str]) -> None:
        """Let none of *shards* begin any more; those that are under way see our own flag."""

    def waiting(self) -> int:
        """How many shards wait in the queue, over all workers."""

    async def run_worker(self, worker: str, perform: Perform, *, width: int, stop: Callable[[], bool]) -> None:
        """Carry out shards, *width* at a time, as *worker* until *stop* says so, then hand back what is under way."""

    async def sweep(self, dead: Sequence[str]) -> int:
        """Start again what the *dead* workers had under way; returns how many shards that were."""
