"""A question for a person: drawn from a seed, kept nowhere, and judged like a model's answer."""

from __future__ import annotations

from dataclasses import dataclass

from causal_eval.questions.generate import DIFFICULTIES, Plan, generate
from causal_eval.questions.question import Question
from causal_eval.scoring.grade import judge
from causal_eval.scoring.verdict import Verdict
from causal_eval.service.access import Permission, require
from causal_eval.service.wiring import Visit

_SEED = "practice"
"""Apart from the seeds of suites: nobody practises on what is asked of models."""


@dataclass(frozen=True, slots=True)
class Draw:
    """Which question: the same draw gives the same one."""

    seed: str
    family: str = ""
    """Empty: any."""
    domain: str = ""
    regime: str = ""
    difficulty: int | None = None


def drawn(visit: Visit, wanted: Draw) -> Question:
    """The question that *wanted* names.

    Raises:
        UnknownName, UsageError: there is no such family, domain, regime or difficulty.
    """
    require(visit.caller, Permission.READ)
    levels = DIFFICULTIES if wanted.difficulty is None else (wanted.difficulty, wanted.difficulty)
    plan = Plan(
        1, f"{_SEED}/{wanted.seed}", _names(wanted.family), _names(wanted.domain), _names(wanted.regime), levels
    )
    return next(generate(plan))


def judged(question: Question, reply: str) -> Verdict:
    """The verdict on *reply*, by the same reading as a model's."""
    return judge(reply, "stop", question=question)


def _names(name: str) -> tuple[str, ...]:
    return (name,) if name else ()
