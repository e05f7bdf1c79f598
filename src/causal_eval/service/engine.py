"""The port of the durable engine: it only says "carry out shard S now"; what is done is in our own rows."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
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


@dataclass(frozen=True, slots=True)
class Scene:
    """What our own rows say at one moment, for the engine's to be held against."""

    hands: Mapping[str, frozenset[str] | None]
    """Who lives, and the shards that each has in hand; None: it does not say."""
    wanted: Sequence[ShardJob]
    """Open shards that nothing holds back."""


class HandBack(Exception):
    """What ends a shard that another worker is to go on with at once."""


class Perform(Protocol):
    """Carries out one shard; returns when nothing of it is left to do for now."""

    def __call__(self, shard: str, /) -> Awaitable[None]:
        """Never raises for what a later try may mend; HandBack where the worker ends before the shard does."""


class Engine(Protocol):
    """Starts shards, again and again until each is done, on whichever worker lives."""

    def prepare(self) -> None:
        """Make what the engine needs in the database; idempotent."""

    def enqueue_in_transaction(self, connection: Connection, jobs: Sequence[ShardJob]) -> None:
        """Put *jobs* in the queue if, and only if, the transaction on *connection* is committed."""

    def cancel(self, shards: Sequence[str]) -> None:
        """Let none of *shards* begin any more; those that are under way see our own flag."""

    def waiting(self) -> int:
        """How many shards wait in the queue, over all workers."""

    async def run_worker(self, worker: str, perform: Perform, *, width: int, stop: Callable[[], bool]) -> None:
        """Carry out shards, *width* of each provider at a time, as *worker* until *stop* says so; then hand back."""

    def sweep(self, scene: Scene, look: Callable[[], Scene]) -> int:
        """Start again what nobody who lives has under way, and what is wanted and has ended or is not there.

        Rows change while they are compared: only what holds by *look* too, taken after the engine's own rows, is so.
        Returns how many shards that were.
        """

    def purge(self, *, before: float) -> None:
        """Forget what ended before the moment *before* (seconds since 1970)."""

    def close(self) -> None:
        """Release every connection; idempotent."""
