"""One worked case of every kind, with its answer: what the reference page shows and the playground begins with."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from importlib import resources
from typing import Any

import msgspec


class Example(msgspec.Struct, frozen=True):
    """A case as ``causal-eval solve`` takes it, and its answer."""

    says: str
    """What the kind asks, in a sentence."""
    graph: dict[str, Any]
    query: dict[str, Any]
    answer: Any
    scm: dict[str, Any] | None = None

    @property
    def kind(self) -> str:
        """What is asked."""
        return str(self.query["kind"])

    @property
    def case(self) -> dict[str, Any]:
        """The case alone."""
        model = {} if self.scm is None else {"scm": self.scm}
        return {"graph": self.graph} | model | {"query": self.query}


class Group(msgspec.Struct, frozen=True):
    """Kinds that belong together."""

    group: str
    title: str
    examples: tuple[Example, ...]


@functools.cache
def groups() -> tuple[Group, ...]:
    """All groups, in the order in which a reader meets them."""
    text = resources.files(__package__).joinpath("examples.json").read_text("utf-8")
    return msgspec.json.decode(text, type=tuple[Group, ...])


@functools.cache
def examples() -> Mapping[str, Example]:
    """Kind -> its example."""
    return {one.kind: one for group in groups() for one in group.examples}
