"""The certificate of a question: case, estimand, derivation in printed words, and what each mistake would answer."""

from __future__ import annotations

from causal_eval.causal.case import write_case
from causal_eval.causal.derivation import derivation_of
from causal_eval.causal.solve import Solved, estimand
from causal_eval.questions.answers import gold_of
from causal_eval.questions.facts import Facts
from causal_eval.questions.family import Family
from causal_eval.questions.question import AnswerSpec, Certificate, Step, canonical
from causal_eval.questions.wording import Lexicon


def certificate_of(family: Family, facts: Facts, *, known: Solved, spec: AnswerSpec, lexicon: Lexicon) -> Certificate:
    """The proof of a question, a function of its facts alone; *known* is its case with its answer."""
    case = known.case
    steps = tuple(
        Step(f"s{number}", line.rule, line.text, line.expression, line.value)
        for number, line in enumerate(derivation_of(known), 1)
    )
    mistakes = family.mistakes(facts, len(lexicon.names))
    return Certificate(
        case=write_case(case),
        estimand=estimand(case),
        steps=steps,
        names={f"V{node}": (name, *lexicon.states[node]) for node, name in enumerate(lexicon.names)},
        mistakes={name: canonical(gold_of(spec, value, lexicon=lexicon)).decode() for name, value in mistakes.items()},
    )
