"""What a question was made with, and how it was answered, a line for each."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from causal_eval.analysis.observation import Observation
from causal_eval.analysis.units import unit_id, units_of


@dataclass(frozen=True, slots=True, order=True)
class Dial:
    """How the generator was set for a question."""

    kind: str
    """``family/kind``."""
    regime: str
    size: int
    """Level of difficulty, 1 to 5."""

    @property
    def family(self) -> str:
        """The family of the kind."""
        return self.kind.partition("/")[0]


@dataclass(frozen=True, slots=True)
class Response:
    """What a cluster of questions says about one setting: units of one causal model count as one together."""

    answerer: str
    dial: Dial
    weight: float
    """Its share of the cluster: clusters weigh 1 each, since their questions are not independent."""
    right: float
    """The part of the weight that was right."""


def responses(rows: Iterable[Observation]) -> Iterator[Response]:
    """The responses of one run, whose rows come cluster by cluster; exempt and unscored units are left out."""
    for _, group in itertools.groupby(rows, key=lambda row: row.cluster):
        members = list(group)
        places = {unit_id(row): row for row in members}
        units = [unit for unit in units_of(members) if unit.trials and not unit.exempt]
        for unit in units:
            row = places[unit.id]
            dial = Dial(f"{row.family}/{row.kind}", row.regime, row.difficulty)
            yield Response(row.answerer, dial, 1.0 / len(units), float(unit.lenient) / len(units))


def summed(found: Iterable[Response]) -> Iterator[Response]:
    """One response for each answerer and setting: all that a calibration or an ability depends on."""
    sums: dict[tuple[str, Dial], list[float]] = {}
    for one in found:
        cell = sums.setdefault((one.answerer, one.dial), [0.0, 0.0])
        cell[0] += one.weight
        cell[1] += one.right
    for (answerer, dial), (weight, right) in sums.items():
        yield Response(answerer, dial, weight, right)
