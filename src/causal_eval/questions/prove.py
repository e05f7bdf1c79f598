"""The certificate of a question: case, estimand, derivation in printed words, and what each mistake would answer."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

import msgspec

from causal_eval.causal import second
from causal_eval.causal.calculator import Reply, agreed_on
from causal_eval.causal.case import write_case
from causal_eval.causal.derivation import derivation_of
from causal_eval.causal.kinds.kind import Json
from causal_eval.causal.query import Case
from causal_eval.causal.solve import Solved, estimand, solved
from causal_eval.causal.steps import evaluate
from causal_eval.errors import SolversDisagree
from causal_eval.questions.answers import gold_of
from causal_eval.questions.facts import Facts, decisive, normal
from causal_eval.questions.family import Family
from causal_eval.questions.posing import Posed, Value, Whole, shifted, valued
from causal_eval.questions.question import AnswerSpec, Certificate, Step, canonical, content_id
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
    mistakes = family.mistakes(decisive(facts), len(lexicon.names))
    case, *more = proof.cases
    return Certificate(
        case=case,
        estimand=proof.estimand,
        steps=proof.steps,
        names={f"V{node}": (name, *lexicon.states[node]) for node, name in enumerate(lexicon.names)},
        mistakes={name: canonical(gold_of(spec, value, lexicon=lexicon)).decode() for name, value in mistakes.items()},
        more=tuple(more),
        proofs=proof.certificates,
        facts=content_id("f", normal(facts)),
    )


def _of_posed(posed: Posed) -> Proof:
    replies = agreed_on(posed.cases)
    certificates = tuple([reply.certificate for reply in replies])
    steps, values = _steps(replies), [valued(reply.answer) for reply in replies]
    if posed.formula:
        steps.append(_combined(posed, replies, after=steps))
        values.append(Fraction(msgspec.json.decode(steps[-1].value)))
    return Proof(
        posed,
        tuple(values),
        posed.cases,
        posed.estimand,
        tuple(steps),
        certificates if any(one is not None for one in certificates) else (),
    )


def _combined(posed: Posed, replies: list[Reply], *, after: list[Step]) -> Step:
    """The step that puts the answers together: each is the last step of its derivation."""
    ends = {f"c{place + 1}": step.id for place in range(len(replies)) for step in after if step.of == place}
    expression = re.sub(r"\bc\d+\b", lambda match: ends[match[0]], posed.formula)
    value = evaluate(posed.formula, {f"c{place}": Fraction(str(one.answer)) for place, one in enumerate(replies, 1)})
    return Step(f"s{len(after) + 1}", "arithmetic", posed.estimand, expression, canonical(value).decode())


def _steps(replies: list[Reply]) -> list[Step]:
    """The derivations of all answers, one after another; a step belongs to one case."""
    steps: list[Step] = []
    for place, reply in enumerate(replies):
        before = len(steps)
        for number, (rule, text, expression, value) in enumerate(reply.derivation, before + 1):
            said = expression if rule == "claim" else shifted(expression, before)
            steps.append(Step(f"s{number}", rule, text, said, value, place))
    return steps
