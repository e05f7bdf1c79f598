"""What the mock server has received and what a provider would have billed, in memory and line by line in a file."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from causal_eval.errors import UsageError
from causal_eval.mock.faults import Mode
from causal_eval.mock.wire import Json, encoded


class Item(NamedTuple):
    """What calls are counted by."""

    key: str
    """Public name; never a key's value."""
    model: str
    prompt: str
    """:func:`~causal_eval.providers.scripted.prompt_key` of the last user message; empty where there is none."""


@dataclass(frozen=True, slots=True)
class Received:
    """One request."""

    number: int
    """From 1, in order of arrival."""
    second: float
    """Since the first request."""
    path: str
    item: Item
    mode: Mode | None
    """The fault that hit it, or the limit of its key."""
    paid: bool
    """Whether a provider would bill it: everything for which a reply was made, even one that got lost."""
    batch: str = ""
    """Id of the batch that it was a row of."""


class Accounts:
    """Counts requests, and appends each to *record* before it is answered: nothing is lost with a client."""

    def __init__(self, record: Path | None = None) -> None:
        self.received: Counter[str] = Counter()
        """Requests by path."""
        self.spoiled: Counter[Mode] = Counter()
        """Requests by what hit them."""
        self.items: Counter[Item] = Counter()
        """Requests by who asked whom what."""
        self.paid: Counter[Item] = Counter()
        """Those of them that a provider would bill."""
        self._record = record
        self._file: int | None = None

    def open(self) -> None:
        """Open the record, without a buffer: a line is in the file as soon as it is written."""
        if self._record is None:
            return
        try:
            self._file = os.open(self._record, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        except OSError as error:
            reason = f"cannot be written ({error.strerror}); choose another file"
            raise UsageError(f"--record {self._record}: {reason}") from error

    def add(self, received: Received) -> None:
        """Count one request."""
        if not received.batch:
            self.received[received.path] += 1
        self.items[received.item] += 1
        if received.mode is not None:
            self.spoiled[received.mode] += 1
        if received.paid:
            self.paid[received.item] += 1
        if self._file is not None:
            os.write(self._file, encoded(_flat(received)) + b"\n")

    def summary(self) -> Json:
        """All counts as JSON: the body of ``GET /mock/requests``."""
        return {
            "received": sum(self.received.values()),
            "paid": self.paid.total(),
            "by_path": dict(self.received),
            "by_mode": {mode.value: count for mode, count in self.spoiled.items()},
            "items": list(self._rows()),
        }

    def close(self) -> None:
        """Close the record; idempotent."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _rows(self) -> Iterator[Json]:
        for item, count in self.items.items():
            yield {**item._asdict(), "received": count, "paid": self.paid[item]}


def _flat(received: Received) -> Json:
    return {
        "number": received.number,
        "second": received.second,
        "path": received.path,
        **received.item._asdict(),
        "mode": received.mode,
        "paid": received.paid,
        "batch": received.batch,
    }
