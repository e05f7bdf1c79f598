"""The data card of a question set: what is in it, what it is for, how it was made, and how far it can be trusted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from causal_eval.analysis.suites.page import NONE, share
from causal_eval.analysis.suites.recorded import Recorded, recorded
from causal_eval.analysis.suites.validate import BLIND, FamilyCheck
from causal_eval.questions.catalog import title_of
from causal_eval.questions.question import CANARY, Question

_USE = """Measuring whether an answerer computes causal quantities from printed facts: association, intervention and
counterfactuals, in models that the prompt states completely or says that it does not. Scores compare answerers on the
same set. Not intended: training data, judgements about a field's real causal relations (the models are random), or
claims about reasoning in open text without stated facts."""
_MADE = """Every question is drawn from a seed as a causal model with exact rational numbers. Two solvers that share no
code agree on its answer; the answer is computed again from what the prompt says; each step of its derivation and each
named mistake is evaluated again."""
_LEVELS = "Difficulty is structural (size, paths, steps); no calibration on real models exists yet."
_RECORDED = """What each shortcut scored on 2,000 questions a family that this generator made of fixed seeds, with its
one-sided 95 % bound by clusters; below the limit is fine. A dash: its method is the right one in the whole family."""
_READ = """Chance: the best policy that sees only the form of the answer, the names and the family. Shortcut: the best
of the shipped answerers that see no causality, trained on other seeds; up to two points above chance are allowed."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a set comes from."""

    name: str
    digest: str
    """The set's hash."""
    version: str
    """Of the program."""
    generator: str


def card(origin: Origin, checks: Sequence[FamilyCheck], questions: Sequence[Question]) -> str:
    """The card as Markdown; equal data give equal bytes."""
    total, clusters = len(questions), len({question.cluster for question in questions})
    sound = all(one.sound for one in checks)
    lines = [
        f"# Data card: {origin.name}",
        "",
        *_pairs(
            {
                "Set": origin.digest,
                "Made by": f"Causal Eval Bench {origin.version}, generator {origin.generator}",
                "Licence": "Apache-2.0, as the program that makes it; words of domains were written for it",
                "Questions": f"{total} in {clusters} clusters (the unit of all statistics)",
                "Rungs": _counted(Counter(str(question.rung) for question in questions)),
                "Domains": _counted(Counter(question.domain or "own" for question in questions)),
                "Names": _counted(Counter(question.regime or "own" for question in questions)),
                "Canary": f"`{CANARY}`",
            }
        ),
        "",
        "## Intended use",
        "",
        _USE,
        "",
        "## How it was made, and proven",
        "",
        f"{_MADE}\n{'Nothing was found to be wrong.' if sound else 'NOT SOUND: see the table.'} {_LEVELS}",
        "",
        "| family | questions | clusters | proven | repeats | chance | best shortcut | its 95 % bound | school years |",
        "|---|---|---|---|---|---|---|---|---|",
        *map(_line, checks),
        "",
        _READ,
        *_measured([one.family for one in checks]),
    ]
    return "\n".join(lines) + "\n"


def _line(one: FamilyCheck) -> str:
    best = one.best
    cells = (
        f"{one.family} ({title_of(one.family) or 'own'})", one.questions, one.clusters,
        one.questions - len(one.mismatches), len(one.repeats), share(one.chance),
        f"{best.name} {share(best.score.estimate)}", share(best.score.high), one.grade,
    )  # fmt: skip
    return "| " + " | ".join(map(str, cells)) + " |"


def _measured(families: Sequence[str]) -> list[str]:
    """The recorded scores of the shortcuts in these families, as far as there are some."""
    known = {name: recorded()[name] for name in families if name in recorded()}
    if not known:
        return []
    rows = [
        f"| {name} | {share(max(one.limit for one in found.values()))} | "
        + " | ".join(_said(found.get(blind)) for blind in BLIND)
        + " |"
        for name, found in known.items()
    ]
    head = f"| family | limit | {' | '.join(BLIND)} |"
    return ["", "## Shortcuts, recorded", "", _RECORDED, "", head, "|---" * (2 + len(BLIND)) + "|", *rows]


def _said(one: Recorded | None) -> str:
    return NONE if one is None else f"{share(one.score)} (to {share(one.high)})"


def _pairs(facts: dict[str, str]) -> list[str]:
    return ["| | |", "|---|---|", *(f"| {name} | {value} |" for name, value in facts.items())]


def _counted(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(counts.items()))
