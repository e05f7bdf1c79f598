"""What runs allow to say: comparisons, rank sets, gates, plans, variance budgets and score tables."""

from __future__ import annotations

from typing import Literal

import msgspec

from causal_eval.client.asking import Asking, Call, quoted
from causal_eval.client.shapes import Order, Shape


class Range(Shape, frozen=True):
    """An estimate with its confidence interval."""

    estimate: float | None
    low: float | None
    high: float | None
    units: int
    clusters: int


class Concern(Shape, frozen=True):
    """What else than the answerers a difference may come from."""

    what: str
    said: str


class EnoughToTell(Shape, frozen=True):
    """How much would show a gap of this size, if it is real."""

    units: int
    clusters: int
    power: float


class PValues(Shape, frozen=True):
    """Two-sided p values; None where a test does not apply."""

    sign_flip: float
    draws: int
    holm: float | None
    obuchowski: float | None
    durkalski: float | None
    mcnemar_mid_p: float | None


class ScopeDifference(Shape, frozen=True):
    """The difference within a rung or family; its interval is not corrected for looking several times."""

    scope: str
    difference: Range
    p: float
    holm: float
    fdr: float
    finding: str


class PairedVerdict(Shape, frozen=True):
    """What the paired difference a - b allows to say about a."""

    a: str
    b: str
    finding: str
    difference: Range
    score_a: Range
    score_b: Range
    both_right: int
    only_a: int
    only_b: int
    neither: int
    left_out: dict[str, int]
    p_values: PValues
    odds_ratio: float | None
    cohens_h: float | None
    units_needed: int | None
    needed: EnoughToTell | None
    scopes: tuple[ScopeDifference, ...]


class ComparedPair(PairedVerdict, frozen=True):
    """The same with what a reader must know of the two."""

    concerns: tuple[Concern, ...]


class RankSet(Shape, frozen=True):
    """The ranks that an answerer can have."""

    answerer: str
    best: int
    worst: int


class Ranking(Shape, frozen=True):
    """Many evaluations of one question set: rank sets, the best first, and every pair."""

    ranks: tuple[RankSet, ...]
    comparisons: tuple[PairedVerdict, ...]
    concerns: tuple[Concern, ...]


class Spent(Shape, frozen=True):
    """What the replies of an evaluation took."""

    input_tokens: int
    output_tokens: int
    uncounted: int
    cost: float | None
    unpriced: int


class Ruling(Shape, frozen=True):
    """Whether the new run is shown to be at most the margin worse than the baseline."""

    ruling: str
    margin: float
    comparison: PairedVerdict
    needed: EnoughToTell | None
    if_missing_were_wrong: float | None
    new: Spent
    baseline: Spent
    concerns: tuple[Concern, ...]


class PlanQuery(Order, frozen=True, kw_only=True):
    """What is to be planned: a gap to detect (``3pts``), or a precision (``2pts``)."""

    model: str
    detect: str = ""
    precision: str = ""
    power: float = 0.8
    level: float = 0.95
    baseline: str | None = None
    families: str = ""
    """By comma; empty: all."""
    samples: int = 1
    project: str = "local"
    connections: int = 0
    """Open calls; 0: as set."""
    rpm: float | None = None
    tpm: float | None = None


class PlanRow(Shape, frozen=True):
    """What a gap or precision takes."""

    wanted: float
    clusters: int
    units: int
    questions: int
    calls: int
    input_tokens: int
    output_tokens: int
    is_bound: bool
    source: str
    cost: float | None
    seconds: float | None


class PlanBasis(Shape, frozen=True):
    """What is known, or assumed, of how scores or differences vary."""

    source: str
    clusters: int
    variance_models: float
    variance_wording: float
    variance_sampling: float
    units_per_model: float
    caution: float


class Plan(Shape, frozen=True):
    """How much must be asked for a statement; nobody was asked for it."""

    model: str
    baseline: str
    families: tuple[str, ...]
    power: float
    level: float
    samples: int
    basis: PlanBasis
    main: PlanRow
    cautious: PlanRow
    options: tuple[PlanRow, ...]
    prices: str


