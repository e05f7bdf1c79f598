"""Abduction: a counterfactual of one case, and the same change in a case of which nothing was seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

from causal_eval.causal.intervene import Worlds
from causal_eval.questions.dials.dial import Drawn, Stand
from causal_eval.questions.facts import Fact, Facts, the_ask
from causal_eval.questions.margins import apart, guesses
from causal_eval.questions.nets import risk
from causal_eval.questions.network import literal, scm_of
from causal_eval.seeds import Stream

KINDS = ("counterfactual/probability",)


def turn(drawn: Drawn, numbers: Sequence[Fraction], _stream: Stream) -> tuple[Stand, ...]:
    """With what was seen, and without; nothing where the two answers, or a guess and the second, come near."""
    (facts,) = drawn.group.members
    unseen: Facts = tuple(fact for fact in facts if fact.form != "observed" and fact is not the_ask(facts))
    what, do = (literal(slot) for slot in the_ask(facts).slots)
    plain = risk(Worlds(scm_of(unseen, drawn.group.n)), what, do=(do,))
    anew: Facts = (*unseen, Fact("ask-anew", (what, do)))
    wrong = [one for one in drawn.family.mistakes(anew, drawn.group.n).values() if isinstance(one, Fraction)]
    if not apart(plain, {*guesses(unseen), *numbers, *wrong, Fraction(0), Fraction(1)}):
        return ()
    return Stand("on", drawn), Stand("off", replace(drawn, group=replace(drawn.group, members=(anew,))))
