"""The kinds of error that a diagnosis tells apart, and which of them each named mistake is."""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Mapping
from importlib import resources
from typing import NamedTuple

UNEXPLAINED = "unexplained"
OTHER = "other"
"""A mistake that a family of somebody else's names and we do not know."""


class _Known(NamedTuple):
    """What ``classes.toml`` says."""

    titles: Mapping[str, str]
    of: Mapping[str, str]
    """Name of a mistake, or ``family: name`` -> class."""


def class_of(name: str, *, family: str) -> str:
    """The class of the mistake *name* as *family* means it; ``other`` where nobody has said."""
    of = _known().of
    return of.get(f"{family}: {name}") or of.get(name, OTHER)


def title_of(key: str) -> str:
    """A class in words: ``conditioned on a collider``.

    Raises:
        KeyError: there is no such class.
    """
    return _known().titles[key]


def keys() -> tuple[str, ...]:
    """All classes, ``unexplained`` last."""
    return tuple(_known().titles)


@functools.cache
def _known() -> _Known:
    table = tomllib.loads(resources.files(__package__).joinpath("classes.toml").read_text("utf-8"))
    titles = {key: str(one["title"]) for key, one in table.items()}
    of = {str(name): key for key, one in table.items() for name in one["names"]}
    return _Known({**titles, UNEXPLAINED: "unexplained"}, of)
