"""Linear systems: what a node would have been on average, given what was seen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from causal_eval.causal.gaussian import linear_nodes, mean_of
from causal_eval.causal.graph import bits
from causal_eval.causal.kinds.kind import Found, Given, Json, kind
from causal_eval.causal.ledger import Ledger
from causal_eval.causal.reading import fraction, mapping, node_of
from causal_eval.causal.scm import Scm
from causal_eval.causal.second import gaussian as second


@dataclass(frozen=True, slots=True)
class Would:
    """Y after something, given what was seen; pairs of node and value."""

    scm: Scm
    y: int
    do: tuple[tuple[int, Fraction], ...]
    seen: tuple[tuple[int, Fraction], ...]


def _would(given: Given) -> Would:
    scm = given.model()
    linear_nodes(scm)
    y = bits(given.nodes("Y", least=1, most=1))[0]
    return Would(scm, y, _values(given, "do"), _values(given, "evidence"))


def _values(given: Given, field: str) -> tuple[tuple[int, Fraction], ...]:
    where = f"query: {field}"
    told: Mapping[str, object] = mapping(given.query.get(field) or {}, where)
    pairs = (
        (node_of(name, given.index, where=where), fraction(value, f"{where}: {name}")) for name, value in told.items()
    )
    return tuple(sorted(pairs))


def _mean(given: Given, asked: Would) -> Found:
    answer = str(mean_of(asked.scm, asked.y, do=dict(asked.do), seen=dict(asked.seen)))
    ledger = Ledger()
    done, seen = (", ".join(f"{given.names[node]}={value}" for node, value in part) for part in (asked.do, asked.seen))
    text = f"E[{given.names[asked.y]}{f'_{{{done}}}' if done else ''}{f' | {seen}' if seen else ''}]"
    ledger.claim(text, dict(given.query), value=answer)
    return Found(answer, "noise given what was seen, then the equations again", tuple(ledger.lines))


def _mean_again(given: Given, asked: Would) -> Json:
    del given
    return str(second.mean_of(asked.scm, asked.y, do=dict(asked.do), seen=dict(asked.seen)))


KINDS = (kind("linear_counterfactual", _would, first=_mean, second=_mean_again),)
