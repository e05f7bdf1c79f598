"""Named, reproducible randomness: a SHA-256 counter, integers only; nobody else seeds.

The same seed gives the same values under any hash seed, locale, platform and library version.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import MutableSequence, Sequence
from typing import TypeVar

_T = TypeVar("_T")


class Stream:
    """An endless stream of uniform integers that follows from a name.

    ``Stream("7", "effect", "3")`` is independent of ``Stream("7", "effect", "4")``: parts are length-prefixed
    before they are hashed, so no two different part lists collide.
    """

    __slots__ = ("_block", "_counter", "_key", "_left")

    def __init__(self, *parts: str | int) -> None:
        self._key = hashlib.sha256(b"".join(_frame(str(part)) for part in parts)).digest()
        self._counter = self._block = self._left = 0

    @classmethod
    def keyed(cls, secret: bytes, *parts: str | int) -> Stream:
        """The stream of HMAC(secret, parts): unpredictable until the secret is revealed."""
        digest = hmac.new(secret, b"".join(_frame(str(part)) for part in parts), hashlib.sha256)
        return cls("keyed", digest.hexdigest())

    def child(self, *parts: str | int) -> Stream:
        """An independent stream named below this one; does not consume from it."""
        return Stream(self._key.hex(), *parts)

    def bits(self, count: int) -> int:
        """The next *count* (1 to 256) bits as an integer."""
        if self._left < count:
            self._refill(count)
        self._left -= count
        return self._block >> self._left & (1 << count) - 1

    def below(self, bound: int) -> int:
        """A uniform integer in ``range(bound)``, by rejection: no modulo bias."""
        if bound < 1:
            raise ValueError(f"below() needs a bound of at least 1, got {bound}")
        width = (bound - 1).bit_length() or 1
        mask = (1 << width) - 1
        while True:  # bits() written out: nearly all that is drawn is drawn here
            if self._left < width:
                self._refill(width)
            self._left -= width
            value = self._block >> self._left & mask
            if value < bound:
                return value

    def _refill(self, count: int) -> None:
        """Hash on until *count* bits or more are left."""
        self._block &= (1 << self._left) - 1
        while self._left < count:
            digest = hashlib.sha256(self._key + self._counter.to_bytes(8, "big")).digest()
            self._counter += 1
            self._block = (self._block << 256) | int.from_bytes(digest, "big")
            self._left += 256

    def between(self, low: int, high: int) -> int:
        """A uniform integer in ``low..high``, both ends included."""
        return low + self.below(high - low + 1)

    def betweens(self, low: int, high: int, *, count: int) -> list[int]:
        """What *count* calls of :meth:`between` give."""
        if high < low:
            raise ValueError(f"betweens() needs a range that is not empty, got {low}..{high}")
        width = (high - low).bit_length() or 1
        mask, found = (1 << width) - 1, list[int]()
        while len(found) < count:  # below() written out: tables are drawn here
            if self._left < width:
                self._refill(width)
            self._left -= width
            value = self._block >> self._left & mask
            if value <= high - low:
                found.append(low + value)
        return found

    def chance(self, numerator: int, denominator: int) -> bool:
        """True with probability numerator/denominator."""
        return self.below(denominator) < numerator

    def choice(self, items: Sequence[_T]) -> _T:
        """One item, uniformly."""
        return items[self.below(len(items))]

    def weighted(self, weights: Sequence[int]) -> int:
        """An index, drawn with the given integer weights."""
        draw = self.below(sum(weights))
        for index, weight in enumerate(weights):
            draw -= weight
            if draw < 0:
                return index
        raise AssertionError("unreachable: draw is below the sum of weights")

    def shuffle(self, items: MutableSequence[_T]) -> None:
        """Permute *items* in place, uniformly (Fisher and Yates)."""
        for last in range(len(items) - 1, 0, -1):
            other = self.below(last + 1)
            items[last], items[other] = items[other], items[last]

    def shuffled(self, items: Sequence[_T]) -> list[_T]:
        """A uniformly permuted copy."""
        copy = list(items)
        self.shuffle(copy)
        return copy

    def sample(self, items: Sequence[_T], count: int) -> list[_T]:
        """*count* different items in random order."""
        if count > len(items):
            raise ValueError(f"cannot draw {count} different items from {len(items)}")
        pool = list(items)
        for place in range(count):
            other = place + self.below(len(pool) - place)
            pool[place], pool[other] = pool[other], pool[place]
        return pool[:count]


def _frame(part: str) -> bytes:
    data = part.encode()
    return len(data).to_bytes(8, "big") + data
