"""Whether two runs can be compared at all, and what else than the answerers their difference may come from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

from causal_eval.analysis.profile import BASELINE
from causal_eval.evaluation.spec import RunSpec

HELD = "few-shot"
"""The elicitation whose replies are held to the grammar of the answer, where the provider can."""


@dataclass(frozen=True, slots=True)
class Run:
    """What of a run decides with what it can be compared."""

    id: str
    spec: RunSpec
    scorers: frozenset[str]
    """Versions of the scorer that gave its newest verdicts; empty where nothing is judged."""
    missing: int = 0
    """Answers asked for that are not there, or not judged."""


@dataclass(frozen=True, slots=True)
class Concern:
    """Why a comparison is impossible, or what it is a comparison of beside the answerers."""

    what: str
    """In a word: ``question set``, ``scorer``, ``elicitation`` ..."""
    blocking: bool
    said: str
    """One sentence for people: what differs, what that does, what to do."""


def concerns(runs: Sequence[Run]) -> tuple[Concern, ...]:
    """Every concern about comparing *runs* with each other, blocking ones first; each is said once."""
    found = [concern for a, b in combinations(runs, 2) for concern in _between(a, b)]
    found += [concern for run in runs for concern in _within(run)]
    return tuple(sorted(dict.fromkeys(found), key=lambda concern: not concern.blocking))


def _within(run: Run) -> Iterator[Concern]:
    if len(run.scorers) > 1:
        said = f"{run.id} was judged by several scorer versions ({_named(run.scorers)}): `causal-eval rescore {run.id}`"
        yield Concern("scorer", blocking=True, said=said)
    if run.missing:
        said = f"{run.missing} answers of {run.id} are missing or not judged: their questions are left out on all sides"
        yield Concern("missing", blocking=False, said=f"{said}, which is fair only if they are missing by chance")


def _between(a: Run, b: Run) -> Iterator[Concern]:
    both = f"{a.id} and {b.id}"
    if a.id == b.id:
        yield Concern("run", blocking=True, said=f"{a.id} is given twice: name different runs")
    if a.spec.question_set != b.spec.question_set:
        said = f"{both} ask different question sets: only equal questions can be compared"
        yield Concern("question set", blocking=True, said=said)
    if len(a.scorers) == len(b.scorers) == 1 and a.scorers != b.scorers:
        said = f"{both} were judged by scorer {_named(a.scorers)} and {_named(b.scorers)}: `causal-eval rescore` both"
        yield Concern("scorer", blocking=True, said=said)
    yield from _coverage(a, b)
    if not any(run.spec.answerer.startswith(BASELINE) for run in (a, b)):
        yield from _asked(a, b)


def _coverage(a: Run, b: Run) -> Iterator[Concern]:
    one, other = a.spec, b.spec
    if one.limit != other.limit or (one.limit is not None and one.seed != other.seed):
        said = f"{a.id} and {b.id} ask different parts of the set: only the questions that both ask are compared"
        yield Concern("questions", blocking=False, said=said)
    if one.epochs != other.epochs:
        said = (
            f"{a.id} has {one.epochs} and {b.id} {other.epochs} samples a question: only the first "
            f"{min(one.epochs, other.epochs)} are compared"
        )
        yield Concern("samples", blocking=False, said=said)


def _asked(a: Run, b: Run) -> Iterator[Concern]:
    one, other = a.spec, b.spec
    tail = f"in {a.id} and {b.id}: the difference is one of both together, not of the models alone"
    if one.elicitation != other.elicitation:
        said = f"the way of asking differs ({one.elicitation or 'none'}, {other.elicitation or 'none'}) {tail}"
        yield Concern("elicitation", blocking=False, said=said)
    if (held := one.elicitation.startswith(HELD)) != other.elicitation.startswith(HELD):
        which, free = (a, b) if held else (b, a)
        said = (
            f"replies of {which.id} are held to the grammar of the answer where the provider can, those of {free.id} "
            "are free: a held reply is never unparsed"
        )
        yield Concern("constrained", blocking=False, said=said)
    for name in ("temperature", "top_p", "max_tokens"):
        mine, theirs = getattr(one, name), getattr(other, name)
        if mine != theirs:
            said = f"{name} differs ({_or_default(mine)}, {_or_default(theirs)}) {tail}"
            yield Concern(name, blocking=False, said=said)
    if one.params != other.params:
        names = sorted({name for name, _ in set(one.params) ^ set(other.params)})
        said = f"{', '.join(names)} {'differs' if len(names) == 1 else 'differ'} {tail}"
        yield Concern("arguments", blocking=False, said=said)
    if one.answerer == other.answerer and one.endpoint != other.endpoint:
        said = f"the same model was asked at different addresses in {a.id} and {b.id}: it may not be the same weights"
        yield Concern("endpoint", blocking=False, said=said)


def _or_default(value: float | None) -> str:
    return "the provider's default" if value is None else f"{value:g}"


def _named(versions: frozenset[str]) -> str:
    return ", ".join(sorted(versions))
