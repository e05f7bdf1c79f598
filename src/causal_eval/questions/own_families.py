"""Families of other distributions: whatever they name in the entry-point group ``causal_eval.families``.

An entry point's name is the family's, and its object a :class:`causal_eval.questions.family.Family` whose ``phrases``
hold the forms of its own. They are found when questions are made or read, and never part of a named suite.
"""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from typing import NotRequired, TypedDict

from causal_eval.errors import UsageError

GROUP = "causal_eval.families"


class Entry(TypedDict):
    """A form as it stands in a file."""

    slots: dict[str, str]
    say: list[str]
    assumption: NotRequired[bool]
    numbered: NotRequired[bool]


@functools.cache
def own_families() -> Mapping[str, object]:
    """What every installed distribution offers, by name.

    Raises:
        UsageError: two distributions offer the same name, or one cannot be imported.
    """
    from importlib.metadata import entry_points

    found: dict[str, object] = {}
    for entry in sorted(entry_points(group=GROUP), key=lambda entry: entry.name):
        if entry.name in found:
            raise UsageError(f"two distributions offer a family {entry.name!r}: uninstall one of them")
        try:
            found[entry.name] = entry.load()
        except (ImportError, AttributeError) as error:
            raise UsageError(f"the family {entry.name!r} ({entry.value}) cannot be imported: {error}") from error
    return found


def own_phrases() -> tuple[str, ...]:
    """The forms of all these families, a TOML text each; empty where a family has none of its own."""
    return tuple([str(getattr(family, "phrases", "")) for family in own_families().values()])


def entries_of(texts: Iterable[str]) -> Iterator[tuple[str, Entry]]:
    """The forms in TOML texts, each name once.

    Raises:
        UsageError: a name is taken.
    """
    seen: set[str] = set()
    for text in texts:
        for name, entry in tomllib.loads(text).items():
            if name in seen:
                raise UsageError(f"the form {name!r} is there already: call yours otherwise, after your family")
            seen.add(name)
            yield name, entry
