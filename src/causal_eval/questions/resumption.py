"""A plan that was begun: which of its twin groups are there, so that the rest are those that would have come."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence

from causal_eval.questions.certify import stated
from causal_eval.questions.domain import Domain
from causal_eval.questions.generate import Made, Plan, generate, shape
from causal_eval.questions.question import Question


def resumed(plan: Plan, made: Iterable[Question]) -> Iterator[Question]:
    """The questions of *plan* that come after *made*, which are its first, cut between two twin groups."""
    return generate(plan, made=_groups(plan, made))


def _groups(plan: Plan, made: Iterable[Question]) -> Mapping[int, Made]:
    """Number -> group. Linked questions differ from what was drawn: their groups are to be drawn again."""
    return {
        number: Made(len(group), again, None if plan.twins else _read_back(plan, group))
        for (number, again), group in _numbered(plan, made)
    }


def _numbered(plan: Plan, made: Iterable[Question]) -> Iterator[tuple[tuple[int, int], Sequence[Question]]]:
    """What the seeds of questions end with: the number of a group, and how often it was drawn; and its questions."""
    for seed, members in itertools.groupby(made, key=lambda one: one.seed):
        *_, number, again = (*seed.split("/"), "0") if plan.graph else seed.split("/")
        yield (int(number), int(again)), list(members)


def _read_back(plan: Plan, group: Sequence[Question]) -> str:
    """The shape of a group by its prompts, as whoever validates a set reads it; in other layouts it is the same."""
    own, first = [place for place in plan.domains if isinstance(place, Domain)], group[0]
    alike = [(one, one.certificate) for one in group if one.renderer == first.renderer and one.certificate is not None]
    return shape(first.family, [stated(one, found, own=own) for one, found in alike], len(alike[0][1].names))
