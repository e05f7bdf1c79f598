"""Which drill last proved each step, and when; what none proves is named with the reason."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from causal_eval.incidents.runbook import NOBODY, Runbook, Step

_LINE = re.compile(
    r"^\| (?P<name>[a-z0-9-]+) \|.*\| (?P<date>[0-9-]{10}) \| (?P<result>[^|]+) \| `[0-9a-f]{12}` \|$", re.MULTILINE
)


@dataclass(frozen=True, slots=True)
class Carried:
    """What the scorecard says of a drill."""

    date: str
    result: str


@dataclass(frozen=True, slots=True)
class Proof:
    """What is known of a step."""

    step: Step
    date: str
    """When its drill was last carried out; empty: never, or none is said."""
    fault: str
    """Why it counts as not covered; empty: it is covered, or no drill can, for the reason that it gives."""


def carried(card: Path) -> dict[str, Carried]:
    """The drills of the scorecard; none where there is no card."""
    text = card.read_text("utf-8") if card.exists() else ""
    return {found["name"]: Carried(found["date"], found["result"]) for found in _LINE.finditer(text)}


def proofs(runbook: Runbook, card: Mapping[str, Carried]) -> list[Proof]:
    """Every step, in order."""
    return [_proof(step, card) for step in runbook.steps]


def _proof(step: Step, card: Mapping[str, Carried]) -> Proof:
    if step.drill == NOBODY:
        return Proof(step, "", "" if step.reason else "no drill, and no reason")
    line = card.get(step.drill)
    if line is None:
        return Proof(step, "", f"drill {step.drill or '?'} was never carried out")
    return Proof(step, line.date, "" if line.result == "passed" else f"drill {step.drill} did not pass")
