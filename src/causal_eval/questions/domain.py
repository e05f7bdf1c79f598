"""A domain: the variables of one field of life and the words in which they are told."""

from __future__ import annotations

from dataclasses import dataclass

STAGES = 6
"""0 background traits, 1 early habits and exposures, 2 conditions, 3 treatments and decisions, 4 processes
between, 5 outcomes."""


@dataclass(frozen=True, slots=True)
class Variable:
    """A quantity of a domain; ``f"{name} is {states[value]}"`` is a clause of English."""

    id: str
    name: str
    """A noun phrase with its article, e.g. ``"the sodium intake"``."""
    stage: int
    """0 to 5: in ``real`` stories an edge never leads to a lower stage."""
    states: tuple[str, str]
    """How the values 0 and 1 are printed."""
    positive: bool
    """Whether value 1 is the state a person would call "yes" or "good"."""
    kind: str | None = None
    """``exposure``, ``treatment`` or ``outcome`` where the variable is a natural one."""


@dataclass(frozen=True, slots=True)
class Domain:
    """The vocabulary of one field of life, read from one file."""

    id: str
    title: str
    unit: str
    units: str
    """Singular and plural of what the quantities describe, e.g. ``"patient"``, ``"patients"``."""
    contexts: tuple[str, ...]
    """Opening sentences, each a whole one."""
    source: str
    """Where the words come from."""
    reason: tuple[str, ...]
    """For every stage a sentence that says why nothing of it is caused by a later one."""
    variables: tuple[Variable, ...]
    stages: tuple[tuple[Variable, ...], ...]
    """The same variables by stage."""
