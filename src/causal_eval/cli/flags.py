"""What the flags of several commands have in common; cheap to import."""

from __future__ import annotations

import math
from typing import Annotated

import typer

Twins = Annotated[
    list[str] | None,
    typer.Option("--twins", help="Linked questions: distractors, pressure, numeracy, size, names, graph ..."),
]


def split(values: list[str] | None) -> tuple[str, ...]:
    """The names in repeated or comma-separated flags, each once, in order."""
    names = (name.strip() for value in values or () for name in value.split(","))
    return tuple(dict.fromkeys(name for name in names if name))


def number(value: float | None) -> float | None:
    """The same; ``nan`` passes every bound that typer knows."""
    if value is not None and math.isnan(value):
        raise typer.BadParameter("nan is no number: give one")
    return value
