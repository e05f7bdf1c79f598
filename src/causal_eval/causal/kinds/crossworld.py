"""Counterfactual events from experiments: a formula over interventional distributions, or what forbids one."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from causal_eval.causal.case import read_facts
from causal_eval.causal.crossworld import Conflict, Term, counterfactual, in_observation, nodes_of
from causal_eval.causal.districts import projected
from causal_eval.causal.formula import Formula, latex, read_formula, value_of, written
from causal_eval.causal.formula.tree import Ref
from causal_eval.causal.graph_json import write_graph
from causal_eval.causal.kinds.bounds import Asked, Part, World, bounded, bounded_again
from causal_eval.causal.kinds.kind import Found, Given, Json, kind
from causal_eval.causal.ledger import Ledger
from causal_eval.causal.parities import twins, worlds_of
from causal_eval.causal.reading import mapping, node_of, pairs_of, sequence
from causal_eval.causal.responses import Responses
from causal_eval.causal.sampled import MODELS, mentioned
from causal_eval.causal.scm import Scm, Value, positions
from causal_eval.causal.scm_json import write_scm
from causal_eval.causal.second import idstar
from causal_eval.causal.second.districts import without_latents
from causal_eval.causal.second.witness import experiments_agree, is_of
from causal_eval.causal.simplify import simplified
from causal_eval.errors import MalformedCase, TooLarge, VerificationMismatch
from causal_eval.seeds import Stream

_WORD = re.compile(r"\w{1,99}'*")
"""What stands for a value in a formula."""


@dataclass(frozen=True, slots=True)
class Crossing:
    """What is asked about several worlds at once."""

    event: tuple[Term, ...]
    given: tuple[Term, ...]
    labels: tuple[tuple[str, ...], ...]
    """What the values of each node are called."""

    @property
    def sizes(self) -> list[int]:
        """How many values each node has."""
        return [len(names) for names in self.labels]

    def word(self, ref: Ref) -> str:
        """What the value of *ref* is called."""
        assert ref.value is not None
        return self.labels[ref.node][ref.value]

    def position(self, node: int, word: str) -> int:
        """The position of the value that is called *word*."""
        return self.labels[node].index(word)


def _event(given: Given) -> Crossing:
    return _read(given, ("event",))


def _conditional(given: Given) -> Crossing:
    return _read(given, ("event", "given"))


def _read(given: Given, fields: Sequence[str]) -> Crossing:
    raw = {field: [_raw(given, field, item=item) for item in _items(given, field)] for field in fields}
    if not raw["event"]:
        raise MalformedCase(
            f'query: kind {given.kind} needs an event, such as [{{"node": "Y", "value": 1, "do": {{"X": 0}}}}]'
        )
    labels: list[dict[str, int]] = [{} for _ in given.names]
    for field in fields:
        for node, word, done in raw[field]:
            for one, said in ((node, word), *done):
                labels[one].setdefault(said, len(labels[one]))
    named = tuple([_named(found) for found in labels])
    terms = {
        field: tuple(
            [
                Term(node, named[node].index(word), tuple(sorted((one, named[one].index(said)) for one, said in done)))
                for node, word, done in raw[field]
            ]
        )
        for field in fields
    }
    return Crossing(terms["event"], terms.get("given", ()), named)


def _named(found: dict[str, int]) -> tuple[str, ...]:
    """The labels of a node's values: 0 and 1 where no other is used, and one more where there is one alone."""
    if set(found) <= {"0", "1"}:
        return ("0", "1")
    return (*found, "other") if len(found) == 1 else tuple(found)


def _items(given: Given, field: str) -> list[object]:
    """The terms in *field*; ``{"X": 0}`` is what is, with nothing done."""
    told = given.query.get(field)
    if isinstance(told, dict) and not ("node" in told and "value" in told):
        return [{"node": name, "value": value} for name, value in told.items()]
    return [told] if isinstance(told, dict) else given.items(field)


def _raw(given: Given, field: str, *, item: object) -> tuple[int, str, list[tuple[int, str]]]:
    where = f"query: {field}"
    one = mapping(item, where)
    node = node_of(one.get("node"), given.index, where=where)
    done = pairs_of(one.get("do"), f"{where}: do")
    pairs = [(node_of(name, given.index, where=f"{where}: do"), _label(said, where)) for name, said in done]
    given.observed({field: sum({1 << other for other in (node, *[cause for cause, _ in pairs])})})
    return node, _label(one.get("value"), where), pairs


