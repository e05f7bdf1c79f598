"""Confounding: what to adjust for, all that can be adjusted for, or that nothing will do (rung 2).

Truth: the inclusion-minimal adjustment sets for the total effect of X on Y (complete criterion), of measured
quantities only. Graphs are assembled from motifs, each of which opens a back-door path or only seems to, and padded
with quantities that never belong into a minimal set. ``one`` asks about one graph twice: in one twin the quantities
that were not measured leave a valid set, in the other they do not; the two answers are one scoring unit.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field

from causal_eval.causal.adjust import forbidden, minimal_adjustment_sets, proper_backdoor_graph
from causal_eval.causal.graph import Graph, bits
from causal_eval.causal.query import Case, Query
from causal_eval.causal.query import Kind as Asked
from causal_eval.causal.separation import separated
from causal_eval.errors import VerificationMismatch
from causal_eval.questions.facts import Fact, Facts, edge, latent, of_form, the_ask
from causal_eval.questions.family import Family, Group, Kind, Value
from causal_eval.questions.network import graph_of, node
from causal_eval.questions.numbering import Arrow, hidden, linear_extension
from causal_eval.questions.question import AnswerKind, AnswerSpec
from causal_eval.questions.wording import Lexicon
from causal_eval.seeds import Stream

SIZES = (7, 8, 9, 10, 11)
"""Nodes per difficulty, X and Y included."""

CAUSAL = ("x>y", "x>k k>y", "x>y x>k k>y")
"""How X acts on Y; k is the mediator, which later motifs call m."""

OPEN = (
    "a>x a>y",
    "a>x a>m",
    "a>b b>x a>y",
    "a>x a>b b>y",
    "a>x a>b b>x b>y",
    "a>x a>y b>y a>b",
    "a>b b>x a>c c>y",
    "a>x a>c b>c b>y c>x",
    "a>x a>c b>c b>m c>m",
    "a>x a>c b>c b>y c>x c>y",
)
"""Motifs that open a back-door path: forks, chains, half and whole butterflies; m is the mediator, or else Y."""

SHUT = ("a>x a>c b>c b>y", "a>x a>c b>c b>m", "a>x a>c b>c b>y c>d")
"""M-shaped motifs: the path they bring is shut until the collider c, or its effect d, is adjusted for."""

MOST_SETS = 6
"""A question has no more minimal sets than this."""

_X, _Y = 0, 1
_ENDS = 1 << _X | 1 << _Y
_PLAIN, _EMPTY, _NONE = range(3)
_OUTCOMES = (22, 1, 1)
"""How often ``minimal`` has sets to list, only the empty set, or none."""
_TRIES = 100
_MASKS = 4


@dataclass(slots=True)
class _Sketch:
    """A graph under construction: X is node 0, Y node 1."""

    n: int = 2
    arrows: list[Arrow] = field(default_factory=list)
    mediator: int = _Y

    def add(self, motif: str) -> None:
        """Join a motif with nodes of its own to X, Y and the mediator."""
        fixed = {"x": _X, "y": _Y, "m": self.mediator}
        letters, pairs = _parsed(motif)
        at = fixed | {letter: self.n + place for place, letter in enumerate(letters)}
        self.n += len(letters)
        arrows = [(at[cause], at[effect]) for cause, effect in pairs]
        self.arrows += [arrow for arrow in arrows if arrow not in self.arrows]

    def leaf(self, causes: list[int]) -> None:
        """A quantity that affects nothing: a proxy, or a common effect; it is in no minimal set."""
        self.arrows += [(cause, self.n) for cause in causes]
        self.n += 1

    def root(self, effect: int) -> None:
        """A quantity with one effect and no cause, e.g. an instrument; it is in no minimal set."""
        self.arrows.append((self.n, effect))
        self.n += 1

    def subdivide(self, place: int) -> None:
        """A quantity within the arrow at *place*."""
        cause, effect = self.arrows.pop(place)
        self.arrows += [(cause, self.n), (self.n, effect)]
        self.n += 1


def draw(stream: Stream, kind: Kind, difficulty: int) -> Group:
    """A twin group whose sets are known to exist, or not to, as its kind wants."""
    outcome = _PLAIN if kind.name == "one" else stream.weighted(_OUTCOMES)
    for _ in range(_TRIES):
        sketch = _sketch(stream, difficulty, confounded=outcome != _EMPTY)
        unmeasured = _unmeasured(sketch, kind, outcome=outcome, difficulty=difficulty, stream=stream)
        if unmeasured:
            return _group(sketch, unmeasured, kind=kind, stream=stream)
    raise AssertionError(f"confounding/{kind.name} at difficulty {difficulty}: no graph in {_TRIES} tries")


def case(facts: Facts, n: int) -> Case:
    """All inclusion-minimal adjustment sets in the graph of the printed edges.

    Raises:
        VerificationMismatch: the list of influences is not said to be complete, or X or Y is said to be unmeasured.
    """
    if len(of_form(facts, "closed")) != 1:
        raise VerificationMismatch("the prompt must say once that its list of direct influences is complete")
    graph = graph_of(facts, n)
    x, y = _asked(facts)
    if graph.latent >> x & 1 or graph.latent >> y & 1:
        raise VerificationMismatch("the two quantities asked about must be measured")
    query = Query(kind=Asked.MINIMAL_ADJUSTMENT_SETS, x=(x,), y=(y,))
    return Case(tuple(f"V{index}" for index in range(n)), graph, None, query)


def spec(facts: Facts, lexicon: Lexicon) -> AnswerSpec:
    """One set or all sets over every quantity but X and Y, unmeasured ones included: naming those is a mistake."""
    several = the_ask(facts).form == "ask-adjust-all"
    ends = _asked(facts)
    items = tuple([name for index, name in enumerate(lexicon.names) if index not in ends])
    return AnswerSpec(AnswerKind.SETS if several else AnswerKind.SET, items=items, may_be_none=True)


def answer(_facts: Facts, value: Value) -> Value:
    """The sets themselves: any one of them is right for ``one``, all of them for ``minimal``."""
    return value


def mistakes(facts: Facts, n: int) -> Mapping[str, Value]:
    """What adjusting for all, for nothing, for the wrong things or for the unmeasured would give."""
    graph = graph_of(facts, n)
    x, y = _asked(facts)
    right = minimal_adjustment_sets(graph, 1 << x, 1 << y)
    free = minimal_adjustment_sets(Graph(n, graph.parents, graph.bidirected), 1 << x, 1 << y)
    several = the_ask(facts).form == "ask-adjust-all"
    wrong: dict[str, tuple[tuple[int, ...], ...]] = {
        name: (tuple(bits(mask)),) for name, mask in _wrong_masks(graph, (x, y)).items()
    }
    wrong["forget what was not measured"] = free if several else free[:1]
    if several:
        wrong["stop at the first set"] = right[:1]
        return {name: sets for name, sets in wrong.items() if sets != right}
    return {name: sets for name, sets in wrong.items() if sets[0] not in right}


def _wrong_masks(graph: Graph, asked: tuple[int, int]) -> dict[str, int]:
    """Named wrong sets, as masks; those that would need a quantity which is not there are left out."""
    x, y = asked
    ends = 1 << x | 1 << y
    measured = graph.observed & ~ends
    between = graph.descendants(1 << x) & graph.ancestors(1 << y) & measured
    shared = sum(1 << index for index in bits(measured) if graph.parents[index].bit_count() > 1) & ~between
    wrong = {
        "adjust for nothing": 0,
        "adjust for everything": measured,
        "adjust for all causes of X or Y": graph.ancestors(ends) & measured & ~between,
        "direct common causes only": graph.parents[x] & graph.parents[y] & measured,
        "direct causes of X, measured or not": graph.parents[x],
    }
    needing = {"adjust for the mediator": between, "adjust for a collider": shared}
    return wrong | {name: mask for name, mask in needing.items() if mask}


def _sketch(stream: Stream, difficulty: int, *, confounded: bool) -> _Sketch:
    """Motifs, then role-safe padding up to the size of the difficulty."""
    sketch, size = _Sketch(), SIZES[difficulty - 1]
    causal = stream.choice(CAUSAL)
    sketch.add(causal)
    if "k" in causal:
        sketch.mediator = sketch.n - 1
    for _ in range(1 + stream.below(1 + difficulty // 2) if confounded else 0):
        _add_motif(sketch, OPEN, size=size - 1, stream=stream)
    if not confounded or stream.chance(1, 4):
        _add_motif(sketch, SHUT, size=size, stream=stream)
    while sketch.n < size:
        _pad(sketch, stream)
    return sketch


def _add_motif(sketch: _Sketch, motifs: tuple[str, ...], *, size: int, stream: Stream) -> None:
    """One of the motifs that leave at most *size* nodes; nothing where none fits."""
    fitting = [motif for motif in motifs if sketch.n + len(_parsed(motif)[0]) <= size]
    if fitting:
        sketch.add(stream.choice(fitting))


@functools.cache
def _parsed(motif: str) -> tuple[tuple[str, ...], tuple[tuple[str, str], ...]]:
    """The letters that stand for nodes of its own, and the arrows."""
    pairs = tuple((part[0], part[2]) for part in motif.split())
    return tuple(sorted({letter for pair in pairs for letter in pair} - set("xym"))), pairs


def _pad(sketch: _Sketch, stream: Stream) -> None:
    match stream.weighted((3, 1, 2, 2)):
        case 0:
            sketch.leaf(stream.sample(range(sketch.n), 2))
        case 1:
            sketch.leaf([stream.below(sketch.n)])
        case 2:
            sketch.root(_X if stream.chance(1, 2) else stream.below(sketch.n))
        case _:
            sketch.subdivide(stream.below(len(sketch.arrows)))


def _unmeasured(sketch: _Sketch, kind: Kind, *, outcome: int, difficulty: int, stream: Stream) -> tuple[int, ...]:
    """The mask of unmeasured quantities for each member, or nothing where this graph cannot give the outcome."""
    graph = Graph.build(sketch.n, sketch.arrows)
    if kind.name == "one" or outcome == _NONE:
        pair = _swap(graph, stream.between(1, 2 + difficulty // 3), stream=stream)
        return pair if kind.name == "one" else pair[1:]
    for _ in range(_MASKS):
        mask = sum(1 << index for index in stream.sample(range(2, sketch.n), stream.below(2 + difficulty // 2)))
        if _sets(graph, mask) == ((),) if outcome == _EMPTY else _worth_asking(graph, mask, stream=stream):
            return (mask,)
    return ()


def _swap(graph: Graph, count: int, *, stream: Stream) -> tuple[int, ...]:
    """Two masks of *count* quantities that differ in one: with the first a set exists, with the second none does."""
    x, y = 1 << _X, 1 << _Y
    cut = proper_backdoor_graph(graph, x, y)
    largest = graph.ancestors(_ENDS) & ~(forbidden(graph, x, y) | _ENDS)
    for _ in range(_MASKS):
        order = stream.shuffled(range(2, graph.n))
        common = sum(1 << index for index in order[: count - 1])
        if not separated(cut, x, y, largest & ~common):
            continue
        spared = needed = 0
        for index in order[count - 1 :]:
            mask = common | 1 << index
            if not largest >> index & 1 or separated(cut, x, y, largest & ~mask):
                spared = spared or mask
            else:
                needed = needed or mask
            if spared and needed:
                break
        if spared and needed and _worth_asking(graph, spared, stream=stream):
            return spared, needed
    return ()


def _worth_asking(graph: Graph, unmeasured: int, *, stream: Stream) -> bool:
    """Whether there are sets, not too many, and (nearly always) none that a look at X and Y alone would find."""
    sets = _sets(graph, unmeasured)
    if not 1 <= len(sets) <= MOST_SETS or sets == ((),):
        return False
    tempting = graph.parents[_X], graph.parents[_X] & ~unmeasured, graph.parents[_X] & graph.parents[_Y]
    return not any(tuple(bits(mask)) in sets for mask in tempting) or stream.chance(1, 24)


def _sets(graph: Graph, unmeasured: int) -> tuple[tuple[int, ...], ...]:
    return minimal_adjustment_sets(Graph(graph.n, graph.parents, graph.bidirected, unmeasured), 1 << _X, 1 << _Y)


def _group(sketch: _Sketch, unmeasured: tuple[int, ...], *, kind: Kind, stream: Stream) -> Group:
    """The questions in numbers that give no role away; twins differ in what was not measured and in nothing else."""
    number, arrows = hidden(sketch.n, sketch.arrows, stream=stream)
    ask = Fact("ask-adjust-one" if kind.name == "one" else "ask-adjust-all", (number[_X], number[_Y]))
    shared = (*itertools.starmap(edge, arrows), Fact("closed"), ask)
    members = tuple((*shared, *(latent(number[index]) for index in bits(mask))) for mask in unmeasured)
    return Group(kind.name, sketch.n, linear_extension(sketch.n, arrows, stream=stream, late=number[_X]), members)


def _asked(facts: Facts) -> tuple[int, int]:
    x, y = the_ask(facts).slots
    return node(x), node(y)


FAMILY = Family(
    name="confounding",
    title="What to adjust for",
    number=17,
    kinds=(Kind("one", rung=2, size=2, joint=True), Kind("minimal", rung=2)),
    draw=draw,
    case=case,
    spec=spec,
    answer=answer,
    mistakes=mistakes,
)
