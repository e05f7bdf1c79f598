"""Comparisons over HTTP: two evaluations, many with rank sets, and a gate on a change."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from fastapi import Query
from pydantic import Field

from causal_eval.analysis import comparable, ranks
from causal_eval.analysis.compare import Comparison, Needed, ScopedDifference
from causal_eval.analysis.gate import Took, margin_of
from causal_eval.analysis.intervals import Interval
from causal_eval.api.paging import Name
from causal_eval.api.routing import make_router
from causal_eval.api.shapes import Out
from causal_eval.api.who import AtDoor, Visiting
from causal_eval.service.comparing import compared, gated

router = make_router(tag="comparisons")

Several = Annotated[
    str, Query(min_length=1, max_length=2000, pattern=r"^[!-~]+$", description="Ids of evaluations, by comma.")
]
Margin = Annotated[str, Query(max_length=20, examples=["2pts"], description="By how much it may be worse.")]


class Range(Out):
    """An estimate with its confidence interval."""

    estimate: float | None
    low: float | None
    high: float | None
    units: int
    clusters: int

    @classmethod
    def of(cls, one: Interval) -> Range:
        """From the analysis."""
        return cls(estimate=one.estimate, low=one.low, high=one.high, units=one.n, clusters=one.clusters)


class Concern(Out):
    """What else than the answerers a difference may come from."""

    what: str
    said: str

    @classmethod
    def of(cls, found: Sequence[comparable.Concern]) -> list[Concern]:
        """From the analysis; what blocks is a problem, and no concern."""
        return [cls(what=one.what, said=one.said) for one in found]


class EnoughToTell(Out):
    """How much would show a gap of this size, if it is real."""

    units: int
    clusters: int
    power: float

    @classmethod
    def of(cls, one: Needed | None) -> EnoughToTell | None:
        """From the analysis."""
        return None if one is None else cls(units=one.units, clusters=one.clusters, power=one.power)


class PValues(Out):
    """Two-sided p values; null where a test does not apply."""

    sign_flip: float = Field(description="The cluster sign-flip test, on which findings rest.")
    draws: int = Field(description="Ways that were drawn; 0: the value is exact.")
    holm: float | None = Field(description="The same, where several comparisons were made, adjusted for that.")
    obuchowski: float | None
    durkalski: float | None
    mcnemar_mid_p: float | None = Field(description="Only where every cluster holds one question.")


class ScopeDifference(Out):
    """The difference within a rung or family; its interval is not corrected for looking several times."""

    scope: str
    difference: Range
    p: float
    holm: float
    fdr: float
    finding: str

    @classmethod
    def of(cls, one: ScopedDifference) -> ScopeDifference:
        """From the analysis."""
        return cls(
            scope=one.scope.label, difference=Range.of(one.difference), p=one.sign_flip.p, holm=one.holm, fdr=one.fdr,
            finding=one.finding.value,
        )  # fmt: skip


class PairedVerdict(Out):
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
    left_out: dict[str, int] = Field(description="Units that are no pair, by why.")
    p_values: PValues
    odds_ratio: float | None
    cohens_h: float | None
    units_needed: int | None
    needed: EnoughToTell | None
    scopes: list[ScopeDifference]

    @classmethod
    def of(cls, found: Comparison) -> PairedVerdict:
        """From the analysis."""
        pairs, left, tests = found.agreement, found.unpaired, found.evidence
        return cls(
            a=found.a, b=found.b, finding=found.finding.value, difference=Range.of(found.difference),
            score_a=Range.of(found.score_a), score_b=Range.of(found.score_b), both_right=pairs.both_right,
            only_a=pairs.only_a, only_b=pairs.only_b, neither=pairs.neither,
            left_out={
                "missing_a": left.missing_a, "missing_b": left.missing_b, "missing_both": left.missing_both,
                "exempt": left.exempt, "shared": left.shared,
            },
            p_values=PValues(
                sign_flip=tests.sign_flip.p, draws=tests.sign_flip.draws, holm=tests.holm, obuchowski=tests.obuchowski,
                durkalski=tests.durkalski, mcnemar_mid_p=tests.mcnemar,
            ),
            odds_ratio=found.effect.odds, cohens_h=found.effect.h,
            units_needed=None if found.needed is None else found.needed.units, needed=EnoughToTell.of(found.needed),
            scopes=[ScopeDifference.of(one) for one in found.scopes],
        )  # fmt: skip


class ComparedPair(PairedVerdict):
    """The same with what a reader must know of the two."""

    concerns: list[Concern]


class RankSet(Out):
    """The ranks that an answerer can have; all sets hold at once with 95 %."""

    answerer: str
    best: int
    worst: int

    @classmethod
    def of(cls, one: ranks.RankSet) -> RankSet:
        """From the analysis."""
        return cls(answerer=one.answerer, best=one.best, worst=one.worst)


class Ranking(Out):
    """Many evaluations of one question set: rank sets, the best first, and every pair."""

    ranks: list[RankSet]
    comparisons: list[PairedVerdict]
    concerns: list[Concern]


class Spent(Out):
    """What the replies of an evaluation took."""

    input_tokens: int
    output_tokens: int
    uncounted: int = Field(description="Replies whose tokens nobody counted.")
    cost: float | None = Field(description="Dollars of the replies with a known price; null: none has one.")
    unpriced: int = Field(description="Replies without a known price.")

    @classmethod
    def of(cls, one: Took) -> Spent:
        """From the analysis."""
        known = one.cost.known
        return cls(
            input_tokens=one.tokens.input, output_tokens=one.tokens.output, uncounted=one.tokens.unknown,
            cost=None if known is None else float(known), unpriced=one.cost.unknown,
        )  # fmt: skip


class Ruling(Out):
    """Whether the new run is shown to be at most the margin worse than the baseline."""

    ruling: str = Field(examples=["pass", "fail", "inconclusive"])
    margin: float
    comparison: PairedVerdict = Field(description="a is the new run, b the baseline.")
    needed: EnoughToTell | None = Field(description="What would decide.")
    if_missing_were_wrong: float | None
    new: Spent
    baseline: Spent
    concerns: list[Concern]


@router.get("/comparisons")
def compare_evaluations(
    visit: Visiting, at: AtDoor, a: Annotated[Name, Query()], b: Annotated[Name, Query()]
) -> ComparedPair:
    """Two evaluations on the same questions: the paired, clustered difference and what it allows to say."""
    with at.computing():
        found = compared(visit, (a, b))
    concerns = Concern.of(found.concerns)
    return ComparedPair(**PairedVerdict.of(found.comparisons[0]).model_dump(), concerns=concerns)


@router.get("/rankings")
def rank_evaluations(visit: Visiting, at: AtDoor, evaluations: Several) -> Ranking:
    """Two to eight evaluations on the same questions: rank sets, not ranks, and every pair."""
    with at.computing():
        found = compared(visit, tuple(evaluations.split(",")))
    return Ranking(
        ranks=[RankSet.of(one) for one in found.ranks],
        comparisons=[PairedVerdict.of(one) for one in found.comparisons],
        concerns=Concern.of(found.concerns),
    )


@router.get("/gates")
def gate_evaluation(
    visit: Visiting, at: AtDoor, run: Annotated[Name, Query()], baseline: Annotated[Name, Query()],
    margin: Margin = "2pts",
) -> Ruling:  # fmt: skip
    """Pass, fail or inconclusive: is an evaluation no more than a margin worse than the baseline?"""
    allowed = margin_of(margin)
    with at.computing():
        found = gated(visit, run, baseline=baseline, margin=allowed)
    said = found.gate
    return Ruling(
        ruling=said.ruling.value, margin=said.margin, comparison=PairedVerdict.of(said.comparison),
        needed=EnoughToTell.of(said.needed), if_missing_were_wrong=said.if_missing_were_wrong,
        new=Spent.of(found.took[0]), baseline=Spent.of(found.took[1]), concerns=Concern.of(found.concerns),
    )  # fmt: skip
