"""Solving, providers and comparisons over HTTP."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Body, Query
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response

from causal_eval.analysis.intervals import Interval
from causal_eval.api.paging import UNCHANGED, Name, tagged
from causal_eval.api.routing import make_router
from causal_eval.api.shapes import Out
from causal_eval.api.who import AtDoor, Visiting
from causal_eval.service import catalog, endpoints
from causal_eval.service.comparing import compared
from causal_eval.service.solving import solved_case

router = make_router()
CASE = {
    "graph": {"nodes": ["X", "Y", "Z"], "directed": [["Z", "X"], ["Z", "Y"], ["X", "Y"]]},
    "query": {"kind": "dsep", "X": ["X"], "Y": ["Y"], "Z": ["Z"]},
}


class SolvedStep(BaseModel):
    """A step of a derivation."""

    id: str
    rule: str
    text: str
    expression: Any
    value: Any


class Solved(BaseModel):
    """The answer to a case, with its derivation."""

    id: Any
    answer: Any
    method: str
    derivation: list[SolvedStep]
    certificate: Any = Field(
        None,
        description="What makes the answer checkable by itself: a hedge, two models, a witness; null where nothing is.",
    )


class KeyHealth(Out):
    """What the workers have met with a provider's key."""

    key: str
    cooldown_until: float | None
    revoked_at: float | None
    breaker: str
    note: str
    updated_at: float


class Provider(Out):
    """A provider whose models can be asked."""

    name: str
    dialect: str
    configured: bool
    keys: int
    switched_off: str
    batches: bool
    form: str
    states: list[KeyHealth]


class Endpoint(Out):
    """An address at which models can be asked; it is set up, but only what is usable is asked."""

    name: str = Field(description="What stands before the model.", examples=["openai", "openai-api/my-server"])
    origin: str = Field(description="Scheme, host and port.", examples=["https://api.openai.com:443"])
    keys: int = Field(description="The service's own.")
    project_keys: int = Field(description="The project's for this origin: they take the place of the service's.")
    usable: bool
    switched_off: str
    fault: str
    states: list[KeyHealth]


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


class ScopeDifference(Out):
    """The difference within a rung or family; not corrected for looking several times."""

    scope: str
    difference: Range


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
    units_needed: int | None
    scopes: list[ScopeDifference]


@router.post("/solve", tags=["solve"])
def solve(visit: Visiting, at: AtDoor, case: Annotated[dict[str, Any], Body(examples=[CASE])]) -> Solved:
    """Answer a causal query on a graph or model exactly, as ``causal-eval solve`` does."""
    del visit
    with at.computing():
        return Solved(**solved_case(case))


@router.get("/providers", tags=["providers"])
def list_providers(visit: Visiting) -> list[Provider]:
    """Providers and whether they are set up here; no key is ever shown."""
    return [Provider.model_validate(one) for one in catalog.offers(visit)]


@router.get("/providers/{provider}", tags=["providers"], response_model=Provider, responses=UNCHANGED)
def get_provider(visit: Visiting, provider: Name, request: Request) -> Response:
    """One provider."""
    return tagged(request, Provider.model_validate(catalog.offer(visit, provider)))


@router.get("/endpoints", tags=["providers"])
def list_endpoints(visit: Visiting, project: Name = "local") -> list[Endpoint]:
    """Where a project can have models asked: what is set up here, whether there are keys, and how they are."""
    return [Endpoint.model_validate(one) for one in endpoints.endpoints(visit, project)]


@router.get("/comparisons", tags=["comparisons"])
def compare_evaluations(
    visit: Visiting, at: AtDoor, a: Annotated[Name, Query()], b: Annotated[Name, Query()]
) -> PairedVerdict:
    """Two evaluations on the same questions: the paired, clustered difference and what it allows to say."""
    with at.computing():
        found = compared(visit, a, b=b).comparisons[0]
    pairs, needed = found.agreement, found.needed
    return PairedVerdict(
        a=found.a, b=found.b, finding=found.finding.value, difference=Range.of(found.difference),
        score_a=Range.of(found.score_a), score_b=Range.of(found.score_b), both_right=pairs.both_right,
        only_a=pairs.only_a, only_b=pairs.only_b, neither=pairs.neither,
        units_needed=None if needed is None else needed.units,
        scopes=[ScopeDifference(scope=s.scope.label, difference=Range.of(s.difference)) for s in found.scopes],
    )  # fmt: skip
