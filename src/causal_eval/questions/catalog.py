"""Which families there are; a family is imported when it is first asked for."""

from __future__ import annotations

import functools
import importlib

from causal_eval.errors import UnknownName
from causal_eval.questions.family import Family

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
)
"""Names of all families, in the order of the ladder's introduction."""

ALIASES = {"adjustment": "confounding"}
"""Other names by which families are asked for."""


@functools.cache
def family(name: str) -> Family:
    """The family of that name.

    Raises:
        UnknownName: there is none; the nearest names are suggested.
    """
    name = ALIASES.get(name, name)
    if name not in FAMILIES:
        raise UnknownName("family", name, FAMILIES)
    found = importlib.import_module(f"causal_eval.questions.families.{name}").FAMILY
    assert isinstance(found, Family)
    return found


def families(names: tuple[str, ...] = ()) -> tuple[Family, ...]:
    """The named families, or all of them."""
    return tuple(family(name) for name in names or FAMILIES)
