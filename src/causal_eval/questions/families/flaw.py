"""Flaw: which step of a derivation is wrong, and how (rung 2).

Truth: every step is judged by the graph, by the printed frequencies, and by the steps before it as they stand. Two
derivations of one effect in one population, each with exactly one error, are scored together: an answer that does not
read them cannot be right for both.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from causal_eval.causal.adjust import is_adjustment_set
from causal_eval.causal.graph import Graph, bits, mask_of
from causal_eval.causal.kinds.kind import Json
from causal_eval.errors import VerificationMismatch
from causal_eval.questions import derivation as parts
from causal_eval.questions.derivation import LABELS, SOUND, Derivation, flaw_of
from causal_eval.questions.facts import Fact, Facts, Literal, edge, of_form
from causal_eval.questions.family import APART, Family, Group, Kind, Value
from causal_eval.questions.joint import Joint
from causal_eval.questions.margins import SCALE, rough
from causal_eval.questions.network import graph_of, node
from causal_eval.questions.numbering import linear_extension
from causal_eval.questions.posing import Posed, about_graph, parts_of, symbol
from causal_eval.questions.question import AnswerKind, AnswerSpec
from causal_eval.questions.tables import random_rows, states_of
from causal_eval.questions.wording import Lexicon
from causal_eval.seeds import Stream

STRUCTURES = (
    "A>C B>C A>X B>Y Z>X Z>Y X>M M>Y",
    "A>C B>C A>X B>Y Z>X Z>Y X>M M>Y X>Y",
    "A>C B>C A>X B>Y Z>X Z>Y X>M M>N N>Y X>Y",
    "A>C B>C A>X B>Y Z>K K>X Z>Y X>M M>N N>Y Y>D",
    "A>C B>C A>X B>Y W>Z W>K Z>K K>X Z>Y X>M M>N N>Y X>Y Y>D",
)
"""By difficulty: Z distorts the effect of X on Y, M carries it, and C is a common effect of a cause of each."""
EXTRA = ((), ("rate",), ("rate", "influence"), ("rate", "share"), ("rate", "share", "influence"))
"""By difficulty: steps beside an influence, the adjustment set, the average and the result."""
SETS = {SOUND: ("ZA", "ZB"), parts.CONFOUNDER: ("AB",), parts.COLLIDER: ("ZC",), parts.MEDIATOR: ("ZM",)}
"""Adjustment sets, by what is wrong with them."""

_CAUSAL_ORDER = "ABWZCKXMNYD"
_TRIES = 400
_TENTHS, _PERCENT, _MILLE = 10, 100, 1000
_SPREAD = Fraction(1, 10)
"""Between the least and the greatest frequency of the outcome."""
_MISREAD = Fraction(1, 20)
"""Between a frequency and what a step wrongly takes for it, at least."""


@dataclass(frozen=True, slots=True)
class _Scene:
    """What two derivations have in common."""

    roles: str
    number: Sequence[int]
    """Role by place -> node."""
    outline: Sequence[Fact]
    """Steps but the result, without numbers: influences with their roles by place, else the form alone."""
    enforced: int
    """The state in which X is put."""
    sound: str
    """The adjustment set where it is not the flaw."""

    def literal(self, role: str, value: int) -> Literal:
        return self.number[self.roles.index(role)], value


def draw(stream: Stream, kind: Kind, difficulty: int) -> Group:
    """Two derivations over one graph, each with one error, and not the same."""
    structure = STRUCTURES[difficulty - 1].split()
    roles = "".join(role for role in _CAUSAL_ORDER if any(role in pair for pair in structure))
    arrows = [(roles.index(pair[0]), roles.index(pair[2])) for pair in structure]
    parents = tuple(tuple(sorted(a for a, b in arrows if b == place)) for place in range(len(roles)))
    number = stream.shuffled(range(len(roles)))
    outline = _outline(Graph.build(len(roles), arrows), EXTRA[difficulty - 1], stream=stream)
    scene = _Scene(roles, number, outline, stream.below(2), stream.choice(SETS[SOUND]))
    possible = [label for label in LABELS[1:] if difficulty > 1 or label != parts.NUMBER]
    flaws = stream.sample(possible, kind.size)
    moved = stream.shuffled([(number[a], number[b]) for a, b in arrows])
    shared = (*(edge(*arrow) for arrow in moved), Fact("audited"), Fact("ask-flaw"))
    for _ in range(_TRIES):
        tables = [random_rows(len(causes), stream) for causes in parents]
        joint = Joint(parents, tables, x=roles.index("X"), ratio=rough)
        members = [_member(scene, joint, flaw=flaw, stream=stream) for flaw in flaws]
        told = tuple((*shared, *member) for member in members if member)
        if len(told) == len(flaws):
            return Group(kind.name, len(roles), linear_extension(len(roles), moved, stream=stream), told)
    raise AssertionError(f"flaw at difficulty {difficulty}: no tables in {_TRIES} tries")


def _outline(graph: Graph, extra: Sequence[str], *, stream: Stream) -> list[Fact]:
    """The adjustment set before what rests on it, and influences anywhere."""
    later = ["weighted", *(name for name in extra if name != "influence")]
    steps = [Fact("step-set"), *(Fact(f"step-{name}") for name in stream.shuffled(later))]
    pairs = [(a, b) for a in range(graph.n) for b in bits(graph.descendants(1 << a)) if a != b]
    for pair in stream.sample(pairs, 1 + extra.count("influence")):
        steps.insert(stream.between(0, len(steps)), Fact("step-influence", pair))
    return steps


def _member(scene: _Scene, joint: Joint[int], *, flaw: str, stream: Stream) -> Facts | None:
    """Frequencies and steps of one derivation; None where the numbers do not tell the error clearly."""
    members = stream.choice(SETS[flaw]) if flaw in SETS else scene.sound
    shares, rates = _frequencies(scene, joint, members=members)
    if len(shares) < len(rates) or max(rates.values()) - min(rates.values()) < _SPREAD:
        return None
    what, do = scene.literal("Y", 1), scene.literal("X", scene.enforced)
    measured = (
        *(Fact("stratum", (state, p)) for state, p in shares.items()),
        *(Fact("rate", (what, tuple(sorted((*state, do))), p)) for state, p in rates.items()),
    )
    steps = _steps(scene, members, flaw=flaw, frequencies=(shares, rates), stream=stream)
    if steps is None:
        return None
    last = Fact("step-total", (len(steps) + 1, what, do, Fraction(0)))
    right = Derivation.read((*measured, *steps, last)).total()
    given = right if flaw != parts.ARITHMETIC else _miscomputed(shares, rates, stream=stream)
    clear = given == right or abs(given - right) >= APART
    if (
        not clear
        or not 0 < given < 1
        or (given * 1000).denominator != 1
        or (flaw == parts.ARITHMETIC) != (given != right)
    ):
        return None
    return (*measured, *steps, Fact("step-total", (*last.slots[:-1], given)))


def _frequencies(
    scene: _Scene, joint: Joint[int], *, members: str
) -> tuple[dict[parts.Given, Fraction], dict[parts.Given, Fraction]]:
    """By states of the adjustment set: their share of all cases, in tenths, and the frequency of Y there, in percent.

    No shares where one would be nothing, or where they are all alike.
    """
    one, other = (scene.roles.index(role) for role in members)
    x, y = scene.roles.index("X"), scene.roles.index("Y")
    shares: dict[parts.Given, Fraction] = {}
    rates: dict[parts.Given, Fraction] = {}
    for values in states_of(2):
        here = sorted(zip((one, other), values, strict=True))
        state = tuple(sorted((scene.number[place], value) for place, value in here))
        p = joint.observed(here[0], here[1:]) * joint.observed(here[1]) // SCALE
        shares[state] = Fraction(_nearest(p, _TENTHS), _TENTHS)
        rate = joint.observed((y, 1), sorted((*here, (x, scene.enforced))))
        rates[state] = Fraction(_nearest(rate, _PERCENT), _PERCENT)
    fitting = sum(shares.values()) == 1 and min(shares.values()) > 0 and len(set(shares.values())) > 1
    return (shares if fitting else {}), rates


def _nearest(p: int, parts_of_one: int) -> int:
    return (2 * p * parts_of_one + SCALE) // (2 * SCALE)


def _steps(
    scene: _Scene,
    members: str,
    *,
    flaw: str,
    frequencies: tuple[Mapping[parts.Given, Fraction], Mapping[parts.Given, Fraction]],
    stream: Stream,
) -> tuple[Fact, ...] | None:
    """The steps before the result, one of them with the *flaw* unless that is elsewhere."""
    shares, rates = frequencies
    wrong = {parts.REVERSED: "step-influence", parts.NUMBER: "step-rate", parts.WEIGHTS: "step-weighted"}.get(flaw)
    places = [place for place, step in enumerate(scene.outline) if step.form == wrong]
    if flaw == parts.NUMBER:
        places = [place for place, step in enumerate(scene.outline) if step.form in ("step-rate", "step-share")]
    turned = stream.choice(places) if places else -1
    state, instead = stream.sample(sorted(shares), 2)
    do = scene.literal("X", scene.enforced)
    found = []
    for place, step in enumerate(scene.outline):
        odd = place == turned
        table = rates if step.form == "step-rate" else shares
        p = table[instead] if odd else table[state]
        if odd and flaw == parts.NUMBER and abs(p - table[state]) < _MISREAD:
            return None
        match step.form:
            case "step-influence":
                ends = [scene.number[node(slot)] for slot in step.slots]
                said = Fact(step.form, (place + 1, *(ends[::-1] if odd else ends)))
            case "step-set":
                adjusted = tuple(scene.number[scene.roles.index(role)] for role in stream.shuffled(members))
                said = Fact(step.form, (place + 1, do[0], scene.literal("Y", 1)[0], adjusted))
            case "step-rate":
                said = Fact(step.form, (place + 1, scene.literal("Y", 1), tuple(sorted((*state, do))), p))
            case "step-share":
                said = Fact(step.form, (place + 1, state, p))
            case _:
                said = Fact("step-plain" if odd else step.form, (place + 1,))
        found.append(said)
    return tuple(found)


def _miscomputed(
    shares: Mapping[parts.Given, Fraction], rates: Mapping[parts.Given, Fraction], *, stream: Stream
) -> Fraction:
    """The sum of products with two weights exchanged, or with one product forgotten."""
    one, other = stream.sample(sorted(shares), 2)
    right = sum((shares[state] * rates[state] for state in shares), Fraction(0))
    if stream.chance(1, 2):
        return right - (shares[one] - shares[other]) * (rates[one] - rates[other])
    return right - shares[one] * rates[one]


def case(facts: Facts, n: int) -> Posed:
    """What the influences' causes and the treatment affect, and whether the set, whole or less one member, is valid.

    Raises:
        VerificationMismatch: the list of influences is not said to be complete, or the steps are no derivation.
    """
    if len(of_form(facts, "audited")) != 1:
        raise VerificationMismatch("the prompt must say once that its list of direct influences is complete")
    x, y, members = Derivation.read(facts).asked
    affect: list[dict[str, Json]] = [{"kind": "descendants", "X": symbol(cause)} for cause in (x, *_causes(facts))]
    sets = (members, *([other for other in members if other != left] for left in members))
    valid: list[dict[str, Json]] = [
        {"kind": "is_adjustment_set", "X": symbol(x), "Y": symbol(y), "Z": [symbol(index) for index in one]}
        for one in sets
    ]
    return about_graph(graph_of(facts, n), *affect, *valid, estimand="the step that does not follow, and why")


def _causes(facts: Facts) -> list[int]:
    """What the steps say affects something, each once."""
    return sorted({node(step.slots[1]) for step in of_form(facts, "step-influence")})


def spec(facts: Facts, _lexicon: Lexicon) -> AnswerSpec:
    """A label for each step."""
    count = len(Derivation.read(facts).steps)
    return AnswerSpec(AnswerKind.LABELS, options=LABELS, items=tuple([_item(place) for place in range(1, count + 1)]))


def _item(place: int) -> str:
    return f"step {place}"


def answer(facts: Facts, value: Value) -> Value:
    """The label of every step.

    Raises:
        VerificationMismatch: not exactly one step is wrong.
    """
    causes, found = _causes(facts), parts_of(value)
    reached = [
        mask_of([index for index in parts_of(one) if isinstance(index, int)]) for one in found[: len(causes) + 1]
    ]
    labels = _labels(facts, reached, valid=[bool(one) for one in found[len(causes) + 1 :]])
    if len(labels) - labels.count(SOUND) != 1:
        raise VerificationMismatch(f"exactly one step must be wrong, found {labels}")
    return _numbered(labels)


def _labels(facts: Facts, reached: Sequence[int], *, valid: Sequence[bool]) -> list[str]:
    """Of every step: *reached* are the masks of what the treatment and the influences' causes affect."""
    derivation = Derivation.read(facts)
    x, _, members = derivation.asked
    effects = dict(zip(_causes(facts), reached[1:], strict=True))
    flaw = flaw_of(mask_of(members), affected=reached[0] & ~(1 << x), valid=valid)
    return [derivation.label(step, effects=effects, flaw=flaw) for step in derivation.steps]


