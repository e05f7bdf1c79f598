"""What kinds that ask about sets of nodes share: their fields, and the lines that show a list of minimal sets."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import islice

from causal_eval.causal.claims import MOST_LINES, path_text
from causal_eval.causal.graph import Graph, bits
from causal_eval.causal.kinds.kind import Given, Json
from causal_eval.causal.ledger import Ledger
from causal_eval.causal.query import Case, Query
from causal_eval.causal.separation import judge


@dataclass(frozen=True, slots=True)
class Sets:
    """The masks of nodes that a query names."""

    x: int
    y: int
    z: int = 0
    w: int = 0
    s: int = 0
    include: int = 0
    exclude: int = 0


FIELDS: Mapping[str, str] = {
    "x": "X", "y": "Y", "z": "Z", "w": "W", "s": "selection", "include": "must_include", "exclude": "must_exclude",
}  # fmt: skip
"""Attribute -> field of the query."""

_MAY_MEET = frozenset({("exclude", other) for other in FIELDS} | {("s", "z"), ("s", "w")})
"""A node that is selected on is given anyway, and one that may not be used may play any part but be forced."""


def read_sets(given: Given, attributes: Iterable[str], *, single: str = "", least: str = "xy") -> Sets:
    """The masks of X, Y and the other *attributes*; those in *single* are one node each, those in *least* not empty.

    Raises:
        MalformedCase: as :meth:`Given.nodes`; two sets that may not share a node do.
    """
    names = ["x", "y", *attributes]
    masks = {
        name: given.nodes(FIELDS[name], least=int(name in least), most=1 if name in single else None) for name in names
    }
    for place, one in enumerate(names):
        for other in names[place + 1 :]:
            pairs = {(one, other), (other, one)}
            if not pairs & _MAY_MEET or pairs == {("include", "exclude"), ("exclude", "include")}:
                given.apart({FIELDS[one]: masks[one], FIELDS[other]: masks[other]})
    return Sets(**masks)


def query_of(given: Given, kind: str, *, asked: Sets) -> dict[str, Json]:
    """The query of that kind about the sets *asked*; empty ones are left out but for X, Y and Z."""
    written: dict[str, Json] = {"kind": kind}
    for name, field in FIELDS.items():
        if (mask := getattr(asked, name)) or name in "xyz":
            written[field] = [*given.named(mask)]
    return written


def braces(given: Given, mask: int) -> str:
    """``{A, B}``, or the name alone where there is one."""
    names = given.named(mask)
    return names[0] if len(names) == 1 else f"{{{', '.join(names)}}}"


def opened(given: Given, g: Graph, *, x: int, y: int, z: int) -> str:
    """``: open path X <- Z -> Y``, or nothing where *z* blocks all paths of *g* from *x* to *y*."""
    path = judge(g, x, y, z & ~(x | y)).open_path
    case = Case(given.names, given.graph, None, Query("dsep"))
    return "" if path is None else f": open path {path_text(case, path)}"


def minimal_claims(
    ledger: Ledger,
    given: Given,
    *,
    sets: Iterable[int],
    fixed: int,
    query: Callable[[int], dict[str, Json]],
    says: str,
) -> None:
    """Each of *sets* is one, and no longer so without any member that is not *fixed*; the answer stands last."""
    found = list(sets)
    lines = ((mask, gone) for mask in found for gone in (0, *(1 << node for node in bits(mask & ~fixed))))
    for mask, gone in islice(lines, MOST_LINES):
        text = f"not without {braces(given, gone)}" if gone else f"{braces(given, mask)} {says}"
        ledger.claim(text, query(mask & ~gone), value=not gone)
    none = f"no set {says}" if not found else f"these sets and no others {says}, each without a smaller one that does"
    ledger.claim(none, dict(given.query), value=listed(given, found))


def listed(given: Given, sets: Iterable[int]) -> list[Json]:
    """Sets by their names, small ones first."""
    return [[*names] for names in sorted((given.named(mask) for mask in sets), key=lambda one: (len(one), one))]
