"""Proof that can be checked again: facts back from the prompt, both solvers, every step of the derivation."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from fractions import Fraction

from causal_eval.causal.calculator import calculate, check_claim
from causal_eval.causal.calculator import verify as verify_reply
from causal_eval.causal.steps import evaluate
from causal_eval.errors import CausalEvalError, VerificationMismatch
from causal_eval.questions.answers import gold_of, spec_of
from causal_eval.questions.catalog import family
from causal_eval.questions.dials.claim import check_claims
from causal_eval.questions.domain import Domain
from causal_eval.questions.facts import Facts, decisive
from causal_eval.questions.languages import language
from causal_eval.questions.prove import Proof, certificate_of
from causal_eval.questions.question import Certificate, Question, canonical
from causal_eval.questions.render import read_prompt
from causal_eval.questions.story import contexts, domains
from causal_eval.questions.telling import identity
from causal_eval.questions.wording import Lexicon


def verify(question: Question, *, own: Collection[Domain] = ()) -> None:
    """Re-derive *question* from its prompt alone and compare everything that is stored with it.

    *own* are the domains that did not come with the package: a question told in one opens with a sentence of it.

    Raises:
        VerificationMismatch: the first thing that differs: a line of the prompt, the case, the answer, the answer
            format, a step, a mistake or the id.
    """
    certificate = question.certificate
    if certificate is None:
        raise VerificationMismatch(f"{question.id}: no certificate; verify the private file, not the public one")
    try:
        facts = stated(question, certificate, own=own)
        lexicon = lexicon_of(certificate, question.language)
        _verify_facts(question, certificate, facts=facts, lexicon=lexicon)
    except VerificationMismatch as error:
        raise VerificationMismatch(f"{question.id}: {error}") from error
    except (CausalEvalError, LookupError, ValueError) as error:  # a statement that the family needs is not there
        raise VerificationMismatch(f"{question.id}: the prompt states no solvable case: {error}") from error
    if identity(question) != question.id:
        raise VerificationMismatch(f"{question.id}: the id is not the hash of the content, {identity(question)}")


def stated(question: Question, certificate: Certificate, *, own: Collection[Domain] = ()) -> Facts:
    """The facts that the prompt of *question* states, in canonical order.

    Raises:
        VerificationMismatch: a part of it states nothing known, or its domain is not known.
    """
    known = contexts(_domain(question, own), question.regime, language=question.language)
    lexicon = lexicon_of(certificate, question.language)
    return read_prompt(question.prompt, lexicon, contexts=known, renderer=question.renderer)


def _domain(question: Question, own: Collection[Domain]) -> str | Domain:
    """The domain that *question* names.

    Raises:
        VerificationMismatch: it neither comes with the package nor is it among *own*.
    """
    mine = next((one for one in own if one.id == question.domain), None)
    if mine is None and question.domain not in domains():
        raise VerificationMismatch(
            f"the domain {question.domain!r} does not come with the package: give its file by --domain-file"
        )
    return mine or question.domain


def lexicon_of(certificate: Certificate, code: str = "en") -> Lexicon:
    """The printed words of the question in the language *code* that carries *certificate*."""
    words = [certificate.names[f"V{node}"] for node in range(len(certificate.names))]
    return Lexicon.of(
        tuple(word[0] for word in words), tuple((word[1], word[2]) for word in words), language=language(code)
    )


def check_steps(certificate: Certificate) -> Fraction | None:
    """Re-evaluate every step; return the value of the last arithmetic or given one.

    Raises:
        VerificationMismatch: a step's value is not what its expression gives.
    """
    known: dict[str, Fraction] = {}
    last: Fraction | None = None
    cases = (certificate.case, *certificate.more)
    for step in certificate.steps:
        if step.rule == "claim":
            check_claim(cases[step.of], step.expression, value=step.value)
            continue
        value = evaluate(step.expression, known)
        if canonical(value) != step.value.encode():
            raise VerificationMismatch(f"step {step.id} says {step.value}, its expression gives {value}")
        known[step.id] = last = value
    return last


def check_proofs(certificate: Certificate) -> None:
    """See that what the engine certifies proves its answers.

    Raises:
        SolversDisagree, VerificationMismatch: it does not.
    """
    if certificate.proofs:
        for whole in (certificate.case, *certificate.more):
            verify_reply(whole, calculate(whole))


def _verify_facts(question: Question, certificate: Certificate, *, facts: Facts, lexicon: Lexicon) -> None:
    source, deciding = family(question.family), decisive(facts)
    n = len(certificate.names)
    proof = Proof.of(source.case(deciding, n))
    _same("case", (certificate.case, *certificate.more), derived=proof.cases)
    spec = spec_of(source, deciding, lexicon=lexicon)
    _same("answer format", question.answer, derived=spec)
    _same("answer", question.gold, derived=gold_of(spec, source.answer(deciding, proof.value), lexicon=lexicon))
    check_steps(certificate)
    check_proofs(certificate)
    again = certificate_of(source, facts, proof=proof, spec=spec, lexicon=lexicon)
    _same("certificate", replace(certificate, case={}), derived=replace(again, case={}))
    check_claims(facts, question, certificate=certificate)


def _same(what: str, stored: object, *, derived: object) -> None:
    if canonical(stored) != canonical(derived):
        raise VerificationMismatch(
            f"the {what} stored is {canonical(stored).decode()}, the prompt gives {canonical(derived).decode()}"
        )
