"""A diagnosis as lines of plain text, as rows of a table, and as it leaves as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from causal_eval.analysis.columns import Row, table
from causal_eval.analysis.diagnosis.classes import UNEXPLAINED
from causal_eval.analysis.diagnosis.diagnose import Cause, Diagnosis
from causal_eval.analysis.numbers import count, counted, ends, percent
from causal_eval.analysis.plain import one_line
from causal_eval.scoring.verdict import Mark

Json = Mapping[str, object]
HEAD = ("cause", "share of misses", "interval", "match", "alone", "possible", "by chance")
_NAMES = 3
_UNREAD = (Mark.ABSTAINED, Mark.UNPARSED, Mark.MISSING, Mark.UNGRADED)
RULE = (
    "A miss that several mistakes would have answered alike is shared out by how often each is met alone; matches that "
    "random wrong answers would give are left unexplained. * beyond coincidence, all causes looked at together."
)


def diagnosis_lines(found: Diagnosis) -> Iterator[str]:
    """The statements, the table of causes, and the proof cards to look at."""
    yield from sentences(found)
    if not found.misses:
        return
    yield ""
    yield from table([HEAD], cause_rows(found))
    yield ""
    yield RULE
    if found.shown:
        yield ""
        yield "Proof cards:"
    for cause in found.shown:
        for name in cause.names[:_NAMES]:
            yield f"  {cause.title}: {name.name} ({name.family}, {name.misses:.1f} misses)"
        yield f"    causal-eval explain {cause.examples[0].question}"


def sentences(found: Diagnosis) -> Iterator[str]:
    """What may be said, one sentence a line, each with its interval and n."""
    name = one_line(found.answerer)
    if not found.misses:
        yield f"{name} gave no wrong answer that could be read: there is nothing to diagnose"
    for cause in found.shown:
        yield (
            f"{percent(cause.share.estimate)} of the misses of {name} = {cause.title} {ends(cause.share)}, "
            f"{_misses(found.misses)} in {counted(found.clusters, 'cluster')}"
        )
    if found.misses and not found.shown:
        yield f"No classic mistake is shown among the {count(found.misses)} misses of {name}"
    if found.misses:
        yield (
            f"{percent(found.matched.estimate)} {ends(found.matched)} of the misses match a mistake; of random wrong "
            f"answers {percent(found.by_chance)} would"
        )
    unread = {mark.value: found.marks.get(mark, 0) for mark in _UNREAD}
    if any(unread.values()):
        yield "Not diagnosed: " + ", ".join(f"{count(n)} {mark}" for mark, n in unread.items() if n)


def told(found: Diagnosis) -> Sequence[Cause]:
    """The causes that a table shows: what is beyond coincidence, what has a share, and what is unexplained."""
    return [one for one in found.causes if one.is_shown or one is found.causes[-1] or _tenth(one)]


def cause_rows(found: Diagnosis) -> list[Row]:
    """The rows of the table, below :data:`HEAD`."""
    return [_row(cause) for cause in told(found)]


def diagnosis_line(found: Diagnosis) -> Json:
    """All of it as it leaves as JSON, every cause that some miss matches."""
    return {
        "answerer": found.answerer, "misses": found.misses, "clusters": found.clusters, "level": found.level,
        "marks": {mark.value: n for mark, n in found.marks.items()},
        "matched": {"share": found.matched.estimate, "low": found.matched.low, "high": found.matched.high},
        "matched_by_chance": found.by_chance, "causes": [cause_line(cause) for cause in found.causes],
    }  # fmt: skip


def cause_line(cause: Cause) -> Json:
    """One cause as JSON."""
    share = cause.share
    return {
        "cause": cause.key, "title": cause.title, "share": share.estimate, "low": share.low, "high": share.high,
        "misses": share.n, "clusters": share.clusters, "matched": cause.matched, "alone": cause.alone,
        "possible": cause.possible, "matched_by_chance": cause.expected, "is_shown": cause.is_shown,
        "names": [name._asdict() for name in cause.names], "examples": [one._asdict() for one in cause.examples],
    }  # fmt: skip


def _row(cause: Cause) -> Row:
    title = f"{cause.title} *" if cause.is_shown else cause.title
    if cause.key == UNEXPLAINED:
        return (title, percent(cause.share.estimate), ends(cause.share), count(cause.alone), "", "", "")
    return (
        title, percent(cause.share.estimate), ends(cause.share), count(cause.matched), count(cause.alone),
        count(cause.possible), f"{cause.expected:.1f}",
    )  # fmt: skip


def _misses(number: int) -> str:
    return f"{count(number)} {'miss' if number == 1 else 'misses'}"


def _tenth(cause: Cause) -> bool:
    """A share that is not 0.0 % when written."""
    return round(1000 * (cause.share.estimate or 0.0)) > 0
