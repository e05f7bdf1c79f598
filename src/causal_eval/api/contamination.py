"""Whether questions were known before they were asked, over HTTP."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query
from pydantic import Field

from causal_eval.api.comparisons import Range
from causal_eval.api.paging import Name
from causal_eval.api.routing import make_router
from causal_eval.api.shapes import Out
from causal_eval.api.who import AtDoor, Visiting
from causal_eval.service import contamination

router = make_router(tag="contamination")


class MemorisationGap(Out):
    """A model's score on published questions minus its score on fresh ones."""

    answerer: str
    published: Range
    fresh: Range
    estimate: float | None
    low: float | None
    high: float | None
    finding: str = Field(description="What the interval allows to say.")


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
