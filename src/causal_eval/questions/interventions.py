"""Interventions beyond setting one quantity: two at once, a mechanism replaced, an effect within a part of all cases.

Everything is a function of the printed facts alone, as in a family; :mod:`causal_eval.questions.families.effect` asks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

from causal_eval.causal.kinds.kind import Json
from causal_eval.errors import VerificationMismatch
from causal_eval.questions.chances import Chances
from causal_eval.questions.facts import Fact, Facts, Literal, of_form, the_ask
from causal_eval.questions.family import Group, Value
from causal_eval.questions.margins import apart, near_to
from causal_eval.questions.nets import MOST_DRAWS, Net, chances_of, gap, random_percents, risk
from causal_eval.questions.network import literal, node, scm_of
from causal_eval.questions.posing import Posed, about_scm, symbol
from causal_eval.questions.tables import HIGHEST, LOWEST, PERCENT, SHARES, share_facts
from causal_eval.seeds import Stream

FORMS = ("ask-joint", "ask-soft", "ask-cate")

_TWO = (
    ("Z>X Z>W Z>Y X>Y W>Y",),
    ("Z>X Z>W Z>Y X>W X>Y W>Y", "Z>X Z>W Z>Y X>M M>Y W>Y"),
    ("Z>X Z>W Z>M X>M M>Y W>Y V>X V>Y", "Z>X Z>W Z>Y X>M W>M M>Y V>W V>Y"),
    ("Z>X Z>V V>W V>Y X>M M>Y W>Y Z>M", "Z>X Z>W Z>Y X>M W>M M>Y V>X V>Y"),
    ("Z>X Z>V V>W V>Y X>M M>Y W>Y Z>M X>C Y>C", "Z>X Z>W Z>Y X>M W>M M>Y V>W V>Y X>C Y>C"),
)
_WITHIN = (
    ("V>X V>Y Z>Y X>Y",),
    ("V>X V>Y Z>X Z>Y X>Y", "V>X V>Y Z>Y X>M M>Y"),
    ("V>X V>Y Z>X Z>M X>M M>Y", "V>X V>Y Z>X Z>Y X>M M>Y"),
    ("V>X V>W W>Y Z>X Z>M X>M M>Y", "V>X V>Y Z>W W>Y Z>X X>M M>Y"),
    ("V>X V>Y Z>X Z>M X>M M>Y X>C Y>C", "V>X V>W W>Y Z>X Z>M X>M M>Y Z>Y"),
)
_POLICY = (
    ("Z>X Z>Y X>Y",),
    ("Z>X Z>Y X>M M>Y", "Z>X Z>V V>Y X>Y"),
    ("Z>X Z>V V>Y X>M M>Y", "Z>X Z>Y V>X V>Y X>Y"),
    ("Z>X Z>Y V>X V>Y X>M M>Y", "Z>X Z>V V>X V>Y X>Y X>C Y>C"),
    ("Z>X Z>V V>Y W>X W>Y X>M M>Y", "Z>X Z>M V>X V>Y X>M M>Y X>C Y>C"),
)
STRUCTURES: Mapping[str, tuple[tuple[str, ...], ...]] = {"joint": _TWO, "soft": _POLICY, "cate": _WITHIN}
"""Per kind and difficulty: X treatment, W another, Y outcome, Z what a policy or a part goes by, V M C as in effect."""

_LEAST, _MOST = 4, 34
"""Percent that a contrast exceeds: drawn for each question, so that no number is worth guessing."""
_REPAIRS, _MOVE = 5, 3
"""How often entries that lie too near to the answer are moved, and by how many hundredths at most."""
_REACH = 40
"""Entries of the outcome's table lie at most so far from a level that is drawn first, so that answers spread."""


class _Policy(NamedTuple):
    """A quantity whose mechanism is replaced, what the new one goes by, and its probabilities."""

    x: int
    z: int
    rows: Mapping[int, Fraction]


