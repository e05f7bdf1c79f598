"""Question sets over HTTP: generated, listed, paged, verified, explained; and all that there is to generate from."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import datetime
from typing import Annotated, Literal

import msgspec
from fastapi import Path, Query
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from causal_eval.api.once import Made, Once
from causal_eval.api.paging import UNCHANGED, After, Limit, Name, cursor, place, tagged
from causal_eval.api.projects import NDJSON, chunks
from causal_eval.api.results import question_out
from causal_eval.api.routing import make_router
from causal_eval.api.set_shapes import Commitment, QuestionFile, QuestionSet, QuestionSetPage, SetRequest
from causal_eval.api.shapes import (
    Explanation,
    Making,
    QuestionPage,
    Verification,
)
from causal_eval.api.who import AtDoor, Visiting
from causal_eval.questions.family import Family
from causal_eval.service import bringing, makings, questions, splits
from causal_eval.store.makings import Making as MakingRow
from causal_eval.store.owners import Printed

router = make_router(tag="questions")

Key = Annotated[Name, Path(description="Digest or hash of a question set.")]


Start = Annotated[int, Query(ge=0, le=10_000_000, description="Place at which the part begins.")]


class FamilyKind(BaseModel):
    """One thing that a family asks."""

    name: str
    rung: int
    size: int
    joint: bool
    chance: float | None = Field(description="What the best policy without the question scores; null: not measured.")


class TaskFamily(BaseModel):
    """A task family."""

    name: str
    title: str
    kinds: list[FamilyKind]
    distinct: dict[str, int] = Field(description="Difficulty -> twin groups that it can make at least.")
    shortcuts: dict[str, float] = Field(description="What those score on 2,000 questions who see no causality.")


class Domains(BaseModel):
    """In what questions are told."""

    domains: list[str]
    regimes: list[str] = Field(description="Vocabularies.")
    renderers: list[str] = Field(description="How a prompt is laid out.")
    languages: list[str]
    categories: list[str] = Field(description="Of traps: what `adversarial` takes, beside `all`.")
    designs: list[str] = Field(description="Of linked questions: what `twins` takes.")


class Suite(BaseModel):
    """A named plan."""

    name: str
    questions: int
    version: int = Field(description="Another version may give other questions for a seed.")
    about: str


@router.post(
    "/question-sets", status_code=201, response_model=QuestionSet,
    responses={202: {"model": Making, "description": "A worker makes it: `Location` says how far that is."}},
)  # fmt: skip
def create_question_set(visit: Visiting, at: AtDoor, wanted: SetRequest, once: Once) -> Response:
    """Generate a set; both solvers agree on every question of it. More than 300 questions are made by a worker (202).

    The same order of the same version gives the same set, and is made once.
    """

    def make() -> Made:
        order = wanted.order()
        with at.computing() if makings.is_small(visit, order) else nullcontext():
            found = makings.make(visit, order)
        if isinstance(found, MakingRow):
            return Made(f"/api/v1/makings/{found.id}", Making.model_validate(found), 202)
        return Made(f"/api/v1/question-sets/{found.digest}", QuestionSet.of(found))

    return once.done(visit, make)


@router.post("/question-sets/files", status_code=201, response_model=QuestionSet)
def bring_question_set(visit: Visiting, at: AtDoor, brought: QuestionFile, once: Once) -> Response:
    """Keep a question file of one's own, up to 2,000 questions of 1 MiB, as a set; it needs no model and no proofs."""

    def make() -> Made:
        with at.computing():
            found = bringing.bring(visit, brought.file, name=brought.name, project=brought.project)
        return Made(f"/api/v1/question-sets/{found.digest}", QuestionSet.of(found))

    return once.done(visit, make)


@router.get("/question-sets")
def list_question_sets(
    visit: Visiting, project: Name | None = None, after: After = None, limit: Limit = 50
) -> QuestionSetPage:
    """The newest sets of a project, or of all of the caller's."""
    found = questions.listed(visit, project=project, after=place(after, tuple[datetime, str]), limit=limit)
    following = cursor((found[-1].created_at, found[-1].digest)) if len(found) == limit else None
    return QuestionSetPage(items=[QuestionSet.of(one) for one in found], next=following)


@router.get("/question-sets/{question_set}", response_model=QuestionSet, responses=UNCHANGED)
def get_question_set(visit: Visiting, question_set: Key, request: Request) -> Response:
    """One set."""
    return tagged(request, QuestionSet.of(questions.find(visit, question_set)))


@router.get("/question-sets/{question_set}/commitment", response_model=Commitment, responses=UNCHANGED)
def get_commitment(visit: Visiting, question_set: Key, request: Request) -> Response:
    """What a private or rotating set was committed to before anybody answered; 404: the set follows from no secret."""
    found = questions.find(visit, question_set)
    return tagged(request, Commitment.of(splits.commitment(visit, found.digest)))


@router.post("/question-sets/{question_set}/reveal")
def disclose_question_set(visit: Visiting, question_set: Key) -> Commitment:
    """Reveal what a private or rotating set follows from, for good: by an admin, once it was scored.

    From then on whoever may see the set sees its answers and proofs, and anybody can prove it by `/reveals`.
    """
    return Commitment.of(splits.disclose(visit, questions.find(visit, question_set).digest))


