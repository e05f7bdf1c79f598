"""Chain: how a change of the sources, with one rule broken or rewired, spreads through strict rules (rungs 2 and 3).

There are no probabilities: the sources' states before and after are printed, and every rule. Rules have two or three
inputs and paths meet again, so that a change is often swallowed on its way. Truth: both worlds, the one before and the
one after, are evaluated side by side in one case.
``values`` asks for the state of every quantity with a rule, ``changed`` for all whose state is not what it was,
``earliest`` for the one with a rule at which the change of states begins, in two systems with the same graph, the same
sources switched and different answers, which are scored as one.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass

from causal_eval.causal.graph import Graph
from causal_eval.causal.query import Case, Query
from causal_eval.causal.scm import Const, Mechanism, Rule, Scm, Unspecified
from causal_eval.errors import VerificationMismatch
from causal_eval.questions.circuit import Gate, at_least, gates_of, sorted_gates
from causal_eval.questions.facts import Fact, Facts, of_form, remembered, the_ask
from causal_eval.questions.family import Family, Group, Kind, Value
from causal_eval.questions.network import literal
from causal_eval.questions.posing import by_node
from causal_eval.questions.question import AnswerKind, AnswerSpec
from causal_eval.questions.regime import AFTER, BEFORE, BOTH, System, differs
from causal_eval.questions.wording import Lexicon
from causal_eval.seeds import Stream

SIZES = ((9, 3), (10, 3), (11, 4), (12, 4), (14, 5))
"""(quantities, sources among them) per difficulty."""
BEFOREHAND = " before"
"""Follows the name of a quantity where the case speaks of the world before the change."""

_NOTHING = -1
"""Where a wrong method finds no single quantity."""
_FEWEST = 4
"""Quantities with a rule that the change touches directly when one of them is asked for."""
_ANY = (True, False)
_EVEN, _LASTING = (1, 2), (4, 5)
"""How often a change goes on where it may or may not; in longer questions, and where few quantities change at all."""
_USUAL = (1, 4)
"""How often a rule does what its wording suggests, so that the wording alone tells nothing."""


def case(facts: Facts, n: int) -> Case:
    """The values of every quantity in both worlds: node *v* is it after the change, node *n + v* before."""
    system = _system(facts, n)
    mechanisms: list[Mechanism] = [Unspecified()] * (2 * n)
    edges: list[tuple[int, int]] = []
    for node, gate in system.gates.items():
        new = system.rewired if node == system.target else gate
        mechanisms[n + node] = gate.mechanism(n)
        mechanisms[node] = new.mechanism() if isinstance(new, Gate) else Rule(Const(bool(new)))
        edges += [(n + cause, n + node) for cause, _ in gate.literals]
        if isinstance(new, Gate):
            edges += [(cause, node) for cause, _ in new.literals]
    after = ((node, value ^ (node in system.switched)) for node, value in system.start.items())
    before = ((n + node, value) for node, value in system.start.items())
    scm = Scm(Graph.build(2 * n, sorted(edges)), (2,) * (2 * n), tuple(mechanisms))
    names = tuple(f"V{node}{world}" for world in ("", BEFOREHAND) for node in range(n))
    return Case(names, scm.graph, scm, Query(kind="values", context=tuple(sorted((*after, *before)))))


def spec(facts: Facts, lexicon: Lexicon) -> AnswerSpec:
    """A state for every quantity with a rule, a set of quantities, or one of them."""
    names = tuple(sorted(lexicon.names))
    match the_ask(facts).form:
        case "ask-changed":
            return AnswerSpec(AnswerKind.SET, items=names)
        case "ask-earliest":
            return AnswerSpec(AnswerKind.CHOICE, options=names)
    items = sorted(gates_of(facts), key=lexicon.names.__getitem__)
    words = {word for node in items for word in lexicon.states[node]}
    return AnswerSpec(
        AnswerKind.LABELS, options=tuple(sorted(words)), items=tuple(lexicon.names[node] for node in items)
    )


def answer(facts: Facts, value: Value) -> Value:
    """The states after the change, all that moved, or the one that moved first."""
    states = by_node(value)
    n = len(states) // 2
    columns = [BEFORE * (states[n + node] == 1) | AFTER * (states[node] == 1) for node in range(n)]
    return _reading(the_ask(facts).form, _system(facts, n), columns=columns)


def mistakes(facts: Facts, n: int) -> Mapping[str, Value]:
    """What overlooking a part of the change, or what a rule swallows, would give, where that is not the truth."""
    system = _system(facts, n)
    return _wrong_answers(the_ask(facts).form, system, columns=system.columns())


def _wrong_answers(form: str, system: System, *, columns: Sequence[int]) -> dict[str, Value]:
    """Named wrong methods -> their answers, where these are answers and not the truth."""
    truth = _reading(form, system, columns=columns)
    wrong: dict[str, Value] = {
        "ignore the new rule": _reading(form, system, columns=system.columns(rewire=False)),
        "ignore the sources": _reading(form, system, columns=system.columns(switch=False)),
    }
    if form == "ask-values":
        wrong["nothing changes"] = {node: columns[node] & 1 for node in system.gates}
        wrong["nothing is swallowed"] = _all_flipped(system, columns)
    elif form == "ask-changed":
        wrong["nothing is swallowed"] = (system.downstream(),)
    else:
        wrong["the quantity with the new rule"] = system.target
    return {name: value for name, value in wrong.items() if value not in (truth, _NOTHING, ((),))}


def _all_flipped(system: System, columns: Sequence[int]) -> dict[int, int]:
    """The states after, had everything downstream of the change flipped."""
    reached = system.downstream()
    return {node: columns[node] & 1 ^ (node in reached) for node in system.gates}


def _reading(form: str, system: System, *, columns: Sequence[int]) -> Value:
    """What *columns* answer; nothing where no single quantity is the earliest."""
    match form:
        case "ask-values":
            return {node: columns[node] >> 1 for node in system.gates}
        case "ask-changed":
            return (tuple(node for node, column in enumerate(columns) if differs(column)),)
    entries = system.entries(columns)
    return entries[0] if len(entries) == 1 else _NOTHING


@remembered
def _system(facts: Facts, n: int) -> System:
    """The system that the facts state.

    Raises:
        VerificationMismatch: a statement is missing, doubled, idle or of a kind that has no place here.
    """
    for fact in facts:
        if not fact.form.startswith(("start", "switched", "rule-", "rewired-", "broken", "settled", "ask-")):
            raise VerificationMismatch(f"a statement of form {fact.form!r} has no place in a chain question")
    starts, switches, broken = (
        [literal(fact.slots[0]) for fact in of_form(facts, form)] for form in ("start", "switched", "broken")
    )
    start, gates, renewed = dict(starts), gates_of(facts), gates_of(facts, "rewired")
    rewired: dict[int, Gate | int] = {**renewed, **dict(broken)}
    whole = len(starts) == len(start) and start.keys() | gates.keys() == set(range(n)) and len(starts) + len(gates) == n
    single = len(of_form(facts, "settled")) == 1 == len(rewired) == len(broken) + len(renewed)
    real = all(start.get(node) == 1 - value for node, value in switches) and len(dict(switches)) == len(switches)
    if not (whole and single and real and rewired.keys() <= gates.keys()):
        raise VerificationMismatch(
            "a chain question needs a rule or a first state for every quantity, switches that change a state, one rule "
            "that is replaced, and the assumption that nothing else happens; none of them twice"
        )
    ((target, new),) = rewired.items()
    both = dict(gates)
    if isinstance(new, Gate):
        both[target] = Gate(0, 1, tuple({*gates[target].literals, *new.literals}))
    order = sorted_gates(both, start)
    return System(n, start, frozenset(dict(switches)), {node: gates[node] for node in order}, target, new)


@dataclass(frozen=True, slots=True)
class _Option:
    """A rule that could be chosen."""

    needed: int
    wanted: tuple[int, ...]
    column: int
    """In which of the two worlds it holds."""
    usual: bool | None
    """After the change it does what such rules mostly do: *any* holds, *all* fails; None = neither is usual."""


@dataclass(frozen=True, slots=True)
class _Plan:
    """Who depends on whom, and what the change touches; nodes are in causal order."""

    n: int
    sources: tuple[int, ...]
    switched: frozenset[int]
    causes: Mapping[int, tuple[int, ...]]
    target: int
    renewed: tuple[int, ...]
    """Direct causes under the new rule; () = stuck."""

    def first_touched(self, node: int, columns: Sequence[int]) -> bool:
        """The change acts on *node* directly, and on no direct cause with a rule through others."""
        causes = {*self.causes[node], *(self.renewed if node == self.target else ())}
        stirred = any(differs(columns[cause]) for cause in causes.difference(self.sources))
        return not stirred and (node == self.target or not self.switched.isdisjoint(causes))

    def touched(self) -> list[int]:
        """The quantities with a rule that the change acts on directly."""
        return [n for n, causes in self.causes.items() if n == self.target or not self.switched.isdisjoint(causes)]


def draw(stream: Stream, kind: Kind, difficulty: int) -> Group:
    """One question, or the two of ``earliest``, in which the change neither dies out at once nor reaches everything."""
    n, sources = SIZES[difficulty - 1]
    for _ in range(2000):
        plan = _plan(n, sources, touching=kind.name == "earliest", stream=stream)
        members = plan and (
            _twins(plan, stream) if kind.name == "earliest" else _single(plan, f"ask-{kind.name}", stream=stream)
        )
        if members:
            return Group(kind.name, n, tuple(range(n)), members)
    raise AssertionError(f"chain/{kind.name} at difficulty {difficulty}: no system fits")


def _plan(n: int, sources: int, *, touching: bool, stream: Stream) -> _Plan | None:
    """A random plan; None where a source has no effect or, if *touching*, the change acts on too few quantities."""
    places = (0, 1, *sorted(stream.sample(range(2, n // 2 + 1), sources - 2)))
    switched = stream.sample(places, stream.between(2, sources - 1))
    causes: dict[int, tuple[int, ...]] = {}
    unused: list[int] = []
    for node in range(n):
        if node not in places:
            size = min(node, 2 + stream.chance(2, 5) - (not touching and stream.chance(1, 8)))
            chosen = {switched[stream.below(len(switched))]} if touching and stream.chance(1, 3) else set[int]()
            if unused and stream.chance(2, 3):
                chosen.add(unused[stream.below(len(unused))])
            chosen = {cause for cause in chosen if cause < node}
            while len(chosen) < size:
                chosen.add(stream.below(node))
            causes[node] = tuple(sorted(chosen))
            unused = [other for other in unused if other not in chosen]
        unused.append(node)
    target = stream.choice(list(causes))
    others = [node for node in range(target) if node not in causes[target]]
    renewed: tuple[int, ...] = ()
    if others and stream.chance(2, 3):
        kept = stream.sample(causes[target], len(causes[target]) - 1)
        renewed = tuple(sorted([*kept, stream.choice(others)]))
    plan = _Plan(n, places, frozenset(switched), causes, target, renewed)
    fits = set(unused).isdisjoint(places) and (not touching or len(plan.touched()) >= _FEWEST)
    return plan if fits else None


def _single(plan: _Plan, form: str, *, stream: Stream) -> tuple[Facts, ...]:
    """One question whose answer neither half of the change gives alone, or nothing."""
    system = _filled(plan, None, stream=stream)
    if system is None:
        return ()
    columns = system.columns()
    moved = sum(differs(columns[node]) for node in system.gates)
    if not 2 <= moved < len(system.gates):  # noqa: PLR2004 - some spreading, some swallowing
        return ()
    needed = {"ignore the new rule", "ignore the sources", "nothing is swallowed"}
    if not needed <= _wrong_answers(form, system, columns=columns).keys():
        return ()
    return ((*_statements(system), Fact(form)),)


def _twins(plan: _Plan, stream: Stream) -> tuple[Facts, ...]:
    """Two systems of one plan in which the change begins at different quantities, or nothing."""
    members: list[Facts] = []
    for entry in stream.sample(plan.touched(), 2):
        system = _filled(plan, entry, stream=stream)
        if system is None or system.entries(system.columns()) != [entry]:
            return ()
        members.append((*_statements(system), Fact("ask-earliest")))
    return tuple(members)


def _filled(plan: _Plan, entry: int | None, *, stream: Stream) -> System | None:
    """Rules and states for *plan*; with an *entry* every other rule that the change touches first swallows it."""
    columns = [0] * plan.n
    for source in plan.sources:
        columns[source] = stream.choice((0, BOTH)) ^ (AFTER if source in plan.switched else 0)
    gates: dict[int, Gate] = {}
    rewired: Gate | int = 0
    for node, causes in plan.causes.items():
        forced = entry is not None and plan.first_touched(node, columns)
        moves = node == entry if forced else stream.chance(*(_LASTING if entry is not None else _EVEN))
        if node == plan.target:
            # without the sources, a state in which it is stuck must be another than before: the old rule keeps it
            gates[node] = _sure_gate(causes, columns, stream=stream, moves=_ANY if forced or plan.renewed else (False,))
            columns[node] = gates[node].column(columns, BOTH)
            before, after = columns[node] & 1, columns[node] >> 1
            wanted = before ^ moves if forced else 1 - after
            alone = _ANY if forced else (wanted == before,)
            rewired = _renewed(plan.renewed, columns, after=wanted, moves=alone, stream=stream)
            columns[node] = before | wanted << 1
            continue
        gate = _gate(causes, columns, stream=stream, moves=(moves,))
        if gate is None and forced:
            return None
        gates[node] = gate or _sure_gate(causes, columns, stream=stream)
        columns[node] = gates[node].column(columns, BOTH)
    start = {source: columns[source] & 1 for source in plan.sources}
    return System(plan.n, start, plan.switched, gates, plan.target, rewired)


def _gate(
    causes: Sequence[int], columns: Sequence[int], *, stream: Stream, moves: Container[bool] = _ANY
) -> Gate | None:
    """A rule over *causes* whose outcome moves or does not, as *moves* admits, if there is one."""
    options = [
        option for option in _options(tuple(columns[cause] for cause in causes)) if differs(option.column) in moves
    ]
    if not options:
        return None
    usual = stream.chance(*_USUAL)
    pick = stream.choice([option for option in options if option.usual in (None, usual)] or options)
    return Gate(stream.below(2), pick.needed, tuple(zip(causes, pick.wanted, strict=True)))


def _sure_gate(causes: Sequence[int], columns: Sequence[int], *, stream: Stream, moves: Container[bool] = _ANY) -> Gate:
    """A rule over *causes* whose outcome does what *moves* admits if there is one, else any rule."""
    gate = _gate(causes, columns, stream=stream, moves=moves) or _gate(causes, columns, stream=stream)
    assert gate is not None, "without a wish there is always a rule"
    return gate


def _renewed(
    causes: Sequence[int], columns: Sequence[int], *, after: int, moves: Container[bool], stream: Stream
) -> Gate | int:
    """A new rule that gives the state *after* in the world after the change; without causes that state itself.

    Its outcome differs between the world before the change and the one after it, or not, as *moves* admits if it can.
    """
    if not causes:
        return after
    gate = _sure_gate(causes, columns, stream=stream, moves=moves)
    holds = Gate(1, gate.needed, gate.literals).column(columns, BOTH) >> 1
    return Gate(int(holds == after), gate.needed, gate.literals)


@functools.cache
def _options(columns: tuple[int, ...]) -> tuple[_Option, ...]:
    """Every rule over causes with these columns: all, any or two of three, every cause wanted in either state."""
    found = []
    for needed in (2,) if len(columns) > 2 else range(1, len(columns) + 1):  # noqa: PLR2004 - of three always two
        for wanted in itertools.product((0, 1), repeat=len(columns)):
            read = [column if want else column ^ BOTH for column, want in zip(columns, wanted, strict=True)]
            column = at_least(needed, read)
            usual = (column >> 1) == (needed == 1) if len(columns) == 2 else None  # noqa: PLR2004 - two causes: all or any
            found.append(_Option(needed, wanted, column, usual))
    return tuple(found)


def _statements(system: System) -> Facts:
    """Everything that is printed but the question."""
    new = system.rewired
    return (
        *(Fact("start", ((node, value),)) for node, value in system.start.items()),
        *(gate.fact(node) for node, gate in system.gates.items()),
        *(Fact("switched", ((node, 1 - system.start[node]),)) for node in sorted(system.switched)),
        new.fact(system.target, "rewired") if isinstance(new, Gate) else Fact("broken", ((system.target, new),)),
        Fact("settled"),
    )


FAMILY = Family(
    name="chain",
    title="Change along a chain of rules",
    number=36,
    kinds=(
        Kind("values", rung=2, weight=2),
        Kind("changed", rung=3, weight=2),
        Kind("earliest", rung=3, size=2, joint=True, weight=1),
    ),
    draw=draw,
    case=case,
    spec=spec,
    answer=answer,
    mistakes=mistakes,
)
