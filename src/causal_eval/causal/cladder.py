"""CLadder's published models (Jin and others 2023), computed again: which stored values and gold answers are not exact.

Its generator propagates marginals as if the causes of a node were independent, and takes the mean of a mediator for its
law; both are wrong where causes share a cause. Parameters are decimals that are read exactly.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction

from causal_eval.causal.calculator import calculate
from causal_eval.causal.reading import mapping
from causal_eval.errors import MalformedCase

CLOSE = Fraction(1, 10**9)
"""Stored values are floating-point numbers: closer than this is equal."""
_EFFECTS = {"ATE": "ate", "ETT": "ett", "NDE": "nde", "NIE": "nie"}
_ASKED = {"ate": "ATE(Y | X)", "ett": "ETT(Y | X)", "nde": "NDE(Y | X)", "nie": "NIE(Y | X)", "marginal": "P(Y=1)"}
"""Type of question -> the value on which its answer depends."""
_HALF = Fraction(1, 2)
_NOTHING = Fraction(1, 200)
"""CLadder says of an effect or a correlation that rounds to 0.00 that there is none."""


@dataclass(frozen=True, slots=True)
class Value:
    """A stored value and the exact one."""

    model: int
    graph: str
    name: str
    stored: Fraction
    exact: Fraction

    @property
    def right(self) -> bool:
        """Whether it was stored right."""
        return abs(self.stored - self.exact) < CLOSE


@dataclass(frozen=True, slots=True)
class Gold:
    """A question whose answer follows from one value."""

    question: int
    model: int
    asked: str
    answer: str
    stored: Fraction
    exact: Fraction

    @property
    def flips(self) -> bool:
        """Whether the exact value has the other answer, by CLadder's own rule."""
        nothing = Fraction(0) if self.asked in ("marginal", "exp_away") else _NOTHING
        return self._side(self.stored, nothing) != self._side(self.exact, nothing)

    @property
    def turns(self) -> bool:
        """Whether the exact value has the other sign, also where the rule says that there is nothing."""
        return self._side(self.stored, CLOSE) != self._side(self.exact, CLOSE)

    def _side(self, value: Fraction, nothing: Fraction) -> int:
        beyond = value - (_HALF if self.asked == "marginal" else 0)
        return 0 if abs(beyond) < nothing else 1 if beyond > 0 else -1


class Published:
    """One published model, with what was stored of it."""

    def __init__(self, meta: Mapping[str, object]) -> None:
        self.number, self.graph = int(str(meta["model_id"])), str(meta["graph_id"])
        self.stored = {name: _exact(value) for name, value in mapping(meta["groundtruth"], "groundtruth").items()}
        tables: dict[str, dict[str, object]] = {}
        edges: list[list[str]] = []
        for text, numbers in mapping(meta["params"], "params").items():
            name, _, given = text.removeprefix("p(").removesuffix(")").partition(" | ")
            parents = given.split(", ") if given else []
            rows = {
                ",".join(map(str, key)): [str(1 - p), str(p)]
                for key in itertools.product((0, 1), repeat=len(parents))
                for p in [_exact(_row(numbers, key))]
            }
            tables[name] = {"parents": parents, "table": rows}
            edges += [[parent, name] for parent in parents]
        self._facts = {"graph": {"nodes": [*tables], "directed": edges}, "scm": {"cpts": tables}}

    def value(self, name: str) -> Fraction:
        """The exact value of what is stored as *name*: ``ATE(Y | X)``, ``P(Y=1 | X=0)``.

        Raises:
            MalformedCase: it is called otherwise.
        """
        kind, _, inside = name.removesuffix(")").partition("(")
        one, _, other = inside.partition(" | ")
        if kind in _EFFECTS:
            return self._asked({"kind": _EFFECTS[kind], "X": other, "Y": one})
        if kind != "P":
            raise MalformedCase(f"CLadder: model {self.number}: {name!r} is no value that is known here")
        return self.probability(_values(one), given=_values(other))

    def probability(self, event: Mapping[str, int], given: Mapping[str, int]) -> Fraction:
        """P(event | given)."""
        return self._asked({"kind": "probability", "event": dict(event), "given": dict(given)})

    def checked(self) -> Iterator[Value]:
        """Every stored value beside the exact one."""
        for name, stored in self.stored.items():
            yield Value(self.number, self.graph, name, stored, self.value(name))

    def case(self, query: Mapping[str, object]) -> dict[str, object]:
        """The case that asks *query*, as ``causal-eval solve`` takes it."""
        return {**self._facts, "query": dict(query)}

    def _asked(self, query: Mapping[str, object]) -> Fraction:
        return Fraction(str(calculate(self.case(query)).answer))


def golds(models: Mapping[int, Published], questions: Iterable[Mapping[str, object]]) -> Iterator[Gold]:
    """Every question whose answer is the sign of a value, with that value; sets and opinions are left out."""
    for question in questions:
        meta = mapping(question["meta"], "meta")
        asked, stored = str(meta["query_type"]), meta.get("groundtruth")
        if not isinstance(stored, float | int):
            continue
        model = models[int(str(meta["model_id"]))]
        if asked in _ASKED:
            exact = model.value(_ASKED[asked])
        elif asked == "correlation":
            exact = model.value("P(Y=1 | X=1)") - model.value("P(Y=1 | X=0)")
        elif asked == "exp_away":
            seen = {str(meta["collider"]): 1}
            exact = model.probability({"Y": 1}, given={"X": 1, **seen}) - model.probability({"Y": 1}, given=seen)
        else:
            continue
        number, answer = int(str(question["question_id"])), str(question["answer"])
        yield Gold(number, model.number, asked, answer, _exact(stored), exact)


def _values(text: str) -> dict[str, int]:
    """``X=1, Y=0``."""
    pairs = (part.split("=") for part in text.split(", ") if part)
    return {name: int(level) for name, level in pairs}


def _row(numbers: object, key: Iterable[int]) -> object:
    for level in key:
        numbers = numbers[level] if isinstance(numbers, list) else numbers
    return numbers[0] if isinstance(numbers, list) else numbers


def _exact(value: object) -> Fraction:
    return Fraction(repr(value))