class Bounds(Shape, frozen=True):
    """The ends of an interval, or what lies between the worst and the best case."""

    low: float | None
    high: float | None


class ErrorSource(Shape, frozen=True):
    """One source of the error of a score."""

    source: str
    variance: float | None
    variance_ends: Bounds | None
    share: float
    share_ends: Bounds | None


class Purchase(Shape, frozen=True):
    """What a quarter more calls, spent on one source, does."""

    source: str
    se: float
    gain: float


class Allocation(Shape, frozen=True):
    """The best way to spread what is spent."""

    questions: int
    samples: int
    gain: float


class VarianceBudget(Shape, frozen=True):
    """Where the error of a score comes from, and where the next dollar buys most."""

    answerer: str
    se: float
    clusters: int
    units: int
    answers: int
    parts: tuple[ErrorSource, ...]
    purchases: tuple[Purchase, ...]
    best: Allocation | None


class TableScore(Shape, frozen=True):
    """The score of a part with every interval, each by the method that its name says."""

    value: str
    wilson: Range
    cr2: Bounds | None
    bootstrap: Bounds | None
    wild: Bounds | None
    few: bool
    chance: float | None
    corrected: Range | None
    unparsed: Bounds
    missing: int
    if_missing: Bounds


class WorstScore(Shape, frozen=True):
    """The lowest part, with an interval that allows for having looked for it."""

    value: str
    score: float
    low: float
    high: float


class EqualScore(Shape, frozen=True):
    """The mean of the parts, each weighing the same."""

    estimate: float
    low: float
    high: float
    weights: dict[str, float]


class TwinMetric(Shape, frozen=True):
    """What linked questions tell beside the score."""

    name: str
    about: str
    value: Range


class ScoreTable(Shape, frozen=True):
    """The scores of an evaluation by a trait of its questions."""

    answerer: str
    by: str
    overall: TableScore
    parts: tuple[TableScore, ...]
    worst: WorstScore | None
    equal: EqualScore | None
    twins: tuple[TwinMetric, ...] | None
    """None: there are too many questions to look at while one waits."""


class Statements(Asking):
    """The routes of this part of the service, each by its operation id."""

    async def compare_evaluations(self, a: str, b: str) -> ComparedPair:
        """Two evaluations on the same questions: the paired, clustered difference and what it allows to say."""
        return await self._ask(Call("GET", "/comparisons", query={"a": a, "b": b}), ComparedPair)

    async def rank_evaluations(self, evaluations: str) -> Ranking:
        """Two to eight evaluations (ids by comma) on the same questions: rank sets, and every pair."""
        return await self._ask(Call("GET", "/rankings", query={"evaluations": evaluations}), Ranking)

    async def gate_evaluation(self, run: str, baseline: str, *, margin: str = "2pts") -> Ruling:
        """Pass, fail or inconclusive: is an evaluation no more than a margin worse than the baseline?"""
        return await self._ask(
            Call("GET", "/gates", query={"run": run, "baseline": baseline, "margin": margin}), Ruling
        )

    async def plan_evaluation(self, wanted: PlanQuery) -> Plan:
        """Questions, calls, tokens, dollars and seconds of a statement, by what past runs tell; nobody is asked."""
        return await self._ask(Call("GET", "/plan", query=msgspec.structs.asdict(wanted)), Plan)

    async def get_variance(
        self, evaluation: str, *, call_price: float = 1.0, question_price: float = 0.0, model_price: float = 0.0
    ) -> VarianceBudget:
        """How much of the error is causal model, wording and sampling, and where the next dollar buys most."""
        query = {"call_price": call_price, "question_price": question_price, "model_price": model_price}
        return await self._ask(Call("GET", f"/evaluations/{quoted(evaluation)}/variance", query=query), VarianceBudget)

    async def get_score_table(
        self, evaluation: str, *, by: Literal["family", "kind", "rung", "domain", "regime", "difficulty"] = "family"
    ) -> ScoreTable:
        """Scores by a trait of the questions with every interval, chance taken off, what is missing bounded."""
        return await self._ask(Call("GET", f"/evaluations/{quoted(evaluation)}/table", query={"by": by}), ScoreTable)
