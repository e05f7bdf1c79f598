"""The certificate of a question: case, estimand, derivation in printed words, and what each mistake would answer."""

from __future__ import annotations

from dataclasses import dataclass

from causal_eval.causal.case import write_case
from causal_eval.causal.derivation import derivation_of
from causal_eval.causal.solve import Solved, estimand
from causal_eval.questions.answers import gold_of
from causal_eval.questions.facts import Facts
from causal_eval.questions.family import Family
from causal_eval.questions.question import AnswerSpec, Certificate, Step, canonical
from causal_eval.questions.wording import Lexicon


@dataclass(frozen=True, slots=True)
class Proof:
    """What a case decides and why: a function of the case alone, which twins that ask of one case share."""

    known: Solved
    written: dict[str, object]
    """The case in JSON."""
    estimand: str
    steps: tuple[Step, ...]

    @classmethod
    def of(cls, known: Solved) -> Proof:
        """The proof of a case with its answer."""
        case, lines = known.case, derivation_of(known)
        steps = tuple([Step(f"s{number}", *line) for number, line in enumerate(lines, 1)])
        return cls(known, write_case(case), estimand(case), steps)


def certificate_of(family: Family, facts: Facts, *, proof: Proof, spec: AnswerSpec, lexicon: Lexicon) -> Certificate:
    """The certificate of a question, a function of its facts alone; *proof* is that of its case."""
    mistakes = family.mistakes(facts, len(lexicon.names))
    return Certificate(
        case=proof.written,
        estimand=proof.estimand,
        steps=proof.steps,
        names={f"V{node}": (name, *lexicon.states[node]) for node, name in enumerate(lexicon.names)},
        mistakes={name: canonical(gold_of(spec, value, lexicon=lexicon)).decode() for name, value in mistakes.items()},
    )
