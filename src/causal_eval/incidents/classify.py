"""How bad it is, and which line of the runbook says so (``classes.toml``): the worst that anything observed shows."""

from __future__ import annotations

import functools
import math
import tomllib
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from causal_eval.errors import UnknownName, UsageError
from causal_eval.incidents.incident import Severity

LOWEST = "J4"
"""The rule that holds when nothing that was observed reaches any other."""


class What(StrEnum):
    """What kind of thing was observed."""

    ALERT = "alert"
    MEASURE = "measure"
    SYMPTOM = "symptom"
    """What a person chose from a list."""


@dataclass(frozen=True, slots=True)
class Observation:
    """Something that was observed."""

    what: What
    name: str
    value: float | None = None
    """Of what was measured: a share between 0 and 1, seconds, or times."""


@dataclass(frozen=True, slots=True)
class Decision:
    """How bad it is, and why."""

    severity: Severity
    rule: str
    """As the checklist numbers the lines of the runbook."""
    why: str


@dataclass(frozen=True, slots=True)
class Rule:
    """A row of the table."""

    id: str
    severities: frozenset[Severity]
    """Several where the runbook is not sure."""
    says: str
    alerts: frozenset[str]
    symptom: str
    measure: str
    over: float

    @property
    def severity(self) -> Severity:
        """Unsure: the higher."""
        return min(self.severities)

    def holds(self, one: Observation) -> bool:
        """Whether *one* is what this row is about."""
        if one.what is What.ALERT:
            return one.name in self.alerts
        if one.what is What.SYMPTOM:
            return one.name == self.symptom
        return one.name == self.measure and one.value is not None and one.value > self.over


def classify(observed: Collection[Observation]) -> Decision:
    """The worst that anything *observed* tells of; more is never less bad.

    Raises:
        UnknownName: the table has no such alert, measure or symptom. UsageError: a measured value is no number.
    """
    for one in observed:
        _check(one)
    rows = [(row.severity, place, row, one) for one in observed for place, row in enumerate(table()) if row.holds(one)]
    if not rows:
        return Decision(Severity.P3, LOWEST, "nothing that was observed reaches a rule: the lowest until more is known")
    severity, _, row, one = min(rows, key=lambda found: (*found[:2], found[3].name, -(found[3].value or 0)))
    return Decision(severity, row.id, f"{_told(one)}: {row.says}{_doubt(row)}")


@functools.cache
def table() -> tuple[Rule, ...]:
    """The whole table, in its order."""
    read = tomllib.loads((Path(__file__).parent / "classes.toml").read_text("utf-8"))
    return tuple(
        Rule(
            id=row["id"], severities=_severities(row["severity"]), says=row["says"],
            alerts=frozenset(row.get("alerts", ())), symptom=row.get("symptom", ""), measure=row.get("measure", ""),
            over=float(row.get("over", math.inf)),
        )
        for row in read["rule"]
    )  # fmt: skip


def known(what: What) -> frozenset[str]:
    """Every name of that kind."""
    if what is What.ALERT:
        return frozenset(name for row in table() for name in row.alerts)
    return frozenset({row.symptom if what is What.SYMPTOM else row.measure for row in table()} - {""})


def _check(one: Observation) -> None:
    if one.name not in known(one.what):
        raise UnknownName(one.what.value, one.name, known(one.what))
    if one.what is What.MEASURE and (one.value is None or not math.isfinite(one.value)):
        raise UsageError(f"measure {one.name!r}: {one.value!r} is no number: say what was measured, or leave it out")


def _severities(read: str | list[str]) -> frozenset[Severity]:
    return frozenset(Severity(one) for one in ([read] if isinstance(read, str) else read))


def _told(one: Observation) -> str:
    return f"{one.what} {one.name}" + ("" if one.value is None else f" = {one.value:g}")


def _doubt(row: Rule) -> str:
    if len(row.severities) == 1:
        return ""
    return f" (unsure between {' and '.join(sorted(row.severities))}: the higher)"
