"""What goes in and out as JSON: what enters is checked here, what leaves has no field that is not promised."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from causal_eval.api.paging import Name, Word
from causal_eval.evaluation.elicit import ELICITATIONS
from causal_eval.evaluation.spec import RunSpec
from causal_eval.service.answering import Call
from causal_eval.service.jobs import PRIORITIES, USUAL, JobOrder, Ordered
from causal_eval.store.jobs import JobLine

Positive = Annotated[float, Field(gt=0, le=1e9, allow_inf_nan=False)]


class In(BaseModel):
    """What enters: a field that nobody reads is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Out(BaseModel):
    """What leaves."""

    model_config = ConfigDict(from_attributes=True, frozen=True)


class CallOptions(In):
    """How answers are asked for."""

    max_connections: int | None = Field(None, ge=1, le=10_000)
    temperature: float | None = Field(None, ge=0, le=2)
    max_tokens: int = Field(2048, ge=1, le=1_000_000)
    timeout: float = Field(120.0, gt=0, le=3600)
    max_retries: int = Field(4, ge=0, le=20)
    elicitation: Name | None = Field(None, description=f"{', '.join(ELICITATIONS)}; null: as is usual for the model.")
    rpm: Positive | None = None
    tpm: Positive | None = None
    arguments: dict[Name, Any] = Field(default_factory=dict, max_length=50)


class EvaluationOrder(In):
    """An evaluation that is to be carried out."""

    answerer: Name = Field(examples=["openai/gpt-5", "baseline/association"])
    question_set: Name = Field(description="Digest or hash of a question set of the project, or id of a making.")
    project: Name = "local"
    seed: Word = "0"
    limit: int | None = Field(None, ge=1, le=10_000_000)
    epochs: int = Field(1, ge=1, le=1000)
    priority: int = Field(USUAL, ge=PRIORITIES[0], le=PRIORITIES[-1], description="1 is served first.")
    budget: str | None = Field(None, pattern=r"^\d{1,9}(\.\d{1,6})?$", description="Dollars.", examples=["12.50"])
    until_ci: Name | None = Field(None, description="Stop once the score is known so well.", examples=["3pts"])
    decide_against: Name | None = Field(None, description="Stop once it is better or worse than this evaluation.")
    margin: Name | None = Field(None, description="Stop once it is no more than this worse, or worse by more.")
    call: CallOptions = Field(default_factory=lambda: CallOptions.model_validate({}))

    def order(self) -> JobOrder:
        """The same as the service takes it."""
        call = Call(**self.call.model_dump())
        return JobOrder(**{**self.model_dump(), "call": call})


class RetryRequest(In):
    """What changes when an evaluation is tried again."""

    budget: str | None = Field(
        None, max_length=40, description="Dollars, the new cap of all its tries; null: the old one.", examples=["25"]
    )


class Progress(Out):
    """How far an evaluation is."""

    wanted: int
    kept: int


class Counts(Progress):
    """The same, with what its outcomes are."""

    failed_calls: int
    marks: dict[str, int]


class EvaluationLine(Out):
    """An evaluation as a list shows it."""

    id: str
    project: str
    answerer: str
    question_set: str
    status: Literal["open", "done", "cancelled", "halted", "over_budget"]
    paused: bool
    priority: int
    created_at: float = Field(description="Seconds since 1970.")
    ended_at: float | None
    note: str
    progress: Progress

    @classmethod
    def of(cls, line: JobLine) -> EvaluationLine:
        """From a line of the service's."""
        job = line.job
        return cls(
            id=job.evaluation_id, project=job.project, answerer=line.answerer, question_set=line.set_digest,
            status=job.status.value, paused=job.paused, priority=job.priority, created_at=job.created_at,
            ended_at=job.ended_at, note=job.note, progress=Progress(wanted=line.wanted, kept=line.kept),
        )  # fmt: skip


class Spec(Out):
    """What decides what is asked of whom."""

    seed: str
    limit: int | None
    epochs: int
    elicitation: str
    temperature: float | None
    max_tokens: int | None
    endpoint: str
    params: dict[str, str]

    @classmethod
    def of(cls, spec: RunSpec) -> Spec:
        """From the specification of a run."""
        return cls(
            seed=spec.seed, limit=spec.limit, epochs=spec.epochs, elicitation=spec.elicitation,
            temperature=spec.temperature, max_tokens=spec.max_tokens, endpoint=spec.endpoint, params=dict(spec.params),
        )  # fmt: skip


