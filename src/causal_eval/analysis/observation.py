"""What analysis sees of a run: one flat, frozen row per question and sample."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from causal_eval.scoring.verdict import Mark


@dataclass(frozen=True, slots=True)
class Observation:
    """One asked (question, sample) of one answerer with its verdict; MISSING where no reply exists."""

    answerer: str
    question: str
    """Question id."""
    sample: int
    family: str
    kind: str
    rung: int
    domain: str
    regime: str
    difficulty: int
    cluster: str
    twin: str | None
    joint: bool
    exempt: tuple[str, ...]
    mark: Mark
    strict: Mark
    share: Fraction
    reason: str = ""
    input_tokens: int | None = None
    output_tokens: int | None = None
    latency_ms: float | None = None
    cost: Fraction | None = None
    """US dollars; None = unknown price, never zero for a paid model."""
    source: str = ""
    """Which observation this is, where replies were cached: rows of one source are one observation, in whatever run."""
    is_cached: bool = False
    """The reply came from the cache: nothing was asked or paid."""
