"""Effects through some ways and not others: controlled, natural, total and path-specific effects, and fairness."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

from causal_eval.causal.bounds import Question, Term
from causal_eval.causal.graph import bits
from causal_eval.causal.kinds.bounds import check_settled, settled
from causal_eval.causal.kinds.kind import Found, Given, Json, kind
from causal_eval.causal.ledger import Ledger, difference, product, total
from causal_eval.causal.nested import Network, Source, Value, directed_paths, path_source
from causal_eval.causal.query import Assignment
from causal_eval.causal.reading import assignment, fraction, node_of, position, sequence
from causal_eval.causal.scm import Linear, Scm
from causal_eval.causal.second import nested as second
from causal_eval.errors import MalformedCase, NotDetermined, NotIdentifiable

_NOISE = "truncated factorisation over the counterfactual graph"
_LINEAR = "sums of products of coefficients along paths"


@dataclass(frozen=True, slots=True)
class Contrast:
    """The mean of Y after one thing, minus its mean after another."""

    scm: Scm
    x: int
    y: int
    levels: tuple[Fraction, Fraction]
    """x1 and x0: value positions, or values in a linear system."""
    mediators: tuple[int, ...] = ()
    held: Assignment = ()
    """What the mediators are held at."""
    paths: tuple[tuple[int, ...], ...] = ()
    given: Assignment = ()

    @property
    def is_linear(self) -> bool:
        """Whether effects are numbers for every unit of X."""
        return isinstance(self.scm.mechanisms[self.x], Linear) or isinstance(self.scm.mechanisms[self.y], Linear)

    @property
    def x1(self) -> Value:
        """The active level."""
        return Value(int(self.levels[0]))

    @property
    def x0(self) -> Value:
        """The other level."""
        return Value(int(self.levels[1]))


def _contrast(given: Given) -> Contrast:
    scm = given.model()
    x, y = given.ends()
    levels = [_level(given, scm, x=x, field=field) for field in ("x1", "x0")]
    if levels[0] == levels[1]:
        raise MalformedCase("query: x1 and x0 are the same value; compare two different ones")
    return Contrast(scm, x, y, (levels[0], levels[1]))


def _level(given: Given, scm: Scm, *, x: int, field: str) -> Fraction:
    value = given.query.get(field)
    if value is None:
        return Fraction(field == "x1")
    if isinstance(scm.mechanisms[x], Linear):
        return fraction(value, f"query: {field}")
    return Fraction(position(value, scm.names(x), f"query: {field}"))


def _between(asked: Contrast) -> tuple[int, ...]:
    """What lies on directed paths from X to Y."""
    graph = asked.scm.graph
    return bits(graph.descendants(1 << asked.x) & graph.ancestors(1 << asked.y) & ~(1 << asked.x | 1 << asked.y))


def _natural(given: Given) -> Contrast:
    asked = _contrast(given)
    named = bits(given.nodes("mediators")) or bits(given.nodes("M")) or _between(asked)
    if {asked.x, asked.y} & {*named}:
        raise MalformedCase("query: mediators hold X or Y; name what lies between them")
    return Contrast(asked.scm, asked.x, asked.y, asked.levels, mediators=named)


def _controlled(given: Given) -> Contrast:
    asked, scm = _contrast(given), given.model()
    held = given.query.get("m")
    named = bits(given.nodes("mediators")) or bits(given.nodes("M"))
    if held is not None and not isinstance(held, dict | list) and len(named) == 1:
        held = {given.names[named[0]]: held}
    if isinstance(held, list) and len(held) == len(named) and not any(isinstance(one, list) for one in held):
        held = {given.names[node]: level for node, level in zip(named, held, strict=True)}
    if asked.is_linear:
        names = list(held) if isinstance(held, dict) else []
        nodes = named or tuple(node_of(name, given.index, where="query: m") for name in names)
        return Contrast(scm, asked.x, asked.y, asked.levels, mediators=nodes)
    found = assignment(held, given.index, scm, "query: m")
    if not found or {asked.x, asked.y} & {node for node, _ in found}:
        raise MalformedCase('query: m: name the value of every mediator, such as {"M": 1}, and neither X nor Y')
    return Contrast(scm, asked.x, asked.y, asked.levels, mediators=tuple(node for node, _ in found), held=found)


def _along_paths(given: Given) -> Contrast:
    asked = _contrast(given)
    paths = _paths(given, asked)
    if not paths:
        raise MalformedCase('query: paths is empty; name the paths from X to Y, such as [["X", "M", "Y"]]')
    return Contrast(asked.scm, asked.x, asked.y, asked.levels, paths=tuple(sorted({*paths})))


def _paths(given: Given, asked: Contrast) -> list[tuple[int, ...]]:
    told = given.query.get("paths")
    listed = [told] if isinstance(told, str) else sequence(told, "query: paths")
    if listed and all(isinstance(name, str) and name in given.index for name in listed):
        listed = [listed]  # one path, not a list of paths
    return [_path(given, asked, place=place, told=one) for place, one in enumerate(listed)]


def _path(given: Given, asked: Contrast, *, place: int, told: object) -> tuple[int, ...]:
    where = f"query: paths[{place}]"
    names = sequence(told, where) if not isinstance(told, str) else told.split("->" if "->" in told else None)
    names = [name.strip() if isinstance(name, str) else name for name in names]
    path = tuple([node_of(name, given.index, where=where) for name in names])
    if len(path) < 2 or path[0] != asked.x or path[-1] != asked.y:  # noqa: PLR2004 - two ends
        raise MalformedCase(
            f"{where}: a path leads from {given.names[asked.x]} to {given.names[asked.y]}, got {told!r}"
        )
    for cause, effect in itertools.pairwise(path):
        if not asked.scm.graph.parents[effect] >> cause & 1:
            raise MalformedCase(f"{where}: the graph has no edge {given.names[cause]} -> {given.names[effect]}")
    return path


def _fairness(given: Given) -> Contrast:
    """The protected attribute is X; without paths all that lead from it to Y are unfair."""
    protected = next((field for field in ("protected", "protected_attribute") if field in given.query), "X")
    asked = _contrast(replace(given, query={**given.query, "X": given.query.get(protected)}))
    paths = _paths(given, asked) or directed_paths(asked.scm, asked.x, y=asked.y)
    evidence = assignment(given.query.get("evidence"), given.index, asked.scm, "query: evidence")
    return Contrast(asked.scm, asked.x, asked.y, asked.levels, paths=tuple(sorted({*paths})), given=evidence)


Makes = Callable[[Network, Contrast], tuple[Source, Source]]
"""Y after the one, and after the other."""


def _cde(net: Network, asked: Contrast) -> tuple[Source, Source]:
    held: dict[int, Source] = {node: Value(level) for node, level in asked.held}
    return net.source(asked.y, {**held, asked.x: asked.x1}), net.source(asked.y, {**held, asked.x: asked.x0})


def _te(net: Network, asked: Contrast) -> tuple[Source, Source]:
    return net.source(asked.y, {asked.x: asked.x1}), net.source(asked.y, {asked.x: asked.x0})


def _nde(net: Network, asked: Contrast) -> tuple[Source, Source]:
    """E[Y_{x1, M_{x0}} - Y_{x0}]."""
    kept = _mediators(net, asked, under=asked.x0)
    return net.source(asked.y, {**kept, asked.x: asked.x1}), net.source(asked.y, {asked.x: asked.x0})


def _nie(net: Network, asked: Contrast) -> tuple[Source, Source]:
    """E[Y_{x0, M_{x1}} - Y_{x0}]."""
    moved = _mediators(net, asked, under=asked.x1)
    return net.source(asked.y, {**moved, asked.x: asked.x0}), net.source(asked.y, {asked.x: asked.x0})


def _mediators(net: Network, asked: Contrast, *, under: Value) -> dict[int, Source]:
    known: dict[int, Source] = {}
    return {node: net.source(node, {asked.x: under}, known=known) for node in asked.mediators}


def _pse(net: Network, asked: Contrast) -> tuple[Source, Source]:
    base: Mapping[int, Source] = {asked.x: asked.x0}
    moved = path_source(net, asked.y, paths=frozenset(asked.paths), active=asked.x1, base=base)
    return moved, net.source(asked.y, base)


def _first(makes: Makes, title: str) -> Callable[[Given, Contrast], Found]:
    def first(given: Given, asked: Contrast) -> Found:
        if asked.is_linear:
            return _linear(given, asked, title=title)
        question = _question(given, asked, makes=makes)
        try:
            return _summed(given, asked, question=question, title=title)
        except NotDetermined:  # of a response that is open; it may not matter
            return settled(given, question)

    return first


def _along(title: str) -> Callable[[Given, Contrast], Found]:
    def first(given: Given, asked: Contrast) -> Found:
        """The effect along the paths; without the mechanism of a recanting witness no data identify it.

        Raises:
            NotIdentifiable: a node would have to respond to X in two ways at once, and only its table is stated.
        """
        try:
            return _first(_pse, title)(given, asked)
        except NotDetermined as open_:
            raise NotIdentifiable(f"a recanting witness: {open_}", open_.certificate) from open_

    return first


def _question(given: Given, asked: Contrast, *, makes: Makes) -> Question:
    """The two means, value by value."""
    net = Network(asked.scm, given.names)
    evidence = tuple([(net.source(node, {}), level) for node, level in asked.given])
    numbers = given.numbers(asked.scm, asked.y)
    terms = [
        Term(sign * number, ((source, level),))
        for sign, source in zip((1, -1), makes(net, asked), strict=True)
        for level, number in enumerate(numbers)
        if number
    ]
    return Question(net, tuple(terms), evidence)


def _summed(given: Given, asked: Contrast, *, question: Question, title: str) -> Found:
    """The difference of the means.

    Raises:
        NotDetermined: one unit's response to two rows of a table is asked for.
    """
    ledger, parts, half = Ledger(), [], len(question.terms) // 2
    for which, terms in (("first", question.terms[:half]), ("second", question.terms[half:])):
        weighed = []
        for term in terms:
            ((_, level),) = term.literals
            weight = ledger.given(f"value {level} of {given.names[asked.y]}", abs(term.weight))
            text = f"P({given.names[asked.y]} = {asked.scm.names(asked.y)[level]}) after the {which}"
            p = question.network.probability(term.literals, question.given)
            weighed.append(product([weight, ledger.given(text, p)]))
        parts.append(total(weighed))
    line = ledger.arithmetic(title, difference(*parts))
    return Found(str(Fraction(line.value)), _NOISE, tuple(ledger.lines))


def _check(makes: Makes) -> Callable[[Given, Contrast, Found], None]:
    def check(given: Given, asked: Contrast, found: Found) -> None:
        if found.certificate is not None:
            check_settled(given, _question(given, asked, makes=makes), found=found)

    return check


def _linear(given: Given, asked: Contrast, *, title: str) -> Found:
    """In a linear system every unit has the same effect."""
    ledger = Ledger()
    terms = []
    for path in _ways(given, asked):
        names = [given.names[node] for node in path]
        steps = [
            ledger.given(f"coefficient of {given.names[a]} in {given.names[b]}", _coefficient(asked.scm, a, effect=b))
            for a, b in itertools.pairwise(path)
        ]
        terms.append(ledger.arithmetic(f"along {' -> '.join(names)}", product(steps)))
    step = ledger.given("x1 - x0", asked.levels[0] - asked.levels[1])
    line = ledger.arithmetic(title, product([total(terms), step]))
    return Found(str(Fraction(line.value)), _LINEAR, tuple(ledger.lines))


def _ways(given: Given, asked: Contrast) -> list[tuple[int, ...]]:
    """The paths along which the effect in question goes."""
    every = directed_paths(asked.scm, asked.x, y=asked.y)
    through = {*asked.mediators}
    match given.kind:
        case "te":
            return every
        case "cde" | "nde":
            return [path for path in every if not through & {*path}]
        case "nie":
            return [path for path in every if through & {*path}]
    return list(asked.paths)


def _coefficient(scm: Scm, cause: int, *, effect: int) -> Fraction:
    mechanism = scm.mechanisms[effect]
    if not isinstance(mechanism, Linear):
        raise MalformedCase(f"node {effect} is not linear; effects in mixed systems are not solved")
    return mechanism.coefficients[bits(scm.graph.parents[effect]).index(cause)]


Does = Callable[[Contrast, second.Unit], tuple[second.Level, second.Level]]
"""Y for a unit, after the one and after the other."""


def _again(does: Does) -> Callable[[Given, Contrast], Json]:
    def again(given: Given, asked: Contrast) -> Json:
        del given
        scm = asked.scm
        if asked.is_linear:
            one, other = does(asked, second.linear_unit(scm))
            return str(Fraction(one - other))
        numbers = [Fraction(value) for value in scm.names(asked.y) if not isinstance(value, str)]

        def worth(unit: second.Unit) -> Fraction:
            one, other = does(asked, unit)
            return numbers[int(one)] - numbers[int(other)]

        def holds(unit: second.Unit) -> bool:
            return all(second.worked_out(scm, unit, node=node, does={}) == level for node, level in asked.given)

        return str(second.mean(scm, worth, holds))

    return again


def _cde_again(asked: Contrast, unit: second.Unit) -> tuple[second.Level, second.Level]:
    held: Mapping[int, second.Level] = dict.fromkeys(asked.mediators, 0) | dict(asked.held)
    one, other = (second.worked_out(asked.scm, unit, node=asked.y, does={**held, asked.x: x}) for x in asked.levels)
    return one, other


def _natural_again(active: int, mediating: int) -> Does:
    """Y with X at levels[*active*] and every mediator as it is with X at levels[*mediating*], against all at x0."""

    def does(asked: Contrast, unit: second.Unit) -> tuple[second.Level, second.Level]:
        scm, x, levels = asked.scm, asked.x, asked.levels
        kept = {node: second.worked_out(scm, unit, node=node, does={x: levels[mediating]}) for node in asked.mediators}
        one = second.worked_out(scm, unit, node=asked.y, does={**kept, x: levels[active]})
        return one, second.worked_out(scm, unit, node=asked.y, does={x: levels[1]})

    return does


def _te_again(asked: Contrast, unit: second.Unit) -> tuple[second.Level, second.Level]:
    one, other = (second.worked_out(asked.scm, unit, node=asked.y, does={asked.x: x}) for x in asked.levels)
    return one, other


def _pse_again(asked: Contrast, unit: second.Unit) -> tuple[second.Level, second.Level]:
    other = second.worked_out(asked.scm, unit, node=asked.y, does={asked.x: asked.levels[1]})
    if not asked.paths:
        return other, other
    return second.along(asked.scm, unit, y=asked.y, paths=asked.paths, levels=asked.levels), other


_ASKED: tuple[tuple[str, Callable[[Given], Contrast], Callable[[Given, Contrast], Found], Makes, Does], ...] = (
    ("te", _contrast, _first(_te, "E[Y_x1 - Y_x0]"), _te, _te_again),
    ("cde", _controlled, _first(_cde, "E[Y_x1,m - Y_x0,m]"), _cde, _cde_again),
    ("nde", _natural, _first(_nde, "E[Y_x1,M_x0 - Y_x0]"), _nde, _natural_again(0, 1)),
    ("nie", _natural, _first(_nie, "E[Y_x0,M_x1 - Y_x0]"), _nie, _natural_again(1, 0)),
    ("path_specific", _along_paths, _along("effect along the paths"), _pse, _pse_again),
    ("fairness", _fairness, _along("effect along the unfair paths"), _pse, _pse_again),
)
KINDS = tuple(
    kind(name, reads, first=first, second=_again(does), check=_check(makes))
    for name, reads, first, makes, does in _ASKED
)
