"""Structural causal models in JSON: conditional tables, equations with exogenous roots, linear systems."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any

from causal_eval.causal.expression import key_of, parse, reads, unparse
from causal_eval.causal.graph import Graph, bits, mask_of
from causal_eval.causal.reading import fraction, mapping, name_list, node_list, sequence
from causal_eval.causal.scm import Linear, Mechanism, Row, Rule, Scm, Table, Unspecified, Value, positions
from causal_eval.errors import MalformedCase

_TRUTH: tuple[Value, ...] = (False, True)


def exogenous_names(obj: Mapping[str, Any]) -> list[str]:
    """The names under ``exogenous``: a bare list, or an object with their probabilities."""
    exogenous = obj.get("exogenous")
    return list(exogenous) if isinstance(exogenous, dict) else name_list(exogenous, "exogenous")


def mechanism_names(obj: Mapping[str, Any]) -> list[str]:
    """All names that have a mechanism, exogenous ones first, in the order in which they stand."""
    found = dict.fromkeys(exogenous_names(obj))
    for field in ("cpts", "equations"):
        found |= dict.fromkeys(mapping(obj.get(field) or {}, f"scm: {field}"))
    return list(found | dict.fromkeys(linear_names(obj)))


def linear_names(obj: Mapping[str, Any]) -> list[str]:
    """The names under ``linear`` and ``noise``, and causes that have no mechanism of their own: roots with noise."""
    systems = mapping(obj.get("linear") or {}, "scm: linear")
    found = dict.fromkeys([*systems, *mapping(obj.get("noise") or {}, "scm: noise")])
    tabled, ruled = (mapping(obj.get(field) or {}, f"scm: {field}") for field in ("cpts", "equations"))
    elsewhere = {*exogenous_names(obj), *tabled, *ruled}
    causes = [cause for name, terms in systems.items() for cause in mapping(terms or {}, f"scm: linear: {name!r}")]
    return list(found | dict.fromkeys(cause for cause in causes if cause not in elsewhere))


def implied_edges(obj: Mapping[str, Any], names: Sequence[str]) -> list[tuple[int, int]]:
    """The edges (cause, effect) that the mechanisms use, sorted."""
    index = {name: node for node, name in enumerate(names)}
    domains = _domains(obj, names)
    edges: set[tuple[int, int]] = set()
    for name, table in mapping(obj.get("cpts") or {}, "scm: cpts").items():
        parents = mapping(table, f"scm: cpts: {name!r}").get("parents")
        edges |= {(cause, _node(name, index)) for cause in node_list(parents, index, where=f"scm: parents of {name!r}")}
    for name, equation in mapping(obj.get("equations") or {}, "scm: equations").items():
        edges |= {(cause, _node(name, index)) for cause in bits(reads(parse(equation, index, domains=domains)))}
    for name, terms in mapping(obj.get("linear") or {}, "scm: linear").items():
        causes = node_list(list(mapping(terms, f"scm: linear: {name!r}")), index, where=f"scm: linear: {name!r}")
        edges |= {(cause, _node(name, index)) for cause in causes}
    return sorted(edges)


def read_scm(obj: Mapping[str, Any], names: Sequence[str], *, graph: Graph) -> Scm:
    """The model of *obj* over *graph*.

    Raises:
        MalformedCase: a node without mechanism or with two, parents that differ from the graph's, a missing or extra
            row, probabilities that do not sum to 1, an expression that cannot be read or leaves its domain.
    """
    if any(graph.bidirected):
        raise MalformedCase("scm: a numeric model has no bidirected edges; add each latent common cause as a node")
    index = {name: node for node, name in enumerate(names)}
    domains = _domains(obj, names)
    reader = _Reader(names, index, domains, graph, threshold=bool(obj.get("threshold", False)))
    mechanisms: dict[int, Mechanism] = {}
    for node, mechanism in reader.mechanisms(obj):
        if node in mechanisms:
            raise MalformedCase(f"scm: {names[node]!r} has two mechanisms; keep one")
        mechanisms[node] = mechanism
    for node, name in enumerate(names):
        if node not in mechanisms:
            raise MalformedCase(f"scm: {name!r} has no mechanism; add it to cpts, equations, exogenous or linear")
    plain = all(_is_plain(domain) for domain in domains)
    sizes = tuple(map(len, domains))
    return Scm(graph, sizes, tuple(mechanisms[node] for node in range(len(names))), () if plain else tuple(domains))


class _Reader:
    """Reads the mechanisms of one model; holds what every one of them needs."""

    def __init__(
        self,
        names: Sequence[str],
        index: Mapping[str, int],
        domains: Sequence[tuple[Value, ...]],
        graph: Graph,
        *,
        threshold: bool,
    ) -> None:
        self.names, self.index, self.domains, self.graph, self.threshold = names, index, domains, graph, threshold
        self.written = [[key_of(value).lower() for value in domain] for domain in domains]

    def mechanisms(self, obj: Mapping[str, Any]) -> Iterator[tuple[int, Mechanism]]:
        """Every (node, mechanism) that *obj* states."""
        for name, table in mapping(obj.get("cpts") or {}, "scm: cpts").items():
            yield _node(name, self.index), self.table(name, mapping(table, f"scm: cpts: {name!r}"))
        for name, equation in mapping(obj.get("equations") or {}, "scm: equations").items():
            yield _node(name, self.index), self.rule(name, equation)
        yield from self.exogenous(obj.get("exogenous"))
        yield from self.linear(obj)

    def table(self, name: str, obj: Mapping[str, Any]) -> Table:
        """A conditional table; its keys follow the order of its own ``parents`` list."""
        listed = [_node(parent, self.index) for parent in name_list(obj.get("parents"), f"scm: parents of {name!r}")]
        self.same_parents(name, mask_of(listed))
        raw = obj.get("table")
        rows = mapping({"": raw} if isinstance(raw, list) and not listed else raw, f"scm: table of {name!r}")
        read: dict[tuple[int, ...], Row] = {}
        for key, row in rows.items():
            values = self.key(name, key, listed)
            if values in read:
                raise MalformedCase(f"scm: table of {name!r} has the row {key!r} twice; keep one")
            read[values] = self.row(name, key, row)
        wanted = itertools.product(*(range(len(self.domains[node])) for node in sorted(listed)))
        if missing := [values for values in wanted if values not in read]:
            parents = ", ".join(self.names[node] for node in sorted(listed))
            raise MalformedCase(f"scm: table of {name!r} has no row for ({parents}) = {missing[0]}; add it")
        threshold = bool(obj.get("threshold", self.threshold)) and bool(listed)
        return Table({values: read[values] for values in sorted(read)}, threshold=threshold)

    def key(self, name: str, key: str, listed: Sequence[int]) -> tuple[int, ...]:
        """The parents' values of a row, in ascending order of the parents."""
        parts = [part.strip() for part in key.split(",")] if key.strip() else []
        if len(parts) != len(listed):
            raise MalformedCase(
                f"scm: table of {name!r}: key {key!r} has {len(parts)} values for {len(listed)} parents"
            )
        found = {node: self.key_part(part, node, name=name) for node, part in zip(listed, parts, strict=True)}
        return tuple(found[node] for node in sorted(found))

    def key_part(self, part: str, node: int, *, name: str) -> int:
        """A value in a key: by name, or by position."""
        written = self.written[node]
        if part.lower() in written:
            return written.index(part.lower())
        if part.isdecimal() and int(part) < len(written):
            return int(part)
        allowed = ", ".join(written)
        raise MalformedCase(
            f"scm: table of {name!r}: {self.names[node]!r} cannot be {part!r}: its values are {allowed}"
        )

    def row(self, name: str, key: str, row: Any) -> Row:
        """Probabilities that are not negative and sum to 1."""
        where = f"scm: {name!r}" + (f", row {key!r}" if key else "")
        size = len(self.domains[_node(name, self.index)])
        found = tuple([fraction(part, where) for part in sequence(row, where)])
        if len(found) != size or not found:
            raise MalformedCase(f"{where} has {len(found)} probabilities for {size} values")
        bottom = math.lcm(*[p.denominator for p in found])
        parts = [p.numerator * (bottom // p.denominator) for p in found]
        if min(parts) < 0 or sum(parts) != bottom:
            raise MalformedCase(f"{where}: probabilities {', '.join(map(str, found))} must be >= 0 and sum to 1")
        return found

    def rule(self, name: str, equation: Any) -> Rule:
        """An equation that reads only parents of its node."""
        expression = parse(equation, self.index, domains=self.domains)
        if strange := reads(expression) & ~self.graph.parents[_node(name, self.index)]:
            other = self.names[bits(strange)[0]]
            if other == name:
                raise MalformedCase(f"scm: the equation of {name!r} reads {name!r} itself, a cycle; cut it")
            raise MalformedCase(f"scm: the equation of {name!r} reads {other!r}; add the edge {other} -> {name}")
        return Rule(expression)

    def exogenous(self, obj: Any) -> Iterator[tuple[int, Mechanism]]:
        """Roots: with probabilities, or to be set by a context."""
        for name in exogenous_names({"exogenous": obj}):
            node = _node(name, self.index)
            self.same_parents(name, 0)
            yield node, Table({(): self.row(name, "", obj[name])}) if isinstance(obj, dict) else Unspecified()

    def linear(self, obj: Mapping[str, Any]) -> Iterator[tuple[int, Mechanism]]:
        """Linear mechanisms: every node under ``linear`` or ``noise``."""
        systems = mapping(obj.get("linear") or {}, "scm: linear")
        noises = mapping(obj.get("noise") or {}, "scm: noise")
        for name in linear_names(obj):
            terms = mapping(systems.get(name) or {}, f"scm: linear: {name!r}")
            found = {_node(parent, self.index): fraction(c, f"scm: linear: {name!r}") for parent, c in terms.items()}
            self.same_parents(name, mask_of(found))
            noise = mapping(noises.get(name) or {}, f"scm: noise of {name!r}")
            mean = fraction(noise.get("mean", 0), f"scm: noise of {name!r}")
            variance = fraction(noise.get("variance", 1), f"scm: noise of {name!r}")
            if variance < 0:
                raise MalformedCase(f"scm: noise of {name!r}: the variance {variance} is negative")
            yield _node(name, self.index), Linear(tuple(found[node] for node in sorted(found)), mean, variance)

    def same_parents(self, name: str, parents: int) -> None:
        """Refuse a mechanism whose parents are not the graph's."""
        expected = self.graph.parents[_node(name, self.index)]
        if parents != expected:
            here, there = ([self.names[node] for node in bits(mask)] for mask in (parents, expected))
            raise MalformedCase(f"scm: {name!r} lists the parents {here}, the graph has {there}; make them equal")


def write_scm(scm: Scm, names: Sequence[str]) -> dict[str, Any]:
    """The JSON of a model, canonical: reading it over the same graph gives an equal model."""
    roots_apart = any(isinstance(mechanism, Rule) for mechanism in scm.mechanisms)
    roots_apart &= not any(isinstance(mechanism, Unspecified) for mechanism in scm.mechanisms)
    written: dict[str, Any] = {}
    for node, mechanism in enumerate(scm.mechanisms):
        match mechanism:
            case Table(rows) if roots_apart and not scm.graph.parents[node]:
                written.setdefault("exogenous", {})[names[node]] = list(map(str, rows[()]))
            case Table():
                written.setdefault("cpts", {})[names[node]] = _write_table(scm, names, node=node, table=mechanism)
            case Rule(expression):
                written.setdefault("equations", {})[names[node]] = unparse(expression, names)
            case Unspecified():
                written.setdefault("exogenous", []).append(names[node])
            case Linear(coefficients, mean, variance):
                terms = zip(bits(scm.graph.parents[node]), coefficients, strict=True)
                written.setdefault("linear", {})[names[node]] = {names[cause]: str(c) for cause, c in terms}
                written.setdefault("noise", {})[names[node]] = {"mean": str(mean), "variance": str(variance)}
    return written | _write_domains(scm, names, roots_apart=roots_apart)


def _write_domains(scm: Scm, names: Sequence[str], *, roots_apart: bool) -> dict[str, Any]:
    """The domains that :func:`_domains` would not find by itself."""
    listed: dict[str, list[Any]] = {}
    for node, name in enumerate(names):
        values, found = scm.names(node), _found(scm, node, roots_apart=roots_apart)
        if values is not found and (values != found or [*map(type, values)] != [*map(type, found)]):  # 1 == True
            listed[name] = [float(value) if type(value) is Fraction else value for value in values]
    return {"domains": listed} if listed else {}


def _found(scm: Scm, node: int, *, roots_apart: bool) -> tuple[Value, ...]:
    """The values that :func:`_domains` finds by the mechanism of *node* as it is written."""
    mechanism, size = scm.mechanisms[node], scm.domains[node]
    if isinstance(mechanism, Linear):
        return ()
    if isinstance(mechanism, Table) and (size != len(_TRUTH) or not roots_apart or scm.graph.parents[node]):
        return positions(size)
    return _TRUTH


def _write_table(scm: Scm, names: Sequence[str], *, node: int, table: Table) -> dict[str, Any]:
    parents = list(bits(scm.graph.parents[node]))
    written: dict[str, Any] = {
        "parents": [names[parent] for parent in parents],
        "table": {",".join(map(str, key)): list(map(str, row)) for key, row in sorted(table.rows.items())},
    }
    return written | ({"threshold": True} if table.threshold else {})


def _domains(obj: Mapping[str, Any], names: Sequence[str]) -> list[tuple[Value, ...]]:
    """The values of every node: as listed under ``domains``, else by the kind of its mechanism."""
    listed = mapping(obj.get("domains") or {}, "scm: domains")
    cpts = mapping(obj.get("cpts") or {}, "scm: cpts")
    exogenous = obj.get("exogenous")
    probabilities = exogenous if isinstance(exogenous, dict) else {}
    linear = {*linear_names(obj)}
    for name in listed:
        if name not in names:
            raise MalformedCase(f"scm: domains: no node is called {name!r}; the nodes are {', '.join(names)}")
    domains: list[tuple[Value, ...]] = []
    for name in names:
        if name in listed:
            domains.append(_values(name, listed[name]))
        elif name in cpts:
            domains.append(tuple(range(_width(name, cpts[name]))))
        elif name in linear:
            domains.append(())
        elif name not in probabilities:
            domains.append(_TRUTH)
        else:
            width = len(sequence(probabilities[name], f"scm: exogenous {name!r}"))
            domains.append(_TRUTH if width == len(_TRUTH) else tuple(range(width)))
    return domains


def _values(name: str, listed: Any) -> tuple[Value, ...]:
    where = f"scm: domains: {name!r}"
    values: list[Value] = []
    for value in sequence(listed, where):
        exact = fraction(value, where) if isinstance(value, float) else value
        if not isinstance(exact, bool | int | str | Fraction) or exact in values:
            raise MalformedCase(f"{where}: {value!r} is no new boolean, number or string")
        values.append(exact)
    if not values:
        raise MalformedCase(f"{where} is empty; list its values")
    return tuple(values)


def _width(name: str, table: Any) -> int:
    rows = mapping(table, f"scm: cpts: {name!r}").get("table")
    row = rows if isinstance(rows, list) else next(iter(mapping(rows, f"scm: table of {name!r}").values()), ())
    return max(1, len(sequence(row, f"scm: table of {name!r}")))


def _is_plain(domain: Sequence[Value]) -> bool:
    return all(type(value) is int and value == place for place, value in enumerate(domain))


def _node(name: Any, index: Mapping[str, int]) -> int:
    if name not in index:
        raise MalformedCase(f"scm: no node is called {name!r}; the nodes are {', '.join(index)}")
    return index[name]