class Evaluation(EvaluationLine):
    """An evaluation."""

    requested_by: str
    budget: str | None
    spec: Spec
    progress: Counts

    @classmethod
    def whole(cls, found: Ordered, counts: Counts) -> Evaluation:
        """From the service's job and its counts."""
        job, evaluation = found.job, found.evaluation
        return cls(
            id=evaluation.id, project=job.project, answerer=evaluation.spec.answerer, status=job.status.value,
            question_set=evaluation.spec.question_set, paused=job.paused, priority=job.priority, note=job.note,
            created_at=job.created_at, ended_at=job.ended_at, progress=counts, requested_by=job.requested_by,
            budget=job.budget, spec=Spec.of(evaluation.spec),
        )  # fmt: skip


class EvaluationPage(Out):
    """Evaluations, newest first."""

    items: list[EvaluationLine]
    next: str | None = Field(description="`after` of the next page; null: this is the last.")


class Score(Out):
    """The score of a scope; shares are between 0 and 1."""

    scope: str
    score: float | None
    low: float | None
    high: float | None
    chance: float | None
    against: str
    units: int
    clusters: int
    strict: float | None
    unparsed: int
    abstained: int
    missing: int
    ungraded: int
    excluded: int
    exempt: int
    alarm: bool
    cost: str | None = Field(description="Dollars, an exact fraction; null: not known.")
    time_ms: float | None
    cached: int


class AskedAgain(Out):
    """An evaluation that asked marked results again, and its own score; null: it is not scored yet."""

    evaluation: str
    score: float | None
    low: float | None
    high: float | None


class FallenInto(Out):
    """So many of the results fall into an incident; the score counts them all the same."""

    incident: str | None = Field(description="Null: it is not public.")
    title: str
    severity: str
    marked: int
    missing: int = Field(description="Of these.")
    wanted: int
    again: list[AskedAgain]


class Scores(Out):
    """Scores of an evaluation, overall first."""

    items: list[Score]
    kept: int = Field(description="Outcomes that they are computed from; fewer than are kept now: they are stale.")
    incidents: list[FallenInto] = Field(description="Incidents that results fall into.")


class ResultLine(Out):
    """A question of an evaluation with its newest verdict."""

    position: int
    question: str
    family: str
    kind: str
    rung: int
    domain: str
    regime: str
    difficulty: int
    sample: int | None
    mark: str
    strict: str
    reason: str


class ResultPage(Out):
    """Questions of an evaluation in the run's order."""

    items: list[ResultLine]
    next: str | None


class Judged(Out):
    """A verdict on a reply."""

    mark: str
    strict: str
    share: str
    answer: Any
    reason: str
    scorer: str


class Given(Out):
    """What was answered to a sample of a question, as it came: hostile text."""

    sample: int
    text: str | None = Field(description="null: the model declined.")
    reasoning: str
    refusal: str | None
    finish: str
    served: str
    latency_ms: float
    started_at: str
    verdicts: list[Judged]


class AskedQuestion(Out):
    """A question; its answer and proof stand in ``document``."""

    id: str
    family: str
    kind: str
    rung: int
    domain: str
    regime: str
    difficulty: int
    prompt: str
    document: dict[str, Any]


class Result(Out):
    """One question of an evaluation, with everything that was answered."""

    question: AskedQuestion
    proof: str | None
    answers: list[Given]
    failed: list[str]


class Making(Out):
    """Something that a worker makes: a question set, a check of one, or an evaluation that waits for one."""

    id: str
    project: str
    kind: Literal["set", "check", "evaluation", "submission"]
    name: str
    status: Literal["open", "done", "failed"]
    wanted: int = Field(description="Questions.")
    made: int = Field(description="Questions that are made, or looked at.")
    after: str | None = Field(description="The making that it waits for.")
    question_set: str | None = Field(description="Digest of the set that was made, or is checked; null: not yet.")
    evaluation: str | None = Field(description="The evaluation that was begun; null: not yet.")
    requested_by: str
    created_at: float = Field(description="Seconds since 1970.")
    ended_at: float | None
    note: str = Field(description="Why it could not be made; else empty.")


class MakingPage(Out):
    """Makings, newest first."""

    items: list[Making]
    next: str | None


class QuestionPage(Out):
    """Questions of a set in its order."""

    items: list[AskedQuestion]
    next: str | None


class Verification(Out):
    """What became of verifying a part of a set."""

    checked: int
    mismatches: dict[str, str]
    next: int | None


class Explanation(Out):
    """A question with its proof card, as plain text."""

    question: AskedQuestion
    card: str