def _label(value: object, where: str) -> str:
    if isinstance(value, bool) or (isinstance(value, float) and value.is_integer()):
        value = int(value)
    if isinstance(value, int | str) and _WORD.fullmatch(str(value)):
        return str(value)
    raise MalformedCase(f"{where}: {value!r} is no value; write a whole number from 0, or a word such as x or x'")


def _first(given: Given, asked: Crossing) -> Found:
    g = projected(given.graph)
    try:
        found = counterfactual(g, asked.event, given=asked.given)
    except ZeroDivisionError:
        raise _impossible() from None
    name = "IDC*" if asked.given else "ID*"
    ledger = Ledger()
    if isinstance(found, Conflict):
        district: list[Json] = [given.names[node] for node in sorted(found.district)]
        conflict: Json = {"node": given.names[found.node], "district": district}
        answer: Json = {"identifiable": False, "conflict": conflict}
        text = (
            f"no experiment gives {given.names[found.node]} two values at once, as the factor of {district} would need"
        )
        ledger.claim(text, dict(given.query), value=answer)
        certificate = {"conflict": conflict} | _told_apart(given, asked)
        return Found(answer, f"{name} (Shpitser and Pearl 2008), line 8", tuple(ledger.lines), certificate)
    found = simplified(found, g, asked=0)
    evaluated = _tried(given, asked, formula=found)
    plain = in_observation(g, found)
    answer = {"identifiable": True} | _said(given, asked, formula=found)
    if plain is not None:
        plain = simplified(plain, g, asked=0)
        _tried(given, asked, formula=plain)
        answer |= {"from_observation": written(plain, given.names, words=asked.word)}
    ledger.claim("what is asked as a formula over experiments", dict(given.query), value=answer)
    method = f"{name} (Shpitser and Pearl 2008), by counterfactual factors"
    return Found(answer, method, tuple(ledger.lines), {"evaluated": evaluated})


def _told_apart(given: Given, asked: Crossing) -> dict[str, Json]:
    """Two models with one law after every intervention and different values of what is asked, or why there are none.

    Raises:
        VerificationMismatch: the values are others when they are evaluated.
    """
    try:
        found = twins(projected(given.graph), asked.event, given=asked.given)
    except TooLarge as error:
        return {"models": None, "reason": str(error)}
    if found is None:
        return {
            "models": None,
            "reason": "no parity of responses tells two models apart, with at most one node of three values",
        }
    extra = found.models[0].graph.n - given.graph.n
    free = (name for number in itertools.count(1) if (name := f"U{number}") not in given.names)
    names = (*given.names, *itertools.islice(free, extra))
    cases: list[Json] = []
    for scm, value in zip(found.models, found.values, strict=True):
        parts = [bounded(_joint(scm, terms), names).low.value for terms in ((*asked.event, *asked.given), asked.given)]
        if parts[0] / parts[1] != value:
            raise VerificationMismatch(
                f"one of two models gives {parts[0] / parts[1]}, not {value}; please report this"
            )
        labelled = replace(scm, values=tuple([_names(asked, node, scm=scm) for node in range(scm.graph.n)]))
        cases.append({"graph": write_graph(names, scm.graph), "scm": write_scm(labelled, names)})
    told = {"event": _worlds(given, asked, (*asked.event, *asked.given)), "given": _worlds(given, asked, asked.given)}
    return {"models": cases, **told, "values": [str(value) for value in found.values]}


def _joint(scm: Scm, terms: Sequence[Term]) -> Asked:
    """The probability that all *terms* hold."""
    worlds = [World(term.do, ((term.node, term.value),)) for term in terms if term.value is not None]
    return Asked(scm, (Part(Fraction(1), tuple(worlds)),))


def _names(asked: Crossing, node: int, *, scm: Scm) -> tuple[Value, ...]:
    """What the values of *node* are called in the models; a value that nobody spoke of is a further one."""
    size = scm.domains[node]
    labels: tuple[str, ...] = asked.labels[node] if node < len(asked.labels) else ("0", "1")
    if labels == ("0", "1"):
        return positions(size)
    return (*labels, *[f"other {number}" for number in range(1, size - len(labels) + 1)])


