"""Whether two sets of questions are of one distribution: a permutation test for each structural feature.

What is exchanged under the null hypothesis is a cluster, not a question: questions of one model go together. The
statistic of a feature in words is Pearson's chi-square, that of a number is Kolmogorov and Smirnov's distance; p is
(1 + permutations at least as extreme) / (1 + permutations), valid for any number of them (Phipson and Smyth 2010).
All features together: the smallest p times their number (Bonferroni), at most 1.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from causal_eval.errors import UsageError
from causal_eval.questions.question import Question
from causal_eval.seeds import Stream

PERMUTATIONS = 1999
RISK = 0.01
"""Two sets of one distribution are called different so seldom."""

Feature: TypeAlias = str | int


@dataclass(frozen=True, slots=True)
class Compared:
    """One feature in both sets."""

    feature: str
    p: float


@dataclass(frozen=True, slots=True)
class Likeness:
    """Two sets, feature by feature."""

    clusters: tuple[int, int]
    features: tuple[Compared, ...]
    p: float
    """Of all features together."""

    @property
    def differ(self) -> bool:
        """Whether they are shown to be of different distributions."""
        return self.p < RISK


def alike(one: Iterable[Question], other: Iterable[Question], *, seed: str = "0") -> Likeness:
    """The test of *one* set against the *other*; the seed decides the permutations.

    Raises:
        UsageError: a set has fewer than two clusters, or they share one.
    """
    sides = _clusters(one), _clusters(other)
    if min(map(len, sides)) < 2 or sides[0].keys() & sides[1].keys():  # noqa: PLR2004 - a spread needs two
        raise UsageError("two sets are compared that have at least two clusters each and share none")
    rows = [features_of(members) for side in sides for members in side.values()]
    found = []
    for name in rows[0]:
        values = [row[name] for row in rows]
        stream = Stream("alike", seed, name)
        found.append(Compared(name, _p(values, first=len(sides[0]), stream=stream)))
    worst = min(one.p for one in found)
    return Likeness((len(sides[0]), len(sides[1])), tuple(found), min(1.0, worst * len(found)))


def features_of(members: Sequence[Question]) -> dict[str, Feature]:
    """What a cluster of questions is like, whatever its words say."""
    first = members[0]
    case = first.certificate.case if first.certificate else {}
    graph = case.get("graph", {})
    return {
        "kind": f"{first.family}/{first.kind}",
        "regime": first.regime,
        "domain": first.domain,
        "difficulty": str(first.difficulty),
        "answer": str(first.answer.kind),
        "questions": len(members),
        "nodes": len(graph.get("nodes", ())),
        "arrows": len(graph.get("directed", ())),
        "statements": len(first.prompt.splitlines()),
        "words": sum(len(one.prompt.split()) for one in members) // len(members),
        "candidates": len(first.answer.items),
    }


def _clusters(questions: Iterable[Question]) -> dict[str, list[Question]]:
    found: dict[str, list[Question]] = {}
    for question in questions:
        found.setdefault(question.cluster, []).append(question)
    return found


def _p(values: Sequence[Feature], *, first: int, stream: Stream) -> float:
    """How often a random choice of *first* values differs from the rest as much as the first ones do."""
    order = sorted(set(values), key=lambda value: (isinstance(value, str), value))
    rank = {value: place for place, value in enumerate(order)}
    codes, whole = [rank[value] for value in values], Counter(rank[value] for value in values)
    distance = _chi_square if isinstance(values[0], str) else _largest_step
    seen = distance(Counter(codes[:first]), whole, share=first / len(codes))
    extreme = 0
    for _ in range(PERMUTATIONS):
        chosen = Counter(stream.sample(codes, first))
        extreme += distance(chosen, whole, share=first / len(codes)) >= seen - 1e-12
    return (1 + extreme) / (1 + PERMUTATIONS)


def _chi_square(chosen: Counter[int], whole: Counter[int], *, share: float) -> float:
    return sum((chosen[code] - share * count) ** 2 / count for code, count in whole.items())


def _largest_step(chosen: Counter[int], whole: Counter[int], *, share: float) -> float:
    """The largest difference between how many of the chosen and of all lie at or below a value."""
    most = below = expected = 0.0
    for code in range(len(whole)):
        below += chosen[code]
        expected += share * whole[code]
        most = max(most, abs(below - expected))
    return most
