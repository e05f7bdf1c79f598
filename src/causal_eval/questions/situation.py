"""What happened in one case: strict rules over sources whose states are known, in settings that hide what caused it.

The settings are those of the literature on actual causation (Halpern 2016): pre-emption, overdetermination, switches,
votes, double prevention. They are grown by further rules, their states renamed and their nodes renumbered at random.
"""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from causal_eval.causal.graph import Graph, bits
from causal_eval.causal.scm import Const, Rule, Scm
from causal_eval.errors import VerificationMismatch
from causal_eval.questions.circuit import Gate, gates_of, sorted_gates
from causal_eval.questions.facts import Fact, Facts, Literal, observed, of_form
from causal_eval.questions.network import literal
from causal_eval.seeds import Stream

SETTINGS: Mapping[str, str] = {
    "late pre-emption": "M1:A N2:B,-M Y1:M,N",
    "early pre-emption": "M1:A N2:B,-A Y1:M,N",
    "overdetermination": "M2:A,B Y1:M,C",
    "switch": "M2:S,A N2:B,-S Y1:M,N",
    "votes": "M1:A Y2:M,B,C",
    "double prevention": "M2:A,-B Y2:C,-M",
}
"""Setting -> its rules: a node, how many of the literals must hold, and these; ``-`` is the state 0."""

Causes = Mapping[frozenset[int], int]
"""Actual cause -> the fewest quantities that have to be held in their states for it."""

_RULE = re.compile(r"(\w)(\d):(\S+)")
_EXTRA = 4
"""One source in so many is taken for a further cause of a rule."""
_MOST = 3
"""Direct causes that growing gives a rule at most."""


@dataclass(frozen=True, slots=True)
class Situation:
    """Rules, and the states of all quantities without one."""

    n: int
    start: Mapping[int, int]
    gates: Mapping[int, Gate]
    """Causes before effects."""

    def states(self, do: Mapping[int, int] | None = None) -> list[int]:
        """The state of every quantity, those of *do* being enforced."""
        held = do or {}
        states = [0] * self.n
        for node, value in (*self.start.items(), *held.items()):
            states[node] = held.get(node, value)
        for node, gate in self.gates.items():
            if node not in held:
                states[node] = gate.column(states, 1)
        return states

    def scm(self) -> Scm:
        """The same for the exact engine, sources with their states for equations."""
        mechanisms = [
            self.gates[node].mechanism() if node in self.gates else Rule(Const(bool(self.start[node])))
            for node in range(self.n)
        ]
        return Scm(self.graph(), (2,) * self.n, tuple(mechanisms))

    def graph(self) -> Graph:
        """Who depends on whom."""
        return Graph.build(self.n, [(cause, node) for node, gate in self.gates.items() for cause, _ in gate.literals])

    def statements(self) -> Facts:
        """Everything that is printed but the question."""
        return (
            *(observed(node, value) for node, value in self.start.items()),
            *(gate.fact(node) for node, gate in self.gates.items()),
            Fact("strict"),
        )

    def order(self) -> tuple[int, ...]:
        """A topological order."""
        return (*self.start, *self.gates)


def situation_of(facts: Facts, n: int) -> Situation:
    """The situation that the facts state.

    Raises:
        VerificationMismatch: a quantity has not exactly one state or rule, or the rules are not said to be strict.
    """
    seen = [literal(fact.slots[0]) for fact in of_form(facts, "observed")]
    gates, start = gates_of(facts), dict(seen)
    whole = start.keys() | gates.keys() == set(range(n)) and len(seen) + len(gates) == n
    if not whole or len(of_form(facts, "strict")) != 1:
        raise VerificationMismatch(
            "the prompt must give every quantity either its state in the case at hand or one rule, and say once that "
            "the rules are strict"
        )
    return Situation(n, start, sorted_gates(gates, start))


def random_situation(n: int, stream: Stream) -> tuple[Situation, int]:
    """A setting grown to *n* quantities, with random states, and its outcome."""
    settings = [_parsed(SETTINGS[name]) for name in sorted(SETTINGS)]
    gates = stream.choice([one for one in settings if len(one) + len(_sources(one)) <= n])
    sources = _sources(gates)
    while len(gates) + len(sources) < n:
        role, new = stream.choice(sources), f"+{len(gates)}"
        parts = [(new, 1)]
        if (others := [one for one in sources if one != role]) and stream.chance(3, 4):
            parts.append((stream.choice(others), stream.below(2)))
        sources = [new if one == role else one for one in sources]
        gates = {role: (1 + stream.below(len(parts)), parts), **gates}
    _widened(gates, sources, stream=stream)
    return _numbered(gates, sources, stream=stream)


