"""Settings of the generator's dials, each with its number of twin groups: what an adaptive choice asks for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from causal_eval.errors import UnknownName, UsageError
from causal_eval.questions.catalog import families
from causal_eval.questions.family import Family, Kind
from causal_eval.questions.narrowing import kind_names
from causal_eval.questions.story import REGIMES

SIZES = range(1, 6)
"""Levels of difficulty."""


@dataclass(frozen=True, slots=True)
class Setting:
    """How the generator is set for so many twin groups."""

    kind: str
    """``family/kind``."""
    regime: str
    size: int
    """Level of difficulty, 1 to 5."""
    groups: int


def asked(settings: Sequence[Setting]) -> int:
    """How many questions they are together: a twin group is as large as its kind.

    Raises:
        UnknownName: a kind or regime does not exist.
        UsageError: a size is not within 1 to 5, or there are no groups of one.
    """
    known = kind_names()
    for one in settings:
        if one.kind not in known:
            raise UnknownName("kind", one.kind, known)
        if one.regime not in REGIMES:
            raise UnknownName("regime", one.regime, REGIMES)
        if one.size not in SIZES:
            raise UsageError(f"size is {one.size}: choose a level of difficulty from 1 to 5")
        if one.groups < 1:
            raise UsageError(f"groups is {one.groups}: ask for at least 1 twin group of {one.kind}")
    return sum(_found(one)[1].size * one.groups for one in settings)


def places(settings: Sequence[Setting]) -> Iterator[tuple[Family, Kind, str, int]]:
    """Family, kind, regime and level of each twin group, a setting after the other."""
    for one in settings:
        for _ in range(one.groups):
            yield *_found(one), one.regime, one.size


def _found(one: Setting) -> tuple[Family, Kind]:
    family_name, _, name = one.kind.partition("/")
    (family,) = families((family_name,))
    return family, next(kind for kind in family.kinds if kind.name == name)
