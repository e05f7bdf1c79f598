"""The printed words of one prompt: names and clauses by node, and nodes by printed words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from causal_eval.questions.facts import Literal, Slot
from causal_eval.questions.languages import Language, language

ENGLISH = language("en")


@dataclass(frozen=True, slots=True)
class Lexicon:
    """What every node and every state of it is called, in one language."""

    names: tuple[str, ...]
    """As an answer gives them."""
    states: tuple[tuple[str, str], ...]
    printed: tuple[str, ...]
    """The names as they stand in a sentence: in quotes, where the language sets them off."""
    nodes: Mapping[str, int]
    """Lower-case printed name -> node."""
    literals: Mapping[str, Literal]
    """Lower-case clause, main or dependent -> (node, value)."""
    clauses: Mapping[Slot, str]
    """(node, value) -> its clause."""
    dependent: Mapping[Slot, str]
    """(node, value) -> the clause as it stands after a conjunction."""
    language: Language = ENGLISH

    @classmethod
    def of(
        cls, names: tuple[str, ...], states: tuple[tuple[str, str], ...], *, language: Language = ENGLISH
    ) -> Lexicon:
        """The lexicon of nodes 0..n-1 with these names and state words."""
        grammar = language.grammar
        printed = tuple([grammar.quoted.format(name) for name in names])
        words: dict[Literal, dict[str, str]] = {
            (node, value): {"name": printed[node], "state": grammar.quoted.format(state)}
            for node, pair in enumerate(states)
            for value, state in enumerate(pair)
        }
        clauses = {literal: grammar.clause.format_map(said) for literal, said in words.items()}
        dependent = {literal: grammar.dependent.format_map(said) for literal, said in words.items()}
        return cls(
            names=names,
            states=states,
            printed=printed,
            nodes={name.lower(): node for node, name in enumerate(printed)},
            literals={clause.lower(): literal for said in (clauses, dependent) for literal, clause in said.items()},
            clauses=dict(clauses.items()),
            dependent=dict(dependent.items()),
            language=language,
        )
