"""The solver's door: published cases, definitions, and answers in the words of the case."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.causal.drawing import Draw, enumerated

from causal_eval.causal import second
from causal_eval.causal.case import Case, Kind, Query, read_case
from causal_eval.causal.graph import Graph, mask_of
from causal_eval.causal.scm import Call, Const, Rule, Scm, Table, Unspecified, Var, binary
from causal_eval.causal.separation import separated
from causal_eval.causal.solve import answer_json, solve
from causal_eval.errors import MalformedCase, NotDetermined

KINDS = {str(kind) for kind in Kind}
Reader = Callable[[str], Any]


def test_worked_cases(shared: Reader) -> None:
    """Every worked case of a kind solved here has its expected answer, from both solvers."""
    cases = [case for case in shared("solve-examples.json")["cases"] if case["query"]["kind"] in KINDS]
    assert len(cases) >= 12
    for obj in cases:
        case = read_case(obj)
        found = answer_json(solve(case).value, case)
        assert answer_json(second.solve(case), case) == found
        if several := obj["query"].get("all_inclusion_minimal"):
            assert found in several, obj["id"]
        else:
            assert found == obj["expected"], obj["id"]


@given(st.integers(0, 2**32))
def test_effects_follow_their_definitions(seed: int) -> None:
    """ATE, CATE, ETT and ETU of positive confounded models equal their definitions by enumeration."""
    z, x, y = range(3)
    scm = Draw(seed).positive(Graph.build(3, [(z, x), (z, y), (x, y)]))

    def p(event: tuple[int, int], **rest: tuple[tuple[int, int], ...]) -> Fraction:
        found = enumerated(scm, (event,), given=rest.get("given", ()), do=rest.get("do", ()))
        assert found is not None
        return found

    def value(kind: Kind, **fields: Any) -> Fraction:
        case = Case(("Z", "X", "Y"), scm.graph, scm, Query(kind, x=(x,), y=(y,), **fields))
        found = solve(case).value
        assert isinstance(found, Fraction)
        return found

    assert value(Kind.ATE) == p((y, 1), do=((x, 1),)) - p((y, 1), do=((x, 0),))
    strata = {level: p((y, 1), given=((x, 1), (z, level))) - p((y, 1), given=((x, 0), (z, level))) for level in (0, 1)}
    assert value(Kind.CATE, given=((z, 1),)) == strata[1]
    assert value(Kind.ATE) == sum(p((z, level)) * gap for level, gap in strata.items())
    assert value(Kind.ETT) == sum(p((z, level), given=((x, 1),)) * gap for level, gap in strata.items())
    assert value(Kind.ETU) == sum(p((z, level), given=((x, 0),)) * gap for level, gap in strata.items())


def test_probabilities_of_causation() -> None:
    """Y = (X and A) or B with fair coins: PN, PS and PNS by counting the four units."""
    x, a, b, y = range(4)
    coin = Table({(): (Fraction(1, 2), Fraction(1, 2))})
    rule = Rule(Call("or", (Call("and", (Var(x), Var(a))), Var(b))))
    scm = binary(Graph.build(4, [(x, y), (a, y), (b, y)]), coin, coin, coin, rule)
    answers = {
        kind: solve(Case(tuple("XABY"), scm.graph, scm, Query(kind, x=(x,), y=(y,)))).value
        for kind in (Kind.PN, Kind.PS, Kind.PNS)
    }
    assert answers == {Kind.PN: Fraction(1, 3), Kind.PS: Fraction(1, 2), Kind.PNS: Fraction(1, 4)}


def test_a_conditional_effect_is_given_what_came_before() -> None:
    """A group that is defined by an effect of the treatment is refused, with the way out named."""
    scm = Draw(0).positive(Graph.build(3, [(0, 1), (1, 2)]))
    query = Query(Kind.CATE, x=(0,), y=(2,), given=((1, 1),))
    with pytest.raises(MalformedCase, match="'M' is an effect of 'X'"):
        solve(Case(("X", "M", "Y"), scm.graph, scm, query))


def test_tables_alone_do_not_decide_a_unit() -> None:
    """PN of a mere table is refused; stating the threshold makes it an answer."""
    scm = Draw(0).positive(Graph.build(2, [(0, 1)]))
    query = Query(Kind.PN, x=(0,), y=(1,))
    with pytest.raises(NotDetermined, match="'Y'"):
        solve(Case(("X", "Y"), scm.graph, scm, query))
    root, table = scm.mechanisms
    assert isinstance(table, Table)
    stated = binary(scm.graph, root, Table(table.rows, threshold=True))
    low, high = (table.rows[key,][1] for key in (0, 1))
    assert solve(Case(("X", "Y"), stated.graph, stated, query)).value == max(Fraction(0), (high - low) / high)


def test_values_of_a_chain_and_of_a_broken_one() -> None:
    """A deterministic system under a context, and after one link is set."""
    case = read_case(
        {
            "graph": {
                "exogenous": ["pump", "valve"],
                "equations": {"flow": ["and", "pump", "valve"], "alarm": ["not", "flow"]},
            },
            "query": {"kind": "values", "context": {"pump": True, "valve": False}},
        }
    )
    assert answer_json(solve(case).value, case) == {"pump": True, "valve": False, "flow": False, "alarm": True}
    cut = Case(case.names, case.graph, case.scm, Query(Kind.VALUES, context=case.query.context, do=((2, 1),)))
    assert answer_json(solve(cut).value, cut)["alarm"] is False


def test_an_open_context_is_refused() -> None:
    """A root that neither context nor intervention sets has no value."""
    g = Graph.build(2, [(0, 1)])
    scm = Scm(g, (2, 2), (Unspecified(), Rule(Var(0))))
    with pytest.raises(MalformedCase, match="leaves the value of 'A' open"):
        solve(Case(("A", "B"), g, scm, Query(Kind.VALUES)))
    with pytest.raises(MalformedCase, match="'A' has no probabilities"):
        solve(Case(("A", "B"), g, scm, Query(Kind.PROBABILITY, event=((1, 1),))))


def test_means_need_numbers() -> None:
    """An average over words is refused; over listed numbers it uses the numbers."""
    g = Graph.build(2, [(0, 1)])
    coin = Table({(): (Fraction(1, 2), Fraction(1, 2))})
    doses = Table({(0,): (Fraction(1), Fraction(0)), (1,): (Fraction(1, 4), Fraction(3, 4))})
    query = Query(Kind.ATE, x=(0,), y=(1,))
    numbers = Scm(g, (2, 2), (coin, doses), ((0, 1), (10, 30)))
    assert solve(Case(("X", "Y"), g, numbers, query)).value == 15
    words = Scm(g, (2, 2), (coin, doses), ((0, 1), ("low", "high")))
    with pytest.raises(MalformedCase, match="'Y' has the value 'low'"):
        solve(Case(("X", "Y"), g, words, query))


def test_a_rule_that_leaves_its_domain_is_refused() -> None:
    """A sum that exceeds the domain is an error that names value and domain."""
    g = Graph.build(3, [(0, 2), (1, 2)])
    coin = Table({(): (Fraction(1, 2), Fraction(1, 2))})
    scm = binary(g, coin, coin, Rule(Call("sum", (Var(0), Var(1), Const(value=0)))))
    with pytest.raises(MalformedCase, match="gives 2, which is not one of its values: 0, 1"):
        solve(Case(tuple("ABC"), g, scm, Query(Kind.PROBABILITY, event=((2, 1),))))


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (Query(Kind.DO, event=((2, 1),), do=((1, 1),), given=((0, 0),)), "P(Y=1 | do(X=1), Z=0)"),
        (Query(Kind.PROBABILITY, event=((2, 1),)), "P(Y=1)"),
        (Query(Kind.ATE, x=(1,), y=(2,)), "E[Y_{X=1} - Y_{X=0}]"),
        (Query(Kind.ETT, x=(1,), y=(2,)), "E[Y_{X=1} - Y_{X=0} | X=1]"),
        (Query(Kind.CATE, x=(1,), y=(2,), given=((0, 1),)), "E[Y_{X=1} - Y_{X=0} | Z=1]"),
        (Query(Kind.COUNTERFACTUAL, event=((2, 1),), do=((1, 0),), evidence=((0, 1),)), "P(Y_{X=0}=1 | Z=1)"),
        (Query(Kind.MARKOV_BLANKET, x=(1,)), "the smallest Z that separates X from everything else"),
    ],
)
def test_estimands_are_written_in_the_usual_notation(query: Query, expected: str) -> None:
    """The asked-for quantity as a reader of the field would write it."""
    scm = Draw(0).positive(Graph.build(3, [(0, 1), (0, 2), (1, 2)]))
    assert solve(Case(("Z", "X", "Y"), scm.graph, scm, query)).estimand == expected


def test_a_separator_respects_its_limits() -> None:
    """Latent nodes are never used; null when nothing else separates."""
    g = Graph.build(3, [(0, 1), (1, 2)], latent=0b10)
    case = Case(tuple("ABC"), g, None, Query(Kind.MINIMAL_SEPARATOR, x=(0,), y=(2,)))
    assert solve(case).value is None
    assert answer_json(None, case) is None
    assert separated(g, 1, 4, mask_of([1]))
