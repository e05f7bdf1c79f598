"""Separation: which independences a graph guarantees, and everything that separates two quantities (rung 1).

Truth: d-separation, and m-separation where hidden common causes are listed. All graphs are in one piece, so that some
path always leads from one quantity to the other: what decides is which paths are open. ``claims`` come in twins that
differ in a single link; it undoes some of the claims and leaves the others.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from causal_eval.causal.adjust import minimal_separators
from causal_eval.causal.graph import Graph, bits, closure, mask_of
from causal_eval.causal.kinds.kind import Json
from causal_eval.causal.separation import judge, separated
from causal_eval.errors import VerificationMismatch
from causal_eval.questions.facts import Fact, Facts, Slot, confounded, edge, of_form, the_ask
from causal_eval.questions.family import Family, Group, Kind, Value
from causal_eval.questions.graphs import random_arrows, random_siblings, told
from causal_eval.questions.network import graph_of, node
from causal_eval.questions.numbering import Arrow, hidden, linear_extension
from causal_eval.questions.posing import Posed, about_graph, parts_of, symbol
from causal_eval.questions.question import AnswerKind, AnswerSpec
from causal_eval.questions.wording import Lexicon
from causal_eval.seeds import Stream

LABELS = ("holds", "fails")
SIZES = (6, 7, 8, 9, 10)
"""Quantities per difficulty."""
CLAIMS = (6, 6, 7, 7, 8)
"""Claims per difficulty."""
MOST_SETS = 6
"""Minimal separating sets at most."""

_TRIES = 500
_SEARCHES = 50
"""Claims that are tried for one place of the list."""
_UNDONE = 2
"""Claims at most that the twin's link undoes."""
_KNOWN = (1, 2, 3, 2)
"""Weights of 0, 1, 2, 3 known quantities in a claim."""


@dataclass(frozen=True, slots=True)
class _Claim:
    """*one* and *other* are independent given the mask *known*."""

    one: int
    other: int
    known: int

    def holds(self, graph: Graph) -> bool:
        return separated(graph, 1 << self.one, 1 << self.other, self.known)