@dataclass(frozen=True, slots=True)
class _Draft:
    """A question before its tables, in percent, are printed; they may yet be moved."""

    net: Net
    tables: list[list[int]]
    rows: list[int]
    """Of the new mechanism, where one is asked about; they are by the state of Z."""
    ask: Fact

    def facts(self) -> Facts:
        """What is printed."""
        x, z = self.net.at["X"], self.net.at["Z"]
        soft = [Fact("soft", ((x, 1), (z, value), SHARES[p])) for value, p in enumerate(self.rows)]
        return (*share_facts(self.net.parents, self.tables), Fact("markov"), *soft, self.ask)

    def truth(self) -> Fraction:
        """What is asked for."""
        parents, tables = [*self.net.parents], [*self.tables]
        if self.rows:
            parents[self.net.at["X"]], tables[self.net.at["X"]] = (self.net.at["Z"],), self.rows
        return _right(Chances.of_tables(tuple(parents), tables), self.ask)

    def moved(self, truth: Fraction, *, stream: Stream) -> bool:
        """Whether a probability, or its complement, was too near to *truth*; those that were have been moved."""
        near = near_to(truth)
        other = {PERCENT - p for p in near}
        found = False
        for rows in (*self.tables, self.rows):
            for row, p in enumerate(rows if not (near.isdisjoint(rows) and other.isdisjoint(rows)) else ()):
                if p in near or p in other:
                    ahead = p >= PERCENT * (truth if p in near else 1 - truth)
                    step = stream.between(1, _MOVE) * (1 if ahead else -1)
                    rows[row] = p + step if LOWEST <= p + step <= HIGHEST else p - 3 * step
                    found = True
        return found

    def discriminates(self, truth: Fraction) -> bool:
        """Whether no guess and no mistake comes near *truth*."""
        shares = [p for rows in (*self.tables, self.rows) for p in rows]
        near = near_to(truth)
        if not near.isdisjoint((PERCENT // 2, *shares, *[PERCENT - p for p in shares])):
            return False
        if not apart(truth, (Fraction(sum(shares), len(shares) * PERCENT),)):
            return False
        at = self.net.at
        policy = _Policy(at["X"], at["Z"], dict(enumerate(SHARES[p] for p in self.rows)))
        return apart(truth, _wrong(Chances.of_tables(self.net.parents, self.tables), self.ask, policy).values())


def draw(stream: Stream, kind: str, *, difficulty: int) -> Group:
    """One question of *kind* that keeps the margins."""
    least = Fraction(stream.between(_LEAST, _MOST), PERCENT) if kind == "cate" else Fraction(0)
    for _ in range(MOST_DRAWS):
        net = Net.draw(stream.choice(STRUCTURES[kind][difficulty - 1]), stream)
        draft = _draft(net, kind, stream=stream)
        truth = draft.truth()
        for _ in range(_REPAIRS):
            if not draft.moved(truth, stream=stream):
                break
            truth = draft.truth()
        if abs(truth) >= least and draft.discriminates(truth):
            return Group(kind, net.n, net.order, (draft.facts(),))
    raise AssertionError(f"effect/{kind} at difficulty {difficulty}: no model keeps the margins")


def _draft(net: Net, kind: str, *, stream: Stream) -> _Draft:
    """Random tables of *net*, and a question about them."""
    x, y, z = net.at["X"], net.at["Y"], net.at["Z"]
    fixed = {} if kind == "cate" else {"Y": _about_a_level(len(net.parents[y]), stream)}
    tables = random_percents(net, stream, fixed=fixed)
    if kind == "joint":
        return _Draft(
            net, tables, [], Fact("ask-joint", ((y, 1), (x, stream.below(2)), (net.at["W"], stream.below(2))))
        )
    if kind == "cate":
        first = stream.below(2)
        return _Draft(net, tables, [], Fact("ask-cate", ((y, 1), (x, first), (x, 1 - first), (z, stream.below(2)))))
    rows = stream.shuffled([stream.between(3, 30), stream.between(70, 97)])
    return _Draft(net, tables, rows, Fact("ask-soft", ((y, 1), x)))


def _about_a_level(count: int, stream: Stream) -> list[int]:
    level = stream.between(10, 90)
    low, high = max(LOWEST + 1, level - _REACH), min(HIGHEST - 1, level + _REACH)
    return stream.betweens(low, high, count=1 << count)


def case(facts: Facts, n: int) -> Posed:
    """The query that the printed tables, and the new mechanism, decide."""
    ask, scm = the_ask(facts), scm_of(_model(facts), n)
    y, value = literal(ask.slots[0])
    event: dict[str, Json] = {symbol(y): value}
    match ask.form:
        case "ask-joint":
            do: dict[str, Json] = {symbol(one): level for one, level in map(literal, ask.slots[1:])}
            return about_scm(scm, {"kind": "do", "event": event, "do": do}, estimand=f"P({symbol(y)} | do both)")
        case "ask-cate":
            (x, first), (z, level) = _contrast(ask), literal(ask.slots[3])
            query: dict[str, Json] = {
                "kind": "cate", "X": symbol(x), "Y": symbol(y), "x1": first, "x0": 1 - first,
                "given": {symbol(z): level},
            }  # fmt: skip
            return about_scm(scm, query, estimand=f"E[{symbol(y)} | do, {symbol(z)}={level}], a difference")
    x, z, rows = _policy_of(facts)
    table: dict[str, Json] = {str(level): [str(1 - p), str(p)] for level, p in rows.items()}
    policies: dict[str, Json] = {symbol(x): {"parents": [symbol(z)], "table": table}}
    return about_scm(
        scm, {"kind": "soft_do", "event": event, "policies": policies}, estimand=f"P({symbol(y)} | policy)"
    )


def mistakes(facts: Facts, n: int) -> Mapping[str, Value]:
    """What observing, forgetting one of two things, or asking about everybody would give."""
    ask = the_ask(facts)
    policy = _policy_of(facts) if ask.form == "ask-soft" else None
    return dict(_wrong(chances_of(_model(facts), n), ask, policy))


def _wrong(chances: Chances, ask: Fact, policy: _Policy | None) -> dict[str, Fraction]:
    """What the mistakes give by *chances*, in which no mechanism is replaced."""
    y = literal(ask.slots[0])
    if ask.form == "ask-joint":
        one, other = (literal(slot) for slot in ask.slots[1:])
        return {
            "correlation is causation": risk(chances, y, given=(one, other)),
            "forget the second intervention": risk(chances, y, do=(one,)),
            "forget the first intervention": risk(chances, y, do=(other,)),
            "no intervention": risk(chances, y),
        }
    if ask.form == "ask-cate":
        (x, first), (z, level) = _contrast(ask), literal(ask.slots[3])
        sign = 1 if first else -1
        return {
            "correlation is causation": sign * gap(chances, y, x, do=False, given=((z, level),)),
            "the average over everybody": sign * gap(chances, y, x, do=True),
            "the other part": sign * gap(chances, y, x, do=True, given=((z, 1 - level),)),
            "the association among everybody": sign * gap(chances, y, x, do=False),
        }
    assert policy is not None, "the third form asks about a policy"
    x, z, rows = policy
    high = risk(chances, (z, 1))
    often = high * rows[1] + (1 - high) * rows[0]
    seen, done = (chances.levels(y, x, do=do) for do in (False, True))
    return {
        "correlation is causation": often * seen[1] + (1 - often) * seen[0],
        "forget what the policy goes by": often * done[1] + (1 - often) * done[0],
        "the policy changes nothing": risk(chances, y),
        "enforce it in every case": done[1],
    }


def _right(chances: Chances, ask: Fact) -> Fraction:
    """The answer by *chances*, in which a policy is in place."""
    y = literal(ask.slots[0])
    if ask.form == "ask-joint":
        return risk(chances, y, do=[literal(slot) for slot in ask.slots[1:]])
    if ask.form == "ask-cate":
        x, first = _contrast(ask)
        return (1 if first else -1) * gap(chances, y, x, do=True, given=(literal(ask.slots[3]),))
    return risk(chances, y)


def _model(facts: Facts) -> Facts:
    return tuple(of_form(facts, "base", "share", "markov"))


def _contrast(ask: Fact) -> Literal:
    """The quantity at the level that is enforced.

    Raises:
        VerificationMismatch: the two levels are not those of one quantity.
    """
    (x, first), (same, second) = literal(ask.slots[1]), literal(ask.slots[2])
    if x != same or first == second:
        raise VerificationMismatch("two states of one quantity must be compared")
    return x, first


def _policy_of(facts: Facts) -> _Policy:
    """The quantity whose mechanism is replaced, what the new one goes by, and its probabilities.

    Raises:
        VerificationMismatch: a row is missing or doubled, or the rows are about several quantities.
    """
    rows = [(literal(fact.slots[0]), literal(fact.slots[1]), fact.slots[2]) for fact in of_form(facts, "soft")]
    found = {level: p if value else 1 - p for (_, value), (_, level), p in rows if isinstance(p, Fraction)}
    ends = {(x, z) for (x, _), (z, _), _ in rows}
    if len(rows) != len(found) or set(found) != {0, 1} or len(ends) != 1 or {x for x, _ in ends} != {_replaced(facts)}:
        raise VerificationMismatch("a new mechanism needs a probability for both states of one quantity, once each")
    ((x, z),) = ends
    return _Policy(x, z, dict(sorted(found.items())))


def _replaced(facts: Facts) -> int:
    return node(the_ask(facts).slots[1])
