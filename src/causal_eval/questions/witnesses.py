"""Recanting witnesses: along which sets of paths the effect of a cause is decided by tables alone (rung 3).

A quantity that passes the change on along some of its paths to the outcome and not along others would have to respond
to the cause in two ways at once, a *recanting witness* (Avin, Shpitser and Pearl 2005); tables do not say how one case
does that. For every set the engine either finds the effect, or two whole models with these tables that differ in it.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from causal_eval.causal.calculator import calculate
from causal_eval.causal.kinds.kind import Json
from causal_eval.causal.nested import directed_paths
from causal_eval.errors import NotIdentifiable, VerificationMismatch
from causal_eval.questions.facts import Fact, Facts, Literal, of_form, remembered, the_ask
from causal_eval.questions.family import Group, Value
from causal_eval.questions.nets import MOST_DRAWS, Net, random_tables
from causal_eval.questions.network import literal, scm_of
from causal_eval.questions.posing import Posed, Whole, about_scm, number_of, parts_of, symbol
from causal_eval.questions.question import AnswerKind, AnswerSpec
from causal_eval.questions.wording import paths_of
from causal_eval.seeds import Stream

STRUCTURES: tuple[tuple[str, ...], ...] = (
    ("X>M M>N M>Y N>Y X>N X>Y", "X>M X>N M>L N>L L>Y M>Y X>Y"),
    ("X>M M>N M>Y N>Y X>N X>Y Z>X Z>M", "X>M X>N M>L N>L L>Y M>Y X>Y Z>X Z>N"),
    ("X>M M>N M>Y N>Y N>L L>Y X>Y", "X>M X>N M>Y M>L N>Y N>L L>Y"),
    ("X>M M>N M>Y N>Y N>L L>Y X>L", "X>M X>N M>Y M>L N>Y N>L L>Y Z>X Z>M"),
    ("X>M M>N M>Y N>Y N>L L>Y X>L X>N", "X>M X>N M>Y M>L N>Y N>L L>Y X>L Z>X Z>N"),
)
"""Per difficulty: X cause, Y outcome, L M N between, Z a common cause; four paths or more, some of which fork late."""
LISTED = 6
"""Sets of paths that are asked about."""

Path = tuple[int, ...]


class _Judged(NamedTuple):
    """A set with the cases that say whether its effect is decided: one, or two that differ."""

    name: str
    cases: tuple[Whole, ...]


def draw(stream: Stream, name: str, *, difficulty: int) -> Group:
    """Six sets of paths in one model, of some of which the effect is decided."""
    for _ in range(MOST_DRAWS):
        net = Net.draw(stream.choice(STRUCTURES[difficulty - 1]), stream)
        x, y = net.at["X"], net.at["Y"]
        facts = random_tables(net, stream)
        paths = [tuple(path) for path in directed_paths(scm_of(facts, net.n), x, y=y)]
        whole, torn = _halves(paths)
        count = stream.between(1, min(len(whole), LISTED - 2))
        if len(torn) < LISTED - count:
            continue
        chosen = stream.shuffled([*stream.sample(whole, count), *stream.sample(torn, LISTED - count)])
        listed = [Fact("path-set", (number, _arrows(one, stream))) for number, one in enumerate(chosen, 1)]
        first = stream.below(2)
        told = (*facts, *listed, Fact("ask-determined", ((y, 1), (x, first), (x, 1 - first))))
        found = [one.name for one in _judged(told, net.n) if len(one.cases) == 1]
        if len(found) == count and {*_wrong(told).values()}.isdisjoint([tuple(found)]):
            return Group(name, net.n, net.order, (told,))
    raise AssertionError(f"paths/{name} at difficulty {difficulty}: no model keeps the margins")


def _halves(paths: Sequence[Path]) -> tuple[list[tuple[Path, ...]], list[tuple[Path, ...]]]:
    """The proper sets of paths that hold all or none of those with one first step, and the others."""
    sets = [one for size in range(1, len(paths)) for one in itertools.combinations(paths, size)]
    whole = [one for one in sets if {path[1] for path in one}.isdisjoint(path[1] for path in {*paths} - {*one})]
    return whole, [one for one in sets if one not in whole]


def _arrows(paths: Sequence[Path], stream: Stream) -> tuple[tuple[int, int], ...]:
    return tuple(arrow for path in stream.shuffled(paths) for arrow in itertools.pairwise(path))


def case(facts: Facts, n: int) -> Posed:
    """Of each set the effect along its paths, or two models with the same tables that differ in it."""
    cases = [whole for one in _judged(facts, n) for whole in one.cases]
    return Posed(tuple(cases), "which sets of paths have effects that the tables decide")


@remembered
def _judged(facts: Facts, n: int) -> tuple[_Judged, ...]:
    """Every numbered set, by number.

    Raises:
        VerificationMismatch: a set holds something else than some of the directed paths.
    """
    model = tuple(fact for fact in facts if fact.form in ("base", "share", "markov"))
    (y, _), (x, first) = _ends(facts)
    every = {tuple(path) for path in directed_paths(scm_of(model, n), x, y=y)}
    found = []
    for name, paths in _listed(facts):
        if not {*paths} < every or len({*paths}) < len(paths):
            raise VerificationMismatch("a set of paths must hold some of those from cause to outcome, none twice")
        along: list[Json] = [[symbol(node) for node in path] for path in paths]
        query: dict[str, Json] = {
            "kind": "path_specific", "X": symbol(x), "Y": symbol(y), "x1": first, "x0": 1 - first, "paths": along
        }  # fmt: skip
        (whole,) = about_scm(scm_of(model, n), query, estimand="").cases
        found.append(_Judged(name, _cases(whole)))
    return tuple(found)


def _cases(whole: Whole) -> tuple[Whole, ...]:
    """The case itself where the engine answers it, else the two models that it gives."""
    try:
        calculate(whole)
    except NotIdentifiable as open_:
        models = open_.certificate
        assert isinstance(models, dict), "two models stand beside what is open"
        return tuple([end["case"] for end in (models["low"], models["high"])])
    return (whole,)


def _listed(facts: Facts) -> Iterator[tuple[str, list[Path]]]:
    """Name and paths of every numbered set.

    Raises:
        VerificationMismatch: they are not numbered from 1.
    """
    listed = sorted(of_form(facts, "path-set"), key=lambda fact: str(fact.slots[0]))
    if [fact.slots[0] for fact in listed] != list(range(1, len(listed) + 1)):
        raise VerificationMismatch("the sets of paths must be numbered from 1")
    return ((f"path set {number}", paths_of(fact.slots[1])) for number, fact in enumerate(listed, 1))


def spec(facts: Facts) -> AnswerSpec:
    """Some of the numbered sets."""
    return AnswerSpec(AnswerKind.SET, items=tuple(name for name, _ in _listed(facts)))


def answer(facts: Facts, value: Value) -> Value:
    """The sets whose effect is decided.

    Raises:
        VerificationMismatch: two models that should differ do not.
    """
    nodes = {literal(fact.slots[0])[0] for fact in of_form(facts, "base", "share")}
    numbers, decided = iter(map(number_of, parts_of(value))), []
    for one in _judged(facts, len(nodes)):
        effects = {next(numbers) for _ in one.cases}
        if len(effects) != len(one.cases):
            raise VerificationMismatch(f"{one.name}: two models that differ have one effect")
        if len(one.cases) == 1:
            decided.append(one.name)
    return (tuple(decided),)


def mistakes(facts: Facts, n: int) -> Mapping[str, Value]:
    """What counting paths, or a look at where they part, would give."""
    right = tuple(one.name for one in _judged(facts, n) if len(one.cases) == 1)
    return {name: (sets,) for name, sets in _wrong(facts).items() if sets != right}


def _wrong(facts: Facts) -> dict[str, tuple[str, ...]]:
    listed = list(_listed(facts))
    return {
        "every effect along paths is determined": tuple(name for name, _ in listed),
        "single paths are determined": tuple(name for name, paths in listed if len(paths) == 1),
        "several paths are determined": tuple(name for name, paths in listed if len(paths) > 1),
        "paths of one beginning alone are determined": tuple(
            name for name, paths in listed if len({path[1] for path in paths}) == 1
        ),
    }


def _ends(facts: Facts) -> tuple[Literal, Literal]:
    """The outcome, and the cause at the level that is enforced.

    Raises:
        VerificationMismatch: the two levels are not those of one quantity.
    """
    what, do, instead = (literal(slot) for slot in the_ask(facts).slots)
    if do[0] != instead[0] or do[1] == instead[1] or what[1] != 1:
        raise VerificationMismatch("two states of one cause must be compared, for the state 1 of the outcome")
    return what, do
