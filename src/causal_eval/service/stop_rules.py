"""Rules by which runs may stop, as they are ordered and as they are kept."""

from __future__ import annotations

import msgspec

from causal_eval.analysis.gate import margin_of
from causal_eval.analysis.intervals import LEVEL
from causal_eval.analysis.sequential.rule import StopRule, width_of
from causal_eval.store.evaluations import Evaluation

LARGEST_FOLLOWED = 20_000
"""Questions of a baseline; all its answers are in memory."""


def rule_text(rule: StopRule) -> str:
    """The rule as it is kept; empty: there is none."""
    return msgspec.json.encode(rule).decode() if rule.stops else ""


def rule_of(evaluation: Evaluation) -> StopRule:
    """The rule that an evaluation is under; one that stops for nothing where there is none."""
    return msgspec.json.decode(evaluation.stop_rule, type=StopRule) if evaluation.stop_rule else StopRule()


def rule_from(until_ci: str | None, baseline: str | None, *, margin: str | None, level: float = LEVEL) -> StopRule:
    """The rule that somebody wishes for in words (``3pts``).

    Raises:
        UsageError: they say none.
    """
    half = None if until_ci is None else width_of(until_ci)
    return StopRule(half, baseline, None if margin is None else margin_of(margin), level)
