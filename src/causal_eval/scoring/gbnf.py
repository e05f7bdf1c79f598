"""Rules in GBNF for answers with parts: number vectors, intervals, graphs, orders, formulas."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence

from causal_eval.questions.question import AnswerKind, AnswerSpec

MOST_ORDERED = 10
"""Items of the longest order that a grammar writes."""
_NUMBER = (
    'number ::= "-"? digits fraction?',
    'fraction ::= "/" [1-9] [0-9]? [0-9]? | "." digits',
    "digits ::= [0-9] [0-9]? [0-9]? [0-9]?",
)
_MOST_NAMES = 6
_MOST_FACTORS = 4
_DEEPEST = 2


def rules(spec: AnswerSpec) -> list[str]:
    """The rule ``answer`` and those that it needs."""
    return _RULES[spec.kind](spec)


def alternatives(texts: Sequence[str]) -> str:
    """Any one of *texts*."""
    return " | ".join(map(quoted, texts))


def quoted(text: str) -> str:
    """*text* as a literal."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def _numbers(spec: AnswerSpec) -> list[str]:
    parts = ' "; " '.join(f"{quoted(f'{item} = ')} number" for item in spec.items)
    return [f"answer ::= {parts}", *_NUMBER]


def _interval(_spec: AnswerSpec) -> list[str]:
    return ['answer ::= "[" number ", " number "]"', *_NUMBER]


def _graph(spec: AnswerSpec) -> list[str]:
    """Every graph once: pairs in the order of *items*; ``from<k>`` when no edge is written yet, else ``then<k>``."""
    pairs = list(itertools.combinations(spec.items, 2))
    found = ['answer ::= "none"' + " | from0" * bool(pairs), f'then{len(pairs)} ::= ""']
    for place, (one, other) in enumerate(pairs):
        edges = (f"{one} -> {other}", f"{other} -> {one}", f"{one} -- {other}")
        skipped = f" | from{place + 1}" if place + 1 < len(pairs) else ""
        found.append(f"edge{place} ::= {alternatives(edges)}")
        found.append(f"from{place} ::= edge{place} then{place + 1}{skipped}")
        found.append(f'then{place} ::= "; " edge{place} then{place + 1} | then{place + 1}')
    return found


def _order(spec: AnswerSpec) -> list[str]:
    """Every order once; ``left<mask>`` writes the items of *mask*."""
    whole = (1 << len(spec.items)) - 1
    found = [f"answer ::= left{whole}"]
    for mask in range(whole, 0, -1):
        ways = []
        for place, item in enumerate(spec.items):
            rest = mask & ~(1 << place)
            if mask >> place & 1:
                ways.append(f"{quoted(f'{item} > ')} left{rest}" if rest else quoted(item))
        found.append(f"left{mask} ::= {' | '.join(ways)}")
    return found


def _formula(spec: AnswerSpec) -> list[str]:
    """Sums, products and quotients of probabilities, two sums deep."""
    none = ' | "none"' if spec.may_be_none else ""
    found = [f"answer ::= body{_DEEPEST}{none}", f"name ::= {alternatives(spec.items)}"]
    found += _repeated("names", "name", separator=",", most=_MOST_NAMES)
    found.append(f'prob ::= "P(" names{_MOST_NAMES} ")" | "P(" names{_MOST_NAMES} "|" names{_MOST_NAMES} ")"')
    found += _repeated("probs", "prob", separator=" ", most=_MOST_FACTORS)
    found.append(f"body0 ::= probs{_MOST_FACTORS}")
    for depth in range(1, _DEEPEST + 1):
        inner = f"body{depth - 1}"
        found.append(f'sum{depth} ::= "sum_{{" names{_MOST_NAMES} "}} " {inner} | "(" {inner} ") / (" {inner} ")"')
        found.append(f'body{depth} ::= {inner} | sum{depth} | probs{_MOST_FACTORS} " (" sum{depth} ")"')
    return found


def _repeated(name: str, part: str, *, separator: str, most: int) -> list[str]:
    """``<name><k>``: one to k times *part*."""
    longer = [f"{name}{k} ::= {part} | {part} {quoted(separator)} {name}{k - 1}" for k in range(2, most + 1)]
    return [f"{name}1 ::= {part}", *longer]


_RULES: dict[AnswerKind, Callable[[AnswerSpec], list[str]]] = {
    AnswerKind.NUMBERS: _numbers,
    AnswerKind.INTERVAL: _interval,
    AnswerKind.GRAPH: _graph,
    AnswerKind.ORDER: _order,
    AnswerKind.FORMULA: _formula,
}
