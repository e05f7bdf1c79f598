"""Somebody's own words for stories, checked over HTTP."""

from __future__ import annotations

from pydantic import Field

from causal_eval.api.paging import Word
from causal_eval.api.routing import make_router
from causal_eval.api.set_shapes import Words
from causal_eval.api.shapes import Out
from causal_eval.api.who import AtDoor, Visiting
from causal_eval.service.wording import checked_words

router = make_router(tag="questions")


class DomainText(Words):
    """A domain file of one's own, and from which seed samples are drawn."""

    seed: Word = Field("0", description="Another seed shows other questions.")


class SampleQuestion(Out):
    """A question in those words."""

    family: str
    regime: str
    prompt: str


class CheckedDomain(Out):
    """The rule that a domain file breaks, or how its words sound."""

    problem: str = Field(description="Names the variable and the field; empty: every rule is kept.")
    title: str = Field(description="Empty where a rule is broken, as all that follows.")
    units: str
    quantities: int
    reason: list[str] = Field(description="Why nothing of a stage is caused by a later one, stage by stage.")
    warnings: list[str] = Field(description="What grates though no rule forbids it.")
    samples: list[SampleQuestion] = Field(description="Two families in all four vocabularies.")


@router.post("/domains/check")
def check_domain(visit: Visiting, at: AtDoor, brought: DomainText) -> CheckedDomain:
    """Hold a domain file against every rule: the rule that it breaks, or what grates and eight sample questions.

    Nothing of it is kept; sets in these words are ordered with `words`.
    """
    with at.computing():
        found = checked_words(visit, brought.text, name=brought.name, seed=brought.seed)
    words = found.domain
    return CheckedDomain(
        problem=found.problem, title=words.title if words else "", units=words.units if words else "",
        quantities=len(words.variables) if words else 0, reason=list(words.reason) if words else [],
        warnings=list(found.warnings), samples=[SampleQuestion.model_validate(one) for one in found.samples],
    )  # fmt: skip
