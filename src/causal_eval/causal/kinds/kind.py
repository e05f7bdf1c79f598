"""What a kind of query is: how its fields are read, two ways to its answer, and what is given beside the answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache
from typing import TypeAlias, TypeVar

from causal_eval.causal.graph import Graph, mask_of
from causal_eval.causal.ledger import Line
from causal_eval.causal.reading import node_list, sequence
from causal_eval.causal.scm import Scm
from causal_eval.errors import MalformedCase

Json: TypeAlias = "bool | int | str | list[Json] | dict[str, Json] | None"
"""What an answer is written as; a fraction is ``"p/q"``, a set of nodes the sorted list of their names."""
Ask = TypeVar("Ask")
"""What a kind asks: a frozen value, and with the graph and model all that either solver gets."""


@dataclass(frozen=True, slots=True)
class Given:
    """A case with its graph and model read, and its query as it stands."""

    names: tuple[str, ...]
    graph: Graph
    """Of a CPDAG the directed edges."""
    undirected: tuple[tuple[int, int], ...]
    """Of a CPDAG the others, (smaller, larger), sorted."""
    scm: Scm | None
    query: Mapping[str, object]

    @property
    def index(self) -> Mapping[str, int]:
        """Name -> node."""
        return _index(self.names)

    @property
    def kind(self) -> str:
        """What is asked."""
        return str(self.query.get("kind"))

    def nodes(self, field: str, *, least: int = 0, most: int | None = None) -> int:
        """The mask of the nodes that *field* of the query names.

        Raises:
            MalformedCase: an unknown node, one named twice, too few or too many.
        """
        found = node_list(self.query.get(field), self.index, where=f"query: {field}")
        if len(found) < least:
            raise MalformedCase(f"query: kind {self.kind} needs {field}; name at least {least} of the nodes")
        if most is not None and len(found) > most:
            raise MalformedCase(f"query: kind {self.kind} takes at most {most} nodes as {field}, got {len(found)}")
        return mask_of(found)

    def ends(self) -> tuple[int, int]:
        """X and Y, one node each and not the same.

        Raises:
            MalformedCase: they are not.
        """
        x, y = (self.nodes(field, least=1, most=1) for field in ("X", "Y"))
        self.apart({"X": x, "Y": y})
        return x.bit_length() - 1, y.bit_length() - 1

    def apart(self, masks: Mapping[str, int]) -> None:
        """Refuse sets of nodes that meet, by the names of their fields.

        Raises:
            MalformedCase: two of *masks* have a node in common.
        """
        fields = list(masks.items())
        for place, (one, mask) in enumerate(fields):
            for other, second in fields[place + 1 :]:
                if both := self.named(mask & second):
                    raise MalformedCase(f"query: {both[0]!r} is in both {one} and {other}; they must not meet")

    def observed(self, masks: Mapping[str, int]) -> None:
        """Refuse latent nodes, by the names of their fields.

        Raises:
            MalformedCase: one of *masks* holds a latent node.
        """
        for field, mask in masks.items():
            if hidden := self.named(mask & self.graph.latent):
                raise MalformedCase(f"query: {field}: {hidden[0]!r} is latent; only what is observed may be used")

    def named(self, mask: int) -> list[str]:
        """The sorted names of the nodes in *mask*."""
        return sorted(self.names[node] for node in range(mask.bit_length()) if mask >> node & 1)

    def items(self, field: str) -> list[object]:
        """The list in *field* of the query; absent or null: empty.

        Raises:
            MalformedCase: it is no list.
        """
        return sequence(self.query.get(field), f"query: {field}")

    def flag(self, field: str) -> bool:
        """The truth value in *field* of the query; absent or null: false.

        Raises:
            MalformedCase: it is none.
        """
        value = self.query.get(field)
        if value is None or isinstance(value, bool):
            return bool(value)
        raise MalformedCase(f"query: {field}: {value!r} is neither true nor false")

    def numbers(self, scm: Scm, node: int) -> list[Fraction]:
        """The values of *node* as numbers; a truth value counts 1.

        Raises:
            MalformedCase: they are words.
        """
        found = []
        for value in scm.names(node):
            if isinstance(value, str):
                raise MalformedCase(f"{self.names[node]} has the value {value!r}, so it has no mean")
            found.append(Fraction(value))
        return found

    def model(self) -> Scm:
        """The model beside the graph.

        Raises:
            MalformedCase: there is none.
        """
        if self.scm is None:
            raise MalformedCase(f"query: kind {self.kind} is numeric; add an scm beside the graph")
        return self.scm


@lru_cache(maxsize=64)
def _index(names: tuple[str, ...]) -> Mapping[str, int]:
    return {name: node for node, name in enumerate(names)}


@dataclass(frozen=True, slots=True)
class Found:
    """What the first solver found."""

    answer: Json
    method: str
    """The theorem or algorithm, in the field's words."""
    lines: tuple[Line, ...] = ()
    """The derivation; the value of its last line is the answer."""
    certificate: Json = None
    """What makes the answer checkable by itself: a hedge, two models, a witness."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of query; made by :func:`kind`."""

    name: str
    found: Callable[[Given], Found]
    """The first solver."""
    again: Callable[[Given], Json]
    """The second solver."""
    check: Callable[[Given, Found], None]
    """Whether the certificate proves the answer."""
    decided: frozenset[str]
    """Where an answer is an object: the fields in which both solvers agree; empty: all. Of formulas and witnesses there
    are several that are right, which `check` sees to."""

    mixed: bool = False
    """Whether it takes a graph with undirected edges (a CPDAG)."""

    def on_cpdags(self) -> Kind:
        """The same kind, of graphs with undirected edges too."""
        return replace(self, mixed=True)

    def part(self, answer: Json) -> Json:
        """What of *answer* both solvers have to find."""
        if not self.decided or not isinstance(answer, dict):
            return answer
        return {field: value for field, value in answer.items() if field in self.decided}


def kind(
    name: str,
    reads: Callable[[Given], Ask],
    *,
    first: Callable[[Given, Ask], Found],
    second: Callable[[Given, Ask], Json],
    check: Callable[[Given, Ask, Found], None] | None = None,
    decided: Iterable[str] = (),
) -> Kind:
    """The kind *name*: its own fields read by *reads*, each defect named, and what is asked handed to either solver.

    *second* gives the answer alone (its *decided* fields), is written against the definition, and shares no code with
    *first*. *check* raises VerificationMismatch where the certificate does not prove the answer.
    """

    def checked(given: Given, found: Found) -> None:
        if check is not None:
            check(given, reads(given), found)

    return Kind(
        name,
        found=lambda given: first(given, reads(given)),
        again=lambda given: second(given, reads(given)),
        check=checked,
        decided=frozenset(decided),
    )
