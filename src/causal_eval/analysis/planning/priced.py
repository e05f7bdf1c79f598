"""A plan with what it takes: tokens, money, time."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from causal_eval.analysis.planning.plan import Plan, Size
from causal_eval.evaluation.estimate import Estimate

Json = dict[str, object]


@dataclass(frozen=True, slots=True)
class Foreseen:
    """A size with what it takes."""

    wanted: float
    """The gap or precision, as a share."""
    size: Size
    takes: Estimate


@dataclass(frozen=True, slots=True)
class Priced:
    """A plan with tokens, money and time; nobody was asked for it."""

    model: str
    baseline: str
    """The evaluation that it would be compared with; empty: another answerer, not named."""
    families: tuple[str, ...]
    """Whose questions alone would be asked; empty: all."""
    plan: Plan
    main: Foreseen
    cautious: Foreseen
    options: tuple[Foreseen, ...]
    prices: str
    """Which tables the cost is from; empty: it runs on this machine and costs nothing."""

    @property
    def others(self) -> tuple[Foreseen, ...]:
        """The options that are not the aim itself."""
        return tuple(one for one in self.options if one.wanted != self.main.wanted)


def plan_line(found: Priced) -> Json:
    """The plan as it leaves as JSON; gaps and scores are shares, costs dollars."""
    return {
        "model": found.model, "baseline": found.baseline, "families": list(found.families),
        "aim": asdict(found.plan.aim), "basis": asdict(found.plan.basis), "main": foreseen_line(found.main),
        "cautious": foreseen_line(found.cautious), "options": [foreseen_line(one) for one in found.options],
        "prices": found.prices,
    }  # fmt: skip


def foreseen_line(one: Foreseen) -> Json:
    """A row of the plan as it leaves as JSON."""
    takes, cost = one.takes, one.takes.cost
    return {
        "wanted": one.wanted, **asdict(one.size), "input_tokens": takes.input_tokens,
        "output_tokens": takes.output_tokens, "is_bound": takes.is_bound, "source": takes.source,
        "cost": None if cost is None else float(cost), "seconds": takes.seconds,
    }  # fmt: skip
