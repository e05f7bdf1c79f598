"""Sample questions in a domain's words, for a reader who judges how they sound."""

from __future__ import annotations

from collections.abc import Iterator

from causal_eval.questions.domain import Domain
from causal_eval.questions.generate import Plan, generate
from causal_eval.questions.question import Question
from causal_eval.questions.story import REGIMES

SAMPLED = ("effect", "confounding")
"""Families of the samples: one whose facts are clauses, one whose facts are names."""


def samples(domain: Domain, *, seed: str) -> Iterator[Question]:
    """The smallest question of two families in every vocabulary; no twins, which would repeat the words."""
    for family in SAMPLED:
        for regime in REGIMES:
            yield from generate(
                Plan(1, f"domains check/{seed}/{regime}", (family,), (domain,), (regime,), difficulties=(1, 1))
            )