def draw(stream: Stream, kind: Kind, difficulty: int) -> Group:
    """A question about all separating sets, or two about claims in graphs that differ in one link."""
    n, hides = SIZES[difficulty - 1], max(0, difficulty - 2)
    for _ in range(_TRIES):
        arrows = random_arrows(n, n + n // 4, most=3, stream=stream)
        siblings = random_siblings(Graph.build(n, arrows), hides, stream=stream)
        group = (_all_sets if kind.name == "minimal" else _claims)(kind, n, arrows, siblings, stream=stream)
        if group is not None:
            return group
    raise AssertionError(f"separation/{kind.name} at difficulty {difficulty}: no graph in {_TRIES} tries")


def _all_sets(
    kind: Kind, n: int, arrows: Sequence[Arrow], siblings: Sequence[Arrow], *, stream: Stream
) -> Group | None:
    graph = Graph.build(n, arrows, bidirected=siblings)
    one, other = stream.sample(range(n), 2)
    if _linked(graph, one) >> other & 1 or separated(graph, 1 << one, 1 << other, 0):
        return None
    sets = _separators(graph, one, other=other)
    if not 2 <= len(sets) <= MOST_SETS or max(map(int.bit_count, sets)) < 2:  # noqa: PLR2004 - several, and no trifles
        return None
    return told(kind, n, arrows, asks=(Fact("ask-separators", (one, other)),), stream=stream, siblings=siblings)


def _claims(kind: Kind, n: int, arrows: Sequence[Arrow], siblings: Sequence[Arrow], *, stream: Stream) -> Group | None:
    """Twins with the same claims: the last hidden common cause, or else an influence, is there only in the second."""
    plain = list(arrows)
    link = siblings[-1] if siblings else plain.pop(stream.below(len(plain)))
    graphs = Graph.build(n, plain, bidirected=siblings[:-1]), Graph.build(n, arrows, bidirected=siblings)
    in_one_piece = closure([_linked(graphs[0], index) for index in range(n)], 1) == graphs[0].everything
    claims = _mixed(graphs, CLAIMS[SIZES.index(n)], stream=stream) if in_one_piece else None
    if claims is None:
        return None
    number, moved = hidden(n, arrows, stream=stream)
    added = (number[link[0]], number[link[1]])
    shared = [
        *(edge(*arrow) for arrow in moved if siblings or arrow != added),
        *(confounded(number[one], number[other]) for one, other in siblings[:-1]),
        Fact("listed" if siblings else "closed"),
        *(_stated(place, claim, number=number) for place, claim in enumerate(claims, 1)),
        Fact("ask-claims"),
    ]
    more = confounded(*added) if siblings else edge(*added)
    order = linear_extension(n, moved, stream=stream)
    return Group(kind.name, n, order, (tuple(shared), (more, *shared)))


def _mixed(graphs: tuple[Graph, Graph], count: int, *, stream: Stream) -> list[_Claim] | None:
    """Claims of which the link undoes one or two, and of the others each holds in both graphs or in neither."""
    undone = stream.between(1, _UNDONE)
    wanted = [(True, False)] * undone + [(stream.chance(3, 5),) * 2 for _ in range(count - undone - 1)]
    found: list[_Claim] = []
    for first, second in [(False, False), *wanted]:
        subtle = not found
        size = stream.weighted(_KNOWN)
        fitting = (
            claim
            for claim in (_random_claim(graphs[1], size or subtle, stream=stream) for _ in range(_SEARCHES))
            if claim is not None
            and claim not in found
            and claim.holds(graphs[0]) is first
            and (not first or claim.holds(graphs[1]) is second)
            and (not subtle or _opened_below(graphs[0], claim))
        )
        claim = next(fitting, None)
        if claim is None:
            return None
        found.append(claim)
    return stream.shuffled(found)


def _random_claim(graph: Graph, size: int, *, stream: Stream) -> _Claim | None:
    one, other, *known = stream.sample(range(graph.n), 2 + size)
    return None if _linked(graph, one) >> other & 1 else _Claim(min(one, other), max(one, other), mask_of(known))


def _opened_below(graph: Graph, claim: _Claim) -> bool:
    """Whether a shortest open path passes a common effect that is not itself known: something after it is."""
    path = judge(graph, 1 << claim.one, 1 << claim.other, claim.known).open_path or ()
    return any(
        into >> before & into >> after & 1 and not claim.known >> middle & 1
        for before, middle, after in zip(path, path[1:], path[2:], strict=False)
        for into in (graph.parents[middle] | graph.bidirected[middle],)
    )


def _stated(place: int, claim: _Claim, *, number: Sequence[int]) -> Fact:
    ends = (number[claim.one], number[claim.other])
    known = tuple(number[index] for index in bits(claim.known))
    return Fact("claim", (place, *ends, known)) if known else Fact("claim-alone", (place, *ends))


def case(facts: Facts, n: int) -> Posed:
    """The truth of every claim, or all minimal separators, in the graph of the printed links.

    Raises:
        VerificationMismatch: the list of links is not said to be complete, or the claims are not numbered 1, 2, ...
    """
    if len(of_form(facts, "closed", "listed")) != 1 or bool(of_form(facts, "confounded")) > bool(
        of_form(facts, "listed")
    ):
        raise VerificationMismatch("the prompt must say once that its list of influences and hidden causes is complete")
    graph, ask = graph_of(facts, n), the_ask(facts)
    if ask.form == "ask-separators":
        one, other = (symbol(node(slot)) for slot in ask.slots)
        query = {"kind": "minimal_separators", "X": one, "Y": other}
        return about_graph(graph, query, estimand=f"every minimal Z with {one} _||_ {other} | Z")
    queries = [_query(claim) for claim in _read(facts)]
    return about_graph(graph, *queries, estimand="which of the listed independences the graph implies")


def _query(claim: _Claim) -> dict[str, Json]:
    known: list[Json] = [symbol(index) for index in bits(claim.known)]
    return {"kind": "dsep", "X": symbol(claim.one), "Y": symbol(claim.other), "Z": known}


def _read(facts: Facts) -> list[_Claim]:
    """The claims in the order of their numbers."""
    stated = {fact.slots[0]: fact.slots[1:] for fact in of_form(facts, "claim", "claim-alone")}
    if list(stated) and sorted(map(node, stated)) == list(range(1, len(of_form(facts, "claim", "claim-alone")) + 1)):
        return [_claim(stated[place]) for place in range(1, len(stated) + 1)]
    raise VerificationMismatch("the prompt must number its claims 1, 2, 3 and so on")


def _claim(slots: Sequence[Slot]) -> _Claim:
    one, other, *known = slots
    given = known[0] if known else ()
    assert isinstance(given, tuple)
    return _Claim(node(one), node(other), mask_of([part for part in given if isinstance(part, int)]))


def spec(facts: Facts, lexicon: Lexicon) -> AnswerSpec:
    """A label for each claim, or sets of quantities, the two asked about left out."""
    ask = the_ask(facts)
    if ask.form == "ask-claims":
        return AnswerSpec(AnswerKind.LABELS, options=LABELS, items=_items(len(_read(facts))))
    ends = {node(slot) for slot in ask.slots}
    items = tuple([name for index, name in enumerate(lexicon.names) if index not in ends])
    return AnswerSpec(AnswerKind.SETS, items=items)


def _items(count: int) -> tuple[str, ...]:
    return tuple(f"claim {place}" for place in range(1, count + 1))


def _labelled(verdicts: Sequence[Value]) -> dict[str, Value]:
    return {item: LABELS[0 if holds else 1] for item, holds in zip(_items(len(verdicts)), verdicts, strict=True)}


def answer(facts: Facts, value: Value) -> Value:
    """The label of every claim, or every minimal separator."""
    found = parts_of(value)
    return found[0] if the_ask(facts).form == "ask-separators" else _labelled(found)


def mistakes(facts: Facts, n: int) -> Mapping[str, Value]:
    """What forgetting common effects, opening none of them, or a look at what is known alone would give."""
    graph, ask = graph_of(facts, n), the_ask(facts)
    if ask.form == "ask-separators":
        return _wrong_sets(graph, node(ask.slots[0]), other=node(ask.slots[1]))
    claims = _read(facts)
    wrong = {
        "any path will do, unless something known lies on it": [not _joined(graph, claim) for claim in claims],
        "a common effect never connects": [
            separated(_without(graph, claim.known), 1 << claim.one, 1 << claim.other, 0) for claim in claims
        ],
        "what is known makes no difference": [separated(graph, 1 << c.one, 1 << c.other, 0) for c in claims],
        "only direct links connect": [True for _ in claims],
        "what is linked at all depends": [False for _ in claims],
    }
    right = [claim.holds(graph) for claim in claims]
    return {name: _labelled(verdicts) for name, verdicts in wrong.items() if verdicts != right}


def _wrong_sets(graph: Graph, one: int, *, other: int) -> dict[str, Value]:
    ends = 1 << one | 1 << other
    right = _separators(graph, one, other=other)
    wrong = {
        "the smallest sets only": [z for z in right if z.bit_count() == min(map(int.bit_count, right))],
        "stop at the first set": right[:1],
        "block every path, open or not": [_linked(graph, one) & ~ends],
        "all causes of both": [graph.ancestors(ends) & ~ends],
    }
    return {name: tuple(tuple(bits(z)) for z in sets) for name, sets in wrong.items() if set(sets) != set(right)}


def _separators(graph: Graph, one: int, *, other: int) -> list[int]:
    """Minimal separators, one more at most than a question may have."""
    allowed = graph.everything & ~(1 << one | 1 << other)
    return list(
        itertools.islice(minimal_separators(graph, 1 << one, y=1 << other, include=0, allowed=allowed), MOST_SETS + 1)
    )


def _linked(graph: Graph, index: int) -> int:
    return graph.parents[index] | graph.children[index] | graph.bidirected[index]


def _joined(graph: Graph, claim: _Claim) -> bool:
    """Whether a path of links of any direction leads past the known quantities."""
    near = [_linked(graph, index) & ~claim.known for index in range(graph.n)]
    return bool(closure(near, 1 << claim.one) >> claim.other & 1)


def _without(graph: Graph, gone: int) -> Graph:
    """The graph with all links of the mask *gone* cut, so that no path leads through it."""
    keep = [0 if gone >> index & 1 else ~gone for index in range(graph.n)]
    return Graph(
        graph.n,
        tuple([mask & kept for mask, kept in zip(graph.parents, keep, strict=True)]),
        tuple([mask & kept for mask, kept in zip(graph.bidirected, keep, strict=True)]),
    )


FAMILY = Family(
    name="separation",
    title="Which independences hold",
    number=3,
    kinds=(Kind("claims", rung=1, size=2), Kind("minimal", rung=1)),
    draw=draw,
    case=case,
    spec=spec,
    answer=answer,
    mistakes=mistakes,
)
