"""Nested draws with known components, for tests of what finds them out."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from causal_eval.analysis.planning.nests import Nest, nest


@dataclass(frozen=True)
class Known:
    """Right and wrong answers whose chance is 1/2 + model + question, each of them plus or minus so much."""

    model: Fraction
    question: Fraction
    sizes: Sequence[int]
    """Questions of a model are one of these, all as often."""
    samples: Sequence[int]

    @property
    def components(self) -> tuple[float, float, float]:
        """Between models m^2, between questions q^2; samples have the rest of 1/4, the variance of a fair answer."""
        a, b = self.model**2, self.question**2
        return float(a), float(b), float(Fraction(1, 4) - a - b)

    def drawn(self, rng: random.Random, clusters: int) -> Counter[Nest]:
        """So many causal models, with their answers."""
        return Counter(nest(self.model_of(rng)) for _ in range(clusters))

    def model_of(self, rng: random.Random) -> list[list[int]]:
        """One causal model: the answers to each of its questions."""
        lean = Fraction(1, 2) + rng.choice((-1, 1)) * self.model
        chances = [lean + rng.choice((-1, 1)) * self.question for _ in range(rng.choice(self.sizes))]
        return [[int(rng.random() < chance) for _ in range(rng.choice(self.samples))] for chance in chances]
