"""The leaderboard over HTTP: ranks within one tier and suite, a badge and an export of each result."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

import msgspec
from fastapi import Path, Query
from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from starlette.requests import Request
from starlette.responses import Response

from causal_eval.api.paging import LARGEST_PAGE, Name, Word, cursor, place, tagged
from causal_eval.api.routing import make_router
from causal_eval.api.shapes import FallenInto
from causal_eval.api.who import Visiting
from causal_eval.service import leaderboard
from causal_eval.service.incident_effects import Fallen
from causal_eval.service.leaderboard import Ranked
from causal_eval.store.standings import BoardOf
from causal_eval.store.submissions import Tier

router = make_router(tag="leaderboard")

Submitted = Annotated[Name, Path(description="Id of a submission.")]
SVG = "image/svg+xml"
YAML = "application/yaml"
_SHARED = {"Cache-Control": "public, max-age=300", "Cross-Origin-Resource-Policy": "cross-origin"}


class _Out(BaseModel):
    model_config = ConfigDict(from_attributes=True, frozen=True)


class Entry(_Out):
    """A result on the board; its rank counts those shown to be better than it or than one with a higher score."""

    rank: int
    best: int
    worst: int
    submission: str
    evaluation: str
    question_set: str
    answerer: str
    size: float | None
    seed: str
    flags: list[str]
    scored_at: float
    score: float
    low: float | None
    high: float | None
    chance: float | None
    units: int
    clusters: int
    missing: int
    unparsed: int
    abstained: int
    cost: str | None
    incidents: list[FallenInto] = Field(description="Incidents that results fall into.")

    @classmethod
    def of(cls, one: Ranked, fallen: Sequence[Fallen] = ()) -> Entry:
        """From a ranked result of the service's."""
        line, where = one.line, one.place
        return cls(
            rank=where.rank, best=where.best, worst=where.worst, submission=line.submission,
            evaluation=line.evaluation_id, question_set=line.set_digest, answerer=line.answerer, size=line.size,
            seed=line.seed, flags=msgspec.json.decode(line.flags, type=list[str]), scored_at=line.scored_at,
            score=line.score, low=line.low, high=line.high, chance=line.chance, units=line.units,
            clusters=line.clusters, missing=line.missing, unparsed=line.unparsed, abstained=line.abstained,
            cost=line.cost, incidents=[FallenInto.model_validate(one) for one in fallen],
        )  # fmt: skip


class BoardPage(_Out):
    """A page of the board, the best first."""

    tier: Tier
    suite: str
    scope: str
    total: int
    items: list[Entry]
    next: str | None


class BoardChoice(_Out):
    """A board that holds something."""

    tier: Tier
    suite: str


class SigningKey(_Out):
    """What signatures of results are checked with: Ed25519, 32 bytes in base64."""

    id: str
    algorithm: Literal["Ed25519"] = "Ed25519"
    key: str


class BoardQuery(BaseModel):
    """Which board, and which page of it."""

    suite: Name
    tier: Tier = Tier.VERIFIED
    scope: Word = Field("overall", description="`overall`, `rung 2`, a family, or `domain medicine`.")
    project: Name | None = Field(None, description="Its own board; without it, what is published for everybody.")
    min_size: float | None = Field(None, gt=0, le=1e6, description="Billions of parameters.")
    max_size: float | None = Field(None, gt=0, le=1e6, description="Billions of parameters.")
    after: Annotated[str, StringConstraints(max_length=200, pattern=r"^[A-Za-z0-9_=-]*$")] | None = Field(
        None, description="`next` of the page before."
    )
    limit: int = Field(50, ge=1, le=LARGEST_PAGE, description="Most entries of the page.")


@router.get("/leaderboard", response_model=BoardPage)
def get_leaderboard(visit: Visiting, request: Request, query: Annotated[BoardQuery, Query()]) -> Response:
    """What is published for everybody, or what is scored in a project, of one tier and suite."""
    start = place(query.after, int) or 0
    wanted = BoardOf(
        query.tier, query.suite, query.scope, query.project, largest=query.max_size, smallest=query.min_size
    )
    found = leaderboard.board(visit, wanted, start=max(0, start), limit=query.limit)
    end = found.start + len(found.ranked)
    page = BoardPage(
        tier=query.tier, suite=query.suite, scope=query.scope, total=found.total,
        items=[Entry.of(one, found.fallen.get(one.line.evaluation_id, ())) for one in found.ranked],
        next=cursor(end) if found.ranked and end < found.total else None,
    )  # fmt: skip
    return tagged(request, page)


@router.get("/leaderboard/boards")
def list_boards(visit: Visiting, project: Name | None = None) -> list[BoardChoice]:
    """Tiers and suites that something stands on."""
    return [BoardChoice.model_validate(one) for one in leaderboard.choices(visit, project)]


@router.get("/leaderboard/scopes")
def list_scopes(
    visit: Visiting, suite: Annotated[Name, Query()], tier: Tier = Tier.VERIFIED, project: Name | None = None
) -> list[str]:
    """What a board can be narrowed to: rungs, families, domains."""
    return leaderboard.scopes(visit, BoardOf(tier, suite, project=project))


@router.get("/leaderboard/key")
def get_signing_key(visit: Visiting) -> SigningKey:
    """The key that signatures of results are checked with."""
    found = leaderboard.public_key(visit)
    return SigningKey(id=found.id, key=found.text)


@router.get(
    "/submissions/{submission}/badge",
    response_class=Response,
    responses={200: {"content": {SVG: {"schema": {"type": "string"}}}, "description": "A picture."}},
)
def get_badge(visit: Visiting, submission: Submitted) -> Response:
    """Score and interval as a picture that other sites may show."""
    return Response(leaderboard.badge(visit, submission), media_type=SVG, headers=_SHARED)


@router.get(
    "/submissions/{submission}/eval-results",
    response_class=Response,
    responses={
        200: {
            "content": {YAML: {"schema": {"type": "string"}}, "application/json": {"schema": {"type": "array"}}},
            "description": "A list of one entry.",
        }
    },
)
def export_result(visit: Visiting, submission: Submitted, form: Literal["yaml", "json"] = "yaml") -> Response:
    """The result as a file for ``.eval_results``."""
    if form == "json":
        body = msgspec.json.encode([leaderboard.exported(visit, submission)])
        return Response(body, media_type="application/json")
    return Response(leaderboard.exported_yaml(visit, submission), media_type=YAML)
