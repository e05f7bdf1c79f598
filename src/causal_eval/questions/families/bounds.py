"""Bounds: between which values an effect must lie that the facts leave open (rung 2).

Truth: sharp bounds given everything stated, by an exact linear programme over response functions and again by the
corners of what is possible. ``confounded``: treatment and outcome share a hidden cause, and counts are all there is
(Manski's bounds come out). ``instrument``: a third quantity moves the treatment and nothing else (those of Balke and
Pearl come out, which are tighter than the natural ones). Counts come from a model, so that they are possible.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from fractions import Fraction

from causal_eval.causal.calculator import calculate
from causal_eval.causal.kinds.kind import Json
from causal_eval.errors import CausalError, VerificationMismatch
from causal_eval.questions.counts import TOTAL, Counts, cases, count_facts, counts_of, rounded, share
from causal_eval.questions.facts import Fact, Facts, confounded, edge, of_form
from causal_eval.questions.family import Family, Group, Kind, Value
from causal_eval.questions.network import contrast_of, graph_of
from causal_eval.questions.posing import Posed, about_graph, parts_of, symbol, valued
from causal_eval.questions.question import AnswerKind, AnswerSpec
from causal_eval.questions.wording import Lexicon
from causal_eval.seeds import Stream

STRENGTHS = (90, 75, 60, 50, 40)
"""Per difficulty in percent: how strongly the instrument moves the treatment."""

_TRIES = 400
_FEWEST = 15
"""Cases in which a combination of instrument and treatment is seen."""
_APART = Fraction(1, 50)
"""Ends that a named mistake gives differ by so much from the right ones, one of them at least."""


def draw(stream: Stream, kind: Kind, difficulty: int) -> Group:
    """Counts of a random model with a hidden cause, from which the bounds follow."""
    n = 3 if kind.name == "instrument" else 2
    for _ in range(_TRIES):
        z, x, y = (
            [*stream.shuffled(range(n)), -1][:3] if kind.name == "instrument" else (-1, *stream.shuffled(range(n)))
        )
        counts = _counts((z, x, y), strength=STRENGTHS[difficulty - 1], stream=stream)
        arrows = [(x, y), *([(z, x)] if z >= 0 else [])]
        ask = Fact("ask-bounds", ((y, 1), (x, 1), (x, 0)))
        told = (*itertools.starmap(edge, arrows), confounded(x, y), *count_facts(counts), Fact("counted-hidden"), ask)
        if _kept(told, n):
            return Group(kind.name, n, tuple(node for node in (z, x, y) if node >= 0), (told,))
    raise AssertionError(f"bounds/{kind.name} at difficulty {difficulty}: no counts in {_TRIES} tries")


def _counts(nodes: tuple[int, int, int], *, strength: int, stream: Stream) -> Counts:
    """Counts of a model: a hidden cause of four states, what the instrument does in each, what treatment does."""
    z, x, y = nodes
    lean = Fraction(stream.between(35, 65), 100)
    parts = [stream.between(5, 40) for _ in range(4)]
    complies = [stream.between(0, 100) for _ in range(4)]
    base = [stream.between(2, 98) for _ in range(4)]
    risks = [(stream.between(2, 98), stream.between(2, 98)) for _ in range(4)]
    weights: dict[tuple[int, ...], Fraction] = {}
    n = 2 + (z >= 0)
    for state in itertools.product((0, 1), repeat=n):
        total = Fraction(0)
        for part, comply, usual, risk in zip(parts, complies, base, risks, strict=True):
            moved = Fraction(comply * strength, 10_000) if z >= 0 else Fraction(0)
            p_x = moved * (state[z] if z >= 0 else 0) + (1 - moved) * Fraction(usual, 100)
            p_y = Fraction(risk[state[x]], 100)
            total += Fraction(part, sum(parts)) * (p_x if state[x] else 1 - p_x) * (p_y if state[y] else 1 - p_y)
        weights[state] = total * ((lean if state[z] else 1 - lean) if z >= 0 else 1)
    return rounded(weights)


def _kept(facts: Facts, n: int) -> bool:
    """Whether the counts are possible, the bounds are no matter of course, and no mistake gives both ends."""
    x, _, z = _asked(facts, n)
    counts = counts_of(facts, n)
    groups = [[(x, value), *([(z, held)] if z >= 0 else [])] for value in (0, 1) for held in (0, 1)]
    if min(cases(counts, group) for group in groups) < _FEWEST:
        return False
    try:
        low, high = _ends(valued(calculate(case(facts, n).cases[0]).answer))
    except CausalError:  # rounded counts that no model with such an instrument has
        return False
    wrong = [_ends(pair) for pair in mistakes(facts, n).values()]
    return high > low and all(max(abs(low - one), abs(high - other)) >= _APART for one, other in wrong)


def _ends(value: Value) -> tuple[Fraction, Fraction]:
    low, high = parts_of(value)
    assert isinstance(low, Fraction)
    assert isinstance(high, Fraction)
    return low, high


def case(facts: Facts, n: int) -> Posed:
    """The sharp bounds in the printed graph, from the printed counts.

    Raises:
        VerificationMismatch: counts or influences are not said to be all, or the graph is another one.
    """
    if len(of_form(facts, "counted-hidden")) != 1:
        raise VerificationMismatch("the prompt must say once that counts, influences and hidden causes are complete")
    x, y, z = _asked(facts, n)
    graph, counts = graph_of(facts, n), counts_of(facts, n)
    law: dict[str, Json] = {
        ",".join(map(str, state)): str(Fraction(count, TOTAL)) for state, count in sorted(counts.items())
    }
    told: dict[str, Json] = {"variables": [symbol(node) for node in range(n)], "table": law}
    ends: dict[str, Json] = {"X": symbol(x), "Y": symbol(y), "distribution": told}
    estimand = f"sharp bounds on E[{symbol(y)} | do({symbol(x)}=1)] - E[{symbol(y)} | do({symbol(x)}=0)]"
    if z >= 0:
        return about_graph(graph, {"kind": "iv_bounds", "Z": symbol(z), **ends}, estimand=estimand)
    return about_graph(graph, {"kind": "bounds", "of": "ate", **ends}, estimand=estimand)


def spec(_facts: Facts, _lexicon: Lexicon) -> AnswerSpec:
    """An interval."""
    return AnswerSpec(AnswerKind.INTERVAL)


def answer(_facts: Facts, value: Value) -> Value:
    """The two ends."""
    return parts_of(value)[0]


def mistakes(facts: Facts, n: int) -> Mapping[str, Value]:
    """What taking association for effect, or overlooking what limits an end, would give."""
    x, y, z = _asked(facts, n)
    counts = counts_of(facts, n)
    seen = share(counts, (y, 1), [(x, 1)]) - share(counts, (y, 1), [(x, 0)])
    there, gone = Fraction(cases(counts, [(x, 1), (y, 1)]), TOTAL), Fraction(cases(counts, [(x, 0), (y, 1)]), TOTAL)
    treated = Fraction(cases(counts, [(x, 1)]), TOTAL)
    loose = (there - (gone + treated), there + 1 - treated - gone)
    wrong: dict[str, tuple[Fraction, Fraction]] = {
        "nothing is known": (Fraction(-1), Fraction(1)),
        "correlation is causation": (seen, seen),
        "the association is the largest it can be": (min(Fraction(0), seen), max(Fraction(0), seen)),
    }
    if z >= 0:
        moved = share(counts, (x, 1), [(z, 1)]) - share(counts, (x, 1), [(z, 0)])
        wrong["overlook the instrument"] = loose
        if moved:
            ratio = (share(counts, (y, 1), [(z, 1)]) - share(counts, (y, 1), [(z, 0)])) / moved
            wrong["the effect on those who are moved"] = (ratio, ratio)
    return dict(wrong)


def _asked(facts: Facts, n: int) -> tuple[int, int, int]:
    """Treatment, outcome and instrument (-1: none).

    Raises:
        VerificationMismatch: the graph is not X -> Y with a hidden common cause, and perhaps Z -> X.
    """
    y, x = contrast_of(facts)
    z = next((node for node in range(n) if node not in (x, y)), -1)
    graph = graph_of(facts, n)
    causes = {node: graph.parents[node] for node in range(n)}
    wanted = {x: 1 << z if z >= 0 else 0, y: 1 << x} | ({z: 0} if z >= 0 else {})
    if causes != wanted or graph.bidirected[x] != 1 << y:
        raise VerificationMismatch("the bounds are those of X -> Y with a hidden common cause, and perhaps Z -> X")
    return x, y, z


FAMILY = Family(
    name="bounds",
    title="Bounds where an effect is left open",
    number=22,
    kinds=(Kind("confounded", rung=2), Kind("instrument", rung=2)),
    draw=draw,
    case=case,
    spec=spec,
    answer=answer,
    mistakes=mistakes,
)
