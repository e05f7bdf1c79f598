"""Paths: what a cause does along some of its paths alone, and a protected attribute along unfair ones (rung 3).

Truth: the path-specific effect P(y | x along the paths, x' along all others) - P(y | x'), by the edge g-formula of the
printed tables, with independent noise. The paths are all that begin with some of the arrows out of the cause, so that
no recanting witness leaves the effect open. In ``effect`` they are printed; in ``fair`` the others, as the fair ones.
``witness`` asks along which sets of paths there is none (:mod:`causal_eval.questions.witnesses`); it is asked by name.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from fractions import Fraction

from causal_eval.causal.kinds.kind import Json
from causal_eval.causal.nested import directed_paths
from causal_eval.errors import VerificationMismatch
from causal_eval.questions import witnesses
from causal_eval.questions.facts import Fact, Facts, Literal, of_form, the_ask
from causal_eval.questions.family import Family, Group, Kind, Value
from causal_eval.questions.nets import MOST_DRAWS, Net, chances_of, discriminating, gap, random_tables, risk
from causal_eval.questions.network import literal, literals_of, scm_of
from causal_eval.questions.posing import Posed, about_scm, number_of, parts_of, symbol
from causal_eval.questions.question import AnswerKind, AnswerSpec
from causal_eval.questions.tables import LOWEST, PERCENT
from causal_eval.questions.wording import Lexicon, paths_of
from causal_eval.seeds import Stream

STRUCTURES: tuple[tuple[str, ...], ...] = (
    ("X>M M>Y X>N N>Y",),
    ("X>M M>N X>N N>Y", "X>M M>N N>Y X>Y"),
    ("X>M M>N X>N N>Y X>Y", "X>M M>Y X>N N>Y Z>X Z>N"),
    ("X>M M>Y X>N N>Y Z>X Z>M", "X>M M>N X>N N>Y Z>X Z>M"),
    ("X>M M>L X>L L>N N>Y X>Y", "X>M M>L X>L L>Y X>N N>Y"),
)
"""Per difficulty: X cause, Y outcome, L M N between, Z a common cause. Few causes each: a unit is a response of all."""

Path = tuple[int, ...]

_WITNESS = "ask-determined"
_LEAST, _MOST = 4, 36
"""Percent that an effect exceeds: drawn for each question, so that answers spread and no constant is worth guessing."""
_SURE = 22
"""Most entries are that many percent from certainty at most, so that effects survive along a path."""


def draw(stream: Stream, kind: Kind, difficulty: int) -> Group:
    """A model in which the effect along the paths is no other effect."""
    if kind.name == "witness":
        return witnesses.draw(stream, kind.name, difficulty=difficulty)
    least = Fraction(stream.between(_LEAST, _MOST), 100)
    for _ in range(MOST_DRAWS):
        net = Net.draw(stream.choice(STRUCTURES[difficulty - 1]), stream)
        x, y = net.at["X"], net.at["Y"]
        rows = {role: _sure_rows(len(net.parents[node]), stream) for role, node in net.at.items()}
        facts = random_tables(net, stream, fixed=rows)
        paths = _every(facts, net.n, x=x, y=y)
        starts = sorted({path[1] for path in paths})
        chosen = stream.sample(starts, stream.between(1, len(starts) - 1))
        listed = [path for path in stream.shuffled(paths) if path[1] in chosen]
        arrows = tuple(arrow for path in listed for arrow in itertools.pairwise(path))
        what, first = (y, 1), stream.below(2)
        ask = Fact(f"ask-{'fair' if kind.name == 'fair' else 'paths'}", (what, (x, first), (x, 1 - first), arrows))
        if _kept((*facts, ask), net.n, least=least):
            return Group(kind.name, net.n, net.order, ((*facts, ask),))
    raise AssertionError(f"paths/{kind.name} at difficulty {difficulty}: no model keeps the margins")


def _every(facts: Facts, n: int, *, x: int, y: int) -> list[Path]:
    return [tuple(path) for path in directed_paths(scm_of(facts, n), x, y=y)]


def _sure_rows(count: int, stream: Stream) -> list[int]:
    """A table for *count* causes, three entries in four near to 0 or to 1."""
    low = [stream.between(LOWEST + 1, _SURE if stream.chance(3, 4) else PERCENT // 2) for _ in range(1 << count)]
    return [entry if stream.chance(1, 2) else PERCENT - entry for entry in low]


def _kept(facts: Facts, n: int, *, least: Fraction) -> bool:
    truth = _effect(facts, n, along=_asked(facts, n))
    return abs(truth) >= least and discriminating(facts, truth, wrong=lambda: mistakes(facts, n))


def _listed(facts: Facts) -> tuple[Path, ...]:
    """The printed paths."""
    return tuple(paths_of(the_ask(facts).slots[-1]))


def _asked(facts: Facts, n: int) -> tuple[Path, ...]:
    """The paths along which the effect is asked for.

    Raises:
        VerificationMismatch: a printed path is none of the graph's, or they are all that there are.
    """
    (y, _), (x, _) = _ends(facts)
    listed, every = _listed(facts), _every(_model(facts), n, x=x, y=y)
    if not {*listed} < {*every} or len({*listed}) < len(listed):
        raise VerificationMismatch("the paths must be some of those from the cause to the outcome, none twice")
    return listed if the_ask(facts).form == "ask-paths" else tuple(path for path in every if path not in listed)


def _effect(facts: Facts, n: int, *, along: Iterable[Path]) -> Fraction:
    """The effect along all paths that begin as one of *along* does."""
    y, (x, first) = _ends(facts)
    starts, model = {path[1] for path in along}, _model(facts)
    with_it, without = (_cut(model, x, levels=dict.fromkeys(chosen, first), other=1 - first) for chosen in (starts, ()))
    return risk(chances_of(with_it, n), y) - risk(chances_of(without, n), y)


def _cut(model: Facts, x: int, *, levels: Mapping[int, int], other: int) -> Facts:
    """The model in which every effect of *x* is as though that were at its own level, *other* unless *levels* says."""
    rows = {(fact.slots[0], fact.slots[1]): fact.slots[2] for fact in of_form(model, "share")}

    def moved(fact: Fact) -> Fact:
        what, given = fact.slots[0], literals_of(fact.slots[1])
        level = levels.get(literal(what)[0], other)
        return Fact("share", (what, given, rows[what, tuple((one, level if one == x else v) for one, v in given)]))

    return tuple(moved(fact) if fact.form == "share" else fact for fact in model)


def case(facts: Facts, n: int) -> Posed:
    """The effect along the paths in the printed model, X at the level that is enforced against the other."""
    if the_ask(facts).form == _WITNESS:
        return witnesses.case(facts, n)
    (y, value), (x, first) = _ends(facts)
    paths: list[Json] = [[symbol(node) for node in path] for path in _asked(facts, n)]
    kind = "path_specific" if the_ask(facts).form == "ask-paths" else "fairness"
    if value != 1:
        raise VerificationMismatch("the question is about the state 1 of the outcome")
    query: dict[str, Json] = {
        "kind": kind, "X": symbol(x), "Y": symbol(y), "x1": first, "x0": 1 - first, "paths": paths
    }  # fmt: skip
    return about_scm(scm_of(_model(facts), n), query, estimand=f"the effect of {symbol(x)} on {symbol(y)} along paths")


def spec(facts: Facts, _lexicon: Lexicon) -> AnswerSpec:
    """A number, or some of the numbered sets."""
    return witnesses.spec(facts) if the_ask(facts).form == _WITNESS else AnswerSpec(AnswerKind.NUMBER)


def answer(facts: Facts, value: Value) -> Value:
    """The number itself, or the sets whose effect is decided."""
    return witnesses.answer(facts, value) if the_ask(facts).form == _WITNESS else number_of(parts_of(value)[0])


def mistakes(facts: Facts, n: int) -> Mapping[str, Value]:
    """The other effects, and what the other paths leave of the total."""
    if the_ask(facts).form == _WITNESS:
        return witnesses.mistakes(facts, n)
    y, (x, first) = _ends(facts)
    chances, sign = chances_of(_model(facts), n), 1 if first else -1
    asked, every = _asked(facts, n), _every(_model(facts), n, x=x, y=y[0])
    others = _effect(facts, n, along=[path for path in every if path not in asked])
    total = sign * gap(chances, y, x, do=True)
    return {
        "correlation is causation": sign * gap(chances, y, x, do=False),
        "total effect": total,
        "the other paths": others,
        "what the other paths leave": total - others,
        "the other way round": -_effect(facts, n, along=asked),
    }


def _ends(facts: Facts) -> tuple[Literal, Literal]:
    """The outcome, and the cause at the level that is enforced.

    Raises:
        VerificationMismatch: the two levels are not those of one quantity.
    """
    what, do, instead, _ = the_ask(facts).slots
    (x, first), (same, second) = literal(do), literal(instead)
    if x != same or first == second:
        raise VerificationMismatch("two states of one cause must be compared")
    return literal(what), (x, first)


def _model(facts: Facts) -> Facts:
    """The tables.

    Raises:
        VerificationMismatch: it is not said that noises are independent.
    """
    if len(of_form(facts, "markov")) != 1:
        raise VerificationMismatch("the prompt must say once that chance influences are independent")
    return tuple(fact for fact in facts if fact.form in ("base", "share", "markov"))


FAMILY = Family(
    name="paths",
    title="Effects along paths, and fairness",
    number=29,
    kinds=(Kind("effect", rung=3), Kind("fair", rung=3), Kind("witness", rung=3, weight=0)),
    draw=draw,
    case=case,
    spec=spec,
    answer=answer,
    mistakes=mistakes,
)
