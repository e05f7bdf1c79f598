"""causaleffect (MIT): the same verdicts, and formulas that hold.

Its expressions are read from their structure, not from print. One mistake of 0.1.0 was found here: where P is a
quotient already, conditioning on a node overwrites its divisor (`IDC` in id.py, `get_new_probability`).
"""

from __future__ import annotations

from typing import Any

import causaleffect
import pytest
from tests.causal.drawing import Draw
from tests.causal.oracles.samples import seeds

from causal_eval.causal.estimands import conditional_estimand
from causal_eval.causal.formula.tree import Formula, Prob, Quotient, product_of, refs, sum_over
from causal_eval.causal.graph import Graph, bits, mask_of
from causal_eval.causal.identify import Hedge
from causal_eval.causal.sampled import Effect, tried
from causal_eval.causal.second.identification import conditional_identified, effect_identified, is_hedge
from causal_eval.causal.second.witness import formula_holds
from causal_eval.seeds import Stream

NAMES = "ABCDEF"


def theirs(g: Graph) -> Any:
    """The same graph there; a node without edges has to be added."""
    edges = [f"{NAMES[one]}->{NAMES[other]}" for one, other in g.edges()]
    made = causaleffect.createGraph(edges + [f"{NAMES[one]}<->{NAMES[other]}" for one, other in g.bidirected_edges()])
    made.add_vertices([name for name in NAMES[: g.n] if name not in made.vs["name"]])
    return made


def named(mask: int) -> set[str]:
    """The names of the nodes."""
    return {NAMES[node] for node in bits(mask)}


def nodes(names: Any) -> int:
    """The nodes that have these names."""
    return mask_of(map(NAMES.index, names))


def formula(said: dict[str, Any]) -> Formula:
    """Their expression in the language of estimands."""
    if said["recursive"]:
        body = product_of(tuple(map(formula, said["children"])))
    else:
        body = Prob(refs(bits(nodes(said["var"]))), refs(bits(nodes(said["cond"]))))
    if said["sumset"]:
        body = sum_over(refs(bits(nodes(said["sumset"]))), body)
    return Quotient(body, formula(said["divisor"])) if said["fraction"] else body


def loses_a_divisor(said: dict[str, Any]) -> bool:
    """Whether a quotient stands below where none should: what had it as its divisor has lost it."""
    below = said["divisor"]
    if said["fraction"] and (below["fraction"] or loses_a_divisor(below)):
        return True
    return said["recursive"] and any(map(loses_a_divisor, said["children"]))


def drawn(seed: int) -> tuple[Graph, Effect]:
    """A graph of four to six nodes and an effect of one or two of them, given none, one or two."""
    draw = Draw(seed)
    g = draw.graph(draw.stream.between(4, 6), bidirected=25)
    x, y, z = draw.nodes(g, draw.stream.between(1, 2), 1, draw.stream.below(3))
    return g, Effect(mask_of(x), mask_of(y), mask_of(z))


@pytest.mark.slow
@seeds(300, many=4_000)
def test_verdicts_and_formulas(seeds: range) -> None:
    """Identifiable or not, given something or not, by both solvers; their formula is the effect in random models.

    But where a divisor was lost: there it never is.
    """
    found = {True: 0, False: 0}
    for seed in seeds:
        g, asked = drawn(seed)
        said = causaleffect.ID(named(asked.y), named(asked.x), theirs(g), named(asked.z))
        ours = conditional_estimand(g, asked)[1]
        found[said.identifiable] += 1
        assert said.identifiable != isinstance(ours, Hedge), seed
        again = conditional_identified(g, asked.x, y=asked.y, z=asked.z)
        assert again == said.identifiable, seed
        if said.identifiable:
            told = said.attributes()
            right = tried(g, formula(told), asked=asked, stream=Stream("causaleffect", seed)).right
            assert right != loses_a_divisor(told), seed
    assert min(found.values()) > len(seeds) // 10  # both verdicts were met


@seeds(300, many=4_000)
def test_hedges(seeds: range) -> None:
    """The hedge that they name for an effect without evidence is one by our definition."""
    for seed in seeds:
        g, asked = drawn(seed)
        said = causaleffect.ID(named(asked.y), named(asked.x), theirs(g))
        assert said.identifiable == effect_identified(g, asked.x, y=asked.y), seed
        if said.hedge is not None:
            f, f_prime = (nodes(part.vs["name"]) for part in said.hedge)
            assert is_hedge(g, f, f_prime=f_prime, x=asked.x, y=asked.y), seed


@pytest.mark.parametrize("x", ["A", "AD"])
def test_a_lost_divisor(x: str) -> None:
    """Causaleffect 0.1.0 on D->A->C->B, B<->D, C<->D: P(B | do A, C) as sum_d P(b,c|a,d) P(d), over nothing.

    The joint effect P(B, C | do A) is that sum, so that given C it has to be divided by its sum over B. What 0.1.0 puts
    below is a quotient of one and the same sum, hence 1. Ours is the effect, by both solvers.
    """
    g = Graph.build(4, [(3, 0), (0, 2), (2, 1)], bidirected=[(1, 3), (2, 3)])
    asked = Effect(nodes(x), nodes("B"), nodes("C"))
    told = causaleffect.ID({"B"}, set(x), theirs(g), {"C"}).attributes()
    assert loses_a_divisor(told)
    ours = conditional_estimand(g, asked)[1]
    assert not isinstance(ours, Hedge)
    for one, right in ((formula(told), False), (ours.formula, True)):
        assert tried(g, one, asked=asked, stream=Stream("lost")).right is right
        assert formula_holds(g, one, x=asked.x, y=asked.y, z=asked.z) is right
