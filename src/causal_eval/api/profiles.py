"""Several causal profiles side by side over HTTP."""

from __future__ import annotations

from causal_eval.analysis.reports.profiling import profile_line
from causal_eval.api.comparisons import Concern, Several
from causal_eval.api.diagnosing import CausalProfile
from causal_eval.api.routing import make_router
from causal_eval.api.shapes import Out
from causal_eval.api.who import AtDoor, Visiting
from causal_eval.service import diagnosing

router = make_router("/profiles", tag="results")


class ProfiledRun(CausalProfile):
    """The profile of an evaluation."""

    evaluation: str


class ProfilesBeside(Out):
    """Profiles of evaluations of one question set; each interval stands alone."""

    profiles: list[ProfiledRun]
    concerns: list[Concern]


@router.get("")
def list_profiles(visit: Visiting, at: AtDoor, evaluations: Several) -> ProfilesBeside:
    """The profiles of two to eight evaluations on the same questions, and what else than the answerers may differ."""
    with at.computing():
        found = diagnosing.beside(visit, evaluations.split(","))
    profiles = [
        ProfiledRun.model_validate({"evaluation": one.id, **profile_line(told)})
        for one, told in zip(found.evaluations, found.profiles, strict=True)
    ]
    return ProfilesBeside(profiles=profiles, concerns=Concern.of(found.concerns))
