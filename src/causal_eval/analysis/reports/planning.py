"""A plan and a variance budget as lines of plain text."""

from __future__ import annotations

from collections.abc import Iterator

from causal_eval.analysis.columns import Row, table
from causal_eval.analysis.numbers import NONE, count, counted, duration, hundredths, level, money, percent
from causal_eval.analysis.plain import one_line
from causal_eval.analysis.planning.budget import MORE, Allocation, Budget, Part
from causal_eval.analysis.planning.plan import CAUTION, Plan
from causal_eval.analysis.planning.priced import Foreseen, Priced
from causal_eval.analysis.robust import Ends

PLAN_HEAD = ("", "causal models", "questions", "calls", "tokens", "dollars", "time")
BUDGET_HEAD = ("error from", "share of error", "interval", "variance", "interval")
_ONCE = "every question was asked once, so what more samples would do is not known: ask with --epochs 2"
_UNCLEAR = "too few causal models have several questions to tell what models do from what wording does: ask more"
_ALONE = "no causal model has two questions, so what wording does is not known"


def goal(plan: Plan) -> str:
    """What the plan is for, in words."""
    aim = plan.aim
    if aim.precision is not None:
        return f"a score to within {hundredths(aim.precision)} points either side ({level(aim.level)} interval)"
    return (
        f"a gap of {hundredths(aim.detect)} points shown with {level(aim.power)} probability (paired, clustered, "
        f"{level(aim.level)} level)"
    )


def basis_lines(plan: Plan) -> Iterator[str]:
    """What the plan rests on."""
    basis = plan.basis
    if not basis.clusters:
        yield f"Assumed, as the worst that is likely: {basis.source}"
        yield "A run of 100 questions would tell more, and nearly always ask for less"
        return
    yield f"Learned from {basis.source} ({counted(basis.clusters, 'causal model')})"
    if basis.clusters and basis.caution > 1.0:
        yield (
            f"The variance of {counted(basis.clusters, 'causal model')} is itself an estimate: with "
            f"{level(CAUTION)} probability the cautious size is enough"
        )


def plan_lines(found: Priced) -> Iterator[str]:
    """What it is for, what it rests on, and what it takes, beside what other aims would."""
    yield f"{one_line(found.model)}: {goal(found.plan)}"
    yield from basis_lines(found.plan)
    yield ""
    yield from table([PLAN_HEAD], list(plan_rows(found)))
    yield ""
    yield f"Tokens and time by {found.main.takes.source}; nobody was asked"
    if found.prices:
        yield f"Prices: {found.prices}"


def plan_rows(found: Priced) -> Iterator[Row]:
    """The aim, the aim with caution, and other aims; under :data:`PLAN_HEAD`."""
    named = [("planned", found.main), ("cautious", found.cautious)]
    named += [(f"{hundredths(one.wanted)} points", one) for one in found.others]
    for name, one in named:
        yield name, *_takes(one)


def budget_rows(found: Budget) -> Iterator[Row]:
    """Every source of error; under :data:`BUDGET_HEAD`."""
    return (_part(one) for one in found.parts)


def _takes(one: Foreseen) -> Row:
    size, takes = one.size, one.takes
    most = "at most " if takes.is_bound and takes.output_tokens else ""
    time = NONE if takes.seconds is None else duration(1000 * takes.seconds)
    return (
        count(size.clusters), count(size.questions), count(size.calls),
        f"{most}{count(takes.input_tokens + takes.output_tokens)}", f"{most}{money(takes.cost)}", time,
    )  # fmt: skip


def budget_lines(found: Budget) -> Iterator[str]:
    """Where the error comes from, what the next purchase does, and the best way to spread what is spent."""
    made = found.shape
    yield (
        f"{one_line(found.answerer)}: standard error {hundredths(found.se)} points; "
        f"{counted(made.clusters, 'causal model')}, {counted(made.items, 'question')}, {counted(made.draws, 'answer')}"
    )
    yield ""
    yield from table([BUDGET_HEAD], list(budget_rows(found)))
    yield ""
    yield from table(
        [(f"{percent(MORE)} more calls on", "standard error then", "variance falls by")],
        [(f"more {_bought(one.source)}", f"{hundredths(one.se)} points", percent(one.gain)) for one in found.purchases],
    )
    yield ""
    yield _best(found.best)
    if found.components.wording is None:
        yield _ALONE
    if found.components.sampling is None:
        yield _ONCE


def _best(best: Allocation | None) -> str:
    if best is None:
        return _UNCLEAR
    return (
        f"Best for the same money: {counted(best.questions, 'question')} of each causal model, "
        f"{counted(best.samples, 'sample')} of each (variance {percent(best.gain)} smaller)"
    )


def _bought(source: str) -> str:
    return {"causal model": "causal models", "wording": "questions of each model", "sampling": "samples of each"}[
        source
    ]


def _part(one: Part) -> Row:
    variance = NONE if one.variance is None else f"{one.variance:.4f}"
    ends = NONE if one.ends is None else f"[{one.ends.low:.4f}, {one.ends.high:.4f}]"
    return one.source, NONE if one.variance is None else percent(one.share), _ends(one.share_ends), variance, ends


def _ends(ends: Ends | None) -> str:
    return NONE if ends is None else f"[{hundredths(ends.low)},\u00a0{hundredths(ends.high)}]"
