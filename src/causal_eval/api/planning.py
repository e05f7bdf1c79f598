"""Plans, variance budgets and score tables over HTTP: what a statement takes, and what a run allows to say."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from fastapi import Query
from pydantic import Field, StringConstraints

from causal_eval.analysis import scores
from causal_eval.analysis.planning import budget, priced
from causal_eval.analysis.planning.budget import Costs
from causal_eval.analysis.planning.plan import Aim, points_of
from causal_eval.analysis.robust import Ends, Robust
from causal_eval.analysis.twins.metrics import Metric
from causal_eval.api.comparisons import Range
from causal_eval.api.evaluations import Id
from causal_eval.api.paging import Name
from causal_eval.api.routing import make_router
from causal_eval.api.shapes import In, Out
from causal_eval.api.who import AtDoor, Visiting
from causal_eval.evaluation.estimate import Speed
from causal_eval.service.planning import PlanOrder, planned, variance
from causal_eval.service.scoring import Told, told

router = make_router(tag="plans")

Points = Annotated[str, StringConstraints(max_length=20)]
Dollars = Annotated[float, Query(ge=0, le=1e9, allow_inf_nan=False)]
Rate = Annotated[float, Field(gt=0, le=1e9, allow_inf_nan=False)]
Trait = Literal["family", "kind", "rung", "domain", "regime", "difficulty"]


class PlanQuery(In):
    """What is to be planned: a gap to detect, or a precision."""

    model: Name = Field(examples=["openai/gpt-5-mini"])
    detect: Points = Field("", examples=["3pts"], description="A gap between two answerers.")
    precision: Points = Field("", examples=["2pts"], description="Half of a score's interval.")
    power: float = 0.8
    level: float = 0.95
    baseline: Name | None = Field(None, description="The evaluation that it would be compared with.")
    families: str = Field("", max_length=2000, description="By comma; empty: all.")
    samples: int = Field(1, ge=1, le=1000)
    project: Name = "local"
    connections: int = Field(0, ge=0, le=10_000, description="Open calls; 0: as set.")
    rpm: Rate | None = None
    tpm: Rate | None = None

    def order(self) -> PlanOrder:
        """The same as the service takes it.

        Raises:
            UsageError: the aim is none.
        """
        detect, precision = points_of("detect", self.detect), points_of("precision", self.precision)
        named = tuple(name for name in self.families.split(",") if name)
        aim = Aim(detect, precision, self.power, self.level, self.samples)
        speed = Speed(self.connections, self.rpm, self.tpm)
        return PlanOrder(self.model, aim, self.baseline or "", named, self.project, speed)


class PlanRow(Out):
    """What a gap or precision takes."""

    wanted: float = Field(description="The gap or precision, as a share.")
    clusters: int = Field(description="Causal models.")
    units: int
    questions: int
    calls: int
    input_tokens: int
    output_tokens: int
    is_bound: bool = Field(description="Tokens and cost are the most that they can be, not what is likely.")
    source: str
    cost: float | None = Field(description="Dollars; null: no price is known.")
    seconds: float | None = Field(description="Null: no earlier run tells how long a call takes.")

    @classmethod
    def of(cls, one: priced.Foreseen) -> PlanRow:
        """From the analysis."""
        return cls.model_validate(priced.foreseen_line(one))


class PlanBasis(Out):
    """What is known, or assumed, of how scores or differences vary."""

    source: str
    clusters: int = Field(description="Causal models that it was learned from; 0: assumed, as the worst likely.")
    variance_models: float
    variance_wording: float
    variance_sampling: float
    units_per_model: float
    caution: float = Field(description="How many times higher the variance may well be.")


class Plan(Out):
    """How much must be asked for a statement; nobody was asked for it."""

    model: str
    baseline: str
    families: list[str]
    power: float
    level: float
    samples: int
    basis: PlanBasis
    main: PlanRow
    cautious: PlanRow = Field(description="If the variance is as high as it may well be.")
    options: list[PlanRow] = Field(description="What other gaps or precisions take.")
    prices: str = Field(description="The tables of prices that costs are from; empty: it costs nothing.")

    @classmethod
    def of(cls, found: priced.Priced) -> Plan:
        """From the analysis."""
        aim, basis = found.plan.aim, found.plan.basis
        models, wording, sampling = basis.parts
        return cls(
            model=found.model, baseline=found.baseline, families=list(found.families), power=aim.power, level=aim.level,
            samples=aim.samples, main=PlanRow.of(found.main), cautious=PlanRow.of(found.cautious),
            options=[PlanRow.of(one) for one in found.options], prices=found.prices,
            basis=PlanBasis(
                source=basis.source, clusters=basis.clusters, variance_models=models, variance_wording=wording,
                variance_sampling=sampling, units_per_model=basis.per_cluster, caution=basis.caution,
            ),
        )  # fmt: skip


class Bounds(Out):
    """The ends of an interval, or what lies between the worst and the best case."""

    low: float | None
    high: float | None

    @classmethod
    def of(cls, one: Ends | Robust | None) -> Bounds | None:
        """From the analysis."""
        return None if one is None else cls(low=one.low, high=one.high)


class ErrorSource(Out):
    """One source of the error of a score."""

    source: str = Field(examples=["causal model", "wording", "sampling"])
    variance: float | None = Field(description="Of single draws; null: it cannot be told from the source before.")
    variance_ends: Bounds | None
    share: float = Field(description="Of the error of the score.")
    share_ends: Bounds | None


class Purchase(Out):
    """What a quarter more calls, spent on one source, does."""

    source: str
    se: float
    gain: float = Field(description="By what share of itself the variance falls.")


class Allocation(Out):
    """The best way to spread what is spent."""

    questions: int = Field(description="Of each causal model.")
    samples: int = Field(description="Of each question.")
    gain: float


class VarianceBudget(Out):
    """Where the error of a score comes from, and where the next dollar buys most."""

    answerer: str
    se: float
    clusters: int
    units: int
    answers: int
    parts: list[ErrorSource]
    purchases: list[Purchase] = Field(description="The best first.")
    best: Allocation | None = Field(
        description="Null: too few causal models have several questions to tell what models do from what wording does."
    )

    @classmethod
    def of(cls, found: budget.Budget) -> VarianceBudget:
        """From the analysis."""
        made, parts = found.shape, found.parts
        return cls(
            answerer=found.answerer, se=found.se, clusters=made.clusters, units=made.items, answers=made.draws,
            parts=[
                ErrorSource(
                    source=one.source, variance=one.variance, variance_ends=Bounds.of(one.ends), share=one.share,
                    share_ends=Bounds.of(one.share_ends),
                )
                for one in parts
            ],
            purchases=[Purchase.model_validate(one) for one in found.purchases],
            best=None if found.best is None else Allocation.model_validate(found.best),
        )  # fmt: skip


class TableScore(Out):
    """The score of a part with every interval, each by the method that its name says."""

    value: str = Field(description="Of the trait; empty: all questions.")
    wilson: Range = Field(description="Wilson's at the effective sample size, clustered: the headline.")
    cr2: Bounds | None = Field(description="Cluster-robust, Satterthwaite's degrees of freedom.")
    bootstrap: Bounds | None = Field(description="2,000 resampled sets of clusters.")
    wild: Bounds | None = Field(description="Wild cluster bootstrap, only where there are few clusters.")
    few: bool = Field(description="Fewer than twenty clusters: intervals are rough.")
    chance: float | None
    corrected: Range | None = Field(description="(score - chance) / (1 - chance).")
    unparsed: Bounds
    missing: int
    if_missing: Bounds = Field(description="The score if every missing unit had been wrong, and if right.")

    @classmethod
    def of(cls, one: scores.Score) -> TableScore:
        """From the analysis."""
        return cls(
            value=one.value, wilson=Range.of(one.score), cr2=Bounds.of(one.cr2), bootstrap=Bounds.of(one.bootstrap),
            wild=Bounds.of(one.wild), few=one.few, chance=one.chance,
            corrected=None if one.corrected is None else Range.of(one.corrected),
            unparsed=Bounds(low=one.unparsed.low, high=one.unparsed.high), missing=one.lost,
            if_missing=Bounds(low=one.missing.low, high=one.missing.high),
        )  # fmt: skip


class WorstScore(Out):
    """The lowest part, with an interval that allows for having looked for it."""

    value: str
    score: float
    low: float
    high: float


class EqualScore(Out):
    """The mean of the parts, each weighing the same."""

    estimate: float
    low: float
    high: float
    weights: dict[str, float]


class TwinMetric(Out):
    """What linked questions tell beside the score."""

    name: str
    about: str
    value: Range

    @classmethod
    def of(cls, found: Sequence[Metric]) -> list[TwinMetric]:
        """From the analysis."""
        return [cls(name=one.name, about=one.about, value=Range.of(one.value)) for one in found]


class ScoreTable(Out):
    """The scores of an evaluation by a trait of its questions."""

    answerer: str
    by: str
    overall: TableScore
    parts: list[TableScore]
    worst: WorstScore | None
    equal: EqualScore | None
    twins: list[TwinMetric] | None = Field(
        description="Every metric of linked questions; null: more than 2,000 questions."
    )

    @classmethod
    def of(cls, found: Told) -> ScoreTable:
        """From the service."""
        table = found.table
        return cls(
            answerer=table.overall.answerer, by=found.by, overall=TableScore.of(table.overall),
            parts=[TableScore.of(one) for one in table.parts],
            worst=None if table.worst is None else WorstScore.model_validate(table.worst),
            equal=None if table.equal is None else EqualScore.model_validate(table.equal),
            twins=None if found.twins is None else TwinMetric.of(found.twins),
        )  # fmt: skip


@router.get("/plan")
def plan_evaluation(visit: Visiting, at: AtDoor, wanted: Annotated[PlanQuery, Query()]) -> Plan:
    """Questions, calls, tokens, dollars and seconds of a statement, by what past runs tell; nobody is asked."""
    order = wanted.order()
    with at.computing():
        return Plan.of(planned(visit, order))


@router.get("/evaluations/{evaluation}/variance")
def get_variance(
    visit: Visiting, at: AtDoor, evaluation: Id, call_price: Dollars = 1.0, question_price: Dollars = 0.0,
    model_price: Dollars = 0.0,
) -> VarianceBudget:  # fmt: skip
    """How much of the error is causal model, wording and sampling, and where the next dollar buys most."""
    costs = Costs(call_price, question_price, model_price)
    with at.computing():
        return VarianceBudget.of(variance(visit, evaluation, costs=costs))


@router.get("/evaluations/{evaluation}/table")
def get_score_table(visit: Visiting, at: AtDoor, evaluation: Id, by: Trait = "family") -> ScoreTable:
    """Scores by a trait of the questions with every interval, chance taken off, missing bounded; linked questions."""
    with at.computing():
        return ScoreTable.of(told(visit, evaluation, by=by))
