"""Why answers are wrong, and what an answerer can do, as the service tells it."""

from __future__ import annotations

from causal_eval.client.asking import Asking, Call, quoted
from causal_eval.client.questions import Setting
from causal_eval.client.shapes import Shape
from causal_eval.client.statements import Concern, Range


class NamedMistake(Shape, frozen=True):
    """A mistake of a family, with the misses that were shared out to it."""

    family: str
    name: str
    misses: float


class Missed(Shape, frozen=True):
    """A miss that shows the mistake."""

    question: str
    sample: int


class MatchedShare(Shape, frozen=True):
    """Share of misses that match some mistake."""

    share: float | None
    low: float | None
    high: float | None


class CauseOfMisses(Shape, frozen=True):
    """A kind of error, with its share of all misses."""

    cause: str
    title: str
    share: float | None
    low: float | None
    high: float | None
    misses: int
    clusters: int
    matched: int
    alone: int
    possible: int
    matched_by_chance: float
    is_shown: bool
    names: tuple[NamedMistake, ...]
    examples: tuple[Missed, ...]


class Diagnosis(Shape, frozen=True):
    """What an evaluation's misses are due to."""

    answerer: str
    misses: int
    clusters: int
    level: float
    marks: dict[str, int]
    matched: MatchedShare
    matched_by_chance: float | None
    causes: tuple[CauseOfMisses, ...]


class Figure(Shape, frozen=True):
    """An estimate with its clustered interval."""

    estimate: float | None
    low: float | None
    high: float | None
    n: int
    clusters: int


class Cell(Figure, frozen=True):
    """The score of a family on a rung; None stands for all."""

    family: str | None
    rung: int | None


class LinkedMetric(Shape, frozen=True):
    """What linked questions tell."""

    metric: str
    about: str
    estimate: float | None
    low: float | None
    high: float | None
    answers: int
    clusters: int
    level: float


class ShortcutShare(Shape, frozen=True):
    """How many answers are a shortcut's."""

    shortcut: str
    equal: Figure
    beyond_chance: Figure


class Memorisation(Shape, frozen=True):
    """Score on published questions minus that on these."""

    estimate: float | None
    low: float | None
    high: float | None
    said: str
    published: Figure
    fresh: Figure


class Recommendation(Shape, frozen=True):
    """What follows from a figure whose whole interval clears a threshold."""

    rule: str
    about: str
    text: str
    threshold: float
    above: bool
    figure: Figure


class CausalProfile(Shape, frozen=True):
    """What an answerer can do, what it leans on, and what follows."""

    answerer: str
    level: float
    matrix: tuple[Cell, ...]
    metrics: tuple[LinkedMetric, ...]
    shortcuts: tuple[ShortcutShare, ...]
    unparsed: Figure
    memorisation: Memorisation | None
    diagnosis: Diagnosis
    recommendations: tuple[Recommendation, ...]


class ProfiledRun(CausalProfile, frozen=True):
    """The profile of an evaluation."""

    evaluation: str


class ProfilesBeside(Shape, frozen=True):
    """Profiles of evaluations of one question set; each interval stands alone."""

    profiles: tuple[ProfiledRun, ...]
    concerns: tuple[Concern, ...]


class Recomputed(Shape, frozen=True):
    """One thing that was computed again: generator, questions, scorer, verdicts or scores."""

    what: str
    same: bool
    said: str


class ReproducedEvaluation(Shape, frozen=True):
    """The numbers of an evaluation as they are computed now."""

    evaluation: str
    answerer: str
    verdict: str
    """``MATCH`` or ``DRIFT``."""
    result: str
    command: str
    checks: tuple[Recomputed, ...]


class FeatureWeight(Shape, frozen=True):
    """How much harder a feature of a question makes it, in logits."""

    feature: str
    logits: float
    se: float


class AbilityFound(Shape, frozen=True):
    """What is known of an answerer, in logits, and what says most about it next."""

    evaluation: str
    answerer: str
    also: tuple[str, ...]
    """Further runs of the answerer that count too."""
    calibrated_from: tuple[str, ...]
    ability: float
    se: float
    clusters: float
    predicted: Range
    weights: tuple[FeatureWeight, ...]
    next: tuple[Setting, ...]
    """What an order of a question set takes as its ``settings``."""


class CalibrationBin(Shape, frozen=True):
    """Answers of similar confidence."""

    low: float
    high: float
    confidence: float
    right: Range


class CalibrationFound(Shape, frozen=True):
    """How sure an answerer is, how often it is right, and how far the two are apart; None: nothing is stated."""

    evaluation: str
    answerer: str
    level: float
    asked: int
    answers: int
    stated: int
    """The n of every figure."""
    unstated: dict[str, int]
    no_answer: int
    confidence: Range
    right: Range
    gap: Range
    """Mean confidence less share right."""
    brier: Range
    skill: Range
    miscalibration: float | None
    discrimination: float | None
    uncertainty: float | None
    ece: float | None
    ece_if_calibrated: float | None
    bins: tuple[CalibrationBin, ...]


class Diagnosing(Asking):
    """Why, and what follows."""

    async def diagnose_evaluation(self, evaluation: str) -> Diagnosis:
        """Which classic mistakes its wrong answers are."""
        return await self._ask(Call("GET", f"/evaluations/{quoted(evaluation)}/diagnosis"), Diagnosis)

    async def profile_evaluation(self, evaluation: str, *, published: str | None = None) -> CausalProfile:
        """Scores by rung and family, linked questions, shortcuts, diagnosis, and what follows from these figures."""
        query = {"published": published}
        return await self._ask(Call("GET", f"/evaluations/{quoted(evaluation)}/profile", query=query), CausalProfile)

    async def list_profiles(self, evaluations: str) -> ProfilesBeside:
        """The profiles of two to eight evaluations (ids, by comma) on the same questions."""
        return await self._ask(Call("GET", "/profiles", query={"evaluations": evaluations}), ProfilesBeside)

    async def reproduce_evaluation(self, evaluation: str, *, result: str = "") -> ReproducedEvaluation:
        """Questions, verdicts and scores computed again, no model asked; against the hash ``result``, if given."""
        query = {"result": result}
        return await self._ask(
            Call("GET", f"/evaluations/{quoted(evaluation)}/reproduction", query=query), ReproducedEvaluation
        )

    async def get_ability(
        self, evaluation: str, calibration: str, *, also: str | None = None, n: int = 20
    ) -> AbilityFound:
        """Ability by difficulties from the runs ``calibration`` (ids, by comma), and which questions say most next.

        ``also``: further runs of the same answerer.
        """
        path = f"/evaluations/{quoted(evaluation)}/ability"
        call = Call("GET", path, query={"calibration": calibration, "also": also, "n": n})
        return await self._ask(call, AbilityFound)

    async def get_calibration(self, evaluation: str) -> CalibrationFound:
        """Stated confidence against what is right: the gap, Brier score with parts and skill, reliability by bins."""
        return await self._ask(Call("GET", f"/evaluations/{quoted(evaluation)}/calibration"), CalibrationFound)
