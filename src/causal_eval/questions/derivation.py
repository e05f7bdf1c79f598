"""A printed derivation of an effect by adjustment: what each step claims, and whether it does so rightly.

Steps are judged by the printed facts and by the steps before them as they stand, so that an error is charged once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from causal_eval.errors import VerificationMismatch
from causal_eval.questions.facts import Fact, Facts, Literal, of_form
from causal_eval.questions.network import literal, literals_of, node

SOUND = "sound"
REVERSED, MEDIATOR, COLLIDER, CONFOUNDER = "reversed", "mediator", "collider", "confounder"
WEIGHTS, NUMBER, ARITHMETIC = "weights", "number", "arithmetic"
LABELS = (SOUND, REVERSED, MEDIATOR, COLLIDER, CONFOUNDER, WEIGHTS, NUMBER, ARITHMETIC)
"""What a step can be."""

Given = tuple[Literal, ...]


@dataclass(frozen=True, slots=True)
class Derivation:
    """The steps in their order, and the frequencies on which they rest."""

    steps: tuple[Fact, ...]
    rates: Mapping[Given, Fraction]
    """Frequency of the outcome where the treatment and the states of the adjustment set are these."""
    shares: Mapping[Given, Fraction]
    """Frequency of these states among all cases."""

    @classmethod
    def read(cls, facts: Facts) -> Derivation:
        """The derivation that *facts* print.

        Raises:
            VerificationMismatch: steps are not numbered 1, 2, ..., or they do not end in one result.
        """
        steps = tuple(
            sorted((one for one in facts if one.form.startswith("step-")), key=lambda one: node(one.slots[0]))
        )
        if [node(step.slots[0]) for step in steps] != list(range(1, len(steps) + 1)):
            raise VerificationMismatch("the prompt must number its steps 1, 2, 3 and so on")
        if len(of_form(steps, "step-set")) != 1 or [step.form for step in steps].index("step-total") != len(steps) - 1:
            raise VerificationMismatch("the derivation needs one adjustment set, and ends in its only result")
        rates = {literals_of(fact.slots[1]): _number(fact) for fact in of_form(facts, "rate")}
        shares = {literals_of(fact.slots[0]): _number(fact) for fact in of_form(facts, "stratum")}
        return cls(steps, rates, shares)

    @property
    def asked(self) -> tuple[int, int, tuple[int, ...]]:
        """Treatment, outcome and adjustment set of the step that names them."""
        (step,) = of_form(self.steps, "step-set")
        _, x, y, members = step.slots
        assert isinstance(members, tuple)
        return node(x), node(y), tuple(member for member in members if isinstance(member, int))

    def total(self) -> Fraction:
        """The result that the earlier steps and the frequencies give."""
        said = {literals_of(step.slots[-2]): _number(step) for step in of_form(self.steps, "step-rate", "step-share")}
        (do,) = (literal(step.slots[2]) for step in of_form(self.steps, "step-total"))
        plain = bool(of_form(self.steps, "step-plain"))
        weights = {
            state: Fraction(1, len(self.shares)) if plain else said.get(state, p) for state, p in self.shares.items()
        }
        found = {state: tuple(sorted((*state, do))) for state in weights}
        return sum((weights[state] * said.get(cell, self.rates[cell]) for state, cell in found.items()), Fraction(0))

    def label(self, step: Fact, *, effects: Mapping[int, int], flaw: str) -> str:
        """What *step* is: *effects* are masks of what a cause affects, *flaw* is that of the adjustment set."""
        match step.form:
            case "step-influence":
                return SOUND if effects[node(step.slots[1])] >> node(step.slots[2]) & 1 else REVERSED
            case "step-set":
                return flaw
            case "step-plain":
                return WEIGHTS
            case "step-rate":
                return SOUND if self.rates.get(literals_of(step.slots[2])) == _number(step) else NUMBER
            case "step-share":
                return SOUND if self.shares.get(literals_of(step.slots[1])) == _number(step) else NUMBER
            case "step-total":
                return SOUND if self.total() == _number(step) else ARITHMETIC
        return SOUND


def flaw_of(members: int, *, affected: int, valid: Sequence[bool]) -> str:
    """What is wrong with an adjustment set: *valid* says whether it is one, and then the same without each member."""
    whole, *parts = valid
    if whole:
        return SOUND
    if affected & members:
        return MEDIATOR
    return COLLIDER if any(parts) else CONFOUNDER


def _number(fact: Fact) -> Fraction:
    number = fact.slots[-1]
    assert isinstance(number, Fraction)
    return number
