"""What grates in a domain's words though no rule forbids it: a careful reader's list, found by program."""

from __future__ import annotations

import difflib
import itertools
import re
from collections.abc import Iterator

from causal_eval.questions.domain import Domain, Variable

ENOUGH = 6
"""Variables of a stage: with fewer, graphs of 36 nodes find no names and small ones repeat the same."""
NEAR = 0.8
"""Share of letters in common from which two names are taken for each other."""
FAIR = 0.08
"""How far from one half the share of pairs may be that the alphabet or the length puts in causal order."""
COUNTED = frozenset({"many", "few", "several", "numerous", "both"})
"""States of a plural; a name is a singular."""


def grating(domain: Domain) -> Iterator[str]:
    """What a reader would stumble over, a sentence each; none of it makes an answer wrong."""
    yield from _thin_stages(domain)
    yield from _near_names(domain)
    for variable in domain.variables:
        yield from _states(variable)
    yield from _telling(domain)
    yield from _contexts(domain)


def _thin_stages(domain: Domain) -> Iterator[str]:
    for number, stage in enumerate(domain.stages):
        if len(stage) < ENOUGH:
            yield f"stage {number} has {len(stage)} variables: with {ENOUGH}, stories repeat themselves less"


def _near_names(domain: Domain) -> Iterator[str]:
    """Names of other words stand apart even when they are long; names within one another are refused before."""
    for one, other in itertools.combinations(domain.variables, 2):
        first, second = one.name.removeprefix("the "), other.name.removeprefix("the ")
        if sorted(first.split()) == sorted(second.split()):
            yield f"{one.name!r} and {other.name!r} are the same words in another order"
        elif difflib.SequenceMatcher(None, first, second).ratio() >= NEAR:
            yield f"{one.name!r} and {other.name!r} are easily taken for each other"


def _states(variable: Variable) -> Iterator[str]:
    low, high = variable.states
    if difflib.SequenceMatcher(None, low, high).ratio() >= NEAR:
        yield f"{variable.name!r}: the states {low!r} and {high!r} hardly differ"
    for state in COUNTED.intersection(variable.states):
        yield f"{variable.name!r}: {state!r} counts a plural, and the name is a singular"


def _telling(domain: Domain) -> Iterator[str]:
    """Whoever guesses that causes come first in the alphabet, or are the shorter words, must gain nothing by it."""
    pairs = [
        (one.name, other.name) for one in domain.variables for other in domain.variables if one.stage < other.stage
    ]
    shares = {
        "first in the alphabet": sum(one < other for one, other in pairs) / len(pairs),
        "the shorter name": sum((len(a) < len(b)) + (len(a) == len(b)) / 2 for a, b in pairs) / len(pairs),
    }
    for what, share in shares.items():
        if abs(share - 1 / 2) > FAIR:
            yield f"of two stages the earlier is {what} in {share:.0%} of all pairs: spelling tells the causal order"


def _contexts(domain: Domain) -> Iterator[str]:
    for sentence in domain.contexts:
        words = f" {' '.join(re.findall('[A-Za-z-]+', sentence)).lower()} "
        if f" {domain.unit} " not in words and f" {domain.units} " not in words:
            yield f"{sentence!r} names neither {domain.unit!r} nor {domain.units!r}"
        for variable in domain.variables:
            if variable.name in sentence.lower():
                yield f"{sentence!r} names {variable.name!r}, which a story may lack"
