"""Bounds: Manski's without an instrument, tighter ones with it, and the model behind the counts within them."""

from __future__ import annotations

from fractions import Fraction

from causal_eval.questions.counts import TOTAL, cases, counts_of
from causal_eval.questions.facts import Facts, the_ask
from causal_eval.questions.families.bounds import FAMILY
from causal_eval.questions.network import literal
from causal_eval.questions.posing import parts_of
from causal_eval.questions.prove import Proof
from causal_eval.seeds import Stream


def ends(facts: Facts, n: int) -> tuple[Fraction, Fraction]:
    low, high = parts_of(FAMILY.answer(facts, Proof.of(FAMILY.case(facts, n)).value))
    assert isinstance(low, Fraction)
    assert isinstance(high, Fraction)
    return low, high


def manski(facts: Facts, n: int) -> tuple[Fraction, Fraction]:
    """P(x, y) - P(x', y) - P(x) and the same plus 1 (Manski 1990)."""
    counts = counts_of(facts, n)
    (y, _), (x, _) = (literal(slot) for slot in the_ask(facts).slots[:2])
    there, gone = (Fraction(cases(counts, [(x, value), (y, 1)]), TOTAL) for value in (1, 0))
    treated = Fraction(cases(counts, [(x, 1)]), TOTAL)
    return there - gone - treated, there - gone - treated + 1


def test_without_an_instrument_the_bounds_are_manskis() -> None:
    """They have width 1 and follow from P(x, y)."""
    for index in range(15):
        group = FAMILY.draw(Stream("bounds tests", index), FAMILY.kind("confounded"), 1 + index % 5)
        assert ends(group.members[0], group.n) == manski(group.members[0], group.n)


def test_an_instrument_makes_them_tighter() -> None:
    """They lie within Manski's and are narrower."""
    for index in range(15):
        group = FAMILY.draw(Stream("bounds tests", index), FAMILY.kind("instrument"), 1 + index % 5)
        (low, high), (least, most) = ends(group.members[0], group.n), manski(group.members[0], group.n)
        assert least <= low < high <= most
        assert high - low < 1
