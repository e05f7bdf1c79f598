"""The causal calculator: a case in JSON in, its exact answer with derivation and certificate out.

One door for all kinds: those that questions are made of (:class:`~causal_eval.causal.query.Kind`), which are compiled
for speed, and all others (:data:`~causal_eval.causal.kinds.KINDS`).
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, TypeVar

import msgspec

from causal_eval.causal import second
from causal_eval.causal.case import Case, Facts, read_case, read_facts
from causal_eval.causal.classes import extension, mixed
from causal_eval.causal.counterfactual import Seen, joint
from causal_eval.causal.derivation import derive
from causal_eval.causal.graph_json import read_cpdag, read_names, write_graph
from causal_eval.causal.graph_text import of_networkx, read_graph_text
from causal_eval.causal.intervene import Worlds, word_of
from causal_eval.causal.kinds.bounds import Asked, decided, tabled
from causal_eval.causal.kinds.bounds import answered as tabled_bounds
from causal_eval.causal.kinds.bounds import answered_again as tabled_bounds_again
from causal_eval.causal.kinds.bounds import check as check_tabled
from causal_eval.causal.kinds.kind import Found, Given, Kind
from causal_eval.causal.kinds.observed import STATED
from causal_eval.causal.kinds.table import KINDS
from causal_eval.causal.ledger import Line, canonical_json
from causal_eval.causal.query import Kind as Compiled
from causal_eval.causal.reading import mapping
from causal_eval.causal.second.amenable import all_dags
from causal_eval.causal.second.openings import loose
from causal_eval.causal.solve import answer_json, model_of, solve
from causal_eval.causal.steps import evaluate
from causal_eval.errors import MalformedCase, NotDetermined, SolversDisagree, VerificationMismatch, WrongNode

_Asked = TypeVar("_Asked")
_Answer = TypeVar("_Answer")

COMPILED = frozenset(str(kind) for kind in Compiled)
_BOUNDED = frozenset({Compiled.PN, Compiled.PS, Compiled.PNS, Compiled.COUNTERFACTUAL})
"""Compiled kinds that are bounded where tables do not decide them."""

_CAUSES = ("pn", "ps", "pns")
_OF_CLASSES = frozenset({Compiled.DSEP, Compiled.MARKOV_BLANKET})
"""Compiled kinds with one answer in all DAGs that are Markov equivalent."""


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer to a case."""

    answer: Any
    method: str
    derivation: tuple[Line, ...]
    certificate: Any = None


def names_of_kinds() -> tuple[str, ...]:
    """Every kind that can be asked, sorted."""
    return tuple(sorted(COMPILED | set(KINDS)))


def ask(graph: Any, query: dict[str, Any], *, scm: dict[str, Any] | None = None) -> Reply:
    """The answer to *query* about *graph*: a mapping as in a case, text (edges, DAGitty, DOT), or a ``networkx`` graph.

    Raises:
        MalformedCase, CausalError: as :func:`calculate`.
    """
    whole = {"graph": graph, "query": query}
    return calculate(whole if scm is None else whole | {"scm": scm})


def spelled_out(whole: Any) -> Any:
    """The case with its graph as a mapping, however it was given.

    Raises:
        MalformedCase: a text that says no graph.
    """
    graph: Any = whole.get("graph") if isinstance(whole, dict) else None
    if isinstance(graph, str):
        return {**whole, "graph": read_graph_text(graph)}
    if hasattr(graph, "nodes") and hasattr(graph, "edges"):
        return {**whole, "graph": of_networkx(graph)}
    return whole


def calculate(whole: Any, *, facts: Facts | None = None) -> Reply:
    """The answer to the case *whole*; *facts* where its graph and model are read already.

    Raises:
        MalformedCase: it makes no sense; the message names the part.
        CausalError: the mathematics gives no answer.
    """
    whole, asked = spelled_out(whole), _kind_of(whole)
    if isinstance(asked, Kind):
        given = given_of(whole, mixed=asked.mixed, facts=facts)
        found = _named(asked.found, given, names=given.names)
        return Reply(found.answer, found.method, found.lines, found.certificate)
    case = read_case(_in_one_member(whole, asked), facts)
    try:
        answer = _named(solve, case, names=case.names)
        if _is_monotone(whole, asked, case=case):
            _check_monotone(case, tabled(given_of(whole, facts=facts)))
    except NotDetermined:
        if asked not in _BOUNDED:
            raise
        return _left_open(whole, facts)
    return Reply(answer_json(answer.value, case), answer.method, derive(case))


