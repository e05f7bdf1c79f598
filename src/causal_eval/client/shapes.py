"""What results and orders have in common, and secrets that no repr shows."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

_T = TypeVar("_T")


class Shape(msgspec.Struct, frozen=True):
    """Something that the service answers; fields that a later service adds are passed over."""


class Order(msgspec.Struct, frozen=True, omit_defaults=True):
    """Something that is sent; what is left as it is by default is not."""


class Secret(str):
    """Text that is shown once and never by ``repr``; ``str(secret)`` gives it."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "Secret(...)"

    def __str__(self) -> str:
        return self[:]


def decoded(body: bytes, kind: type[_T]) -> _T:
    """*body* as a value of *kind*.

    Raises:
        msgspec.DecodeError: it is none.
    """
    return msgspec.json.decode(body, type=kind, dec_hook=_special)


def _special(kind: type, value: Any) -> Any:
    if kind is Secret and isinstance(value, str):
        return Secret(value)
    raise NotImplementedError(f"{kind} is no kind of value that is sent")
