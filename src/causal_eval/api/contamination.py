"""Whether questions were known before they were asked, over HTTP."""

from __future__ import annotations

import json
from typing import Annotated

from fastapi import Query
from pydantic import Field, SecretStr

from causal_eval.api.comparisons import Range
from causal_eval.api.paging import Name, Word
from causal_eval.api.routing import make_router
from causal_eval.api.shapes import In, Out
from causal_eval.api.who import AtDoor, Visiting
from causal_eval.errors import UsageError
from causal_eval.service import contamination

router = make_router(tag="contamination")

Key = Annotated[Name, Query(description="Digest or hash of a question set.")]


class MemorisationGap(Out):
    """A model's score on published questions minus its score on fresh ones."""

    answerer: str
    published: Range
    fresh: Range
    estimate: float | None
    low: float | None
    high: float | None
    finding: str = Field(description="What the interval allows to say.")


class SetComparison(Out):
    """Whether two sets are of one distribution; p values are of permutations of whole clusters."""

    one: str = Field(description="Hash of the first set.")
    other: str
    clusters: list[int] = Field(description="Of the one, of the other.")
    features: dict[str, float] = Field(description="Feature -> its p.", examples=[{"kind": 0.97, "words": 0.41}])
    p: float = Field(description="Of all features together (Bonferroni).")
    differ: bool = Field(description="Shown to be of two distributions: p is below 0.01.")


class Reveal(In):
    """A secret that is one no longer, and the commitment to it."""

    secret: Annotated[SecretStr, Field(min_length=1, max_length=contamination.LONGEST_SECRET)] = Field(
        description="As the secret file holds it; kept nowhere."
    )
    commitment: dict[str, object] = Field(description="NAME.commitment.json, as it was published.")


class Revealed(Out):
    """Whether a set follows from the secret and plan that were committed to before anybody answered."""

    commitment: str
    n: int = Field(description="Questions of the plan.")
    set: str = Field(description="Hash of the set that was committed to.")
    proven: bool
    differs: str = Field(description="What is not as it was committed to; empty: nothing.")


@router.get("/memorisation")
def get_memorisation_gap(
    visit: Visiting, at: AtDoor,
    published: Annotated[Name, Query(description="The evaluation on questions that were published.")],
    fresh: Annotated[Name, Query(description="The same answerer's on fresh ones of the same plan.")],
) -> MemorisationGap:  # fmt: skip
    """One answerer on published and on fresh questions: the gap with its clustered interval."""
    with at.computing():
        found = contamination.memorised(visit, published, fresh=fresh)
    gap = found.gap
    return MemorisationGap(
        answerer=found.published.spec.answerer, published=Range.of(gap.published), fresh=Range.of(gap.fresh),
        estimate=gap.estimate, low=gap.low, high=gap.high, finding=gap.said,
    )  # fmt: skip


@router.get("/set-comparisons")
def compare_question_sets(visit: Visiting, at: AtDoor, one: Key, other: Key, seed: Word = "0") -> SetComparison:
    """Two sets, feature by feature: are they of one distribution? The seed decides the permutations."""
    with at.computing():
        found = contamination.likened(visit, one, other=other, seed=seed)
    like = found.likeness
    return SetComparison(
        one=found.one.hash, other=found.other.hash, clusters=list(like.clusters),
        features={feature.feature: feature.p for feature in like.features}, p=like.p, differ=like.differ,
    )  # fmt: skip


@router.post("/reveals")
def reveal_commitment(visit: Visiting, at: AtDoor, told: Reveal) -> Revealed:
    """Make a set of up to 1,000 questions again from its secret: does it meet the commitment, or what differs?

    The secret is held against the commitment and forgotten; it is neither kept nor logged.
    """
    try:
        content = json.dumps(told.commitment).encode()
    except RecursionError as error:
        raise UsageError("commitment: it nests too deep to be one") from error
    with at.computing():
        return Revealed.model_validate(contamination.revealed(visit, content, secret=told.secret.get_secret_value()))
