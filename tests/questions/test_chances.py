"""The probabilities in which a draw is judged are those of the exact engine."""

from __future__ import annotations

import itertools
from fractions import Fraction

import pytest

from causal_eval.causal.intervene import Worlds
from causal_eval.errors import MalformedCase, VerificationMismatch
from causal_eval.questions.chances import Chances
from causal_eval.questions.facts import Fact, Facts, remembered, share
from causal_eval.questions.nets import Net, gap, random_percents, risk
from causal_eval.questions.network import scm_of
from causal_eval.questions.tables import share_facts
from causal_eval.seeds import Stream

STRUCTURE = "Z>X Z>W W>Y V>X V>M X>M M>Y X>C Y>C"


def drawn(seed: int) -> tuple[Net, list[list[int]]]:
    stream = Stream("chances tests", seed)
    net = Net.draw(STRUCTURE, stream)
    return net, random_percents(net, stream)


@pytest.mark.parametrize("seed", range(5))
def test_numbers_are_those_of_the_engine(seed: int) -> None:
    """Every pair of an event and a condition, with and without an intervention, from tables and as they are printed."""
    net, tables = drawn(seed)
    facts = tuple(share_facts(net.parents, tables))
    worlds, printed = Worlds(scm_of(facts, net.n)), Chances.of_facts(facts, net.n)
    for chances in (Chances.of_tables(net.parents, tables), printed):
        for y, x, z in itertools.permutations(range(net.n), 3):
            for do, given in (((), ()), ((), ((x, 1),)), (((x, 0),), ()), (((x, 1),), ((z, 0),))):
                assert risk(chances, (y, 1), do=do, given=given) == risk(worlds, (y, 1), do=do, given=given)
            for doing, part in itertools.product((False, True), ((), ((z, 1),))):
                assert gap(chances, (y, 0), x, do=doing, given=part) == gap(worlds, (y, 0), x, do=doing, given=part)
    assert printed.graph == scm_of(facts, net.n).graph


def test_levels_are_both_sides_of_a_gap() -> None:
    """By intervention and by observation, their difference is the gap."""
    net, tables = drawn(7)
    chances, x, y = Chances.of_tables(net.parents, tables), net.at["X"], net.at["Y"]
    for do in (False, True):
        low, high = chances.levels((y, 1), x, do=do)
        assert high - low == gap(chances, (y, 1), x, do=do)
        assert high == risk(chances, (y, 1), **({"do": ((x, 1),)} if do else {"given": ((x, 1),)}))


def test_what_contradicts_itself_has_no_probability() -> None:
    """An event is impossible then, and of a condition nothing follows; nor where it never happens."""
    chances = Chances.of_tables(((), (0,)), ([40], [0, 100]))
    assert chances.probability(((0, 1), (0, 0))) == 0
    assert chances.probability(((0, 1),), do=((0, 0),)) == 0
    for given in (((0, 1), (0, 0)), ((0, 1), (1, 0))):
        with pytest.raises(MalformedCase, match="probability 0"):
            chances.probability(((1, 1),), given)
    with pytest.raises(MalformedCase, match="probability 0"):
        chances.gap((1, 1), 0, do=False, given=((1, 1),))


def test_a_table_has_a_row_for_every_state() -> None:
    """A row that is missing, or names other causes, is refused."""
    half = Fraction(1, 2)
    root = share(0, half)
    for rows in ((share(1, half, ((0, 1),)),), (share(1, half, ((0, 1),)), share(1, half)), ()):
        facts: Facts = (root, *rows)
        with pytest.raises(VerificationMismatch, match="node 1"):
            Chances.of_facts(facts, 2)


def test_facts_are_read_once() -> None:
    """The same statements are not read again, in another tuple either; equal ones that were made anew are."""
    read: list[Facts] = []

    @remembered
    def count(facts: Facts, n: int) -> int:
        read.append(facts)
        return len(facts) + n

    facts: Facts = (Fact("markov"), share(0, Fraction(1, 2)))
    assert [count(facts, 1), count((*facts,), 1), count(facts, 2)] == [3, 3, 4]
    assert len(read) == 2
    assert count((Fact("markov"), facts[1]), 1) == 3
    assert len(read) == 3
