"""Solving and providers over HTTP."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Body
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response

from causal_eval.api.paging import UNCHANGED, Name, tagged
from causal_eval.api.routing import make_router
from causal_eval.api.shapes import Out
from causal_eval.api.who import AtDoor, Visiting
from causal_eval.service import catalog, endpoints
from causal_eval.service.solving import solved_at_a_door

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


@router.post("/solve", tags=["solve"])
def solve(visit: Visiting, at: AtDoor, case: Annotated[dict[str, Any], Body(examples=[CASE])]) -> Solved:
    """Answer a causal query on a graph or model exactly, as ``causal-eval solve`` does, within 20 seconds.

    What takes longer is the problem ``too-large``, as is what is over a limit that is checked before work begins.
    """
    del visit
    with at.computing():
        return Solved(**solved_at_a_door(case))


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
