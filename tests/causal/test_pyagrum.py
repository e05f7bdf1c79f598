"""pyAgrum, an independent library, finds the same effects identifiable and the same numbers."""

from __future__ import annotations

import importlib
import itertools
import warnings
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.causal.drawing import Draw

from causal_eval.causal.estimands import conditional_estimand
from causal_eval.causal.formula import Laws, value_of
from causal_eval.causal.formula.tree import Ref
from causal_eval.causal.graph import Graph, bits
from causal_eval.causal.identify import Hedge
from causal_eval.causal.sampled import Effect
from causal_eval.causal.scm import Scm, Table


def library() -> Any:
    """The library, which is untyped, and heavy: only where it is the oracle."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return importlib.import_module("pyagrum")


def network(gum: Any, scm: Scm) -> Any:
    """The same model there."""
    net = gum.BayesNet()
    for node, size in enumerate(scm.domains):
        net.add(gum.RangeVariable(str(node), "", 0, size - 1))
    for cause, effect in scm.graph.edges():
        net.addArc(str(cause), str(effect))
    for node, mechanism in enumerate(scm.mechanisms):
        assert isinstance(mechanism, Table)
        for key, row in mechanism.rows.items():
            at = {str(cause): value for cause, value in zip(bits(scm.graph.parents[node]), key, strict=True)}
            net.cpt(str(node))[at] = list(map(float, row))
    return net


@settings(max_examples=40)
@given(st.integers(0, 1 << 30))
def test_effects_are_those_of_pyagrum(seed: int) -> None:
    """Identifiable or not, given something or not; and the value of the estimand where it is."""
    draw, gum = Draw(seed), library()
    g = draw.graph(5, bidirected=20)
    scm = draw.positive(Graph(g.n, g.parents, (0,) * g.n))  # one of its models: latent causes without influence
    edges = enumerate(g.bidirected_edges())
    latent = [(f"U{place}", [str(one), str(other)]) for place, (one, other) in edges]
    x, y, z = draw.stream.sample(range(g.n), 3)
    for known in ((), (z,)):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            causes = gum.CausalModel(network(gum, scm), latent, True)
            kept = {"knowing": {str(z)}} if known else {}
            _, table, _ = gum.causalImpact(causes, on=str(y), doing=str(x), **kept)
        asked = Effect(1 << x, 1 << y, sum(1 << node for node in known))
        found = conditional_estimand(g, asked)[1]
        assert isinstance(found, Hedge) == (table is None)
        if isinstance(found, Hedge):
            continue
        value = value_of(found.formula, Laws({"": scm}))
        for values in itertools.product((0, 1), repeat=g.n):
            ours = value.at({Ref(node): values[node] for node in range(g.n)})
            theirs = table[{name: values[int(name)] for name in table.names}]
            assert float(ours) == pytest.approx(theirs, abs=1e-9)
