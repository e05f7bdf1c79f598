"""Actual causation: whether something was a cause, everything that was, how responsible it is, and the blame."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from causal_eval.causal.actual import System, Variant, Witness, all_causes, degree, is_cause
from causal_eval.causal.expression import ARITY, parse
from causal_eval.causal.kinds.kind import Found, Given, Json, kind
from causal_eval.causal.ledger import Ledger, canonical_json, product, total
from causal_eval.causal.query import Assignment
from causal_eval.causal.reading import assignment, fraction, mapping, sequence
from causal_eval.causal.scm import Call, Const, Expression, Scm, Value, Var, positions
from causal_eval.causal.second.actual import Story, causes, conditions, fewest, told
from causal_eval.errors import MalformedCase, VerificationMismatch

_TITLES = {
    Variant.MODIFIED: "modified Halpern-Pearl definition (2015)",
    Variant.UPDATED: "updated Halpern-Pearl definition (2005)",
    Variant.ORIGINAL: "original Halpern-Pearl definition (2001)",
    Variant.BUT_FOR: "but-for",
}


@dataclass(frozen=True, slots=True)
class Happened:
    """A context, what is asked about it, and the definition."""

    scm: Scm
    contexts: tuple[tuple[Assignment, Fraction], ...]
    """One, or several with their probabilities."""
    cause: Assignment
    phi: Expression
    variant: Variant

    @property
    def system(self) -> System:
        """In the first context."""
        return System(self.scm, self.contexts[0][0], phi=self.phi)

    @property
    def story(self) -> Story:
        """The same for the second solver."""
        return told(self.scm, self.contexts[0][0], phi=self.phi)


def _is_cause(given: Given) -> Happened:
    return _happened(given, cause=True)


def _all(given: Given) -> Happened:
    return _happened(given, cause=False)


def _one(given: Given) -> Happened:
    asked = _happened(given, cause=True)
    if len(asked.cause) > 1:
        raise MalformedCase(f"query: kind {given.kind} takes one variable as cause, got {len(asked.cause)}")
    return asked


def _blamed(given: Given) -> Happened:
    asked = _happened(given, cause=True, several=True)
    if len(asked.cause) > 1:
        raise MalformedCase(f"query: kind {given.kind} takes one variable as cause, got {len(asked.cause)}")
    return asked


def _happened(given: Given, *, cause: bool, several: bool = False) -> Happened:
    scm = given.model()
    if several:
        contexts = _contexts(given, scm)
    else:
        contexts = ((assignment(given.query.get("context"), given.index, scm, "query: context"), Fraction(1)),)
    found = assignment(given.query.get("cause"), given.index, scm, "query: cause") if cause else ()
    if cause and not found:
        raise MalformedCase('query: cause is empty; name what happened, such as {"cause": {"ST": true}}')
    for node, _ in found:
        if not scm.graph.parents[node] and node in dict(contexts[0][0]):
            raise MalformedCase(
                f"query: cause: {given.names[node]!r} is exogenous; causes are variables with equations"
            )
    return Happened(scm, contexts, found, _phi(given, scm), _variant(given))


def _contexts(given: Given, scm: Scm) -> tuple[tuple[Assignment, Fraction], ...]:
    found = []
    for place, item in enumerate(sequence(given.query.get("contexts"), "query: contexts")):
        one = mapping(item, f"query: contexts[{place}]")
        p = fraction(one.get("probability"), f"query: contexts[{place}]: probability")
        found.append((assignment(one.get("context"), given.index, scm, f"query: contexts[{place}]: context"), p))
    if not found or sum(p for _, p in found) != 1 or min(p for _, p in found) < 0:
        raise MalformedCase("query: contexts need a context and a probability each; the probabilities sum to 1")
    return tuple(found)


def _variant(given: Given) -> Variant:
    value = given.query.get("variant") or Variant.MODIFIED
    if isinstance(value, str):
        value = value.lower().replace("-", "_")
    if value not in list(Variant):
        raise MalformedCase(f"query: variant {value!r}: known are {', '.join(Variant)}")
    return Variant(str(value))


def _phi(given: Given, scm: Scm) -> Expression:
    """A variable that must be true, an expression, or literals: ``{"Y": false}``, ``["Y", false]``, a list of these."""
    value = given.query.get("phi")
    if _is_literal(given, value):
        value = [value]
    if (isinstance(value, dict) and value) or (
        isinstance(value, list) and value and all(_is_literal(given, one) for one in value)
    ):
        literals = assignment(value, given.index, scm, "query: phi")
        parts = tuple([Call("eq", (Var(node), Const(scm.names(node)[level]))) for node, level in literals])
        return parts[0] if len(parts) == 1 else Call("and", parts)
    domains = [scm.names(node) or positions(size) for node, size in enumerate(scm.domains)]
    expression = parse(value, given.index, domains=domains)
    if isinstance(expression, Const):
        raise MalformedCase(f"query: phi {value!r} is no variable; write a variable, an expression or a literal")
    return expression


def _is_literal(given: Given, value: object) -> bool:
    """Whether *value* is ``[variable, value]`` and no expression."""
    if not isinstance(value, list) or len(value) != 2:  # noqa: PLR2004 - a pair
        return False
    return isinstance(value[0], str) and value[0] in given.index and value[0] not in ARITY


def _verdict(given: Given, asked: Happened) -> Found:
    verdict = is_cause(asked.system, asked.cause, variant=asked.variant)
    answer: dict[str, Json] = {
        "is_cause": verdict.is_cause, "ac1": verdict.ac1, "ac2": verdict.ac2, "ac3": verdict.ac3,
        "witness": _witness(given, asked, witness=verdict.witness),
    }  # fmt: skip
    ledger = Ledger()
    ledger.claim(f"{_said(given, asked.cause, scm=asked.scm)} is a cause of phi", dict(given.query), value=answer)
    return Found(answer, _TITLES[asked.variant], tuple(ledger.lines))


def _verdict_again(given: Given, asked: Happened) -> Json:
    del given
    ac1, ac2, ac3 = conditions(asked.story, dict(asked.cause), variant=asked.variant)
    return {"is_cause": ac1 and ac2 and ac3, "ac1": ac1, "ac2": ac2, "ac3": ac3}


def _listed(given: Given, asked: Happened) -> Found:
    found = all_causes(asked.system, variant=asked.variant)
    written = [(_literals(given, x, scm=asked.scm), _witness(given, asked, witness=witness)) for x, witness in found]
    written.sort(key=lambda one: canonical_json(one[0]))
    answer: Json = {"causes": [x for x, _ in written], "witnesses": [witness for _, witness in written]}
    ledger = Ledger()
    ledger.claim("every cause of phi", dict(given.query), value=answer)
    return Found(answer, _TITLES[asked.variant], tuple(ledger.lines))


def _listed_again(given: Given, asked: Happened) -> Json:
    found = causes(asked.story, variant=asked.variant)
    written = [_literals(given, tuple(sorted(x.items())), scm=asked.scm) for x in found]
    return {"causes": [*sorted(written, key=canonical_json)]}


def _share(given: Given, asked: Happened) -> Found:
    parts, witness = degree(asked.system, asked.cause[0], variant=asked.variant)
    answer = str(Fraction(1, parts) if parts else Fraction(0))
    ledger = Ledger()
    ledger.claim(
        f"degree of responsibility of {_said(given, asked.cause, scm=asked.scm)}", dict(given.query), value=answer
    )
    return Found(answer, _responsible(asked.variant), tuple(ledger.lines), _witness(given, asked, witness=witness))


def _share_again(given: Given, asked: Happened) -> Json:
    del given
    ((node, value),) = asked.cause
    story = asked.story
    parts = fewest(story, node, variant=asked.variant) if story.actual.get(node) == value else 0
    return str(Fraction(1, parts) if parts else Fraction(0))


def _blame(given: Given, asked: Happened) -> Found:
    """The expected degree of responsibility, what was done being done in every context."""
    ledger = Ledger()
    terms = []
    for place, (context, p) in enumerate(asked.contexts, 1):
        parts, _ = degree(System(asked.scm, context, phi=asked.phi), asked.cause[0], variant=asked.variant)
        share = Fraction(1, parts) if parts else Fraction(0)
        terms.append(
            product(
                [ledger.given(f"probability of context {place}", p), ledger.given(f"responsibility {place}", share)]
            )
        )
    line = ledger.arithmetic(f"blame of {_said(given, asked.cause, scm=asked.scm)}", total(terms))
    return Found(str(Fraction(line.value)), "expected degree of responsibility", tuple(ledger.lines))


def _blame_again(given: Given, asked: Happened) -> Json:
    del given
    ((node, value),) = asked.cause
    whole = Fraction(0)
    for context, p in asked.contexts:
        story = told(asked.scm, context, phi=asked.phi)
        parts = fewest(story, node, variant=asked.variant) if story.actual.get(node) == value else 0
        whole += p * (Fraction(1, parts) if parts else 0)
    return str(whole)


def _check_witness(given: Given, asked: Happened, found: Found) -> None:
    """Phi fails once the cause is changed as the witness says."""
    assert isinstance(found.answer, dict), "a verdict has its conditions"
    told = found.answer["witness"]
    if (told is not None) != found.answer["ac2"]:
        raise VerificationMismatch("a witness stands beside AC2 exactly where AC2 holds")
    if told is None:
        return
    whole = mapping(told, "witness")
    done = [dict(assignment(whole[part], given.index, asked.scm, f"witness: {part}")) for part in ("changed", "kept")]
    if asked.story.holds(*done):
        raise VerificationMismatch(f"phi still holds after {told}")


def _witness(given: Given, asked: Happened, *, witness: Witness | None) -> Json:
    if witness is None:
        return None
    parts = {"changed": witness.changed, "kept": witness.kept}
    return {name: dict(_pairs(given, part, scm=asked.scm)) for name, part in parts.items()}


def _literals(given: Given, x: Assignment, *, scm: Scm) -> list[Json]:
    return [[name, value] for name, value in sorted(_pairs(given, x, scm=scm), key=lambda pair: pair[0])]


def _pairs(given: Given, x: Assignment, *, scm: Scm) -> list[tuple[str, Json]]:
    return [(given.names[node], _plain(scm.names(node)[level])) for node, level in x]


def _plain(value: Value) -> Json:
    return str(value) if isinstance(value, Fraction) else value


def _said(given: Given, x: Assignment, *, scm: Scm) -> str:
    return ", ".join(f"{name}={value}" for name, value in _pairs(given, x, scm=scm))


def _responsible(variant: Variant) -> str:
    if variant is Variant.MODIFIED:
        return "1 / (variables of the smallest cause with it, and its contingency), " + _TITLES[variant]
    return "1 / (1 + fewest changes to the contingency), " + _TITLES[variant]


KINDS = (
    kind(
        "is_cause", _is_cause, first=_verdict, second=_verdict_again, check=_check_witness,
        decided=("is_cause", "ac1", "ac2", "ac3"),
    ),
    kind("all_causes", _all, first=_listed, second=_listed_again, decided=("causes",)),
    kind("responsibility", _one, first=_share, second=_share_again),
    kind("blame", _blamed, first=_blame, second=_blame_again),
)  # fmt: skip
