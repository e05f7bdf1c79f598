"""What a prompt states, free of any wording: facts that are rendered to sentences and read back from them."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from fractions import Fraction
from typing import NamedTuple, TypeVar

from causal_eval.errors import VerificationMismatch

Literal = tuple[int, int]
"""(node, value)."""
Slot = int | Fraction | str | Literal | tuple[int, ...] | tuple[Literal, ...]
"""The value of a slot; its type stands in the entry in ``phrases/*.toml``. Text is an answer as it is written."""


class Fact(NamedTuple):
    """One printed statement: a form of ``phrases/*.toml`` and its slots, in the order that entry gives."""

    form: str
    slots: tuple[Slot, ...] = ()


Facts = tuple[Fact, ...]

_T = TypeVar("_T")

CLAIM = "claimed"
"""The form by which somebody says what the answer is."""


def edge(cause: int, effect: int) -> Fact:
    """*cause* directly affects *effect*."""
    return Fact("edge", (cause, effect))


def latent(node: int) -> Fact:
    """*node* was never measured."""
    return Fact("latent", (node,))


def confounded(one: int, other: int) -> Fact:
    """Some hidden quantity affects *one* and *other*."""
    return Fact("confounded", (min(one, other), max(one, other)))


def letter(node: int, symbol: int) -> Fact:
    """In formulas *node* is called by the letter number *symbol*."""
    return Fact("letter", (node, symbol))


def share(node: int, p: Fraction, given: Iterable[Literal] = ()) -> Fact:
    """P(node = 1 | given) = p; *given* names every direct cause of *node*, and nothing else."""
    conditions = tuple(sorted(given))
    return Fact("share", ((node, 1), conditions, p)) if conditions else Fact("base", ((node, 1), p))


def rule(node: int, needed: int, causes: Iterable[Literal]) -> Fact:
    """*node* is 1 exactly when at least *needed* of the literals *causes* hold (1 = any, all of them = all)."""
    literals = tuple(sorted(causes))
    if len(literals) == 1:
        return Fact("rule-one", ((node, 1), literals[0]))
    if needed == len(literals):
        return Fact("rule-all", ((node, 1), literals))
    if needed == 1:
        return Fact("rule-any", ((node, 1), literals))
    return Fact("rule-count", ((node, 1), needed, literals))


def observed(node: int, value: int) -> Fact:
    """For the unit in question, *node* was seen to be *value*."""
    return Fact("observed", ((node, value),))


def of_form(facts: Facts, *forms: str) -> list[Fact]:
    """The facts of the given forms, in order."""
    return [fact for fact in facts if fact.form in forms]


def decisive(facts: Facts) -> Facts:
    """What decides the answer: every statement but a claim of what it is."""
    return facts if all(fact[0] != CLAIM for fact in facts) else tuple([fact for fact in facts if fact.form != CLAIM])


def the_ask(facts: Facts) -> Fact:
    """The one fact that is the question itself (its form begins with ``ask-``).

    Raises:
        VerificationMismatch: there is none, or more than one.
    """
    asks = [fact for fact in facts if fact[0].startswith("ask-")]  # by place: asked several times of every question
    if len(asks) != 1:
        raise VerificationMismatch(f"{len(asks)} questions are asked; a prompt asks one")
    return asks[0]


class _Same:
    """Facts as themselves: to hash all their fractions takes longer than to read them again."""

    __slots__ = ("facts",)

    def __init__(self, facts: Facts) -> None:
        self.facts = facts

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and [*map(id, self.facts)] == [*map(id, other.facts)]

    def __hash__(self) -> int:
        return hash(tuple(map(id, self.facts)))


def remembered(reading: Callable[[Facts, int], _T]) -> Callable[[Facts, int], _T]:
    """*reading*, its last results kept: a question is read for its case, its answer and each of its mistakes."""
    kept = functools.lru_cache(maxsize=8)(lambda same, n: reading(same.facts, n))

    @functools.wraps(reading)
    def read(facts: Facts, n: int) -> _T:
        return kept(_Same(facts), n)

    return read


def normal(facts: Iterable[Fact]) -> Facts:
    """The same statements in one canonical order: equal for two prompts iff they state the same."""
    return tuple(sorted(facts, key=_sort_key))


def _sort_key(fact: Fact) -> tuple[str, str]:
    return fact.form, repr(fact.slots)
