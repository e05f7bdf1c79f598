"""Whether questions were known before they were asked."""

from __future__ import annotations

from collections.abc import Mapping

from causal_eval.client.asking import Asking, Call
from causal_eval.client.shapes import Shape
from causal_eval.client.statements import Range


class MemorisationGap(Shape, frozen=True):
    """A model's score on published questions minus its score on fresh ones."""

    answerer: str
    published: Range
    fresh: Range
    estimate: float | None
    low: float | None
    high: float | None
    finding: str
    """What the interval allows to say."""


class SetComparison(Shape, frozen=True):
    """Whether two sets are of one distribution."""

    one: str
    """Hash of the first set."""
    other: str
    clusters: tuple[int, ...]
    features: dict[str, float]
    """Feature -> its p."""
    p: float
    """Of all features together."""
    differ: bool


class Revealed(Shape, frozen=True):
    """Whether a set follows from the secret and plan that were committed to before anybody answered."""

    commitment: str
    n: int
    set: str
    proven: bool
    differs: str
    """What is not as it was committed to; empty: nothing."""


class Contamination(Asking):
    """The routes of this part of the service, each by its operation id."""

    async def get_memorisation_gap(self, *, published: str, fresh: str) -> MemorisationGap:
        """One answerer's evaluations on published and on fresh questions: the gap with its clustered interval."""
        query = {"published": published, "fresh": fresh}
        return await self._ask(Call("GET", "/memorisation", query=query), MemorisationGap)

    async def compare_question_sets(self, one: str, other: str, *, seed: str = "0") -> SetComparison:
        """Two sets, feature by feature: are they of one distribution?"""
        query = {"one": one, "other": other, "seed": seed}
        return await self._ask(Call("GET", "/set-comparisons", query=query), SetComparison)

    async def reveal_commitment(self, secret: str, *, commitment: Mapping[str, object]) -> Revealed:
        """Make a set again from its secret: does it meet the commitment (the published file), or what differs?"""
        body = {"secret": secret, "commitment": commitment}
        return await self._ask(Call("POST", "/reveals", body=body), Revealed)