def _is_monotone(whole: Any, asked: Compiled, *, case: Case) -> bool:
    """Whether the case says so of a model that it states."""
    return asked in _BOUNDED and case.scm is not None and whole["query"].get("monotone", False) is not False


def _check_monotone(case: Case, stated: Asked) -> None:
    """Return where the model keeps what the case says of it besides.

    Raises:
        MalformedCase: Y falls in some unit as X rises.
    """
    scm = model_of(case)
    worlds = Worlds(scm, case.names)
    for never in stated.never:
        share = joint(worlds, [Seen(world.do, world.event) for world in never])
        if share:
            (x, low), (y, more) = never[1].do[0], never[1].event[0]
            at, fallen = (word_of(scm, node, value=value) for node, value in ((x, low), (y, more)))
            raise MalformedCase(
                f"query: monotone says that {case.names[y]} never falls as {case.names[x]} rises, but of this model's "
                f"units {share} fall from {fallen} at {at}: leave monotone out, or state another model"
            )


def _named(solves: Callable[[_Asked], _Answer], asked: _Asked, *, names: Sequence[str]) -> _Answer:
    """The answer; what is wrong with a node is said by its name."""
    try:
        return solves(asked)
    except WrongNode as wrong:
        raise wrong.of(names[wrong.node]) from wrong


def _left_open(whole: Any, facts: Facts | None) -> Reply:
    """Where tables leave a response open: the point on which all models agree, or the bounds."""
    given = given_of(whole, facts=facts)
    is_point = given.kind == Compiled.COUNTERFACTUAL and not given.flag("bounds")
    found = (decided if is_point else tabled_bounds)(given, tabled(given))
    return Reply(found.answer, found.method, found.lines, found.certificate)


def answered_again(whole: Any, *, facts: Facts | None = None) -> Any:
    """The answer of the second solver, which shares no code with the first; *facts* as in :func:`calculate`.

    Raises:
        MalformedCase, CausalError: as :func:`calculate`; TooLarge also where only the second gives up.
    """
    whole, asked = spelled_out(whole), _kind_of(whole)
    if isinstance(asked, Kind):
        return asked.again(given_of(whole, mixed=asked.mixed, facts=facts))
    case = read_case(_in_one_member(whole, asked, again=True), facts)
    is_stated = _is_monotone(whole, asked, case=case)
    if asked in _BOUNDED and case.scm is not None and (is_stated or loose(case.scm, _done(case))):
        given = given_of(whole, facts=facts)
        return tabled_bounds_again(given, tabled(given))
    return answer_json(second.solve(case), case)


def _in_one_member(whole: Any, asked: Compiled, *, again: bool = False) -> Any:
    """For what is the same in all DAGs of a class, the case in one of them where its graph has undirected edges.

    The second solver takes another one (*again*).

    Raises:
        MalformedCase: there is no such DAG. TooLarge: the second solver turns at most 15 edges.
    """
    if not _is_of_class(whole, asked):
        return whole
    graph = whole["graph"]
    names = read_names(graph)
    known, undirected = read_cpdag(graph, names)
    dag = extension(mixed(known, undirected))
    if again:
        dag = all_dags(known, undirected)[-1]
    return {**whole, "graph": write_graph(names, dag)}


def _is_of_class(whole: Any, asked: Compiled) -> bool:
    graph = whole.get("graph")
    return asked in _OF_CLASSES and isinstance(graph, dict) and bool(graph.get("undirected"))


def _done(case: Case) -> set[int]:
    """The nodes that are set in some world."""
    return {*case.query.x, *(node for node, _ in case.query.do)}


def verify(whole: Any, reply: Reply) -> None:
    """See that both solvers give *reply*, that each claim of its derivation holds, and that the certificate proves it.

    Raises:
        SolversDisagree: the second solver finds something else.
        VerificationMismatch: a step or the certificate is wrong.
        MalformedCase, CausalError: as :func:`calculate`.
    """
    whole = spelled_out(whole)
    _compare(whole, reply)
    _check_lines(whole, reply)
    asked, found = _kind_of(whole), Found(reply.answer, reply.method, reply.derivation, reply.certificate)
    if isinstance(asked, Kind):
        asked.check(given_of(whole, mixed=asked.mixed), found)
    elif reply.certificate is not None:
        given = given_of(whole)
        check_tabled(given, tabled(given), found)


