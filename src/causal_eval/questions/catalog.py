"""Which families there are; a family is imported when it is first asked for."""

from __future__ import annotations

import functools
import importlib

from causal_eval.errors import UnknownName, UsageError
from causal_eval.questions.family import Family
from causal_eval.questions.own_families import own_families

FAMILIES = (
    "attribution",
    "effect",
    "counterfactual",
    "chain",
    "confounding",
    "blanket",
    "cde",
    "contrast",
    "treated",
    "separation",
    "simpson",
    "selection",
    "equivalence",
    "policy",
    "frontdoor",
    "bounds",
    "discovery",
    "experiment",
    "flaw",
    "underdetermined",
    "actual",
    "responsibility",
    "identifiability",
    "estimand",
    "instrument",
    "consistency",
    "paths",
    "causation",
    "mediation",
)
"""Names of all families, in the order of the ladder's introduction."""

ALIASES = {"adjustment": "confounding"}
"""Other names by which families are asked for."""


@functools.cache
def family(name: str) -> Family:
    """The family of that name: ours, or one of an installed distribution.

    Raises:
        UnknownName: there is none; the nearest names are suggested.
        UsageError: a distribution offers something else under that name.
    """
    name = ALIASES.get(name, name)
    if name not in FAMILIES:
        return _own(name)
    found = importlib.import_module(f"causal_eval.questions.families.{name}").FAMILY
    assert isinstance(found, Family)
    return found


def _own(name: str) -> Family:
    known = own_families()
    if name not in known:
        raise UnknownName("family", name, (*FAMILIES, *known))
    found = known[name]
    if not isinstance(found, Family) or found.name != name:
        raise UsageError(f"the entry point {name!r} must be a Family of that name, it is {found!r}")
    return found


def title_of(name: str) -> str | None:
    """The title of the family of that name; None of a user's own questions, which no family made."""
    try:
        return family(name).title
    except UnknownName:
        return None


def families(names: tuple[str, ...] = ()) -> tuple[Family, ...]:
    """The named families, or all of them."""
    return tuple(family(name) for name in names or FAMILIES)