def _worlds(given: Given, asked: Crossing, terms: Sequence[Term]) -> Json:
    """The worlds as kind `joint_counterfactual` takes them; a term about what was set itself says nothing."""

    def said(pairs: Iterable[tuple[int, int]]) -> dict[str, Json]:
        words = {node: asked.labels[node] for node, _ in pairs}
        return {
            given.names[node]: value if words[node] == ("0", "1") else words[node][value] for node, value in pairs
        }  # fmt: skip

    return [
        {"do": said([*do.items()]), "event": said([(node, value) for node, value in event.items() if node not in do])}
        for do, event in worlds_of(terms)
    ]


def _said(given: Given, asked: Crossing, *, formula: Formula) -> dict[str, Json]:
    return {
        "estimand": written(formula, given.names, words=asked.word),
        "latex": latex(formula, given.names, words=asked.word),
    }


def _tried(given: Given, asked: Crossing, *, formula: Formula, seed: int = 0) -> dict[str, Json]:
    """Whether *formula* is what is asked in random functional models.

    Raises:
        VerificationMismatch: it is not.
    """
    g = projected(given.graph)
    within = g.ancestors(mentioned(formula) | nodes_of((*asked.event, *asked.given)))
    stream = Stream("crossworld", seed)
    count = 0
    for _ in range(4 * MODELS):  # in some what is given has probability 0
        try:
            laws = Responses(g, within, sizes=asked.sizes, stream=stream)
        except TooLarge as error:
            return {"models": 0, "reason": str(error)}
        below = laws.joint(asked.given)
        if below and count < MODELS:
            count += 1
            if value_of(formula, laws).at({}) != laws.joint((*asked.event, *asked.given)) / below:
                text = written(formula, given.names, words=asked.word)
                raise VerificationMismatch(f"{text} is not what is asked in a model of the graph")
    return {"models": count}


def _again(given: Given, asked: Crossing) -> Json:
    g = without_latents(given.graph)
    gamma, delta = (tuple([idstar.Atom(*term) for term in terms]) for terms in (asked.event, asked.given))
    if delta and idstar.impossible(g, delta):
        raise _impossible()
    return {"identifiable": idstar.conditional_identified(g, gamma, delta=delta)}


def _impossible() -> MalformedCase:
    return MalformedCase(
        "query: given contradicts itself: it has probability 0 in every model; nothing follows from it"
    )


def _check(given: Given, asked: Crossing, found: Found) -> None:
    """The printed formulas hold in models that they have not met; two models are of the graph, and tell.

    Raises:
        VerificationMismatch: one does not, or they do not.
    """
    answer = mapping(found.answer, "answer")
    certificate = mapping(found.certificate, "certificate")
    if certificate.get("models") is not None:
        _check_pair(given, asked, certificate=certificate)
    for field in ("estimand", "from_observation"):
        if field in answer:
            formula = read_formula(str(answer[field]), given.names, values=asked.position)
            _tried(given, asked, formula=formula, seed=1)


def _check_pair(given: Given, asked: Crossing, *, certificate: Mapping[str, object]) -> None:
    models = []
    for one in sequence(certificate["models"], "certificate: models"):
        _, _, scm = read_facts(one)
        if scm is None or not is_of(given.graph, scm):
            raise VerificationMismatch("one of the two models has an edge that the graph has not")
        models.append(scm)
    if not experiments_agree(models[0], models[1], n=given.graph.n):
        raise VerificationMismatch("the two models do not agree on every experiment")
    values = []
    for scm in models:
        both, below = (bounded_again(_joint(scm, terms))[0] for terms in ((*asked.event, *asked.given), asked.given))
        values.append(str(both / below))
    if values != certificate["values"] or values[0] == values[1]:
        raise VerificationMismatch(f"the two models give {values}, not two values as said: {certificate['values']}")


KINDS = (
    kind("counterfactual_effect", _event, first=_first, second=_again, check=_check, decided=("identifiable",)),
    kind(
        "conditional_counterfactual_effect",
        _conditional,
        first=_first,
        second=_again,
        check=_check,
        decided=("identifiable",),
    ),
)