_Roles = dict[str, tuple[int, list[tuple[str, int]]]]


def _parsed(text: str) -> _Roles:
    return {
        role: (int(needed), [(part[-1], int(part[0] != "-")) for part in parts.split(",")])
        for role, needed, parts in _RULE.findall(text)
    }


def _sources(gates: _Roles) -> list[str]:
    return sorted({role for _, parts in gates.values() for role, _ in parts} - gates.keys())


def _widened(gates: _Roles, sources: Sequence[str], *, stream: Stream) -> None:
    """Give some rules a source for a further cause."""
    for role, (needed, parts) in [*gates.items()]:
        others = [one for one in sources if one not in dict(parts)]
        if others and len(parts) < _MOST and stream.chance(1, _EXTRA):
            wider = [*parts, (stream.choice(others), stream.below(2))]
            gates[role] = (min(needed + stream.below(2), len(wider)), wider)


def _numbered(gates: _Roles, sources: Sequence[str], *, stream: Stream) -> tuple[Situation, int]:
    """The same with random numbers and states; causes stay before effects."""
    roles = [*sources, *gates]
    number = dict(zip(roles, stream.shuffled(range(len(roles))), strict=True))
    flips = dict(zip(number.values(), (stream.below(2) for _ in roles), strict=True))
    start = {number[source]: stream.below(2) for source in stream.shuffled(sources)}
    rules = {
        number[role]: Gate(
            1 - flips[number[role]],
            needed,
            tuple(sorted((number[cause], wanted ^ flips[number[cause]]) for cause, wanted in parts)),
        )
        for role, (needed, parts) in gates.items()
    }
    return Situation(len(roles), start, sorted_gates(rules, start)), number["Y"]


def variations(situation: Situation) -> list[Situation]:
    """The same with one rule changed: how many of its literals it needs, or one of them turned round."""
    found = []
    for node, gate in situation.gates.items():
        parts = gate.literals
        changed = [Gate(gate.value, k, parts) for k in range(1, len(parts) + 1) if k != gate.needed]
        for place, (cause, wanted) in enumerate(parts):
            turned: tuple[Literal, ...] = (*parts[:place], (cause, 1 - wanted), *parts[place + 1 :])
            changed.append(Gate(gate.value, gate.needed, turned))
        found += [Situation(situation.n, situation.start, {**situation.gates, node: new}) for new in changed]
    return found


def causes_of(situation: Situation, what: Literal) -> Causes:
    """The actual causes of *what*, but for itself, by the modified Halpern-Pearl definition.

    Every way to switch some quantities and to hold others is one setting of a column, so that a draw can be judged
    without the exact engine, which then proves it.
    """
    y, value = what
    others = [node for node in range(situation.n) if node != y]
    switched, held, parts = _modes(len(others))
    was, full = situation.states(), (1 << len(parts)) - 1
    masks = dict(zip(others, zip(switched, held, strict=True), strict=True))
    columns = [0] * situation.n
    for node in situation.order():
        gate = situation.gates.get(node)
        column = gate.column(columns, full) if gate else full * was[node]
        switch, hold = masks.get(node, (0, 0))
        columns[node] = column & ~(switch | hold) | (hold if was[node] else switch)
    undone = [parts[setting] for setting in bits(columns[y] ^ full * value)]
    fewest: dict[int, int] = {}
    for chosen, count in sorted(undone, key=lambda one: (one[0].bit_count(), one[1])):
        fewest.setdefault(chosen, count)
    smallest = [one for one in fewest if not any(part & one == part for part in fewest if part != one)]
    return {frozenset(others[place] for place in bits(one)): fewest[one] for one in smallest}


@functools.cache
def _modes(count: int) -> tuple[list[int], list[int], list[tuple[int, int]]]:
    """Per quantity where it is switched and where held; per setting what is switched, and how many are held."""
    settings = [*itertools.product((0, 1, 2), repeat=count)]
    switched, held = (
        [sum(1 << at for at, setting in enumerate(settings) if setting[place] == mode) for place in range(count)]
        for mode in (1, 2)
    )
    parts = [
        (sum(1 << place for place, mode in enumerate(setting) if mode == 1), setting.count(2)) for setting in settings
    ]
    return switched, held, parts
