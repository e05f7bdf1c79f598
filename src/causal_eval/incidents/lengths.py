"""How long something took, in words: each text says which units it counts in."""

from __future__ import annotations

from types import MappingProxyType

_SECONDS = MappingProxyType({"d": 86_400, "h": 3600, "min": 60, "s": 1})


def lasted(seconds: float, *units: str) -> str:
    """*seconds* in *units*, the largest first: ``3 h 20 min``; what is less than the last of them is cut off."""
    rest, parts = int(seconds), []
    for unit in units:
        count, rest = divmod(rest, _SECONDS[unit])
        parts += [f"{count} {unit}"] * bool(count)
    return " ".join(parts)
