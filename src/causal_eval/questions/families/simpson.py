"""Simpson: a comparison that turns round within groups, and which of the two is causal (rung 2).

The same counts are told with two graphs. Truth: the sign of the comparison in all cases, its sign within every group
(groups agree with each other, and disagree with the whole), and the sign of the effect, which adjusts for the common
causes among the other quantities and not for those in between. In one twin the effect goes with the groups, in the
other with the whole; both are one scoring unit. ``size`` asks for the effect itself.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction

from causal_eval.causal.graph import bits
from causal_eval.causal.kinds.kind import Json
from causal_eval.errors import VerificationMismatch
from causal_eval.questions.counts import Counts, cases, count_facts, counts_of, fitted, rounded, share
from causal_eval.questions.facts import Fact, Facts, Literal, edge, the_ask
from causal_eval.questions.family import Family, Group, Kind, Value
from causal_eval.questions.margins import apart
from causal_eval.questions.network import contrast_of, graph_of
from causal_eval.questions.posing import Posed, about_scm, number_of, parts_of, symbol
from causal_eval.questions.question import AnswerKind, AnswerSpec
from causal_eval.questions.wording import Lexicon
from causal_eval.seeds import Stream

ITEMS = ("overall", "within groups", "causal effect")
LABELS = ("more probable", "less probable")

SIZES = (1, 1, 2, 2, 2)
"""Other quantities per difficulty."""
LEAST = (Fraction(3, 25), Fraction(1, 20), Fraction(2, 25), Fraction(1, 20), Fraction(1, 40))
"""Every comparison is at least so large, per difficulty: from plain reversals to near ties."""
_TRIES = 5000
_FEWEST = 4
"""Cases in which a group has either treatment."""


def draw(stream: Stream, kind: Kind, difficulty: int) -> Group:
    """Counts that show a reversal, told with the two graphs, or with one of them."""
    n, least = 2 + SIZES[difficulty - 1], LEAST[difficulty - 1]
    for _ in range(_TRIES):
        x, y, *others = stream.shuffled(range(n))
        counts = _counts((x, y), others, stream=stream)
        if not _reversed(counts, (x, y), others=others, least=least):
            continue
        causes = {
            (effect > 0): one
            for one in _subsets(others, stream)
            if abs(effect := _effect(counts, (x, y), causes=one)) >= least
        }
        told = [_told(counts, (x, y), causes=one, others=others, kind=kind) for one in causes.values()]
        if kind.name == "size" and told and _clear(told[0], n):
            return Group(kind.name, n, _order((x, y), others, causes=next(iter(causes.values()))), (told[0],))
        if kind.name == "labels" and len(told) == 2:  # noqa: PLR2004 - an effect of either sign
            return Group(kind.name, n, _order((x, y), others, causes=stream.choice(list(causes.values()))), tuple(told))
    raise AssertionError(f"simpson/{kind.name} at difficulty {difficulty}: no counts in {_TRIES} tries")


def _counts(asked: tuple[int, int], others: Sequence[int], *, stream: Stream) -> Counts:
    """Counts of a model in which the others pull treatment and outcome one way, and the treatment pulls the other."""
    sign, reach = (1 if stream.chance(1, 2) else -1), 80 // len(others)
    effect = sign * stream.between(8, 40)
    pulls = [(stream.between(25, 75), stream.between(25, reach), -sign * stream.between(25, reach)) for _ in others]
    weights = {}
    for state in itertools.product((0, 1), repeat=2 + len(others)):
        on = [2 * state[other] - 1 for other in others]
        p_x = 50 + sum(pull * v for (_, pull, _), v in zip(pulls, on, strict=True)) // 2
        p_y = (
            50
            + (effect * (2 * state[asked[0]] - 1) + sum(pull * v for (_, _, pull), v in zip(pulls, on, strict=True)))
            // 2
        )
        odds = [*((lean, v > 0) for (lean, _, _), v in zip(pulls, on, strict=True))]
        odds += [(min(max(p, 3), 97), bool(state[node])) for p, node in zip((p_x, p_y), asked, strict=True)]
        weight = Fraction(1)
        for p, high in odds:
            weight *= Fraction(p if high else 100 - p, 100)
        weights[state] = weight
    return rounded(weights)


def _reversed(counts: Counts, asked: tuple[int, int], *, others: Sequence[int], least: Fraction) -> bool:
    """Whether all groups agree with each other and disagree with the whole, by *least* each."""
    groups = list(_groups(others))
    if min(cases(counts, [(asked[0], value), *group]) for group in groups for value in (0, 1)) < _FEWEST:
        return False
    overall, inside = _gap(counts, asked), [_gap(counts, asked, group=group) for group in groups]
    return min(map(abs, (overall, *inside))) >= least and all((one > 0) != (overall > 0) for one in inside)


def _gap(counts: Counts, asked: tuple[int, int], *, group: Sequence[Literal] = ()) -> Fraction:
    """P(y | x = 1, group) - P(y | x = 0, group)."""
    x, y = asked
    return share(counts, (y, 1), [(x, 1), *group]) - share(counts, (y, 1), [(x, 0), *group])


def _effect(counts: Counts, asked: tuple[int, int], *, causes: Sequence[int]) -> Fraction:
    """The gap within groups of the *causes*, weighted by their cases."""
    total = cases(counts, ())
    return sum((_gap(counts, asked, group=one) * cases(counts, one) / total for one in _groups(causes)), Fraction(0))


def _groups(nodes: Sequence[int]) -> Iterator[list[Literal]]:
    return (list(zip(nodes, values, strict=True)) for values in itertools.product((0, 1), repeat=len(nodes)))


def _subsets(nodes: Sequence[int], stream: Stream) -> list[tuple[int, ...]]:
    return stream.shuffled([one for size in range(len(nodes) + 1) for one in itertools.combinations(nodes, size)])


def _order(asked: tuple[int, int], others: Sequence[int], *, causes: Sequence[int]) -> tuple[int, ...]:
    """The quantities when *causes* come before the treatment and the rest between it and the outcome."""
    return (*causes, asked[0], *(other for other in others if other not in causes), asked[1])


def _told(counts: Counts, asked: tuple[int, int], *, causes: Sequence[int], others: Sequence[int], kind: Kind) -> Facts:
    x, y = asked
    arrows = itertools.combinations(_order(asked, others, causes=causes), 2)
    ends = ((y, 1), (x, 1), (x, 0))
    ask = Fact("ask-simpson-size", ends) if kind.name == "size" else Fact("ask-simpson", (*ends, tuple(others)))
    return (*itertools.starmap(edge, arrows), *count_facts(counts), Fact("counted"), ask)


def _clear(facts: Facts, n: int) -> bool:
    (x, y), counts = _asked(facts), counts_of(facts, n)
    truth = _effect(counts, (x, y), causes=list(bits(graph_of(facts, n).parents[x])))
    return apart(truth, [one for one in mistakes(facts, n).values() if isinstance(one, Fraction)])


def case(facts: Facts, n: int) -> Posed:
    """The effect in the model of the printed counts; for labels also the comparisons, in all cases and in each group.

    Raises:
        VerificationMismatch: the counts or the influences leave something open, or not all others make the groups.
    """
    x, y = _asked(facts)
    scm = fitted(graph_of(facts, n), counts_of(facts, n))
    effect: dict[str, Json] = {"kind": "ate", "X": symbol(x), "Y": symbol(y)}
    if the_ask(facts).form == "ask-simpson-size":
        return about_scm(
            scm, effect, estimand=f"E[{symbol(y)} | do({symbol(x)}=1)] - E[{symbol(y)} | do({symbol(x)}=0)]"
        )
    others = the_ask(facts).slots[3]
    if not isinstance(others, tuple) or {x, y, *others} != set(range(n)):
        raise VerificationMismatch("the groups must be those of all other quantities")
    queries = [effect]
    for group in ([], *_groups([node for node in range(n) if node not in (x, y)])):
        given: dict[str, Json] = {symbol(node): value for node, value in group}
        queries += [
            {"kind": "probability", "event": {symbol(y): 1}, "given": {symbol(x): value, **given}} for value in (1, 0)
        ]
    return about_scm(scm, *queries, estimand=f"the signs of {symbol(x)} -> {symbol(y)}: seen, seen in groups, done")


def spec(facts: Facts, _lexicon: Lexicon) -> AnswerSpec:
    """Three labels, or a number."""
    if the_ask(facts).form == "ask-simpson-size":
        return AnswerSpec(AnswerKind.NUMBER)
    return AnswerSpec(AnswerKind.LABELS, options=LABELS, items=ITEMS)


def answer(facts: Facts, value: Value) -> Value:
    """The effect, or the three signs.

    Raises:
        VerificationMismatch: the groups do not agree.
    """
    effect, *seen = map(number_of, parts_of(value))
    if the_ask(facts).form == "ask-simpson-size":
        return effect
    overall, *inside = (one - other for one, other in zip(seen[::2], seen[1::2], strict=True))
    if len({one > 0 for one in inside}) != 1:
        raise VerificationMismatch("the groups do not agree, so nothing holds within all of them")
    return _labels(overall, inside[0], effect)


def _labels(*gaps: Fraction) -> dict[str, Value]:
    return {item: LABELS[0] if gap > 0 else LABELS[1] for item, gap in zip(ITEMS, gaps, strict=True)}


def mistakes(facts: Facts, n: int) -> Mapping[str, Value]:
    """What always pooling, always splitting, or turning a comparison round would give."""
    (x, y), counts = _asked(facts), counts_of(facts, n)
    others = [node for node in range(n) if node not in (x, y)]
    causes = list(bits(graph_of(facts, n).parents[x]))
    overall, split = _gap(counts, (x, y)), _effect(counts, (x, y), causes=others)
    effect = _effect(counts, (x, y), causes=causes)
    if the_ask(facts).form == "ask-simpson":
        wrong = {
            "correlation is causation": _labels(overall, split, overall),
            "always compare within groups": _labels(overall, split, split),
            "no reversal": _labels(overall, overall, effect),
        }
        return {name: labels for name, labels in wrong.items() if labels != _labels(overall, split, effect)}
    inside = [_gap(counts, (x, y), group=group) for group in _groups(others)]
    numbers = {
        "correlation is causation": overall,
        "always compare within groups": split,
        "unweighted mean over groups": sum(inside, Fraction(0)) / len(inside),
        "the first group": inside[0],
        "turned round": -effect,
    }
    right = {name for name, number in numbers.items() if number == effect}
    return {name: number for name, number in numbers.items() if name not in right}


def _asked(facts: Facts) -> tuple[int, int]:
    y, x = contrast_of(facts)
    return x, y


FAMILY = Family(
    name="simpson",
    title="Simpson's paradox",
    number=6,
    kinds=(Kind("labels", rung=2, size=2, joint=True), Kind("size", rung=2)),
    draw=draw,
    case=case,
    spec=spec,
    answer=answer,
    mistakes=mistakes,
)
