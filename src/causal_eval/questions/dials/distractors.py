"""Distractors: none to six quantities more, with true facts that have no bearing on the answer.

Each is a leaf, which nothing that is asked about depends on, or stands alone; both solvers find the same answer with
and without it. Its figures keep the margins of every printed number.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

from causal_eval.questions.dials.dial import Drawn, Stand
from causal_eval.questions.facts import Fact, Facts, edge, observed, rule, share
from causal_eval.questions.family import Group
from causal_eval.questions.margins import apart, guesses
from causal_eval.questions.tables import PERCENT
from causal_eval.seeds import Stream

MOST = 6
KINDS = (
    "effect/do", "effect/ate", "effect/seeing", "effect/direction", "effect/joint", "effect/soft", "effect/cate",
    "counterfactual/probability", "counterfactual/would", "confounding/one", "confounding/minimal",
    "blanket/separator", "cde/cde", "contrast/both", "contrast/compare", "treated/effect", "treated/compare",
    "separation/claims", "separation/minimal", "selection/labels", "selection/both", "policy/rank", "policy/worth",
    "frontdoor/doors", "flaw/step", "underdetermined/tables", "underdetermined/missing", "instrument/sets",
    "consistency/labels", "paths/effect", "paths/fair", "causation/rules", "causation/monotone",
)  # fmt: skip
"""Kinds whose facts take more quantities, and whose answers no such quantity can change: it is named in none."""
_TRIES = 60


def turn(drawn: Drawn, numbers: Sequence[Fraction], stream: Stream) -> tuple[Stand, ...]:
    """The group with 0, 1, ... 6 quantities more; nothing where no figures keep the margins."""
    stands, group = [Stand("0", drawn)], drawn.group
    for count in range(1, MOST + 1):
        wider = next((one for _ in range(_TRIES) if _kept(one := _wider(group, stream), drawn, numbers=numbers)), None)
        if wider is None:
            return ()
        group = wider
        stands.append(Stand(str(count), replace(drawn, group=group)))
    return tuple(stands)


def _wider(group: Group, stream: Stream) -> Group:
    """The group with one quantity more, of which all members say the same."""
    new = group.n
    cause = stream.below(new) if _must_hang(group.members[0]) or stream.chance(1, 2) else None
    place = stream.between(0 if cause is None else group.order.index(cause) + 1, new)
    order = (*group.order[:place], new, *group.order[place:])
    told = tuple(_told(group.members[0], new, cause=cause, stream=stream))
    return replace(group, n=new + 1, order=order, members=tuple((*told, *facts) for facts in group.members))


def _must_hang(facts: Facts) -> bool:
    """Whether a quantity is named by its influences alone, so that it needs one."""
    forms = {fact.form for fact in facts}
    return "edge" in forms and not forms & {"base", "share"}


def _told(facts: Facts, new: int, *, cause: int | None, stream: Stream) -> list[Fact]:
    """Statements about the quantity *new*, which depends on *cause* or on nothing, of the kinds that *facts* are of."""
    forms = {fact.form for fact in facts}
    told = [edge(cause, new)] if "edge" in forms and cause is not None else []
    if any(form.startswith("rule-") for form in forms) and cause is not None:
        return [*told, rule(new, 1, [(cause, stream.below(2))])]
    if forms & {"base", "share"}:
        states = [()] if cause is None else [((cause, 0),), ((cause, 1),)]
        return [*told, *(share(new, Fraction(stream.between(5, PERCENT - 5), PERCENT), given) for given in states)]
    if "start" in forms:
        return [Fact("start", ((new, stream.below(2)),))]
    return [*told, observed(new, stream.below(2))] if "observed" in forms else told


def _kept(group: Group, drawn: Drawn, *, numbers: Sequence[Fraction]) -> bool:
    """Whether no printed number, no guess from them and, where one number is asked for, no mistake comes near to it."""
    if not all(apart(number, guesses(facts)) for number in numbers for facts in group.members):
        return False
    if len(numbers) != len(group.members):
        return True
    return all(
        apart(number, [one for one in drawn.family.mistakes(facts, group.n).values() if isinstance(one, Fraction)])
        for number, facts in zip(numbers, group.members, strict=True)
    )
