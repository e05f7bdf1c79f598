"""Evaluations: ordered, steered, watched; their scores, results, comparisons and reports."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, Literal

import msgspec

from causal_eval.client.asking import Asking, Call, quoted
from causal_eval.client.effects import FallenInto
from causal_eval.client.events import Event
from causal_eval.client.shapes import Order, Shape


class Progress(Shape, frozen=True):
    """How far an evaluation is."""

    wanted: int
    kept: int


class Counts(Progress, frozen=True):
    """The same, with what its outcomes are."""

    failed_calls: int
    marks: dict[str, int]


class Spec(Shape, frozen=True):
    """What decides what is asked of whom."""

    seed: str
    limit: int | None
    epochs: int
    elicitation: str
    temperature: float | None
    max_tokens: int | None
    endpoint: str
    params: dict[str, str]


class EvaluationLine(Shape, frozen=True):
    """An evaluation as a list shows it."""

    id: str
    project: str
    answerer: str
    question_set: str
    status: str
    paused: bool
    priority: int
    created_at: float
    """Seconds since 1970."""
    ended_at: float | None
    note: str
    progress: Progress


class Evaluation(EvaluationLine, frozen=True):
    """An evaluation."""

    progress: Counts
    requested_by: str
    budget: str | None
    spec: Spec


class CallOptions(Order, frozen=True, kw_only=True):
    """How answers are asked for."""

    max_connections: int | None = None
    temperature: float | None = None
    max_tokens: int = 2048
    timeout: float = 120.0
    max_retries: int = 4
    elicitation: str | None = None
    rpm: float | None = None
    tpm: float | None = None
    arguments: dict[str, Any] = msgspec.field(default_factory=dict)


class EvaluationOrder(Order, frozen=True, kw_only=True):
    """An evaluation that is to be carried out."""

    answerer: str
    question_set: str
    """Digest or hash of a question set of the project."""
    project: str = "local"
    seed: str = "0"
    limit: int | None = None
    epochs: int = 1
    priority: int = 10
    """1 is served first."""
    budget: str | None = None
    """Dollars."""
    until_ci: str | None = None
    decide_against: str | None = None
    margin: str | None = None
    call: CallOptions = msgspec.field(default_factory=CallOptions)


class Score(Shape, frozen=True):
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
    cost: str | None
    """Dollars, an exact fraction; null: not known."""
    time_ms: float | None
    cached: int


class Scores(Shape, frozen=True):
    """Scores of an evaluation, overall first."""

    items: tuple[Score, ...]
    kept: int
    """Outcomes that they are computed from; fewer than are kept now: they are stale."""
    incidents: tuple[FallenInto, ...]


class ResultLine(Shape, frozen=True):
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


class AskedQuestion(Shape, frozen=True):
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


class Judged(Shape, frozen=True):
    """A verdict on a reply."""

    mark: str
    strict: str
    share: str
    answer: Any
    reason: str
    scorer: str


class Given(Shape, frozen=True):
    """What was answered to a sample of a question, as it came: hostile text."""

    sample: int
    text: str | None
    """null: the model declined."""
    reasoning: str
    refusal: str | None
    finish: str
    served: str
    latency_ms: float
    started_at: str
    verdicts: tuple[Judged, ...]


class Result(Shape, frozen=True):
    """One question of an evaluation, with everything that was answered."""

    question: AskedQuestion
    proof: str | None
    answers: tuple[Given, ...]
    failed: tuple[str, ...]


class Report(Shape, frozen=True):
    """A report and whether it is written."""

    id: str
    project: str
    evaluations: tuple[str, ...]
    status: str
    requested_by: str
    created_at: float
    """Seconds since 1970."""
    ended_at: float | None
    note: str
    """Why it could not be written; else empty."""


class ReportedSet(Shape, frozen=True):
    """The questions that a report is about."""

    hash: str
    name: str


class ReportedEvaluation(Shape, frozen=True):
    """An evaluation that a report is about."""

    id: str
    answerer: str


class ReportedScore(Shape, frozen=True):
    """An answerer's score of a scope; shares are between 0 and 1."""

    answerer: str
    scope: str
    score: float | None
    low: float | None
    high: float | None
    chance: float | None
    against_chance: str
    strict: float | None
    units: int
    clusters: int
    unparsed: int
    abstained: int
    missing: int
    ungraded: int
    excluded: int
    cost: float | None
    """Dollars; null: not known."""
    time_ms: float | None
    cached: int


class ReportedComparison(Shape, frozen=True):
    """The paired difference a - b, and what it allows to say about a."""

    a: str
    b: str
    finding: str
    difference: float | None
    low: float | None
    high: float | None
    units: int
    clusters: int
    units_needed: int | None


class ReportDocument(Shape, frozen=True):
    """What a report says, as JSON."""

    question_set: ReportedSet
    evaluations: tuple[ReportedEvaluation, ...]
    scores: tuple[ReportedScore, ...]
    comparisons: tuple[ReportedComparison, ...]
    prices: str
    """The tables of prices that costs are from; empty: nothing cost anything."""


class ChartLook(Order, frozen=True):
    """How a picture is drawn."""

    by: str | None = None
    """A trait of the questions; None: the chart's usual one."""
    theme: Literal["light", "dark"] = "light"
    width: int = 760
    """In pixels, labels included."""


