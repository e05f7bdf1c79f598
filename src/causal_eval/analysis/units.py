"""From rows to scoring units: a question, or a whole twin group where the group is scored jointly.

A unit's score is the mean over its samples; a sample counts only if every member of the unit was scored in it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from causal_eval.analysis.intervals import Exact
from causal_eval.analysis.observation import Observation
from causal_eval.scoring.verdict import Mark

UNSCORED = frozenset({Mark.MISSING, Mark.UNGRADED})
"""Our own or the network's doing: excluded from every score, and shown."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One scored sample of a unit: 1 right, 0 not."""

    lenient: int
    strict: int
    upper: int
    """Lenient, had every unparsed reply been right."""


@dataclass(frozen=True, slots=True)
class Unit:
    """What is scored once, with its scored samples."""

    id: str
    """Question id, or the twin group of a joint unit."""
    family: str
    kind: str
    rung: int
    exempt: bool
    """The answerer's method is the right one here (a baseline on a question made for it): not part of its score."""
    trials: dict[int, Trial]
    """Sample number -> trial; samples that were not scored are left out."""

    @property
    def lenient(self) -> Exact:
        """The mean headline score over the scored samples, of which there must be one."""
        return _ratio(sum(trial.lenient for trial in self.trials.values()), len(self.trials))

    @property
    def strict(self) -> Exact:
        """The mean strict score."""
        return _ratio(sum(trial.strict for trial in self.trials.values()), len(self.trials))

    @property
    def upper(self) -> Exact:
        """The mean score, had every unparsed reply been right."""
        return _ratio(sum(trial.upper for trial in self.trials.values()), len(self.trials))


def units_of(rows: Iterable[Observation]) -> list[Unit]:
    """The units of one cluster's rows of one answerer, in order of first appearance.

    Every asked (question, sample) has a row, MISSING where there is no reply. A joint unit with a single member is
    a twin group that was cut: it has no scored sample, as the member alone is easier than the group.

    Raises:
        ValueError: the same (question, sample) stands there twice.
    """
    members: dict[str, list[Observation]] = {}
    for row in rows:
        members.setdefault(_unit_id(row), []).append(row)
    return [_unit(name, group) for name, group in members.items()]


def is_exempt(row: Observation) -> bool:
    """Whether the row's answerer is a baseline whose method is the right one for this question."""
    return row.answerer.removeprefix("baseline/") in row.exempt


def _unit_id(row: Observation) -> str:
    return row.twin if row.joint and row.twin is not None else row.question


def _unit(name: str, rows: list[Observation]) -> Unit:
    first = rows[0]
    samples: dict[int, dict[str, Observation]] = {}
    for row in rows:
        members = samples.setdefault(row.sample, {})
        if row.question in members:
            raise ValueError(
                f"question {row.question!r}, sample {row.sample}: two rows; give each (question, sample) once"
            )
        members[row.question] = row
    size = max(len({row.question for row in rows}), 2 if first.joint and first.twin is not None else 1)
    trials = {number: _trial(members) for number, members in samples.items() if _is_scored(members, size)}
    return Unit(name, first.family, first.kind, first.rung, is_exempt(first), trials)


def _is_scored(members: dict[str, Observation], size: int) -> bool:
    return len(members) == size and not any(row.mark in UNSCORED for row in members.values())


def _trial(members: dict[str, Observation]) -> Trial:
    rows = members.values()
    return Trial(
        lenient=int(all(row.mark is Mark.CORRECT for row in rows)),
        strict=int(all(row.strict is Mark.CORRECT for row in rows)),
        upper=int(all(row.mark in {Mark.CORRECT, Mark.UNPARSED} for row in rows)),
    )


def _ratio(total: int, count: int) -> Exact:
    return total if count == 1 else Fraction(total, count)
