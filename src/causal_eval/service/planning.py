"""Before anything is paid: what a statement takes, by what past runs tell; and where the error of a run comes from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from fractions import Fraction
from functools import partial

from causal_eval.analysis.intervals import LEVEL
from causal_eval.analysis.planning import plan as sizes
from causal_eval.analysis.planning.budget import Budget, Costs, variance_budget
from causal_eval.analysis.planning.learn import (
    Seen,
    apart,
    basis_of_pair,
    basis_of_score,
    seen,
    shape_of,
    usual_of,
)
from causal_eval.analysis.planning.plan import Aim, Basis, Plan, Size
from causal_eval.analysis.planning.priced import Foreseen, Priced
from causal_eval.analysis.robust import FEW_CLUSTERS
from causal_eval.errors import UnknownName, UsageError
from causal_eval.evaluation.budget import Price
from causal_eval.evaluation.estimate import CHARACTERS, Speed, Usual, foreseen
from causal_eval.evaluation.spec import RunSpec
from causal_eval.providers.catalog import LOCAL as LOCAL_API
from causal_eval.providers.catalog import route
from causal_eval.providers.prices import FREE, read_prices
from causal_eval.providers.provider import Usage
from causal_eval.questions.catalog import families
from causal_eval.questions.generate import Plan as Draw
from causal_eval.questions.generate import generate
from causal_eval.questions.question import Question
from causal_eval.service import jobs
from causal_eval.service.access import Permission, require
from causal_eval.service.answering import BASELINE, BASELINE_WIDTH, LOCAL_WIDTH, Call
from causal_eval.service.pricing import pricer
from causal_eval.service.reporting import LARGEST_COMPARED
from causal_eval.service.wiring import Visit
from causal_eval.settings import Settings
from causal_eval.store.database import Store
from causal_eval.store.evaluations import LOCAL, Evaluation, past_evaluations
from causal_eval.store.observations import observations

PROBE = 60
"""Questions that are drawn, and asked of nobody, where no past run shows how they fall into causal models."""
LOOKED_AT = 3
"""Past runs of a model, asked as it was asked last, and others on the same set, that are learned from."""


@dataclass(frozen=True, slots=True)
class PlanOrder:
    """What somebody wants to know, and of whom."""

    model: str
    """``provider/model``."""
    aim: Aim
    baseline: str = ""
    """The evaluation that it is to be compared with; empty: another answerer, not named."""
    families: tuple[str, ...] = ()
    """Whose questions alone are asked; empty: all."""
    project: str = LOCAL
    """Whose past runs are learned from."""
    speed: Speed = Speed(0)  # noqa: RUF009 - frozen
    """Open calls (0: as many as the settings allow) and rates."""


def planned(visit: Visit, wanted: PlanOrder) -> Priced:
    """The plan that *wanted* asks for.

    Raises:
        UnknownName: the project, baseline, provider or a family is none that the caller may see.
        UsageError: no number of questions reaches the aim.
    """
    require(visit.caller, Permission.READ, project=wanted.project)
    baseline = jobs.find(visit, wanted.baseline).evaluation if wanted.baseline else None
    if baseline is not None and baseline.planned > LARGEST_COMPARED:
        raise UsageError(f"only evaluations of up to {LARGEST_COMPARED} questions are learned from")
    at = datetime.fromtimestamp(visit.service.clock(), UTC)
    return plan_for(Desk(visit.service.store, visit.service.now, at), wanted, baseline=baseline)


@dataclass(frozen=True, slots=True)
class Desk:
    """Where a plan is made."""

    store: Store
    settings: Settings
    at: datetime
    """Prices are those of then."""


def plan_for(desk: Desk, wanted: PlanOrder, *, baseline: Evaluation | None) -> Priced:
    """The same for whoever has the store at hand.

    Raises:
        UnknownName: there is no such provider or family.
        UsageError: no number of questions reaches the aim.
    """
    _check(wanted)
    past = _Past(desk.store, wanted, baseline)
    return _priced(desk, sizes.plan(wanted.aim, past.basis()), wanted=wanted, past=past)


def variance(visit: Visit, evaluation: str, *, costs: Costs | None = None) -> Budget:
    """Where the error of an evaluation's score comes from, and where the next dollar buys most.

    Raises:
        UnknownName: the caller may not see it.
        UsageError: it is too large, or too little of it was scored.
    """
    found = jobs.find(visit, evaluation).evaluation
    if found.planned > LARGEST_COMPARED:
        raise UsageError(f"only evaluations of up to {LARGEST_COMPARED} questions are looked at here")
    return variance_of(visit.service.store, found, costs=costs)


def variance_of(store: Store, evaluation: Evaluation, *, costs: Costs | None = None, level: float = LEVEL) -> Budget:
    """The same for whoever has the store at hand; memory grows with the questions."""
    return variance_budget(observations(store, evaluation), costs=costs, level=level)


class _Past:
    """What past runs tell, read once."""

    def __init__(self, store: Store, wanted: PlanOrder, baseline: Evaluation | None) -> None:
        self._store = store
        self._wanted = wanted
        self._baseline = baseline
        self._families = frozenset(wanted.families)
        self._drawn: list[Question] | None = None
        there = past_evaluations(store, frozenset({wanted.project}), largest=LARGEST_COMPARED, answerer=wanted.model)
        self.way = there[0].spec.elicitation if there else ""
        self.runs = [run for run in there if run.spec.elicitation == self.way][:LOOKED_AT]
        self.seen = {run.id: found for run in self.runs if (found := self._read(run))}

    def basis(self) -> Basis:
        """The best that is known: a pair of runs, one run, or nothing."""
        aim = self._wanted.aim
        found = self._score() if aim.detect is None else self._difference()
        if found is None or found.clusters < FEW_CLUSTERS:
            made, per_unit = shape_of(self.drawn())
            return sizes.worst_case(aim, made, per_unit=per_unit)
        return found

    def usual(self) -> Usual:
        """What a reply takes: by past replies, else the most that it may."""
        if known := usual_of(list(self.seen.values())):
            return known
        if self._wanted.model.startswith(FREE):
            return Usual(0, 0.0, 0.0, 0.0)
        drawn = self.drawn()
        characters = sum(len(question.prompt) for question in drawn) / len(drawn)
        return Usual(0, characters / CHARACTERS, float(Call().max_tokens), 0.0)

    def drawn(self) -> list[Question]:
        """Fresh questions of the wanted families, asked of nobody."""
        if self._drawn is None:
            self._drawn = list(generate(Draw(PROBE, seed="plan", families=self._wanted.families)))
        return self._drawn

    def _read(self, run: Evaluation) -> Seen | None:
        return seen(observations(self._store, run), self._families)

    def _score(self) -> Basis | None:
        bases = (basis_of_score(one, f"run {name}") for name, one in self.seen.items())
        return next((one for one in bases if one is not None and one.clusters >= FEW_CLUSTERS), None)

    def _difference(self) -> Basis | None:
        """Of the pair itself, else of the pair on one set that varies most, else of two that were never paired."""
        pairs = [one for one in self._pairs() if one.clusters >= FEW_CLUSTERS]
        if pairs:
            return max(pairs, key=lambda one: one.variance(1))
        own = self._score()
        against = None if self._baseline is None else self._read(self._baseline)
        other = None if against is None or self._baseline is None else basis_of_score(
            against, f"run {self._baseline.id}"
        )  # fmt: skip
        known = [one for one in (own, other) if one is not None and one.clusters >= FEW_CLUSTERS]
        return apart(known[0], known[-1]) if known else None

    def _pairs(self) -> Iterator[Basis]:
        """Differences of the model from the baseline where both were asked the same, else of either from others."""
        if self._baseline is None:
            yield from (one for run in self.runs for one in self._beside(run))
            return
        own = [run for run in self.runs if self._is_beside(run, self._baseline)]
        yield from (one for run in own[:1] for one in self._paired(run, self._baseline))
        if not own:
            yield from self._beside(self._baseline)

    def _beside(self, run: Evaluation) -> Iterator[Basis]:
        there = past_evaluations(
            self._store, frozenset({self._wanted.project}), largest=LARGEST_COMPARED,
            question_set=run.spec.question_set,
        )  # fmt: skip
        others = [one for one in there if self._is_beside(one, run) and not one.spec.answerer.startswith(BASELINE)]
        yield from (one for other in others[:LOOKED_AT] for one in self._paired(other, run))

    @staticmethod
    def _is_beside(one: Evaluation, other: Evaluation) -> bool:
        return one.id != other.id and one.spec.question_set == other.spec.question_set

    def _paired(self, a: Evaluation, b: Evaluation) -> Iterator[Basis]:
        left, right = self.seen.get(a.id) or self._read(a), self.seen.get(b.id) or self._read(b)
        source = f"runs {a.id} and {b.id}, asked the same questions"
        found = basis_of_pair(left, right, source=source) if left and right else None
        if found is not None:
            yield found


def _check(wanted: PlanOrder) -> None:
    known = [family.name for family in families()]
    for name in wanted.families:
        if name not in known:
            raise UnknownName("family", name, known)
    if not wanted.model.startswith(FREE):
        route(wanted.model)


def _priced(desk: Desk, found: Plan, *, wanted: PlanOrder, past: _Past) -> Priced:
    prices = read_prices(desk.settings.prices)
    spec = past.runs[0].spec if past.runs else RunSpec(wanted.model, "")
    cost = partial(_cost, pricer(spec, prices), at=desk.at.isoformat())
    usual, speed = past.usual(), _speed(desk, wanted)
    is_free = wanted.model.startswith(FREE)

    def takes(gap: float, size: Size) -> Foreseen:
        found = foreseen(size.calls, usual, price=cost, speed=speed, source=_told(usual, past.way))
        return Foreseen(gap, size, found)

    gap = found.aim.detect or found.aim.precision or 0.0
    options = tuple(takes(one.wanted, one.size) for one in found.options)
    return Priced(
        wanted.model, wanted.baseline, wanted.families, found, takes(gap, found.size), takes(gap, found.cautious),
        options, "" if is_free else prices.version,
    )  # fmt: skip


def _cost(price: Price | None, usage: Usage, *, at: str) -> Fraction | None:
    return None if price is None else price(usage, "", at)


def _told(usual: Usual, way: str) -> str:
    if usual.replies:
        return f"the means of {usual.replies} earlier replies of the same model" + (f", asked by {way}" if way else "")
    return f"no earlier replies: {CHARACTERS} characters to a token, and every reply as long as it may be"


def _speed(desk: Desk, wanted: PlanOrder) -> Speed:
    most = desk.settings.max_concurrent_api_calls
    if wanted.model.startswith(BASELINE):
        most = BASELINE_WIDTH
    elif wanted.model.startswith(f"{LOCAL_API}/"):
        most = LOCAL_WIDTH
    return replace(wanted.speed, width=min(wanted.speed.width or most, most))
