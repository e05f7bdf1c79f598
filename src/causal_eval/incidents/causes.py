"""Which cause an alert tells of, and which causes follow from which (``causes.toml``)."""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from causal_eval.incidents.incident import Key

OTHER = "other"
"""The family of an alert that the table does not name: each is a cause of its own, under its name."""


@dataclass(frozen=True, slots=True)
class Cause:
    """A cause and what follows from it."""

    key: Key
    alerts: frozenset[str]
    adopts: frozenset[Key]
    by: str = ""
    """A label that tells several apart."""
    past: bool = False
    """It tells of what was."""


@functools.cache
def causes() -> Mapping[Key, Cause]:
    """The whole table."""
    read = tomllib.loads((Path(__file__).parent / "causes.toml").read_text("utf-8"))
    found = {}
    for row in read["cause"]:
        key = Key(row["component"], row["family"])
        adopts = frozenset(_key(one) for one in row.get("adopts", ()))
        found[key] = Cause(key, frozenset(row["alerts"]), adopts, row.get("by", ""), row.get("past", False))
    return found


@functools.cache
def _by_alert() -> Mapping[str, Cause]:
    return {alert: cause for cause in causes().values() for alert in cause.alerts}


def key_of(alert: str, labels: Mapping[str, str]) -> Key:
    """The key of the incident that *alert* belongs to; of one that nobody listed, its component and its own name."""
    cause = _by_alert().get(alert)
    if cause is None:
        return Key(labels.get("component", OTHER), alert)
    part = labels.get(cause.by, "") if cause.by else ""
    return Key(f"{cause.key.component}:{part}", cause.key.family) if part else cause.key


def adopts(parent: Key, child: Key) -> bool:
    """Whether what tells of *child* is part of an incident of *parent* while that is live."""
    cause = causes().get(_plain(parent))
    return cause is not None and parent != child and _plain(child) in cause.adopts


def is_past(key: Key) -> bool:
    """Whether what tells of *key* goes on to do so long after it was over."""
    cause = causes().get(_plain(key))
    return cause is not None and cause.past


def _plain(key: Key) -> Key:
    """Without which of several."""
    return Key(key.component.partition(":")[0], key.family)


def _key(text: str) -> Key:
    component, _, family = text.partition("/")
    return Key(component, family)
