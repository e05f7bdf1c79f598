"""Underdetermined: whether what is stated decides the sign of an effect, and what would have to be learned (rung 2).

Every prompt leaves something out. ``tables`` leaves out the probabilities of one quantity, ``structure`` the direction
of one influence beside exact counts: of three questions the effect is positive whatever is left out, negative whatever
it is, or of either sign, and the three answers are one scoring unit. Truth: the least and the greatest effect over all
models that fit, each a whole model in the certificate. ``missing`` leaves out several tables and asks which one decides
the number: two models that agree on all the others differ in the effect, and no other lacking quantity precedes the
outcome once the treatment is set. It asks about two effects in one model; both answers are one scoring unit. ``graph``
tells exact counts with either of two graphs or with none, and is asked where twins of that design are wanted.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import NamedTuple

from causal_eval.causal.graph import Graph, bits, mask_of
from causal_eval.causal.intervene import Worlds
from causal_eval.causal.kinds.kind import Json
from causal_eval.causal.scm import Scm
from causal_eval.errors import VerificationMismatch
from causal_eval.questions.completions import Rows, completed, effect, ends_of, lacking
from causal_eval.questions.counts import Counts, count_facts, counts_of, fitted
from causal_eval.questions.facts import Fact, Facts, edge, of_form, remembered, the_ask
from causal_eval.questions.family import Family, Group, Kind, Value
from causal_eval.questions.graphless import models_of, pulled_counts, told_thrice
from causal_eval.questions.graphs import random_arrows
from causal_eval.questions.nets import MOST_DRAWS, Net, gap, random_tables
from causal_eval.questions.network import graph_of, literal, node
from causal_eval.questions.numbering import hidden, linear_extension
from causal_eval.questions.posing import Posed, about_graph, about_scm, number_of, parts_of, symbol
from causal_eval.questions.question import AnswerKind, AnswerSpec
from causal_eval.questions.tables import random_rows, share_facts
from causal_eval.questions.wording import Lexicon
from causal_eval.seeds import Stream

OPTIONS = ("raises it", "lowers it", "cannot be determined")

STRUCTURES: tuple[tuple[str, ...], ...] = (
    ("Z>X Z>Y X>Y", "W>Z Z>Y X>Y Z>X"),
    ("Z>X Z>Y X>Y Y>C", "Z>X Z>Y X>Y W>X", "Z>X Z>Y X>Y W>Y"),
    ("Z>X Z>Y X>M M>Y X>Y", "Z>X Z>Y W>X W>Y X>Y", "Z>X Z>W W>Y X>Y X>C Y>C"),
    ("Z>X Z>Y X>M M>Y X>Y M>C", "Z>X Z>Y W>X W>Y X>Y V>X", "Z>X Z>M X>M M>Y W>X W>Y"),
    ("Z>X Z>Y W>X W>Y X>M M>Y X>Y", "Z>X Z>W W>Y X>M M>Y X>Y Y>C", "Z>X Z>Y W>Z W>X X>Y V>X Y>C"),
)
"""Per difficulty of ``tables``: X treatment, Y outcome, Z W V before it, M between, C an effect."""
LEAST = (Fraction(1, 10), Fraction(2, 25), Fraction(3, 50), Fraction(1, 20), Fraction(1, 25))
"""Every effect in ``structure`` is at least so large, per difficulty."""
SIZES = (7, 7, 8, 8, 9)
"""Quantities of ``missing`` per difficulty."""
CANDIDATES = 5
"""Quantities without probabilities in ``missing``."""

_CLEAR = Fraction(1, 20)
"""The least and the greatest effect lie so far from 0, and those of ``missing`` twice as far apart."""
_OFTEN = 3
"""So many of the candidates of ``missing`` are named at least as often as the right one, itself counted."""
_LOOKS = 20
"""Pairs of effects that are looked at in one graph."""
_HALF = Fraction(1, 2)


class _Picked(NamedTuple):
    """Two effects, the table that each needs, and all that are left out."""

    asked: list[tuple[int, int]]
    own: list[int]
    names: tuple[int, ...]


def draw(stream: Stream, kind: Kind, difficulty: int) -> Group:
    """A twin group that keeps the margins."""
    make = {"tables": _tables, "structure": _structure, "missing": _missing, "graph": _graph}[kind.name]
    for _ in range(MOST_DRAWS):
        if (group := make(kind, difficulty, stream)) is not None:
            return group
    raise AssertionError(f"underdetermined/{kind.name} at difficulty {difficulty}: no model keeps the margins")


def _tables(kind: Kind, difficulty: int, stream: Stream) -> Group | None:
    """Three models of one graph, one table of each left out."""
    net = Net.draw(stream.choice(STRUCTURES[difficulty - 1]), stream)
    ask = _ask(net.at["X"], net.at["Y"])
    found: dict[str, Facts] = {}
    for _ in range(60):
        facts = (*_edges(net), *random_tables(net, stream)[:-1], Fact("partial"), ask)
        left_out = stream.choice([*net.at.values(), net.at["Z"]])
        told = tuple(fact for fact in facts if not _is_row(fact, left_out))
        sign = _sign(_extremes(told, net.n), least=_CLEAR)
        needless = left_out in (net.at["X"], net.at.get("C"))
        if sign is not None and sign not in found and (not needless or stream.chance(1, 3)):
            found[sign] = told
        if len(found) == len(OPTIONS):
            return Group(kind.name, net.n, net.order, tuple(stream.shuffled(list(found.values()))))
    return None


def _structure(kind: Kind, difficulty: int, stream: Stream) -> Group | None:
    """One set of counts told with three graphs, each with an influence on or of the treatment turned either way."""
    x, y, *others = stream.shuffled(range(4))
    counts, least = pulled_counts((x, y), others, stream=stream), LEAST[difficulty - 1]
    found: dict[str, tuple[Facts, tuple[int, ...]]] = {}
    for before in stream.shuffled([(), (others[0],), (others[1],)]):
        for open_ in stream.shuffled([other for other in others if other not in before]):
            rest = [other for other in others if other != open_ and other not in before]
            order = (*before, x, open_, *rest, y)
            told = _told(counts, order, open_=(x, open_))
            sign = _sign(_extremes(told, 4), least=least)
            if sign is not None:
                found.setdefault(sign, (told, order))
    if len(found) < len(OPTIONS):
        return None
    members = stream.shuffled(list(found.values()))
    return Group(kind.name, 4, members[0][1], tuple(told for told, _ in members))


def _told(counts: Counts, order: tuple[int, ...], *, open_: tuple[int, int]) -> Facts:
    arrows = [pair for pair in itertools.combinations(order, 2) if set(pair) != set(open_)]
    x, y = open_[0], order[-1]
    either = Fact("either", (min(open_), max(open_)))
    return (*itertools.starmap(edge, arrows), either, *count_facts(counts), Fact("counted"), _ask(x, y))


def _graph(kind: Kind, difficulty: int, stream: Stream) -> Group | None:
    """One set of counts told with two graphs, of which the effect goes either way, and with none."""
    x, y, *others = stream.shuffled(range(4))
    found = told_thrice(
        pulled_counts((x, y), others, stream=stream), (x, y), others=others, ask=_ask(x, y), least=LEAST[difficulty - 1]
    )
    return None if found is None else Group(kind.name, 4, found.order, tuple(stream.shuffled(found.members)))


def _missing(kind: Kind, difficulty: int, stream: Stream) -> Group | None:
    """Two effects in one model with five tables left out, one of which matters for each."""
    n = SIZES[difficulty - 1]
    _, arrows = hidden(n, random_arrows(n, n + 2, most=2, stream=stream), stream=stream)
    graph = Graph.build(n, arrows)
    pairs = [(x, y) for x, y in itertools.permutations(range(n), 2) if graph.ancestors(1 << y) >> x & 1]
    looks = (stream.sample(pairs, 2) for _ in range(_LOOKS))
    picked = next((one for one in (_picked(graph, asked, stream=stream) for asked in looks) if one), None)
    if picked is None:
        return None
    asked, own, names = picked
    parents = tuple(tuple(bits(mask)) for mask in graph.parents)
    rows = [random_rows(len(causes), stream) for causes in parents]
    shares = [fact for fact in share_facts(parents, rows) if literal(fact.slots[0])[0] not in names]
    shared = (*itertools.starmap(edge, arrows), *shares, Fact("partial"))
    members = tuple((*shared, Fact("ask-missing", (*_ends(x, y), names))) for x, y in asked)
    for facts, left_out in zip(members, own, strict=True):
        least, most = _differing(facts, n, node=left_out)
        if effect(most, *_asked(facts)) - effect(least, *_asked(facts)) < 2 * _CLEAR:
            return None
    return Group(kind.name, n, linear_extension(n, arrows, stream=stream), members)


def _picked(graph: Graph, asked: list[tuple[int, int]], *, stream: Stream) -> _Picked | None:
    """What to leave out, none named more often than most; None where the two effects need the same, or too much."""
    ends = mask_of({y for _, y in asked})
    one, other = (_needed(graph, *pair) & ~ends for pair in asked)
    needless = list(bits((1 << graph.n) - 1 & ~(one | other | ends)))
    if not one & ~other or not other & ~one or len(needless) < CANDIDATES - 2:
        return None
    own = [stream.choice(list(bits(mask))) for mask in (one & ~other, other & ~one)]
    names = tuple(stream.shuffled([*own, *stream.sample(needless, CANDIDATES - 2)]))
    named = {index: _mentions(graph, index, names=names) for index in names}
    if any(sum(count >= named[index] for count in named.values()) < _OFTEN for index in own):
        return None
    return _Picked(asked, own, names)


def _mentions(graph: Graph, index: int, *, names: tuple[int, ...]) -> int:
    """How many statements name a quantity without probabilities: influences, and rows of what it affects."""
    told = [graph.parents[effect].bit_count() for effect in bits(graph.children[index]) if effect not in names]
    return (graph.parents[index] | graph.children[index]).bit_count() + sum(1 << count for count in told)


def _needed(graph: Graph, x: int, y: int) -> int:
    """Whose tables the effect depends on: what precedes Y, and Y, once X is set."""
    return _cut(graph, x).ancestors(1 << y) & ~(1 << x)


def _cut(graph: Graph, x: int) -> Graph:
    """The graph without the arrows into X."""
    return Graph(
        graph.n, tuple(0 if index == x else mask for index, mask in enumerate(graph.parents)), graph.bidirected
    )


def _edges(net: Net) -> list[Fact]:
    return [edge(cause, index) for index, causes in enumerate(net.parents) for cause in causes]


def _is_row(fact: Fact, index: int) -> bool:
    return fact.form in ("base", "share") and literal(fact.slots[0])[0] == index


def _ask(x: int, y: int) -> Fact:
    return Fact("ask-sign", _ends(x, y))


def _ends(x: int, y: int) -> tuple[tuple[int, int], ...]:
    return (y, 1), (x, 1), (x, 0)


def _sign(found: tuple[Fraction, Fraction], *, least: Fraction) -> str | None:
    """What the two ends say, None where one of them is nearer to 0 than *least*."""
    return _said(found) if min(map(abs, found)) >= least else None


def _said(found: tuple[Fraction, Fraction]) -> str:
    if min(found) > 0:
        return OPTIONS[0]
    return OPTIONS[1] if max(found) < 0 else OPTIONS[2]


def _extremes(facts: Facts, n: int) -> tuple[Fraction, Fraction]:
    x, y = _asked(facts)
    one, other = (effect(scm, x, y) for scm in _models(facts, n))
    return one, other


@remembered
def _models(facts: Facts, n: int) -> tuple[Scm, Scm]:
    """The two whole models that fit: of the least and greatest effect, or with the influence either way.

    Raises:
        VerificationMismatch: not exactly one thing is left out.
    """
    open_ = of_form(facts, "either")
    if (whole := models_of(facts, n, ends=_asked(facts))) is not None:
        return whole
    if of_form(facts, "counted") and len(open_) == 1:
        counts, (one, other) = counts_of(facts, n), map(node, open_[0].slots)
        either = [fitted(graph_of((*facts, edge(*pair)), n), counts) for pair in ((one, other), (other, one))]
        return either[0], either[1]
    left_out = lacking(facts, n)
    if not of_form(facts, "partial") or open_ or len(left_out) != 1:
        raise VerificationMismatch("exactly one table, or the direction of one influence, must be left out")
    ends = ends_of(facts, n, node=left_out[0], ends=_asked(facts), fixed={})
    return ends.least, ends.most


def _differing(facts: Facts, n: int, *, node: int) -> tuple[Scm, Scm]:
    """Two models that differ in the table of *node* alone, the other lacking tables being one half throughout."""
    fixed = {other: _halves(facts, n, node=other) for other in lacking(facts, n) if other != node}
    ends = ends_of(facts, n, node=node, ends=_asked(facts), fixed=fixed)
    return ends.least, ends.most


def _halves(facts: Facts, n: int, *, node: int) -> Rows:
    return [_HALF] * (1 << graph_of(facts, n).parents[node].bit_count())


def case(facts: Facts, n: int) -> Posed:
    """The effect in two models that fit; for ``missing`` also what precedes the outcome once the treatment is set.

    Raises:
        VerificationMismatch: something else than the question needs is left out.
    """
    x, y = _asked(facts)
    ate: dict[str, Json] = {"kind": "ate", "X": symbol(x), "Y": symbol(y)}
    estimand = f"E[{symbol(y)} | do({symbol(x)}=1)] - E[{symbol(y)} | do({symbol(x)}=0)], least and greatest"
    if the_ask(facts).form == "ask-sign":
        cases = [about_scm(scm, ate, estimand=estimand).cases[0] for scm in _models(facts, n)]
        return Posed(tuple(cases), estimand)
    left_out = _candidates(facts, n)
    models = _differing(facts, n, node=_decisive(facts, n))
    cases = [about_scm(scm, ate, estimand=estimand).cases[0] for scm in models]
    cut = about_graph(_cut(graph_of(facts, n), x), {"kind": "ancestors", "X": symbol(y)}, estimand=estimand)
    return Posed((*cases, *cut.cases), f"which of {', '.join(map(symbol, left_out))} decides the effect")


def _candidates(facts: Facts, n: int) -> tuple[int, ...]:
    """The quantities without probabilities, as the question lists them.

    Raises:
        VerificationMismatch: it lists others.
    """
    names = the_ask(facts).slots[-1]
    left_out = lacking(facts, n)
    if not of_form(facts, "partial") or not isinstance(names, tuple) or {*names} != {*left_out}:
        raise VerificationMismatch("the candidates must be the quantities of which no probability is stated")
    return left_out


def _decisive(facts: Facts, n: int) -> int:
    """The one lacking quantity on which the effect depends."""
    needed = _needed(graph_of(facts, n), *_asked(facts))
    return _only([index for index in lacking(facts, n) if needed >> index & 1])


def _only(found: Sequence[int]) -> int:
    if len(found) != 1:
        raise VerificationMismatch(f"{len(found)} of the quantities without probabilities matter, not one")
    return found[0]


def spec(facts: Facts, lexicon: Lexicon) -> AnswerSpec:
    """One of three answers, or one of the quantities that lack probabilities."""
    ask = the_ask(facts)
    if ask.form == "ask-sign":
        return AnswerSpec(AnswerKind.CHOICE, options=OPTIONS)
    names = [lexicon.names[index] for index in lacking(facts, len(lexicon.names))]
    return AnswerSpec(AnswerKind.CHOICE, options=tuple(sorted(names)))


def answer(facts: Facts, value: Value) -> Value:
    """What the two effects say, or the lacking quantity among those that precede the outcome.

    Raises:
        VerificationMismatch: the two models that should differ do not.
    """
    one, other, *rest = parts_of(value)
    found = number_of(one), number_of(other)
    if not rest:
        return _said(found)
    before = {index for index in parts_of(rest[0]) if isinstance(index, int)} - {_asked(facts)[0]}
    names = the_ask(facts).slots[-1]
    assert isinstance(names, tuple)
    if found[0] == found[1]:
        raise VerificationMismatch("two models that differ in the decisive table have one effect")
    return _only([index for index in names if isinstance(index, int) and index in before])


def mistakes(facts: Facts, n: int) -> Mapping[str, Value]:
    """What filling a gap in, taking every gap for fatal, or looking at the association would give."""
    x, y = _asked(facts)
    if the_ask(facts).form == "ask-missing":
        return _wrong_places(facts, n)
    right = _said(_extremes(facts, n))
    wrong: dict[str, str] = {"every gap leaves it open": OPTIONS[2]}
    if of_form(facts, "counted", "ungraphed"):
        scm, turned = _models(facts, n)
        one, other = effect(scm, x, y), effect(turned, x, y)
        seen = gap(Worlds(scm), (y, 1), x, do=False)
        wrong |= {"take one direction": _said((one, one)), "take the other direction": _said((other, other))}
    else:
        (left_out,) = lacking(facts, n)
        scm = completed(facts, n, tables={left_out: _halves(facts, n, node=left_out)})
        seen = gap(Worlds(scm), (y, 1), x, do=False)
        half = effect(scm, x, y)
        wrong["one half for what is not stated"] = _said((half, half))
    wrong["correlation is causation"] = _said((seen, seen))
    return {name: said for name, said in wrong.items() if said != right}


def _wrong_places(facts: Facts, n: int) -> dict[str, Value]:
    """The first lacking quantity in each place where nothing is needed from."""
    (x, y), graph, left_out = _asked(facts), graph_of(facts, n), lacking(facts, n)
    right = _decisive(facts, n)
    places = {
        "the treatment itself": 1 << x,
        "what leads to the treatment": graph.ancestors(1 << x) & ~(1 << x),
        "what the treatment changes": graph.descendants(1 << x) & ~(1 << x),
        "what the outcome changes": graph.descendants(1 << y) & ~(1 << y),
        "what has nothing to do with either": (1 << n) - 1 & ~graph.ancestors(1 << x | 1 << y),
    }
    first = {name: next((one for one in left_out if mask >> one & 1), right) for name, mask in places.items()}
    return {name: one for name, one in first.items() if one != right}


def _asked(facts: Facts) -> tuple[int, int]:
    what, do = the_ask(facts).slots[:2]
    return literal(do)[0], literal(what)[0]


FAMILY = Family(
    name="underdetermined",
    title="What cannot be determined",
    number=38,
    kinds=(
        Kind("tables", rung=2, size=3, joint=True),
        Kind("structure", rung=2, size=3, joint=True),
        Kind("missing", rung=2, size=2, joint=True),
        Kind("graph", rung=2, size=3, joint=True, weight=0),
    ),
    draw=draw,
    case=case,
    spec=spec,
    answer=answer,
    mistakes=mistakes,
)
