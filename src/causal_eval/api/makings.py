"""Question sets that a worker makes or checks, over HTTP: how far they are, and what was found of one."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from causal_eval.api.once import Made, Once
from causal_eval.api.paging import UNCHANGED, After, Limit, Name, cursor, place, tagged
from causal_eval.api.reports import ALONE, HTML
from causal_eval.api.routing import make_router
from causal_eval.api.shapes import Making, MakingPage, Out
from causal_eval.api.who import Visiting
from causal_eval.service import makings

router = make_router(tag="questions")

Id = Annotated[Name, Path(description="Id of a making.")]
Key = Annotated[Name, Path(description="Digest or hash of a question set.")]


class TriedShortcut(Out):
    """What an answerer that sees no causality scores in a family; shares are between 0 and 1."""

    name: str
    score: float | None
    low: float | None
    high: float | None
    limit: float
    pays: bool


class CheckedFamily(Out):
    """What was found of a family's questions."""

    family: str
    questions: int
    units: int
    clusters: int
    levels: dict[str, int] = Field(description="Difficulty -> questions.")
    distinct: dict[str, int] = Field(description="Difficulty -> twin groups that the family can make at least.")
    mismatches: list[str]
    repeats: list[list[str]] = Field(description="Pairs of clusters that ask the same in other words.")
    nearest: str | None
    commonest: str
    chance: float
    sound: bool
    words: float
    grade: float = Field(description="Years of school that the median prompt takes.")
    shortcuts: list[TriedShortcut]


class CheckedSet(Out):
    """What was found of a question set."""

    set: str
    questions: int
    sound: bool
    unsound: list[str]
    families: list[CheckedFamily]
    card: str = Field(description="The data card: Markdown.")


@router.get("/makings")
def list_makings(visit: Visiting, project: Name | None = None, after: After = None, limit: Limit = 50) -> MakingPage:
    """The newest makings of a project, or of all of the caller's; what has ended is kept for 30 days."""
    found = makings.listed(visit, project=project, before=place(after, tuple[float, str]), limit=limit)
    following = cursor((found[-1].created_at, found[-1].id)) if len(found) == limit else None
    return MakingPage(items=[Making.model_validate(one) for one in found], next=following)


@router.get("/makings/{making}", response_model=Making, responses=UNCHANGED)
def get_making(visit: Visiting, making: Id, request: Request) -> Response:
    """One making and how far it is."""
    return tagged(request, Making.model_validate(makings.find(visit, making)))


@router.post("/makings/{making}/cancel")
def cancel_making(visit: Visiting, making: Id) -> Making:
    """Have it made no further: by whoever ordered it, or an admin. What waits for it fails, and the note says why."""
    return Making.model_validate(makings.cancel(visit, making))


@router.post("/question-sets/{question_set}/checks", status_code=202, response_model=Making)
def create_check(visit: Visiting, question_set: Key, once: Once, project: Name | None = None) -> Response:
    """Have every question of a set proven again, and let shortcuts try it; the same set is checked once."""

    def make() -> Made:
        one = makings.order_check(visit, question_set, project=project)
        return Made(f"/api/v1/makings/{one.id}", Making.model_validate(one), 202)

    return once.done(visit, make)


@router.get(
    "/makings/{making}/page",
    response_class=Response,
    responses={200: {"content": {HTML: {"schema": {"type": "string"}}}, "description": "A page that loads nothing."}},
)
def get_check_page(visit: Visiting, making: Id) -> Response:
    """What was found of a set as one HTML page, with a graph of each family; 409 until it is checked."""
    return Response(makings.texts(visit, making)[0], media_type=HTML, headers=ALONE)


@router.get("/makings/{making}/document", response_model=CheckedSet)
def get_check(visit: Visiting, making: Id) -> Response:
    """The same as JSON, with the data card; 409 until it is checked."""
    return Response(makings.texts(visit, making)[1], media_type="application/json")
