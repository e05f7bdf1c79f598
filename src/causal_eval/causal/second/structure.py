"""Relatives and smallest separators from their definitions."""

from __future__ import annotations

from causal_eval.causal.graph import Graph
from causal_eval.causal.second.paths import Walker
from causal_eval.causal.second.reach import around, causes_of, effects_of, moral_neighbours

__all__ = ["beside", "causes_of", "effects_of", "every_separator", "smallest_separator"]


def smallest_separator(g: Graph, ends: tuple[int, int], *, fixed: int, excluded: int) -> int | None:
    """Of the smallest sets with *fixed* that separate the *ends*, the one with the least on the side of the second.

    Raises:
        TooLarge: more than 16 candidates.
    """
    x, y = ends
    found = every_separator(g, ends, fixed=fixed, excluded=excluded)
    if not found:
        return None
    size = min(one.bit_count() for one in found)
    smallest = [one for one in found if one.bit_count() == size]
    return min(smallest, key=lambda one: beside(g, x | y | fixed, y=y, cut=one))


def every_separator(g: Graph, ends: tuple[int, int], *, fixed: int, excluded: int) -> list[int]:
    """All sets with *fixed* that separate the *ends* and from which nothing but *fixed* can be left out.

    Raises:
        TooLarge: more than 16 candidates.
    """
    x, y = ends
    usable = causes_of(g, x | y | fixed) & ~(x | y | fixed | g.latent | excluded)
    walker = Walker(g, usable, fixed)
    return [one | fixed for one in walker.sets(walker.minimal(walker.all & ~walker.open_any(x, y)))]


def beside(g: Graph, ends: int, *, y: int, cut: int) -> int:
    """How many nodes hang together with *y* in the moral graph of the causes of *ends* once *cut* is removed."""
    return around(moral_neighbours(g, causes_of(g, ends)), y, without=cut).bit_count()