@router.get("/question-sets/{question_set}/questions", response_model=QuestionPage)
def list_questions(visit: Visiting, question_set: Key, after: After = None, limit: Limit = 50) -> Response:
    """Its questions in order, with answers and proofs, but of a private or rotating set that is not revealed."""
    start = place(after, int)
    start = -1 if start is None else start
    found = questions.page(visit, question_set, after=start, limit=limit)
    following = cursor(start + len(found)) if len(found) == limit else None
    page = _Page([_sent(one) for one in found], following)
    return Response(msgspec.json.encode(page), media_type="application/json")


@router.get(
    "/question-sets/{question_set}/file",
    response_class=StreamingResponse,
    responses={200: {"description": "A question file: a line of JSON for each.", "content": {NDJSON: {}}}},
)
def export_question_set(
    visit: Visiting, question_set: Key,
    part: Annotated[Literal["public", "gold"], Query(description="Prompts alone, or all of it.")] = "public",
) -> StreamingResponse:  # fmt: skip
    """The set as a question file that `causal-eval` reads: what may be published, or with answers and proofs."""
    found = questions.exported(visit, question_set, answers=part == "gold")
    named = {"Content-Disposition": f'attachment; filename="{found.name}"'}
    return StreamingResponse(chunks(found.lines), media_type=NDJSON, headers=named)


@router.post("/question-sets/{question_set}/verify")
def verify_question_set(
    visit: Visiting, at: AtDoor, question_set: Key, start: Start = 0, limit: Limit = 100
) -> Verification:
    """Derive a part of the set anew from its prompts, and say what differs."""
    with at.computing():
        found = questions.verify_part(visit, question_set, start=start, limit=limit)
    return Verification(checked=found.checked, mismatches=dict(found.mismatches), next=found.next)


@router.get("/question-sets/{question_set}/questions/{question}", response_model=Explanation, responses=UNCHANGED)
def explain_question(visit: Visiting, question_set: Key, question: Name, request: Request) -> Response:
    """One question with its proof card."""
    found = questions.explain(visit, question_set, question=question)
    return tagged(request, Explanation(question=question_out(found.question), card=found.card))


@router.post("/question-sets/{question_set}/questions/{question}/verify")
def verify_question(visit: Visiting, at: AtDoor, question_set: Key, question: Name) -> Verification:
    """Derive one question anew from its prompt, and say what differs."""
    with at.computing():
        found = questions.verify_one(visit, question_set, question=question)
    return Verification(checked=found.checked, mismatches=dict(found.mismatches), next=found.next)


@router.get("/suites")
def list_suites(visit: Visiting) -> list[Suite]:
    """Named plans of question sets."""
    del visit
    return [
        Suite(name=one.name, questions=one.n, version=one.version, about=one.about) for one in questions.named_suites()
    ]


@router.get("/families")
def list_families(visit: Visiting) -> list[TaskFamily]:
    """Every task family: what it asks, how much of it there is, and what is to be had without causal reasoning."""
    del visit
    return [_family(one) for one in questions.task_families()]


@router.get("/domains")
def list_domains(visit: Visiting) -> Domains:
    """In what questions are told: domains, vocabularies, renderers, languages; and which traps there are."""
    del visit
    return Domains(**{name: list(there) for name, there in questions.worlds()._asdict().items()})


def _family(one: Family) -> TaskFamily:
    recorded = questions.recorded_shortcuts()
    chance = {kind: float(worth) for (name, kind), worth in questions.worth_of_chance().items() if name == one.name}
    kinds = [
        FamilyKind(name=k.name, rung=k.rung, size=k.size, joint=k.joint, chance=chance.get(k.name)) for k in one.kinds
    ]
    distinct = {str(level): count for (name, level), count in questions.distinct().items() if name == one.name}
    shortcuts = {name: found.score for name, found in recorded.get(one.name, {}).items()}
    return TaskFamily(name=one.name, title=one.title, kinds=kinds, distinct=distinct, shortcuts=shortcuts)


class _Sent(msgspec.Struct, frozen=True):
    """``AskedQuestion`` around a document that is sent as it is stored: reading it and writing it anew takes 20 ms."""

    id: str
    family: str
    kind: str
    rung: int
    domain: str
    regime: str
    difficulty: int
    prompt: str
    document: msgspec.Raw


class _Page(msgspec.Struct, frozen=True):
    """``QuestionPage`` of these."""

    items: list[_Sent]
    next: str | None


class _Prompt(msgspec.Struct, frozen=True):
    """What is read of a document."""

    prompt: str


def _sent(one: Printed) -> _Sent:
    prompt = msgspec.json.decode(one.body, type=_Prompt).prompt
    return _Sent(
        one.id, one.family, one.kind, rung=one.rung, domain=one.domain, regime=one.regime, difficulty=one.difficulty,
        prompt=prompt, document=msgspec.Raw(one.body),
    )  # fmt: skip
