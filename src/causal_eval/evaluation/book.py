"""Which batches are under way: written down before they are ordered, until every outcome of theirs is kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from causal_eval.evaluation.attempt import Ask
from causal_eval.evaluation.memory import utc_now


@dataclass(frozen=True, slots=True)
class Order:
    """Asks that one batch carries."""

    key: int
    """Names the row."""
    tag: str
    """``<evaluation>/<number>/<time>``: what the provider is told and asked by; no other order ever has it."""
    count: int
    """Asks when it was written down."""
    made_at: str
    """UTC, ISO 8601 with milliseconds: before it was ordered."""
    handle: str = ""
    """The provider's id of the batch; empty: nobody knows whether the order arrived."""


class BatchBook(Protocol):
    """Keeps one evaluation's orders; every method is durable, against a loss of power too, when it returns.

    Implementations: :class:`MemoryBook` and the SQL book of the store.
    """

    async def open(self) -> Sequence[Order]:
        """Orders that are not closed, oldest first."""

    async def handles(self) -> frozenset[str]:
        """The provider's ids of all orders, open and closed."""

    async def intend(self, asks: Sequence[Ask]) -> Order:
        """Write down that *asks* are about to be ordered."""

    async def placed(self, order: Order, handle: str) -> Order:
        """Write down that the provider has taken *order*, and under which id."""

    async def asks(self, order: Order) -> Sequence[Ask]:
        """The asks of an open *order*, without those that have a reply or refusal by now."""

    async def close(self, order: Order) -> None:
        """Write down that nothing more is to come of *order*; what has no outcome is to be asked again."""


class MemoryBook:
    """A :class:`BatchBook` that forgets when the process ends."""

    def __init__(self, evaluation: str = "ev-0", *, now: Callable[[], str] = utc_now) -> None:
        self._evaluation = evaluation
        self._now = now
        self._number = 0
        self._handles = set[str]()
        self._asks: dict[int, tuple[Ask, ...]] = {}
        self.orders: dict[int, Order] = {}
        """By key, those that are open."""

    async def open(self) -> Sequence[Order]:
        """See the protocol."""
        return list(self.orders.values())

    async def handles(self) -> frozenset[str]:
        """See the protocol."""
        return frozenset(self._handles)

    async def intend(self, asks: Sequence[Ask]) -> Order:
        """See the protocol."""
        self._number += 1
        made_at = self._now()
        tag = order_tag(self._evaluation, self._number, made_at=made_at)
        order = Order(self._number, tag, len(asks), made_at)
        self.orders[order.key], self._asks[order.key] = order, tuple(asks)
        return order

    async def placed(self, order: Order, handle: str) -> Order:
        """See the protocol."""
        self._handles.add(handle)
        self.orders[order.key] = replace(order, handle=handle)
        return self.orders[order.key]

    async def asks(self, order: Order) -> Sequence[Ask]:
        """All of them: what is kept elsewhere is not known here."""
        return self._asks[order.key]

    async def close(self, order: Order) -> None:
        """See the protocol."""
        del self.orders[order.key], self._asks[order.key]


def order_tag(evaluation: str, number: int, *, made_at: str) -> str:
    """The tag of an evaluation's order: its time sets it apart from the same order in another database."""
    return f"{evaluation}/{number}/{made_at}"
