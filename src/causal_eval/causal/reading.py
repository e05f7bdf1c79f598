"""Small readers of untrusted JSON: each accepts one shape and names what it cannot take."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from functools import lru_cache
from typing import Any

from causal_eval.causal.query import Assignment
from causal_eval.causal.scm import Scm, Value
from causal_eval.errors import MalformedCase

_TRUTH = {"false": False, "true": True}
_LONG_POWER = re.compile(r"[eE][+-]?[0-9_]{4}")
"""Of a few letters, a number that no memory holds."""


_SHORT = 8
"""Letters of a number that is remembered."""


def mapping(value: Any, where: str) -> dict[str, Any]:
    """*value* as a JSON object."""
    if not isinstance(value, dict):
        raise MalformedCase(f"{where} must be a JSON object, got {_kind(value)}")
    return value


def sequence(value: Any, where: str) -> list[Any]:
    """*value* as a JSON list; None is the empty list."""
    if value is None:
        return []
    if not isinstance(value, list | tuple):
        raise MalformedCase(f"{where} must be a list, got {_kind(value)}")
    return list(value)


def name_list(value: Any, where: str) -> list[str]:
    """*value* as a list of different names; a bare string is a list of one."""
    names = [value] if isinstance(value, str) else sequence(value, where)
    seen: set[str] = set()
    for name in names:
        if not isinstance(name, str):
            raise MalformedCase(f"{where}: {name!r} is not a node name; names are strings")
        if name in seen:
            raise MalformedCase(f"{where} lists {name!r} twice; remove one")
        seen.add(name)
    return names


def node_of(name: Any, index: Mapping[str, int], *, where: str) -> int:
    """The node of that name."""
    if not isinstance(name, str) or name not in index:
        raise MalformedCase(f"{where}: no node is called {name!r}; the nodes are {', '.join(index)}")
    return index[name]


def node_list(value: Any, index: Mapping[str, int], *, where: str) -> tuple[int, ...]:
    """The nodes that a list of names stands for, ascending."""
    return tuple(sorted(node_of(name, index, where=where) for name in name_list(value, where)))


def fraction(value: Any, where: str) -> Fraction:
    """An exact number: ``"1/10"``, ``"0.1"``, ``0.1`` (read as its decimal digits) or an integer."""
    try:
        if isinstance(value, str) and not _LONG_POWER.search(value):
            return _short(value) if len(value) <= _SHORT else Fraction(value)
        if isinstance(value, float):
            return Fraction(Decimal(repr(value)))
        if isinstance(value, int) and not isinstance(value, bool):
            return Fraction(value)
    except (ValueError, ZeroDivisionError, InvalidOperation, OverflowError):
        pass
    raise MalformedCase(f'{where}: {value!r} is no exact number; write "1/10", "0.1" or 0.1')


@lru_cache(maxsize=1 << 10)  # printed probabilities are few
def _short(text: str) -> Fraction:
    return Fraction(text)


def position(value: Any, names: Sequence[Value], where: str) -> int:
    """The position of *value* among the values of a variable; ``true`` is 1; as text as well."""
    wanted = fraction(value, where) if isinstance(value, float) else value
    for place, name in enumerate(names):
        if name == wanted and isinstance(name, str) == isinstance(wanted, str):
            return place
    if isinstance(value, str) and not any(isinstance(name, str) for name in names):
        if value.lower() in _TRUTH and all(isinstance(name, bool) for name in names):
            return position(_TRUTH[value.lower()], names, where)
        if _is_whole(value):
            return position(int(value), names, where)
    if not names:
        raise MalformedCase(f"{where} is real-valued; of a linear system ask effects, or kind linear_counterfactual")
    allowed = ", ".join(str(name).lower() if isinstance(name, bool) else str(name) for name in names)
    raise MalformedCase(f"{where} cannot be {value!r}: its values are {allowed}")


def _is_whole(text: str) -> bool:
    """Whether *text* writes a whole number of a few digits."""
    return text.isascii() and text.removeprefix("-").isdecimal() and len(text) < 20  # noqa: PLR2004 - as many as int64


def assignment(value: Any, index: Mapping[str, int], scm: Scm, where: str) -> Assignment:
    """``{"X": 1, ...}`` or ``[["X", 1], ...]`` as (node, value position) pairs, ascending."""
    found: dict[int, int] = {}
    for name, wanted in pairs_of(value, where):
        node = node_of(name, index, where=where)
        if node in found:
            raise MalformedCase(f"{where} sets {name!r} twice; keep one value")
        found[node] = position(wanted, scm.names(node), f"{where}: {name!r}")
    return tuple(sorted(found.items()))


def pairs_of(value: Any, where: str) -> Iterable[tuple[Any, Any]]:
    """``{"X": 1, ...}`` or ``[["X", 1], ...]`` as pairs, as they stand; None has none."""
    if value is None:
        return ()
    if isinstance(value, dict):
        return value.items()
    if not isinstance(value, list | tuple):
        raise MalformedCase(f'{where} must say which variable has which value, such as {{"X": 1}}, got {_kind(value)}')
    pairs = list(value)
    for pair in pairs:
        if not isinstance(pair, list | tuple) or len(pair) != 2:  # noqa: PLR2004 - a pair has two parts
            raise MalformedCase(f"{where}: {pair!r} is no [variable, value] pair")
    return [(name, wanted) for name, wanted in pairs]


def _kind(value: object) -> str:
    return "nothing" if value is None else f"{type(value).__name__} {value!r}"
