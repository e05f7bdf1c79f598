"""How answers are asked for: the instruction, the text of a right answer, and a grammar of all well-formed ones.

Everything written in these forms is read back by :mod:`causal_eval.scoring.parse`, leniently and strictly.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from causal_eval.errors import MalformedCase
from causal_eval.questions.question import AnswerKind, AnswerSpec
from causal_eval.scoring import edges, formulas, gbnf, names, sets
from causal_eval.scoring.clean import fold
from causal_eval.scoring.gbnf import alternatives, quoted
from causal_eval.scoring.parse import MARK

_RESERVED = frozenset(";,={}\n\r")
_MOST_SETS = 8
_WITH_ITEMS = frozenset(AnswerKind) - {
    AnswerKind.NUMBER, AnswerKind.YES_NO, AnswerKind.CHOICE, AnswerKind.TEXT, AnswerKind.INTERVAL
}  # fmt: skip
_LINE = f"End with one line: {MARK}"


def instruction(spec: AnswerSpec) -> str:
    """The sentences that end a prompt: exactly how the last line of a reply must look."""
    match spec.kind:
        case AnswerKind.NUMBER:
            return f"{_LINE} <a number, as a fraction or a decimal>"
        case AnswerKind.YES_NO:
            return f"{_LINE} <yes or no>"
        case AnswerKind.CHOICE:
            return f"{_LINE} <one of: {' | '.join(spec.options)}>"
        case AnswerKind.LABELS:
            pairs = "; ".join(f"{item} = <label>" for item in spec.items)
            return f"Every label is one of: {' | '.join(spec.options)}.\n{_LINE} {pairs}"
        case AnswerKind.SET:
            return f"{_LINE} <one set, as {{name, name}}; {{}} for the empty set{_or_none(spec)}>"
        case AnswerKind.SETS:
            return f"{_LINE} <all sets, as {{name, name}}; {{name}}; {{}} for the empty set{_or_none(spec)}>"
        case AnswerKind.TEXT:
            return f"{_LINE} <your answer>"
        case _:
            return _parts_instruction(spec)


def example(spec: AnswerSpec, gold: Any) -> str:
    """The text after ``ANSWER: `` that answers *gold*: read back, strictly and leniently, it is correct.

    Raises:
        MalformedCase: *gold* is not what :class:`AnswerKind` says for this kind.
    """
    try:
        return _example(spec, gold)
    except (AttributeError, IndexError, KeyError, TypeError, ValueError, ZeroDivisionError):
        raise MalformedCase(
            f"gold {gold!r} is no answer of kind {spec.kind.value}: see the format of questions"
        ) from None


def grammar(spec: AnswerSpec) -> str:
    """A GBNF grammar of every well-formed text after ``ANSWER:``, from its leading space to the final newline."""
    match spec.kind:
        case AnswerKind.NUMBER:
            rules = [
                'answer ::= "-"? digits fraction?',
                'fraction ::= "/" [1-9] [0-9]? [0-9]? | "." digits',
                "digits ::= [0-9] [0-9]? [0-9]? [0-9]?",
            ]
        case AnswerKind.YES_NO:
            rules = ['answer ::= "yes" | "no"']
        case AnswerKind.CHOICE:
            rules = [f"answer ::= {alternatives(spec.options)}"]
        case AnswerKind.LABELS:
            pairs = ' "; " '.join(f"{quoted(f'{item} = ')} label" for item in spec.items)
            rules = [f"answer ::= {pairs}", f"label ::= {alternatives(spec.options)}"]
        case AnswerKind.SET:
            rules = [f"answer ::= set{_none_rule(spec)}", *_set_rules(spec.items)]
        case AnswerKind.SETS:
            rules = [f"answer ::= more{_MOST_SETS - 1}{_none_rule(spec)}", *_more_rules(), *_set_rules(spec.items)]
        case AnswerKind.TEXT:
            rules = ["answer ::= [A-Za-z0-9] rest", "rest ::= [A-Za-z0-9 ,-]*"]
        case _:
            rules = gbnf.rules(spec)
    return "\n".join(['root ::= " " answer "\\n"', *rules]) + "\n"


def problems(spec: AnswerSpec) -> tuple[str, ...]:
    """Why answers to *spec* could not be told apart or written down, one line each; empty where they can."""
    wants_options = spec.kind in (AnswerKind.CHOICE, AnswerKind.LABELS)
    wants_items = spec.kind in _WITH_ITEMS
    found = _name_problems("options", spec.options, reserved=spec.kind is AnswerKind.LABELS) if wants_options else []
    found += _name_problems("items", spec.items) if wants_items else []
    found += _special_problems(spec)
    if spec.tolerance < 0:
        found.append(f"tolerance {spec.tolerance} is negative: give 0 or more")
    return tuple(found)


def _parts_instruction(spec: AnswerSpec) -> str:
    match spec.kind:
        case AnswerKind.NUMBERS:
            parts = "; ".join(f"{item} = <number>" for item in spec.items)
            return f"Every number is a fraction or a decimal.\n{_LINE} {parts}"
        case AnswerKind.INTERVAL:
            return f"{_LINE} [<lower end>, <upper end>], both as fractions or decimals"
        case AnswerKind.GRAPH:
            return (
                f"Write cause -> effect for a directed edge, name -- name for an undirected one.\n"
                f"{_LINE} <all edges, separated by semicolons; none if there is no edge>"
            )
        case AnswerKind.ORDER:
            return f"Name each of {', '.join(spec.items)} once.\n{_LINE} <first> > <next> > <last>"
        case AnswerKind.FORMULA:
            none = "; none if there is no such formula" if spec.may_be_none else ""
            return (
                "Use only probabilities such as P(b|a,c) of the observed variables "
                f"{', '.join(spec.items)}, sums such as sum_{{a,c}}, products, quotients and differences; no do().\n"
                f"{_LINE} <a formula{none}>"
            )
    raise AssertionError(f"unreachable: {spec.kind} has an instruction of its own")


def _or_none(spec: AnswerSpec) -> str:
    return "; none if no such set exists" if spec.may_be_none else ""


def _example(spec: AnswerSpec, gold: Any) -> str:
    match spec.kind:
        case AnswerKind.NUMBER:
            return str(Fraction(str(gold)))
        case AnswerKind.YES_NO | AnswerKind.CHOICE:
            return str(gold)
        case AnswerKind.LABELS:
            return "; ".join(f"{item} = {gold[item]}" for item in spec.items)
        case AnswerKind.SET:
            return _set_text(gold[0]) if gold else "none"
        case AnswerKind.SETS:
            return "; ".join(map(_set_text, gold)) or "none"
        case AnswerKind.TEXT:
            return str(gold[0] if isinstance(gold, list) else gold)
        case AnswerKind.NUMBERS:
            return "; ".join(f"{item} = {Fraction(str(gold[item]))}" for item in spec.items)
        case AnswerKind.INTERVAL:
            low, high = (Fraction(str(end)) for end in gold)
            return f"[{low}, {high}]"
        case AnswerKind.GRAPH:
            arrows = [f"{cause} -> {effect}" for cause, effect in gold["directed"]]
            return "; ".join(arrows + [f"{one} -- {other}" for one, other in gold["undirected"]]) or "none"
        case AnswerKind.ORDER:
            return " > ".join(gold)
        case AnswerKind.FORMULA:
            return "none" if gold["formula"] is None else str(gold["formula"])


def _set_text(members: Sequence[str]) -> str:
    return "{" + ", ".join(members) + "}"


def _none_rule(spec: AnswerSpec) -> str:
    return ' | "none"' if spec.may_be_none else ""


def _set_rules(items: Sequence[str]) -> list[str]:
    """Every subset exactly once: members in the order of *items*.

    ``from<k>`` writes a subset of the items from the k-th on, ``then<k>`` the same after a member was written.
    """
    last = len(items)
    rules = ['set ::= "{" from0 "}"', f'from{last} ::= ""', f'then{last} ::= ""']
    for place, item in enumerate(items):
        rules.append(f"from{place} ::= {quoted(item)} then{place + 1} | from{place + 1}")
        rules.append(f"then{place} ::= {quoted(f', {item}')} then{place + 1} | then{place + 1}")
    return rules


def _more_rules() -> list[str]:
    """At most eight sets: a repetition without end would let a weak answerer go on for ever."""
    return ["more0 ::= set", *(f'more{count} ::= set | set "; " more{count - 1}' for count in range(1, _MOST_SETS))]


def _special_problems(spec: AnswerSpec) -> list[str]:
    """Names that the signs of this kind would cut, and formats too large to be written down."""
    found = []
    signs = edges.RESERVED if spec.kind is AnswerKind.GRAPH else (">",) if spec.kind is AnswerKind.ORDER else ()
    for name in spec.items:
        found += [f"items: {name!r} contains {sign!r}, which answers use: rename it" for sign in signs if sign in name]
        if spec.kind is AnswerKind.GRAPH and name != name.strip(" -"):
            found.append(f"items: {name!r} begins or ends with a sign that joins nodes: rename it")
        if spec.kind is AnswerKind.FORMULA and not formulas.is_symbol(name):
            found.append(f"items: {name!r} is no symbol for a formula: use letters, digits and _, such as x or z_1")
    if spec.kind is AnswerKind.ORDER and len(spec.items) > gbnf.MOST_ORDERED:
        found.append(f"items: {len(spec.items)} are too many to order; the most is {gbnf.MOST_ORDERED}")
    return found


def _name_problems(field: str, given: tuple[str, ...], *, reserved: bool = True) -> list[str]:
    found = [] if given else [f"{field} is empty: list at least one name"]
    for name in given:
        taken = sorted(_RESERVED & set(name)) if reserved else []
        if taken:
            found.append(f"{field}: {name!r} contains {taken[0]!r}, which answers use: rename it")
        if not fold(name).strip(" .,"):
            found.append(f"{field}: {name!r} has nothing to read: give it letters or digits")
        if field == "items" and fold(name) in sets.RESERVED_WORDS:
            found.append(f"{field}: {name!r} means that no set exists: rename it")
    if len(names.by_fold(given)) < len(given):
        found.append(f"{field}: two names differ only by case, spaces, quotes or markup: rename one")
    return found
