"""From rows to scoring units: a question, or a whole twin group where the group is scored jointly.

A unit's score is the mean over its samples; a sample counts only if every member of the unit was scored in it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from causal_eval.analysis.intervals import Exact
from causal_eval.analysis.observation import Observation
from causal_eval.scoring.verdict import Mark

UNSCORED = frozenset({Mark.MISSING, Mark.UNGRADED})
"""Our own or the network's doing: excluded from every score, and shown."""


_NO_SOURCES: Mapping[int, frozenset[str]] = {}


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

    lenient: Exact
    """The mean headline score over the scored samples; 0 where there is none."""
    strict: Exact
    """The mean strict score."""
    upper: Exact
    """The mean score, had every unparsed reply been right."""
    sources: Mapping[int, frozenset[str]] = field(default_factory=dict)
    """Sample number -> the observations that it rests on; only where replies were cached."""


def units_of(rows: Iterable[Observation]) -> list[Unit]:
    """The units of one cluster's rows of one answerer, in order of first appearance.

    Every asked (question, sample) has a row, MISSING where there is no reply. A joint unit with a single member is
    a twin group that was cut: it has no scored sample, as the member alone is easier than the group.

    Raises:
        ValueError: the same (question, sample) stands there twice.
    """
    members: dict[str, list[Observation]] = {}
    for row in rows:
        members.setdefault(unit_id(row), []).append(row)
    return [_unit(name, group) for name, group in members.items()]


def is_exempt(row: Observation) -> bool:
    """Whether the row's answerer is a baseline whose method is the right one for this question."""
    return row.answerer.removeprefix("baseline/") in row.exempt


def unit_id(row: Observation) -> str:
    """The id of the unit that the row is part of: its twin group where that is scored as one, else its question."""
    return row.twin if _is_joint(row) and row.twin is not None else row.question


def _is_joint(row: Observation) -> bool:
    return row.joint and row.twin is not None


def _unit(name: str, rows: list[Observation]) -> Unit:
    first = rows[0]
    trials = _group_trials(rows) if _is_joint(first) else _question_trials(rows)
    count = len(trials)
    if count == 1:
        (trial,) = trials.values()
        scores: tuple[Exact, Exact, Exact] = trial.lenient, trial.strict, trial.upper
    else:
        scores = (
            Fraction(sum(trial.lenient for trial in trials.values()), count or 1),
            Fraction(sum(trial.strict for trial in trials.values()), count or 1),
            Fraction(sum(trial.upper for trial in trials.values()), count or 1),
        )
    sources = _sources(rows) if any(row.source for row in rows) else _NO_SOURCES
    return Unit(name, first.family, first.kind, first.rung, is_exempt(first), trials, *scores, sources=sources)


def _sources(rows: list[Observation]) -> dict[int, frozenset[str]]:
    found: dict[int, set[str]] = {}
    for row in rows:
        if row.source:
            found.setdefault(row.sample, set()).add(row.source)
    return {sample: frozenset(names) for sample, names in found.items()}


def _question_trials(rows: list[Observation]) -> dict[int, Trial]:
    if len(rows) > 1:
        _refuse_doubles(rows)
    return {row.sample: _TRIALS[row.mark, row.strict] for row in rows if row.mark not in UNSCORED}


def _group_trials(rows: list[Observation]) -> dict[int, Trial]:
    _refuse_doubles(rows)
    size = max(len({row.question for row in rows}), 2)
    samples: dict[int, list[Observation]] = {}
    for row in rows:
        samples.setdefault(row.sample, []).append(row)
    return {number: _joint(members) for number, members in samples.items() if _is_scored(members, size)}


def _refuse_doubles(rows: list[Observation]) -> None:
    (name, sample), times = Counter((row.question, row.sample) for row in rows).most_common(1)[0]
    if times > 1:
        raise ValueError(f"question {name!r}, sample {sample}: {times} rows; give each (question, sample) once")


def _is_scored(members: list[Observation], size: int) -> bool:
    return len(members) == size and not any(row.mark in UNSCORED for row in members)


def _joint(members: list[Observation]) -> Trial:
    trials = [_TRIALS[row.mark, row.strict] for row in members]
    return Trial(
        lenient=min(trial.lenient for trial in trials),
        strict=min(trial.strict for trial in trials),
        upper=min(trial.upper for trial in trials),
    )


_TRIALS = {
    (mark, strict): Trial(
        lenient=int(mark is Mark.CORRECT),
        strict=int(strict is Mark.CORRECT),
        upper=int(mark in {Mark.CORRECT, Mark.UNPARSED}),
    )
    for mark in Mark
    for strict in Mark
}
"""The trial of a single question, by its two marks."""
