"""Which calls an incident may have touched, by its cause (``relations.toml``)."""

from __future__ import annotations

import functools
import tomllib
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

ANY = "*"


class Calls(StrEnum):
    """Whose calls."""

    PROVIDER = "provider"
    SERVICE = "service"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Relation:
    """What an incident of one cause may have touched, and why."""

    component: str
    family: str
    calls: Calls
    reason: str
    provider: str = ""
    """Of calls of one provider: which; empty: of every one."""


@functools.cache
def relations() -> tuple[Relation, ...]:
    """The whole table, in its order."""
    read = tomllib.loads((Path(__file__).parent / "relations.toml").read_text("utf-8"))
    return tuple(Relation(**{**row, "calls": Calls(row["calls"])}) for row in read["relation"])


def relation_of(component: str, family: str) -> Relation:
    """What an incident of *component* (``api``, ``model_api:openai``) and *family* may have touched."""
    plain, _, part = component.partition(":")
    for one in relations():
        if one.component == plain and one.family in {ANY, family}:
            return Relation(component, family, one.calls, one.reason, part if one.calls is Calls.PROVIDER else "")
    return Relation(component, family, Calls.NONE, "nothing is known that relates it to calls")
