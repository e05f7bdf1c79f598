"""Somebody's own words for stories, held against every rule and read aloud; nothing of them is kept."""

from __future__ import annotations

from dataclasses import dataclass

from causal_eval.errors import MalformedFile, UsageError
from causal_eval.questions.domain import Domain
from causal_eval.questions.grating import grating
from causal_eval.questions.question import Question
from causal_eval.questions.samples import samples
from causal_eval.questions.story import own_text
from causal_eval.service.access import Permission, require
from causal_eval.service.deadline import SOLVE_SECONDS, within
from causal_eval.service.wiring import Visit

LARGEST_TEXT = 2**16
"""Characters; a domain of the package has about seven thousand."""


@dataclass(frozen=True, slots=True)
class CheckedWords:
    """What was found of a domain file: the rule that it breaks, or how it sounds."""

    problem: str
    """Names the variable and the field; empty: every rule is kept."""
    domain: Domain | None = None
    warnings: tuple[str, ...] = ()
    """What grates though no rule forbids it."""
    samples: tuple[Question, ...] = ()


def checked_words(visit: Visit, text: str, *, name: str, seed: str = "0") -> CheckedWords:
    """What is to be said of *text*, the TOML of a domain called *name*; the seed decides the samples.

    Raises:
        UsageError: it is too long.
        TooLarge: it takes too long.
    """
    require(visit.caller, Permission.READ)
    if len(text) > LARGEST_TEXT:
        raise UsageError(
            f"text has {len(text)} characters: at most {LARGEST_TEXT} are checked here; use `causal-eval domains check`"
        )
    return within(SOLVE_SECONDS, lambda: _checked(text, name, seed=seed), instead="use `causal-eval domains check`")


def _checked(text: str, name: str, *, seed: str) -> CheckedWords:
    try:
        domain = own_text(text.encode(), name=name)
    except MalformedFile as error:
        return CheckedWords(str(error))
    return CheckedWords("", domain, tuple(grating(domain)), tuple(samples(domain, seed=seed)))