def agreed(whole: Any) -> Reply:
    """The answer to the case *whole* on which both solvers agree; raises as :func:`agreed_on`."""
    return agreed_on([whole])[0]


def agreed_on(wholes: Sequence[Any]) -> list[Reply]:
    """The answers on which both solvers agree; cases in a row that hold one and the same graph and model share them.

    Raises:
        SolversDisagree: they do not.
        MalformedCase, CausalError: as :func:`calculate`.
    """
    replies: list[Reply] = []
    read: tuple[Any, Any, Facts] | None = None
    for one in wholes:
        whole, asked = spelled_out(one), _kind_of(one)
        facts = None
        if not (asked.mixed if isinstance(asked, Kind) else _is_of_class(whole, asked)):
            graph, scm = whole.get("graph"), whole.get("scm")
            if read is None or read[0] is not graph or read[1] is not scm:
                read = graph, scm, read_facts(whole)
            facts = read[2]
        reply = calculate(whole, facts=facts)
        _compare(whole, reply, facts=facts)
        replies.append(reply)
    return replies


def _compare(whole: Any, reply: Reply, *, facts: Facts | None = None) -> None:
    other = answered_again(whole, facts=facts)
    if _decided(whole, other) != _decided(whole, reply.answer):
        raise SolversDisagree(
            f"kind {whole['query']['kind']}: the first solver finds {canonical_json(reply.answer)}, the second "
            f"{canonical_json(other)}"
        )


def check_claim(whole: Any, expression: str, *, value: str) -> None:
    """See that the query *expression* (canonical JSON) on the case *whole* has the answer *value* (canonical JSON).

    Raises:
        VerificationMismatch: it has another one.
    """
    smaller = {**whole, "query": msgspec.json.decode(expression)}
    found = _decided(smaller, answered_again(smaller))
    if found != _decided(smaller, msgspec.json.decode(value)):
        raise VerificationMismatch(f"the query {expression} is said to give {value}, the engine finds {found}")


def _check_lines(whole: Any, reply: Reply) -> None:
    """Evaluate every step again; the last one is the answer."""
    known: dict[str, Fraction] = {}
    for number, line in enumerate(reply.derivation, 1):
        if line.rule == "claim":
            smaller = {**whole, "query": msgspec.json.decode(line.expression)}
            value = _decided(smaller, answered_again(smaller))
            stated = _decided(smaller, msgspec.json.decode(line.value))
        else:
            known[f"s{number}"] = evaluate(line.expression, known)
            value, stated = canonical_json(known[f"s{number}"]), line.value
        if value != stated:
            raise VerificationMismatch(f"step s{number} says {line.value}, its expression gives {value}")
    if reply.derivation and reply.derivation[-1].value != canonical_json(reply.answer):
        raise VerificationMismatch(f"the last step says {reply.derivation[-1].value}, which is not the answer")


def _decided(whole: Any, answer: Any) -> str:
    """What of *answer* both solvers have to find, written down."""
    asked = _kind_of(whole)
    return canonical_json(asked.part(answer) if isinstance(asked, Kind) else answer)


def given_of(whole: Any, *, mixed: bool = False, facts: Facts | None = None) -> Given:
    """Graph, model and query of the case *whole*; *mixed*: undirected edges are taken; *facts* as in `calculate`.

    Raises:
        MalformedCase: the message names the part that makes no sense.
    """
    query = mapping(mapping(whole, "a case").get("query"), "query")
    graph_obj = mapping(whole.get("graph", {}), "graph")
    if mixed and (graph_obj.get("undirected") or graph_obj.get("type") == "cpdag"):
        nodes = tuple(read_names(graph_obj))
        return Given(nodes, *read_cpdag(graph_obj, nodes), None, query)
    names, graph, scm = facts or read_facts(whole)
    return Given(names, graph, (), scm, query)


def _kind_of(whole: Any) -> Kind | Compiled:
    query = mapping(mapping(whole, "a case").get("query"), "query")
    name = query.get("kind")
    if name in _CAUSES and any(query.get(field) is not None for field in STATED):
        return KINDS["bounds"]  # P(x, y), and maybe P(y | do x), in place of a model
    if isinstance(name, str) and name in COMPILED:
        return Compiled(name)
    if isinstance(name, str) and name in KINDS:
        return KINDS[name]
    known = names_of_kinds()
    near = difflib.get_close_matches(str(name).lower(), known, n=3)
    raise MalformedCase(
        f"query: no kind {name!r}; {'did you mean' if near else 'known are'} {', '.join(near or known)}"
    )