class Evaluations(Asking):
    """The routes of this part of the service, each by its operation id."""

    async def create_evaluation(self, order: EvaluationOrder, *, idempotency_key: str = "") -> Evaluation:
        """Begin an evaluation: a worker takes it up; its state and results are under the address in ``Location``."""
        call = Call("POST", "/evaluations", body=order, once=idempotency_key)
        return await self._ask_made(call, Evaluation, of="evaluation")

    def list_evaluations(self, *, project: str | None = None) -> AsyncIterator[EvaluationLine]:
        """The newest evaluations of a project, or of all of the caller's."""
        return self._pages(Call("GET", "/evaluations", query={"project": project}), EvaluationLine)

    async def get_evaluation(self, evaluation: str) -> Evaluation:
        """One evaluation and how far it is."""
        return await self._ask(Call("GET", f"/evaluations/{quoted(evaluation)}"), Evaluation)

    async def cancel_evaluation(self, evaluation: str) -> Evaluation:
        """Stop it: no call begins any more; what arrived is kept."""
        return await self._ask(Call("POST", f"/evaluations/{quoted(evaluation)}/cancel"), Evaluation)

    async def pause_evaluation(self, evaluation: str) -> Evaluation:
        """Hold it: open calls end and are kept."""
        return await self._ask(Call("POST", f"/evaluations/{quoted(evaluation)}/pause"), Evaluation)

    async def resume_evaluation(self, evaluation: str) -> Evaluation:
        """Let it go on."""
        return await self._ask(Call("POST", f"/evaluations/{quoted(evaluation)}/resume"), Evaluation)

    async def retry_evaluation(self, evaluation: str, *, budget: str | None = None) -> Evaluation:
        """Ask again for what is missing, and for that alone; ``budget`` takes the place of its cap."""
        return await self._ask(
            Call("POST", f"/evaluations/{quoted(evaluation)}/retry", body={"budget": budget}), Evaluation
        )

    def watch_evaluation(self, evaluation: str, *, after: int = 0) -> AsyncIterator[Event]:
        """What happens in an evaluation, live and until it ends; only what came after the event *after*."""
        return self._events(Call("GET", f"/evaluations/{quoted(evaluation)}/events"), after)

    async def get_scores(self, evaluation: str) -> Scores:
        """Scores overall, by rung and by family, with intervals."""
        return await self._ask(Call("GET", f"/evaluations/{quoted(evaluation)}/scores"), Scores)

    def list_results(
        self,
        evaluation: str,
        *,
        family: str | None = None,
        mark: Literal["correct", "wrong", "partial", "unparsed", "abstained", "missing", "ungraded"] | None = None,
    ) -> AsyncIterator[ResultLine]:
        """Its questions in the run's order, with their newest verdicts."""
        return self._pages(
            Call("GET", f"/evaluations/{quoted(evaluation)}/results", query={"family": family, "mark": mark}),
            ResultLine,
        )

    async def get_result(self, evaluation: str, question: str) -> Result:
        """One question with its proof, all that was answered, and how each answer was read."""
        return await self._ask(Call("GET", f"/evaluations/{quoted(evaluation)}/results/{quoted(question)}"), Result)

    async def create_report(self, evaluations: tuple[str, ...], *, idempotency_key: str = "") -> Report:
        """Have a report written: a worker does within seconds; its status is under the address in ``Location``."""
        return await self._ask(
            Call("POST", "/reports", body={"evaluations": evaluations}, once=idempotency_key), Report
        )

    def list_reports(self, *, project: str | None = None) -> AsyncIterator[Report]:
        """The newest reports of a project, or of all of the caller's; they are kept for 30 days."""
        return self._pages(Call("GET", "/reports", query={"project": project}), Report)

    async def get_report(self, report: str) -> Report:
        """One report and whether it is written."""
        return await self._ask(Call("GET", f"/reports/{quoted(report)}"), Report)

    async def get_report_page(self, report: str) -> str:
        """The report as one HTML page with everything in it; 409 until it is written."""
        return await self._text(Call("GET", f"/reports/{quoted(report)}/page"))

    async def get_report_document(self, report: str) -> ReportDocument:
        """Scores and comparisons of the report; 409 until it is written."""
        return await self._ask(Call("GET", f"/reports/{quoted(report)}/document"), ReportDocument)

    async def get_report_file(
        self, report: str, *, form: Literal["html", "pdf", "md", "json", "latex"] = "md", summary: bool = False
    ) -> bytes:
        """A written report in another form, of the rows as they are now; a ``summary`` is without the questions."""
        query = {"format": form, "summary": summary}
        return await self._bytes(Call("GET", f"/reports/{quoted(report)}/file", query=query))

    async def get_chart(
        self, evaluation: str, chart: str, *, form: Literal["svg", "png", "pdf", "json"] = "svg",
        beside: str | None = None, look: ChartLook | None = None,
    ) -> bytes:  # fmt: skip
        """One picture of an evaluation, or of it and those ``beside`` it (ids, by comma); json: its definition."""
        query = {"format": form, "beside": beside, **msgspec.structs.asdict(look or ChartLook())}
        return await self._bytes(Call("GET", f"/evaluations/{quoted(evaluation)}/charts/{quoted(chart)}", query=query))
