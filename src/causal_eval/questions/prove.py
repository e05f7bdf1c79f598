"""The certificate of a question: case, estimand, derivation in printed words, and what each mistake would answer."""

from __future__ import annotations

from dataclasses import dataclass

from causal_eval.causal import second
from causal_eval.causal.calculator import Reply, agreed
from causal_eval.causal.case import write_case
from causal_eval.causal.derivation import derivation_of
from causal_eval.causal.kinds.kind import Json
from causal_eval.causal.query import Case
from causal_eval.causal.solve import Solved, estimand, solved
from causal_eval.errors import SolversDisagree
from causal_eval.questions.answers import gold_of
from causal_eval.questions.facts import Facts
from causal_eval.questions.family import Family
from causal_eval.questions.posing import Posed, Value, Whole, shifted, valued
from causal_eval.questions.question import AnswerSpec, Certificate, Step, canonical
from causal_eval.questions.wording import Lexicon


@dataclass(frozen=True, slots=True)
class Proof:
    """What is asked of the engine, the answer, and why: a function of that alone, which twins that ask it share."""

    asked: Case | Posed
    value: Value
    cases: tuple[Whole, ...]
    """In JSON."""
    estimand: str
    steps: tuple[Step, ...]
    certificates: tuple[Json, ...] = ()

    @classmethod
    def of(cls, asked: Case | Posed) -> Proof:
        """The proof of what is asked, once both solvers have given the same answer.

        Raises:
            SolversDisagree: they have not: a bug.
        """
        if isinstance(asked, Posed):
            return _of_posed(asked)
        known = solve_both(asked)
        steps = tuple([Step(f"s{number}", *line) for number, line in enumerate(derivation_of(known), 1)])
        return cls(asked, known.value, (write_case(asked),), estimand(asked), steps)

    def answers(self, asked: Case | Posed) -> bool:
        """Whether this is the proof of *asked* too; queries are looked at first: unlike models, they mostly differ."""
        if isinstance(asked, Case) and isinstance(self.asked, Case) and asked.query != self.asked.query:
            return False
        return self.asked == asked


def solve_both(case: Case) -> Solved:
    """The case with the answer of the first solver, once the second has given the same.

    Raises:
        SolversDisagree: they differ.
    """
    first = solved(case)
    other = second.solve(case)
    if first.value != other:
        raise SolversDisagree(
            f"the solvers disagree: {first.value!r} and {other!r} on {canonical(write_case(case)).decode()}"
        )
    return first


def certificate_of(family: Family, facts: Facts, *, proof: Proof, spec: AnswerSpec, lexicon: Lexicon) -> Certificate:
    """The certificate of a question, a function of its facts alone; *proof* is that of its case."""
    mistakes = family.mistakes(facts, len(lexicon.names))
    case, *more = proof.cases
    return Certificate(
        case=case,
        estimand=proof.estimand,
        steps=proof.steps,
        names={f"V{node}": (name, *lexicon.states[node]) for node, name in enumerate(lexicon.names)},
        mistakes={name: canonical(gold_of(spec, value, lexicon=lexicon)).decode() for name, value in mistakes.items()},
        more=tuple(more),
        proofs=proof.certificates,
    )


def _of_posed(posed: Posed) -> Proof:
    replies = [agreed(whole) for whole in posed.cases]
    certificates = tuple([reply.certificate for reply in replies])
    return Proof(
        posed,
        tuple([valued(reply.answer) for reply in replies]),
        posed.cases,
        posed.estimand,
        tuple(_steps(replies)),
        certificates if any(one is not None for one in certificates) else (),
    )


def _steps(replies: list[Reply]) -> list[Step]:
    """The derivations of all answers, one after another; a step belongs to one case."""
    steps: list[Step] = []
    for place, reply in enumerate(replies):
        before = len(steps)
        for number, (rule, text, expression, value) in enumerate(reply.derivation, before + 1):
            said = expression if rule == "claim" else shifted(expression, before)
            steps.append(Step(f"s{number}", rule, text, said, value, place))
    return steps
