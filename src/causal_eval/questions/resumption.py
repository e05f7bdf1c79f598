"""A plan that was begun: which of its twin groups are there, so that the rest are those that would have come."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping

from causal_eval.questions.certify import stated
from causal_eval.questions.domain import Domain
from causal_eval.questions.generate import Made, Plan, generate, shape
from causal_eval.questions.question import Question


def resumed(plan: Plan, made: Iterable[Question]) -> Iterator[Question]:
    """The questions of *plan* that come after *made*, which are its first, cut between two twin groups."""
    own = [place for place in plan.domains if isinstance(place, Domain)]
    place = -1 if plan.graph else -2
    return generate(plan, made=_groups(made, own, place=place))


def _groups(made: Iterable[Question], own: list[Domain], *, place: int) -> Mapping[int, Made]:
    """Number -> group; each is read back from its prompts, as whoever validates a set reads it.

    The number stands in a question's seed at *place*.
    """
    found = {}
    for number, members in itertools.groupby(made, key=lambda one: int(one.seed.split("/")[place])):
        group = list(members)
        first = group[0]
        # in other layouts, or turned by a dial, the group is the same
        alike = [one for one in group if (one.renderer, one.twin) == (first.renderer, first.twin)]
        assert first.certificate is not None
        facts = [stated(one, one.certificate, own=own) for one in alike if one.certificate is not None]
        found[number] = Made(len(group), shape(first.family, facts, len(first.certificate.names)))
    return found
