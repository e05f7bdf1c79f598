"""Symbolic: a legend of letters, then arrows, probabilities and rules in the notation of the field.

What ``phrases/notation*/`` has no notation for is said in a sentence. A letter that the facts themselves give to a
quantity is the one that the legend gives it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from string import ascii_lowercase, ascii_uppercase

from causal_eval.errors import VerificationMismatch
from causal_eval.questions.facts import Fact, Literal, Slot
from causal_eval.questions.lexicon import ENGLISH, Lexicon
from causal_eval.questions.renderers.sheet import Renderer, Sheet, stated
from causal_eval.questions.wording import forms, read_in, say_in

_ENTRY = re.compile(r"([A-Za-z]\d*) = (.+) \((?:0 = (.+), 1 = (.+)|0(?: or|,) 1)\)")
_PLAIN_STATES = ("0", "1")
_PLAIN = re.compile(r"\b[A-Z]$")
"""A name that ends in a letter of its own."""


def _write(sheet: Sheet) -> str:
    symbols = _symbols(sheet)
    lexicon, notation = _short(symbols, sheet.lexicon), _notation(sheet.lexicon)
    said = [
        say_in(notation, fact, lexicon=lexicon, stream=sheet.stream, style=sheet.style)
        if fact.form in forms(notation)
        else sheet.say(fact)[0]
        for fact in sheet.statements
    ]
    legend = [
        f"{symbols[node]} = {sheet.lexicon.printed[node]} ({_states(low, high, lexicon=sheet.lexicon)})"
        for node, (low, high) in enumerate(sheet.lexicon.states)
    ]
    last = [*(sheet.say(*part) for part in (sheet.assumed, sheet.listed)), sheet.say_last()]
    return "\n\n".join(["\n".join(part) for part in (sheet.stream.shuffled(legend), said, *last) if part])


def _read(body: str, lexicon: Lexicon) -> Iterator[Fact]:
    legend, _, rest = body.partition("\n\n")
    short, notation = _short(_legend(legend, lexicon), lexicon), _notation(lexicon)
    for line in filter(None, rest.split("\n")):
        yield read_in(notation, line, lexicon=short) or stated(line, lexicon)


def _legend(legend: str, lexicon: Lexicon) -> list[str]:
    """The symbol of every node.

    Raises:
        VerificationMismatch: an entry reads otherwise than the names and states do, or one is missing or double.
    """
    symbols: dict[int, str] = {}
    for line in legend.split("\n"):
        entry = _ENTRY.fullmatch(line)
        node = lexicon.nodes.get(entry[2].lower()) if entry else None
        said = (entry[3] or "0", entry[4] or "1") if entry else None
        if entry is None or node is None or said != lexicon.states[node] or node in symbols:
            raise VerificationMismatch(f"no entry of a legend reads: {line!r}")
        symbols[node] = entry[1]
    if len(symbols) != len(lexicon.names) or len(set(symbols.values())) != len(symbols):
        raise VerificationMismatch("the legend does not give every quantity a symbol of its own")
    return [symbols[node] for node in range(len(symbols))]


def _states(low: str, high: str, *, lexicon: Lexicon) -> str:
    if (low, high) == _PLAIN_STATES:
        return "0 or 1" if lexicon.language == ENGLISH else "0, 1"
    return f"0 = {low}, 1 = {high}"


def _notation(lexicon: Lexicon) -> str:
    """Where the notations stand: English ones use the words that are usual in the field."""
    return "notation" if lexicon.language == ENGLISH else "notation_of_signs"


def _short(symbols: list[str], lexicon: Lexicon) -> Lexicon:
    """The words of the notation: ``A`` for a name, ``A=1`` for a clause."""
    clauses: dict[Literal, str] = {
        (node, value): f"{symbol}={value}" for node, symbol in enumerate(symbols) for value in (0, 1)
    }
    return replace(
        lexicon,
        printed=tuple(symbols),
        nodes={symbol.lower(): node for node, symbol in enumerate(symbols)},
        literals={clause.lower(): literal for literal, clause in clauses.items()},
        clauses=dict(clauses.items()),
        dependent=dict(clauses.items()),
        language=ENGLISH,
    )


def _symbols(sheet: Sheet) -> list[str]:
    """A letter for each node: the one that the facts give it, or its name, else a random one that is free."""
    lettered = [fact.slots for fact in sheet.statements if forms()[fact.form].types == ("name", "letter")]
    names = sheet.lexicon.names
    own: dict[Slot, str] = {node: ascii_lowercase[symbol] for node, symbol in lettered if isinstance(symbol, int)}
    own = own or {node: match[0] for node, name in enumerate(names) if (match := _PLAIN.search(name))}
    taken = "".join(own.values()).upper()
    free = [letter for letter in ascii_uppercase if letter not in taken]
    drawn = iter([*sheet.stream.shuffled(free), *(f"X{number}" for number in range(1, len(names) + 1))])
    return [own[node] if node in own else next(drawn) for node in range(len(names))]


SYMBOLIC = Renderer(_write, _read)