def _numbered(labels: Sequence[str]) -> dict[str, Value]:
    return {_item(place): label for place, label in enumerate(labels, 1)}


def mistakes(facts: Facts, n: int) -> Mapping[str, Value]:
    """What trust in everything, distrust of the result or of every adjustment set, or a double charge would give."""
    graph = graph_of(facts, n)
    x, y, members = Derivation.read(facts).asked
    reached = [graph.descendants(1 << cause) for cause in (x, *_causes(facts))]
    sets = [mask_of(members), *(mask_of(members) & ~(1 << left) for left in members)]
    right = _labels(facts, reached, valid=[is_adjustment_set(graph, 1 << x, 1 << y, z) for z in sets])
    forms = [step.form for step in Derivation.read(facts).steps]
    own, first = forms.index("step-set"), forms.index("step-influence")
    fine, last = [SOUND] * len(right), len(right) - 1
    wrong = {
        "nothing is wrong": fine,
        "the result is wrong": _with(fine, last, label=parts.ARITHMETIC),
        "the adjustment set leaves out a common cause": _with(fine, own, label=parts.CONFOUNDER),
        "an influence is the wrong way round": _with(fine, first, label=parts.REVERSED),
        "no adjustment set is wrong": _with(right, own, label=SOUND),
        "what follows from an error is an error": _with(right, last, label=parts.ARITHMETIC),
    }
    return {name: _numbered(labels) for name, labels in wrong.items() if labels != right}


def _with(labels: Sequence[str], place: int, *, label: str) -> list[str]:
    return [label if at == place else other for at, other in enumerate(labels)]


FAMILY = Family(
    name="flaw",
    title="Find the flaw",
    number=39,
    kinds=(Kind("step", rung=2, size=2, joint=True),),
    draw=draw,
    case=case,
    spec=spec,
    answer=answer,
    mistakes=mistakes,
)
