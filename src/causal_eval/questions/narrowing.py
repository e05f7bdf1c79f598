"""Which kinds of which families a plan asks, how often each, and which numbers of questions they can add up to."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from causal_eval.errors import UnknownName, UsageError
from causal_eval.questions.catalog import FAMILIES, families
from causal_eval.questions.family import Family, Kind


def narrowed(names: tuple[str, ...], kinds: tuple[str, ...], *, weights: Mapping[str, int]) -> tuple[Family, ...]:
    """The families of that plan, each with the kinds that are asked and their weights; empty selections mean all.

    Raises:
        UnknownName: a family or kind does not exist.
        UsageError: every kind has weight 0.
    """
    wanted = {name.partition("/")[0]: kinds for name in kinds}
    chosen = families(tuple(dict.fromkeys((*names, *wanted))))
    known = [f"{one.name}/{kind.name}" for one in chosen for kind in one.kinds]
    for name in (*kinds, *(name for name in weights if "/" in name)):
        if name not in known:
            raise UnknownName("kind", name, known)
    asked = [replace(one, kinds=_asked(one, wanted.get(one.name, ()), weights=weights)) for one in chosen]
    if not any(one.kinds for one in asked):
        raise UsageError("every kind of the plan has weight 0: give one a positive weight")
    return tuple(one for one in asked if one.kinds)


def kind_names() -> tuple[str, ...]:
    """``family/kind`` of every family that comes with the package."""
    return tuple(f"{one.name}/{kind.name}" for one in families(FAMILIES) for kind in one.kinds)


def in_turn(chosen: Sequence[Family], weights: Mapping[str, int]) -> list[Family]:
    """One round of families: each once, or, where a weight names a kind, as often as its kinds weigh together."""
    if not any("/" in name for name in weights):
        return list(chosen)
    return [family for family in chosen for kind in family.kinds for _ in range(kind.weight)]


def sums(sizes: Collection[int], most: int) -> bytearray:
    """For each number up to *most* whether groups of these *sizes* can add up to it."""
    found = bytearray(most + 1)
    found[0] = 1
    for total in range(1, most + 1):
        found[total] = any(total >= size and found[total - size] for size in sizes)
    return found


def checked_sum(chosen: Sequence[Family], n: int) -> bytearray:
    """The :func:`sums` of the families' groups up to *n*.

    Raises:
        UsageError: twin groups are never torn apart, and these cannot add up to *n*.
    """
    sizes = sorted({kind.size for family in chosen for kind in family.kinds})
    whole = sums(sizes, n + sizes[0])
    if not whole[n]:
        near = next(more for more in range(n, len(whole) + sizes[0]) if sums(sizes, more)[more])
        raise UsageError(
            f"n is {n}: {', '.join(family.name for family in chosen)} ask in groups of "
            f"{' or '.join(map(str, sizes))}, never torn apart; choose {near}"
        )
    return whole


def _asked(family: Family, kinds: Collection[str], *, weights: Mapping[str, int]) -> tuple[Kind, ...]:
    named = {kind: f"{family.name}/{kind.name}" for kind in family.kinds}
    some = [kind for kind, name in named.items() if name in kinds] or named
    weighed = [
        replace(kind, weight=weights.get(name := named[kind], kind.weight or int(name in kinds))) for kind in some
    ]
    return tuple(kind for kind in weighed if kind.weight > 0)
