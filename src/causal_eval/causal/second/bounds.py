"""Bounds by trying every corner: full response functions, worked out unit by unit.

Where the corners are too many, those of the widest opening are not tried: its bounds are what its equations prove.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from causal_eval.causal.scm import Scm
from causal_eval.causal.second.dual import Quotient, least
from causal_eval.causal.second.nested import each
from causal_eval.causal.second.openings import Event, Open
from causal_eval.causal.second.reach import members
from causal_eval.causal.second.vertices import Point, vertices
from causal_eval.errors import MalformedCase, TooLarge

MOST = 200_000
"""Corners times units that are gone through."""
MOST_PROGRAMMES = 1_000
"""Corners of all openings but the widest, together: each takes a linear programme for either end."""


def ends(
    scm: Scm, parts: Sequence[tuple[Fraction, Event]], *, holds: Event, openings: Sequence[Open],
    never: Sequence[Event] = (),
) -> tuple[Fraction, Fraction]:  # fmt: skip
    """The least and the greatest weighted sum of probabilities over that of *holds*, where nothing of *never* happens.

    Each event of *parts* holds in units alone of which *holds* is true.

    Raises:
        TooLarge: too many corners. MalformedCase: nothing fits.
    """
    asks = [_Ask(event, weight, whole=0) for weight, event in parts]
    asks += [_Ask(holds, Fraction(0), whole=1)]
    asks += [_Ask(event, Fraction(0), whole=0, never=True) for event in never]
    units = _units(scm, asks, openings=openings)
    touched = [any(unit.fitting[at] != one.everyone for unit in units) for at, one in enumerate(openings)]
    found: list[Fraction] = []
    if all(_has_law(one) for one, is_touched in zip(openings, touched, strict=True) if not is_touched):
        units = [replace(one, fitting=list(itertools.compress(one.fitting, touched))) for one in units]
        found = _extremes(units, list(itertools.compress(openings, touched)))
    if not found:
        raise MalformedCase("no model fits all that is stated, with what is given")
    return min(found), max(found)


def _has_law(one: Open) -> bool:
    """Whether any law satisfies its equations."""
    corners = vertices(one.rows, one.right)
    if corners is not None:
        return bool(corners)
    zero, sure = ([Fraction(value)] * len(one.types) for value in (0, 1))
    return least(Quotient(one.cuts(one.everyone), zero, sure)) is not None


def _extremes(units: Sequence[_Told], openings: Sequence[Open]) -> list[Fraction]:
    """Means with laws of the *openings*, the least and the greatest among them."""
    corners = [vertices(one.rows, one.right) for one in openings]
    widest = _widest(corners, len(units))
    listed = [[_Law(law) for law in found or ()] for place, found in enumerate(corners) if place != widest]
    found: list[Fraction] = []
    for laws in itertools.product(*listed):
        found += _at(units, laws) if widest is None else _along(units, openings[widest], place=widest, laws=laws)
    return found


def _widest(corners: Sequence[Sequence[Point] | None], units: int) -> int | None:
    """The opening with the most corners, along which linear programmes go; None: all can be gone through together.

    Raises:
        TooLarge: the corners beside it are too many.
    """
    sizes = [MOST + 1 if found is None else len(found) for found in corners]
    if units * math.prod(sizes) <= MOST:
        return None
    widest = sizes.index(max(sizes))
    beside = math.prod(sizes[:widest] + sizes[widest + 1 :])
    if beside > MOST_PROGRAMMES or units * beside > MOST:
        raise TooLarge(
            f"over {MOST_PROGRAMMES:,} corners, or {MOST:,} units and corners, beside the widest opening: the second "
            "solver goes through no more"
        )
    return widest


@dataclass(frozen=True, slots=True)
class _Ask:
    """An event, and what its probability counts for."""

    event: Event
    weight: Fraction
    whole: int
    """1: it is what is given."""
    never: bool = False


@dataclass(frozen=True, slots=True)
class _Told:
    """Units with which an event happens."""

    ask: _Ask
    share: int
    """Times something that is the same for all."""
    fitting: list[int]
    """The mask of the types of each opening that are theirs."""


def _units(scm: Scm, asks: Sequence[_Ask], *, openings: Sequence[Open]) -> list[_Told]:
    nodes = {node for one in openings for node in one.nodes}
    every = [(ask, share, read) for ask in asks for hit, share, read in each(scm, ask.event, free=nodes) if hit]
    below = math.lcm(*[share.denominator for _, share, _ in every])
    return [_Told(ask, int(share * below), [one.fitting(read) for one in openings]) for ask, share, read in every]


def _at(units: Sequence[_Told], laws: Sequence[_Law]) -> list[Fraction]:
    """The quotient where each opening has its law of *laws*; nothing without a whole, or if what never happens does."""
    whole, total = 0, Fraction(0)
    for one in units:
        p = math.prod([law.of(types) for law, types in zip(laws, one.fitting, strict=True)], start=one.share)
        if p and one.ask.never:
            return []
        whole += p * one.ask.whole
        total += p * one.ask.weight
    return [total / whole] if whole else []


def _along(units: Sequence[_Told], wide: Open, *, place: int, laws: Sequence[_Law]) -> list[Fraction]:
    """The least and the greatest quotient where all but the *wide* opening, at *place*, have their laws of *laws*."""
    n, barred = len(wide.types), 0
    total, whole = [Fraction(0)] * n, [Fraction(0)] * n
    for one in units:
        beside = one.fitting[:place] + one.fitting[place + 1 :]
        p = math.prod([law.of(types) for law, types in zip(laws, beside, strict=True)], start=one.share)
        if p and one.ask.never:
            barred |= one.fitting[place]
        for at in members(one.fitting[place]) if p else ():
            whole[at] += p * one.ask.whole
            total[at] += p * one.ask.weight
    fits = wide.everyone & ~barred
    numerator, denominator = ([sums[at] for at in members(fits)] for sums in (total, whole))
    found = []
    for sign in (1, -1):
        end = least(Quotient(wide.cuts(fits), [sign * a for a in numerator], denominator))
        if end is None:
            break
        found.append(sign * end)
    return found


class _Law:
    """A law of the types of one opening, times something, and of sets of them; quotients are those of the law."""

    def __init__(self, law: Point) -> None:
        self.law = law
        self.known: dict[int, int] = {}

    def of(self, types: int) -> int:
        """The probability of the *types*, a mask."""
        if types not in self.known:
            self.known[types] = sum([self.law[at] for at in members(types)])
        return self.known[types]
