"""Two models of one graph with the same law of what is observed and different effects, made from a hedge.

Shpitser and Pearl 2006, theorem 4: every node of F is the parity of the parents that it keeps and of fair latent
coins; in the second model F' does not listen to the rest of F. Both make the roots even when nothing is done; after
do(x) the roots of the first are a fair coin, for some latent coin reaches them once. Two things are added here: one
root is turned over with probability 1/4, which keeps P(v) equal and makes it positive everywhere, and on the paths from
the roots to what is asked about parities are handed on in a bit of their own, so that a path may pass F again.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple, TypeAlias

from causal_eval.causal.formula.value import joint
from causal_eval.causal.graph import Graph, bits, mask_of
from causal_eval.causal.hedge import Forest
from causal_eval.causal.query import Assignment
from causal_eval.causal.sampled import Effect
from causal_eval.causal.scm import Row, Scm, Table
from causal_eval.seeds import Stream

MOST_CELLS = 1 << 15
"""Joint states of a model that are gone through."""
TRIES = 20
"""Random models for a condition that hides what the paths tell."""
_TURNED = Fraction(1, 4)
_EVEN = Fraction(1, 2)
_Joint: TypeAlias = Mapping[tuple[int, ...], Fraction]
_Law: TypeAlias = Callable[[Mapping[int, int]], Row]


@dataclass(frozen=True, slots=True)
class Pair:
    """Two models that agree on P(v), and where they differ."""

    names: tuple[str, ...]
    """Of the nodes, with a latent node for each bidirected edge that is used."""
    models: tuple[Scm, Scm]
    do: Assignment
    event: Assignment
    given: Assignment
    values: tuple[Fraction, Fraction]
    """P(event | do, given) in either."""


class _Node(NamedTuple):
    """How a node is made."""

    parents: tuple[int, ...]
    law: _Law
    """The law of the node by the values of its parents."""
    size: int = 2


def pair_of(g: Graph, names: Sequence[str], *, forest: Forest, asked: Effect) -> Pair | None:
    """Two models for P(y | do x, z); None where none of those that are tried is small enough and tells.

    A condition z hides parities that only reach z: then all that is not F is drawn at random, until z mixes them with
    what tells of y.
    """
    for makers in _makers(g, forest=forest, asked=asked):
        found = _judged(g, names, makers=makers, asked=asked, forest=forest)
        if found is not None:
            return found
    return None


def _makers(g: Graph, *, forest: Forest, asked: Effect) -> Iterator[tuple[dict[int, _Node], ...]]:
    """For each try the nodes of both models."""
    yield tuple(_by_paths(g, forest, prime=prime) for prime in (False, True))
    if asked.z:
        for seed in range(TRIES):
            yield tuple(_by_chance(g, forest, prime=prime, asked=asked, seed=seed) for prime in (False, True))


def _by_paths(g: Graph, forest: Forest, *, prime: bool) -> dict[int, _Node]:
    """Parities along the forest, and a bit of their own along the paths to what is asked about."""
    entered: dict[int, list[int]] = {}
    for node, after in forest.onward.items():
        entered.setdefault(after, []).append(node)
    wide = mask_of(entered) & forest.f
    first_root = bits(forest.roots)[0]
    made: dict[int, _Node] = {}
    for node in {*bits(forest.f), *entered}:
        kept = _forest_parents(g, forest, node=node, prime=prime) if forest.f >> node & 1 else ()
        before = tuple(entered.get(node, ()))
        turned = _TURNED if node == first_root else Fraction(0)
        law = _handing_on(kept, before, turned=turned, wide=wide, roots=forest.roots)
        made[node] = _Node(tuple(sorted({*kept, *before})), law, 4 if wide >> node & 1 else 2)
    return made


def _handing_on(kept: Sequence[int], before: Sequence[int], *, turned: Fraction, wide: int, roots: int) -> _Law:
    """The parity of *kept*, in a second bit that of what the nodes *before* hand on; only what there is of the two."""

    def handed(node: int, value: int) -> int:
        own = value & 1 if roots >> node & 1 or not wide >> node & 1 else 0
        return own ^ (value >> 1)

    def law(at: Mapping[int, int]) -> Row:
        own = _bit(sum(at[one] & 1 for one in kept) % 2, turned)
        lane = _bit(sum(handed(one, at[one]) for one in before) % 2, _TURNED)
        if kept and before:
            return tuple([own[value & 1] * lane[value >> 1] for value in range(4)])
        return lane if before else own

    return law


def _by_chance(g: Graph, forest: Forest, *, prime: bool, asked: Effect, seed: int) -> dict[int, _Node]:
    """F' turns its parities over, and all that is not F responds, with probabilities drawn at random.

    P(v) is the same in both models whatever is drawn: what F' is turned over by depends on what is observed and on
    common causes outside F alone, and the rest of F is left as it is.
    """
    made: dict[int, _Node] = {}
    relevant = g.ancestors(asked.x | asked.y | asked.z | forest.f)
    rest = forest.f & ~forest.f_prime
    spare = [
        edge
        for edge in g.bidirected_edges()
        if edge not in forest.tree and all((relevant & ~rest) >> end & 1 for end in edge)
    ]
    for node in bits(relevant):
        kept = _forest_parents(g, forest, node=node, prime=prime) if forest.f >> node & 1 else ()
        others: tuple[int, ...] = ()
        odds = [Fraction(0)]
        if not rest >> node & 1:
            shared = [g.n + len(forest.tree) + place for place, edge in enumerate(spare) if node in edge]
            others = (*bits(g.parents[node]), *shared)
            stream = Stream("counterexample", seed, node)
            odds = [Fraction(stream.between(1, 15), 16) for _ in range(1 << len(others))]
        made[node] = _Node(tuple(sorted({*kept, *others})), _turning(kept, others, odds=odds))
    return made


def _turning(kept: Sequence[int], others: Sequence[int], *, odds: Sequence[Fraction]) -> _Law:
    """The parity of *kept*, turned over with odds that the values of *others* give."""

    def law(at: Mapping[int, int]) -> Row:
        place = sum(at[one] << shift for shift, one in enumerate(others))
        return _bit(sum(at[one] for one in kept) % 2, odds[place])

    return law


def _forest_parents(g: Graph, forest: Forest, *, node: int, prime: bool) -> tuple[int, ...]:
    """Whose parity *node* is: its parents in the forest and its coins; in the second model, of F' inside F' alone."""
    inside = forest.f_prime if prime and forest.f_prime >> node & 1 else forest.f
    causes = [one for one, child in forest.child.items() if child == node and inside >> one & 1]
    coins = [
        g.n + place for place, edge in enumerate(forest.tree) if node in edge and all(inside >> end & 1 for end in edge)
    ]
    return (*causes, *coins)


def _bit(parity: int, turned: Fraction) -> Row:
    return (turned, 1 - turned) if parity else (1 - turned, turned)


def _judged(
    g: Graph, names: Sequence[str], *, makers: Sequence[dict[int, _Node]], asked: Effect, forest: Forest
) -> Pair | None:
    """The pair, if it tells the two apart."""
    largest = max((one for nodes in makers for node in nodes.values() for one in node.parents), default=0)
    n = max(g.n + len(forest.tree), largest + 1)
    used = asked.x | asked.y | asked.z | sum(1 << node for node in makers[0])
    used |= ((1 << n) - 1) >> g.n << g.n
    if 1 << used.bit_count() > MOST_CELLS:
        return None
    sizes = [nodes[node].size if node in nodes else 2 for nodes in makers for node in range(n)]
    models = tuple(_scm(g, n, nodes=nodes, sizes=sizes[:n]) for nodes in makers)
    for values in itertools.product((0, 1), repeat=asked.x.bit_count()):
        do = tuple(zip(bits(asked.x), values, strict=True))
        found = _difference([_margin(_small(scm, used), do, keep=asked.y | asked.z) for scm in models], asked=asked)
        if found is not None:
            event, given, numbers = found
            return Pair((*names, *_fresh(names, n - g.n)), (models[0], models[1]), do, event, given, numbers)
    return None


class _Difference(NamedTuple):
    event: Assignment
    given: Assignment
    values: tuple[Fraction, Fraction]


def _difference(laws: Sequence[_Joint], *, asked: Effect) -> _Difference | None:
    """Where P(y | z) differs most between two laws of (y, z)."""
    nodes = bits(asked.y | asked.z)
    best: tuple[Fraction, _Difference] | None = None
    for key in sorted({*laws[0], *laws[1]}):
        at = tuple(zip(nodes, key, strict=True))
        given = tuple([pair for pair in at if asked.z >> pair[0] & 1])
        event = tuple([pair for pair in at if asked.y >> pair[0] & 1])
        shares = [_share(law, nodes, at, given) for law in laws]
        if None in shares or shares[0] == shares[1]:
            continue
        one, other = (share for share in shares if share is not None)
        if best is None or abs(one - other) > best[0]:
            best = abs(one - other), _Difference(event, given, (one, other))
    return best[1] if best else None


def _share(law: _Joint, nodes: Sequence[int], at: Assignment, given: Assignment) -> Fraction | None:
    wanted = dict(given)
    places = [(place, wanted[node]) for place, node in enumerate(nodes) if node in wanted]
    whole = sum((p for key, p in law.items() if all(key[place] == value for place, value in places)), Fraction(0))
    return law.get(tuple([value for _, value in at]), Fraction(0)) / whole if whole else None


def _scm(g: Graph, n: int, *, nodes: Mapping[int, _Node], sizes: Sequence[int]) -> Scm:
    """The model; what takes no part is a fair coin."""
    edges = [(cause, node) for node, made in nodes.items() for cause in made.parents]
    latent = g.latent | ((1 << n) - 1) >> g.n << g.n
    tables = []
    for node in range(n):
        made = nodes.get(node, _Node((), lambda _: (_EVEN, _EVEN)))
        keys = itertools.product(*[range(sizes[cause]) for cause in made.parents])
        tables.append(Table({key: made.law(dict(zip(made.parents, key, strict=True))) for key in keys}))
    return Scm(Graph.build(n, edges, latent=latent), tuple(sizes), tuple(tables))


def _small(scm: Scm, used: int) -> Scm:
    """*scm* with one value for every node outside *used*, which stands alone."""
    sizes = tuple([size if used >> node & 1 else 1 for node, size in enumerate(scm.domains)])
    one = Table({(): (Fraction(1),)})
    tables = tuple([table if used >> node & 1 else one for node, table in enumerate(scm.mechanisms)])
    return Scm(scm.graph, sizes, tables)


def _margin(scm: Scm, do: Assignment, *, keep: int) -> _Joint:
    nodes = bits(keep)
    found: dict[tuple[int, ...], Fraction] = {}
    for key, p in joint(scm, dict(do)).items():
        at = tuple([key[node] for node in nodes])
        found[at] = found.get(at, Fraction(0)) + p
    return found


def _fresh(names: Sequence[str], count: int) -> Iterator[str]:
    """Names of latent nodes that no node has."""
    free = (name for number in itertools.count(1) if (name := f"U{number}") not in names)
    return itertools.islice(free, count)


def same_observed(pair: Pair) -> bool:
    """Whether both models have the same law of what is observed, everywhere positive."""
    one, other = pair.models
    idle = [node for node in range(one.graph.n) if one.mechanisms[node] == other.mechanisms[node]]
    alone = [node for node in idle if not one.graph.parents[node] and not one.graph.children[node]]
    used = ((1 << one.graph.n) - 1) & ~sum(1 << node for node in alone)
    keep = used & one.graph.observed
    laws = [_margin(_small(scm, used), (), keep=keep) for scm in pair.models]
    size = 1
    for node in bits(keep):
        size *= one.domains[node]
    return laws[0] == laws[1] and len(laws[0]) == size and all(laws[0].values())
