"""The quantity that a case asks for, in the field's notation."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from causal_eval.causal.intervene import describe
from causal_eval.causal.query import Assignment, Case, Kind
from causal_eval.causal.scm import Linear


def estimand(case: Case) -> str:
    """The asked-for quantity, e.g. ``P(Y=1 | do(X=1), Z=0)`` or ``all minimal Z that are valid for (X; Y)``."""
    return _ESTIMANDS[Kind(case.query.kind)](case)


def probability_text(case: Case, event: Assignment, *, given: Assignment = (), do: Assignment = ()) -> str:
    """``P(event | do(...), given)``."""
    scm = case.scm
    assert scm is not None, "a numeric case has a model"
    conditions = []
    if do:
        conditions.append(f"do({describe(do, scm, names=case.names)})")
    if given:
        conditions.append(describe(given, scm, names=case.names))
    inner = describe(event, scm, names=case.names)
    return f"P({inner} | {', '.join(conditions)})" if conditions else f"P({inner})"


def effect_text(case: Case) -> str:
    """``E[Y_{X=1} - Y_{X=0}]`` without its condition."""
    x, y = case.names[case.query.x[0]], case.names[case.query.y[0]]
    return f"{y}_{{{x}={_level(case, 'x1')}}} - {y}_{{{x}={_level(case, 'x0')}}}"


def _structural(pattern: str) -> Callable[[Case], str]:
    def text(case: Case) -> str:
        query = case.query
        x, y, z = (_set(case.names, part) for part in (query.x, query.y, query.z))
        return pattern.format(x=x, y=y, z=z)

    return text


def _minimal(case: Case) -> str:
    query, names = case.query, case.names
    text = f"all minimal Z with P({_set(names, query.y)} | do({_set(names, query.x)})) = sum over Z of P(y | x, z) P(z)"
    if query.must_include:
        text += f", Z including {_set(names, query.must_include)}"
    return text + (f", Z without {_set(names, query.must_exclude)}" if query.must_exclude else "")


def _probability(case: Case) -> str:
    query = case.query
    return probability_text(case, query.event, given=query.given, do=query.do if query.kind == Kind.DO else ())


def _effect(case: Case) -> str:
    query, scm = case.query, case.scm
    assert scm is not None, "a numeric case has a model"
    match Kind(query.kind):
        case Kind.CATE if query.given:
            return f"E[{effect_text(case)} | {describe(query.given, scm, names=case.names)}]"
        case Kind.ETT:
            return f"E[{effect_text(case)} | {case.names[query.x[0]]}={_level(case, 'x1')}]"
        case Kind.ETU:
            return f"E[{effect_text(case)} | {case.names[query.x[0]]}={_level(case, 'x0')}]"
    return f"E[{effect_text(case)}]"


def _counterfactual(case: Case) -> str:
    query, scm = case.query, case.scm
    assert scm is not None, "a numeric case has a model"
    had = describe(query.do, scm, names=case.names)
    asked = ", ".join(
        f"{case.names[node]}_{{{had}}}={describe(((node, value),), scm, names=case.names).partition('=')[2]}"
        for node, value in query.event
    )
    return f"P({asked} | {describe(query.evidence, scm, names=case.names)})" if query.evidence else f"P({asked})"


def _values(case: Case) -> str:
    scm = case.scm
    assert scm is not None, "a numeric case has a model"
    text = f"every value when {describe(case.query.context, scm, names=case.names)}"
    return text + (f", after do({describe(case.query.do, scm, names=case.names)})" if case.query.do else "")


def _causation(pattern: str) -> Callable[[Case], str]:
    def text(case: Case) -> str:
        x, y = case.names[case.query.x[0]], case.names[case.query.y[0]]
        return pattern.format(x=x, y=y, x1=_level(case, "x1"), x0=_level(case, "x0"))

    return text


def _level(case: Case, field: str) -> str:
    query, scm = case.query, case.scm
    assert scm is not None, "a numeric case has a model"
    value = query.x1 if field == "x1" else query.x0
    node = query.x[0]
    if isinstance(scm.mechanisms[node], Linear) or not isinstance(value, int):
        return str(value)
    return describe(((node, value),), scm, names=case.names).partition("=")[2]


def _set(names: Sequence[str], nodes: Sequence[int]) -> str:
    inner = ", ".join(names[node] for node in nodes)
    return inner if len(nodes) == 1 else f"{{{inner}}}"


_ESTIMANDS: Mapping[Kind, Callable[[Case], str]] = {
    Kind.DSEP: _structural("{x} independent of {y} given {z}"),
    Kind.MINIMAL_SEPARATOR: _structural("a minimal Z that separates {x} from {y}"),
    Kind.MARKOV_BLANKET: _structural("the smallest Z that separates {x} from everything else"),
    Kind.IS_ADJUSTMENT_SET: _structural("P({y} | do({x})) = sum over z of P(y | x, z) P(z) for Z = {z}"),
    Kind.IS_BACKDOOR_SET: _structural("{z} satisfies the back-door criterion for ({x}, {y})"),
    Kind.MINIMAL_ADJUSTMENT_SETS: _minimal,
    Kind.ATTRIBUTION: _structural("how every other variable relates to {y}"),
    Kind.PROBABILITY: _probability,
    Kind.DO: _probability,
    Kind.ATE: _effect,
    Kind.CATE: _effect,
    Kind.ETT: _effect,
    Kind.ETU: _effect,
    Kind.COUNTERFACTUAL: _counterfactual,
    Kind.VALUES: _values,
    Kind.PN: _causation("P({y}_{{{x}={x0}}}=0 | {x}={x1}, {y}=1)"),
    Kind.PS: _causation("P({y}_{{{x}={x1}}}=1 | {x}={x0}, {y}=0)"),
    Kind.PNS: _causation("P({y}_{{{x}={x1}}}=1, {y}_{{{x}={x0}}}=0)"),
}
