"""Front-door sets."""

from __future__ import annotations

from dataclasses import dataclass

from causal_eval.causal.frontdoor import is_frontdoor_set, widest_frontdoor_set
from causal_eval.causal.kinds.kind import Found, Given, Json, kind
from causal_eval.causal.ledger import Ledger
from causal_eval.causal.second import frontdoor as second


@dataclass(frozen=True, slots=True)
class Mediated:
    """Treatment, outcome, and what is to lie between."""

    x: int
    y: int
    m: int = 0


def _with_m(given: Given) -> Mediated:
    asked = Mediated(given.nodes("X", least=1), given.nodes("Y", least=1), given.nodes("M"))
    given.apart({"X": asked.x, "Y": asked.y, "M": asked.m})
    return asked


def _without_m(given: Given) -> Mediated:
    asked = Mediated(given.nodes("X", least=1), given.nodes("Y", least=1))
    given.apart({"X": asked.x, "Y": asked.y})
    return asked


def _is_set(given: Given, asked: Mediated) -> Found:
    holds = is_frontdoor_set(given.graph, asked.x, y=asked.y, m=asked.m)
    ledger = Ledger()
    ledger.claim(_says(given, asked), _query(given, asked), value=holds)
    return Found(holds, "front-door criterion", tuple(ledger.lines))


def _exists(given: Given, asked: Mediated) -> Found:
    widest = widest_frontdoor_set(given.graph, asked.x, y=asked.y)
    ledger = Ledger()
    if widest is not None:
        whole = Mediated(asked.x, asked.y, widest)
        ledger.claim(_says(given, whole), _query(given, whole), value=True)
    text = f"some set satisfies the front-door criterion for {_ends(given, asked)}"
    ledger.claim(text, dict(given.query), value=widest is not None)
    certificate: Json = None if widest is None else {"M": [*given.named(widest)]}
    return Found(widest is not None, "the largest set without open back-door paths", tuple(ledger.lines), certificate)


def _says(given: Given, asked: Mediated) -> str:
    return f"{{{', '.join(given.named(asked.m))}}} satisfies the front-door criterion for {_ends(given, asked)}"


def _ends(given: Given, asked: Mediated) -> str:
    return f"({', '.join(given.named(asked.x))}; {', '.join(given.named(asked.y))})"


def _query(given: Given, asked: Mediated) -> dict[str, Json]:
    sets = {"X": asked.x, "Y": asked.y, "M": asked.m}
    return {"kind": "is_frontdoor_set"} | {field: [*given.named(mask)] for field, mask in sets.items()}


KINDS = (
    kind(
        "is_frontdoor_set",
        _with_m,
        first=_is_set,
        second=lambda given, ask: second.is_frontdoor(given.graph, ask.x, y=ask.y, m=ask.m),
    ),
    kind(
        "frontdoor_exists",
        _without_m,
        first=_exists,
        second=lambda given, ask: second.exists(given.graph, ask.x, y=ask.y),
    ),
)
