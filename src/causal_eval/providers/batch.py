"""Many prompts handed over at once and answered within a day, for less: the Protocol that batch APIs fulfil.

A batch is ordered under a *tag*, which is unique for ever and written down before. Whoever does not know whether an
order arrived (a kill, a lost answer) looks for the tag before ordering again: so no batch is paid twice.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from causal_eval.providers.provider import Failure, Outcome, Prompt

NAME_LENGTH = 59
"""Characters of a row's name; Anthropic takes 64, letters, digits, ``-`` and ``_``."""
_HALF = 29


class Request(NamedTuple):
    """One row of an order."""

    name: str
    """Its ``custom_id``: :func:`row_name`."""
    body: bytes
    """From :meth:`BatchProvider.encode`."""


class Row(NamedTuple):
    """What became of one row."""

    name: str
    outcome: Outcome | None
    """None: the batch was cancelled before this row was done; it was not attempted and not paid."""


Take = Callable[[Sequence[Row]], Awaitable[None]]
"""Takes rows as they are read, a few at a time; returns when they are safe."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one batch may hold."""

    requests: int
    bytes: int
    """Of all bodies with what stands around each."""


@dataclass(frozen=True, slots=True)
class Sought:
    """An order of which nobody knows whether it arrived."""

    tag: str
    count: int
    """Rows."""
    since: float
    """When it was written down: seconds since 1970."""
    known: frozenset[str] = frozenset()
    """Handles of other orders: not this one's."""


@dataclass(frozen=True, slots=True)
class Found:
    """What is known of an order that may have arrived."""

    handle: str = ""
    """The provider's id of the batch; empty: it has not been found."""
    undecided: tuple[str, ...] = ()
    """Batches of which one may be the one that is sought: they do not tell before they have ended."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a batch is."""

    handle: str
    ended: bool
    done: int
    """Rows that are done, however they ended."""
    total: int
    cancelled: bool = False
    """Somebody stopped it, here or at the provider."""
    refused: Failure | None = None
    """Why the provider does not take the batch as a whole; nothing of it was made."""


class BatchProvider(Protocol):
    """A batch API as one customer of one model sees it; never raises for what a provider or network does."""

    @property
    def name(self) -> str:
        """``provider/model`` as the user wrote it."""

    @property
    def limits(self) -> Limits:
        """What the API takes in one batch."""

    def encode(self, prompt: Prompt) -> bytes:
        """The body of a row: what a call outside of a batch sends."""

    async def submit(self, tag: str, requests: Sequence[Request]) -> str | Failure:
        """Order; the handle of the new batch. After a failure that is RETRYABLE the order may have arrived."""

    async def find(self, sought: Sought) -> Found | Failure:
        """The batch that was ordered under a tag."""

    async def poll(self, handle: str) -> Standing | Failure:
        """How far it is."""

    async def fetch(self, handle: str, take: Take) -> Failure | None:
        """Hand every row of an ended batch to *take*, in any order; None: all were read. May be called again."""

    async def cancel(self, handle: str) -> Failure | None:
        """Stop it; rows that are done stay done."""

    async def close(self) -> None:
        """Release connections; idempotent."""


def tag_digest(tag: str) -> str:
    """What the names of a batch's rows begin with."""
    return hashlib.sha256(tag.encode()).hexdigest()[:_HALF]


def row_name(tag: str, question: str, *, sample: int) -> str:
    """The name of a row: the same for the same question and sample of the same batch, and no other's."""
    asked = hashlib.sha256(f"{sample}/{question}".encode()).hexdigest()[:_HALF]
    return f"{tag_digest(tag)}-{asked}"
