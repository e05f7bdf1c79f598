"""Instruments: what can stand in for randomising a treatment, and within which strata (rung 2).

Truth: Brito and Pearl's criterion for the coefficient of X -> Y. A hidden common cause of X and Y is always there, so
that no adjustment will do. ``which`` states what is held fixed, which makes some instruments and unmakes others;
``sets`` asks for everything that must be held fixed to make one quantity an instrument.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from causal_eval.causal.graph import Graph, bits, mask_of
from causal_eval.causal.instruments import instruments, is_instrument
from causal_eval.causal.kinds.kind import Json
from causal_eval.causal.separation import separated
from causal_eval.errors import VerificationMismatch
from causal_eval.questions.facts import Fact, Facts, of_form, the_ask
from causal_eval.questions.family import Family, Group, Kind, Value
from causal_eval.questions.graphs import random_arrows, random_siblings, told
from causal_eval.questions.network import graph_of, node
from causal_eval.questions.posing import Posed, about_graph, by_name, parts_of, symbol
from causal_eval.questions.question import AnswerKind, AnswerSpec
from causal_eval.questions.wording import Lexicon
from causal_eval.seeds import Stream

SIZES = (8, 9, 9, 10, 10)
"""Quantities per difficulty in ``sets``; ``which`` has two more."""
HIDDEN = (2, 3, 3, 4, 4)
"""Hidden common causes per difficulty."""
MOST_SETS = 5
"""Smallest sets at most."""

_TRIES = 3000
_FEWEST = 2
"""Instruments at least, candidates that are none, and smallest sets."""


def draw(stream: Stream, kind: Kind, difficulty: int) -> Group:
    """One question over a random graph."""
    n, hides = SIZES[difficulty - 1] + 2 * (kind.name == "which"), HIDDEN[difficulty - 1]
    for _ in range(_TRIES):
        arrows = random_arrows(n, n + n // 3, most=3, stream=stream)
        x, y = stream.choice(arrows)
        siblings = [(x, y), *random_siblings(Graph.build(n, arrows), hides - 1, stream=stream)]
        graph = Graph.build(n, arrows, bidirected=siblings)
        ask = (_ask_which if kind.name == "which" else _ask_sets)(graph, x, y=y, stream=stream)
        if ask is not None:
            return told(kind, n, arrows, asks=(ask,), stream=stream, siblings=siblings)
    raise AssertionError(f"instrument/{kind.name} at difficulty {difficulty}: no graph in {_TRIES} tries")


def _ask_which(graph: Graph, x: int, *, y: int, stream: Stream) -> Fact | None:
    """Some quantities are instruments given one or two others, and not the same ones as given nothing."""
    free = bits(graph.everything & ~(1 << x | graph.descendants(1 << y)))
    if len(free) < _FEWEST:
        return None
    given = stream.sample(free, stream.between(1, 2))
    right = _serving(graph, x, y=y, w=mask_of(given))
    wrong = graph.everything & ~(right | mask_of((x, y, *given)))
    if min(right.bit_count(), wrong.bit_count()) < _FEWEST or right == _serving(graph, x, y=y, w=0) & ~mask_of(given):
        return None
    return Fact("ask-instruments", (x, y, tuple(given)))


def _ask_sets(graph: Graph, x: int, *, y: int, stream: Stream) -> Fact | None:
    """A quantity becomes an instrument once something is held fixed; no smallest set is missed by the engine."""
    z = stream.below(graph.n)
    if z in (x, y):
        return None
    sets = [found.given for found in instruments(graph, 1 << x, y=1 << y) if found.z == z]
    if not _FEWEST <= len(sets) <= MOST_SETS:
        return None
    return Fact("ask-instrument-sets", (z, x, y)) if sorted(sets) == sorted(_smallest(graph, x, y=y, z=z)) else None


def _serving(graph: Graph, x: int, *, y: int, w: int) -> int:
    """The mask of all instruments given *w*."""
    others = bits(graph.everything & ~(1 << x | 1 << y | w))
    return mask_of(z for z in others if is_instrument(graph, 1 << x, y=1 << y, z=1 << z, w=w))


def _smallest(graph: Graph, x: int, *, y: int, z: int) -> list[int]:
    """Every set that makes *z* an instrument while none of its proper subsets does, by trying all."""
    free = bits(graph.everything & ~(1 << x | 1 << z | graph.descendants(1 << y)))
    picks = sorted(range(1 << len(free)), key=int.bit_count)
    found: list[int] = []
    for pick in picks:
        w = mask_of(one for place, one in enumerate(free) if pick >> place & 1)
        if not any(known & w == known for known in found) and is_instrument(graph, 1 << x, y=1 << y, z=1 << z, w=w):
            found.append(w)
    return found


def case(facts: Facts, n: int) -> Posed:
    """Whether each candidate is an instrument given what is stated, or all instruments with their smallest sets.

    Raises:
        VerificationMismatch: the list of links is not said to be complete.
    """
    if len(of_form(facts, "listed")) != 1:
        raise VerificationMismatch("the prompt must say once that its list of influences and hidden causes is complete")
    graph, ask = graph_of(facts, n), the_ask(facts)
    if ask.form == "ask-instrument-sets":
        z, x, y = (symbol(node(slot)) for slot in ask.slots)
        query: dict[str, Json] = {"kind": "instruments", "X": x, "Y": y}
        return about_graph(graph, query, estimand=f"every smallest W given which {z} is an instrument for {x} -> {y}")
    one, other, given = _asked(facts)
    queries = [_query(one, other, z=z, given=given) for z in _candidates(one, other, given=given, n=n)]
    title = f"the instruments for {symbol(one)} -> {symbol(other)} given {', '.join(map(symbol, given))}"
    return about_graph(graph, *queries, estimand=title)


def _asked(facts: Facts) -> tuple[int, int, tuple[int, ...]]:
    """X, Y and what is held fixed."""
    x, y, given = the_ask(facts).slots
    assert isinstance(given, tuple)
    return node(x), node(y), tuple(part for part in given if isinstance(part, int))


def _candidates(x: int, y: int, *, given: Sequence[int], n: int) -> list[int]:
    return [index for index in range(n) if index not in (x, y, *given)]


def _query(x: int, y: int, *, z: int, given: Sequence[int]) -> dict[str, Json]:
    fixed: list[Json] = [symbol(index) for index in sorted(given)]
    return {"kind": "is_instrument", "Z": symbol(z), "X": symbol(x), "Y": symbol(y), "W": fixed}


def spec(facts: Facts, lexicon: Lexicon) -> AnswerSpec:
    """A set of candidates, or sets of quantities to hold fixed."""
    ask = the_ask(facts)
    if ask.form == "ask-instrument-sets":
        asked = {node(slot) for slot in ask.slots}
        items = tuple([name for index, name in enumerate(lexicon.names) if index not in asked])
        return AnswerSpec(AnswerKind.SETS, items=items)
    x, y, given = _asked(facts)
    candidates = _candidates(x, y, given=given, n=len(lexicon.names))
    return AnswerSpec(AnswerKind.SET, items=tuple([lexicon.names[index] for index in candidates]))


def answer(facts: Facts, value: Value) -> Value:
    """The one set of all instruments, or every smallest set for the one that is asked about."""
    found = parts_of(value)
    ask = the_ask(facts)
    if ask.form == "ask-instrument-sets":
        listed = [by_name(one) for one in parts_of(found[0])]
        return tuple([one["W"] for one in listed if one["Z"] == ask.slots[0]])
    x, y, given = _asked(facts)
    candidates = _candidates(x, y, given=given, n=len(found) + 2 + len(given))
    return (tuple([index for index, holds in zip(candidates, found, strict=True) if holds]),)


def mistakes(facts: Facts, n: int) -> Mapping[str, Value]:
    """What forgetting one of the conditions, the hidden causes or what is held fixed would give."""
    graph, ask = graph_of(facts, n), the_ask(facts)
    if ask.form == "ask-instrument-sets":
        z, x, y = (node(slot) for slot in ask.slots)
        return _wrong_sets(graph, x, y=y, z=z)
    x, y, given = _asked(facts)
    w = mask_of(given)
    right, others = _serving(graph, x, y=y, w=w), graph.everything & ~(1 << x | 1 << y | w)
    plain = Graph(graph.n, graph.parents, (0,) * graph.n, graph.latent)
    wrong = {
        "relevance is enough": mask_of(z for z in bits(others) if not separated(graph, 1 << z, 1 << x, w)),
        "whatever acts on the treatment": graph.ancestors(1 << x) & others,
        "causes of the treatment only": graph.parents[x] & others,
        "what is held fixed makes no difference": _serving(graph, x, y=y, w=0) & others,
        "hidden causes overlooked": _serving(plain, x, y=y, w=w),
    }
    return {name: (tuple(bits(mask)),) for name, mask in wrong.items() if mask != right}


def _wrong_sets(graph: Graph, x: int, *, y: int, z: int) -> dict[str, Value]:
    right = _smallest(graph, x, y=y, z=z)
    free = graph.everything & ~(1 << x | 1 << y | 1 << z)
    plain = Graph(graph.n, graph.parents, (0,) * graph.n, graph.latent)
    wrong = {
        "nothing needs to be held fixed": [0],
        "hold everything else fixed": [free],
        "the causes of the instrument": [graph.parents[z] & free],
        "stop at the first set": right[:1],
        "hidden causes overlooked": _smallest(plain, x, y=y, z=z),
    }
    return {name: tuple(tuple(bits(w)) for w in sets) for name, sets in wrong.items() if set(sets) != set(right)}


FAMILY = Family(
    name="instrument",
    title="Instruments",
    number=19,
    kinds=(Kind("which", rung=2), Kind("sets", rung=2)),
    draw=draw,
    case=case,
    spec=spec,
    answer=answer,
    mistakes=mistakes,
)
