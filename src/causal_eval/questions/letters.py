"""Effects asked for as formulas over letters: the letters of a prompt, its query, its gold, and formulas by habit."""

from __future__ import annotations

import re
from collections.abc import Mapping
from string import ascii_lowercase

from causal_eval.causal.adjust import is_adjustment_set
from causal_eval.causal.formula import Formula, written
from causal_eval.causal.formula.tree import Prob, product_of, refs, sum_over
from causal_eval.causal.graph import Graph, bits
from causal_eval.causal.graph_json import write_graph
from causal_eval.causal.kinds.kind import Json
from causal_eval.causal.sampled import Effect, tried
from causal_eval.causal.separation import separated
from causal_eval.errors import VerificationMismatch
from causal_eval.questions.facts import Fact, Facts, letter, of_form, the_ask
from causal_eval.questions.network import graph_of, node
from causal_eval.questions.posing import Posed, Value, about_graph, by_name, parts_of, symbol, valued
from causal_eval.questions.question import AnswerKind, AnswerSpec
from causal_eval.seeds import Stream

_USABLE = tuple(place for place, one in enumerate(ascii_lowercase) if one not in "ilop")
"""p is a probability; i, l and o look like figures."""
_NODE = re.compile(r"\bV(\d+)\b")


def letters(n: int, stream: Stream) -> tuple[Fact, ...]:
    """A letter for each of *n* nodes, so that no order of letters tells anything."""
    chosen = stream.sample(_USABLE, n)
    return tuple([letter(index, place) for index, place in enumerate(chosen)])


def letters_of(facts: Facts) -> tuple[str, ...]:
    """The letters of nodes 0, 1, ...

    Raises:
        VerificationMismatch: a node has none or two, or two nodes share one.
    """
    stated = [(node(fact.slots[0]), ascii_lowercase[node(fact.slots[1])]) for fact in of_form(facts, "letter")]
    found = dict(stated)
    if len(found) < len(stated) or len(set(found.values())) < len(found) or sorted(found) != list(range(len(found))):
        raise VerificationMismatch("the prompt must give every quantity one letter, and no two the same")
    return tuple([found[index] for index in range(len(found))])


def effect_of(facts: Facts) -> Effect:
    """The effect that is asked for: the slots of the ask are X, Y and, where it has one, what is given."""
    x, y, *given = (node(slot) for slot in the_ask(facts).slots)
    return Effect(1 << x, 1 << y, sum(1 << index for index in given))


def posed_effect(facts: Facts, n: int) -> Posed:
    """The effect asked for in the graph of the printed links, all of whose quantities are observed.

    Raises:
        VerificationMismatch: the list of links is not said to be complete, or letters are missing.
    """
    if len(of_form(facts, "listed")) != 1:
        raise VerificationMismatch("the prompt must say once that its list of influences and hidden causes is complete")
    if len(letters_of(facts)) != n:
        raise VerificationMismatch("the prompt must give every quantity a letter")
    asked = effect_of(facts)
    x, y, z = ([symbol(index) for index in bits(mask)] for mask in asked)
    title = f"P({', '.join(y)} | do({', '.join(x)}){''.join(f', {one}' for one in z)})"
    return about_graph(graph_of(facts, n), _query(x, y, z=z), estimand=title)


def formula_spec(facts: Facts, *, may_be_none: bool) -> AnswerSpec:
    """A formula over the letters of the prompt, by alphabet."""
    return AnswerSpec(AnswerKind.FORMULA, items=tuple(sorted(letters_of(facts))), may_be_none=may_be_none)


def formula_gold(facts: Facts, value: Value) -> Value:
    """What the engine found, over letters: the formula, or None where there is none, with graph and query."""
    names = letters_of(facts)
    (reply,) = parts_of(value)
    text = by_name(reply).get("estimand")
    x, y, z = ([names[index] for index in bits(mask)] for mask in effect_of(facts))
    return {
        "formula": _NODE.sub(lambda match: names[int(match[1])], text) if isinstance(text, str) else None,
        "graph": valued(write_graph(names, graph_of(facts, len(names)))),
        "query": valued(_query(x, y, z=z)),
    }


def wrong_formulas(facts: Facts, n: int, *, identified: bool) -> dict[str, Value]:
    """The formulas written by habit that are no estimands of what is asked: all of them unless it is *identified*."""
    graph, asked, names = graph_of(facts, n), effect_of(facts), letters_of(facts)
    return {
        name: {"formula": written(adjusted(asked, z), names)}
        for name, z in habits(graph, asked).items()
        if not identified or not is_estimand(graph, asked, z=z)
    }


def habits(graph: Graph, asked: Effect) -> Mapping[str, int]:
    """What is adjusted for without a look at the hidden causes, within what is given; no two sets are the same."""
    rest = graph.everything & ~(asked.x | asked.y | asked.z)
    causes = graph.parents[bits(asked.x)[0]] & rest
    found = {"correlation is causation": 0}
    if causes not in (0, rest):
        found["adjust for the causes of the treatment"] = causes
    return found | {"adjust for everything": rest}


def adjusted(asked: Effect, z: int) -> Formula:
    """The effect as if *z* were enough to adjust for, within what is given."""
    outcome = Prob(refs(bits(asked.y)), refs(bits(asked.x | asked.z | z)))
    weight = Prob(refs(bits(z)), refs(bits(asked.z)))
    return sum_over(refs(bits(z)), product_of((outcome, weight))) if z else outcome


def is_estimand(graph: Graph, asked: Effect, *, z: int) -> bool:
    """Whether adjusting for *z* gives the effect: by the complete criterion; where something is given, by trial.

    Where nothing is adjusted for, rule 2 of do-calculus says yes without a trial.
    """
    if not asked.z:
        return is_adjustment_set(graph, asked.x, asked.y, z)
    if not z and separated(graph.without_outgoing(asked.x), asked.x, asked.y, asked.z):
        return True
    return tried(graph, adjusted(asked, z), asked=asked, stream=Stream("habit", *asked, z)).right


def matters(graph: Graph, asked: Effect) -> bool:
    """Whether what is given, if anything is, says something about the outcome once the cause is set."""
    return not asked.z or not separated(graph.without_incoming(asked.x), asked.y, asked.z, asked.x)


def _query(x: list[str], y: list[str], *, z: list[str]) -> dict[str, Json]:
    query: dict[str, Json] = {"kind": "conditional_effect" if z else "effect", "X": [*x], "Y": [*y]}
    return query | {"Z": [*z]} if z else query
