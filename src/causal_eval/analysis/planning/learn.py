"""What a plan learns from past answers: how scores vary, how pairs go together, what a call takes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from causal_eval.analysis.intervals import FEWEST_CLUSTERS
from causal_eval.analysis.observation import Observation
from causal_eval.analysis.pairing import Side, side
from causal_eval.analysis.planning.components import Shape, components, resampled_parts, shape
from causal_eval.analysis.planning.nests import Nests, difference_nests, score_nests
from causal_eval.analysis.planning.plan import CAUTION, Basis, learned
from causal_eval.analysis.units import unit_id
from causal_eval.evaluation.estimate import Usual
from causal_eval.questions.question import Question

_MILLISECONDS = 1000.0


@dataclass(frozen=True, slots=True)
class Seen:
    """A past run, as a plan looks at it."""

    side: Side
    per_unit: float
    """Questions of a scored unit, on average."""
    replies: tuple[tuple[int, int, float | None], ...]
    """Tokens in, tokens out and milliseconds of every reply that was asked for and counted."""


def seen(rows: Iterable[Observation], families: frozenset[str] = frozenset()) -> Seen | None:
    """The run of *rows*, *families* alone (empty: all); None: it has none of them."""
    kept = [row for row in rows if not families or row.family in families]
    if not kept:
        return None
    units, questions = {unit_id(row) for row in kept}, {row.question for row in kept}
    replies = tuple(
        (row.input_tokens, row.output_tokens, row.latency_ms)
        for row in kept
        if row.input_tokens is not None and row.output_tokens is not None and not row.is_cached
    )
    return Seen(side(kept, "of a past run"), len(questions) / len(units), replies)


def usual_of(runs: Sequence[Seen]) -> Usual | None:
    """The means over the replies of *runs*; None: nothing was counted."""
    replies = [reply for run in runs for reply in run.replies]
    if not replies:
        return None
    times = [time for _, _, time in replies if time is not None]
    count = len(replies)
    given, made = sum(reply[0] for reply in replies) / count, sum(reply[1] for reply in replies) / count
    return Usual(count, given, made, sum(times) / len(times) / _MILLISECONDS if times else 0.0)


def basis_of_score(one: Seen, source: str) -> Basis | None:
    """How its score varies; None: fewer than two causal models were scored, or nothing varies."""
    nests = score_nests(one.side)
    return _basis(nests, share=_share(nests), per_unit=one.per_unit, source=source)


def basis_of_pair(a: Seen, b: Seen, *, source: str) -> Basis | None:
    """How the paired difference a - b varies; None: as before."""
    nests = difference_nests(a.side, b.side)
    return _basis(nests, share=_share(score_nests(a.side)), per_unit=a.per_unit, source=source)


def apart(a: Basis, b: Basis) -> Basis:
    """How the difference of two varies that were never paired: as if they knew nothing of each other.

    Two that are right on the same questions vary less.
    """
    parts = tuple(one + other for one, other in zip(a.parts, b.parts, strict=True))
    said = a.source if a == b else f"{a.source} and {b.source}"
    return Basis(
        (parts[0], parts[1], parts[2]), a.share, a.per_cluster, max(a.spread, b.spread), a.per_unit,
        f"{said}, as if the two were right independently of each other", min(a.clusters, b.clusters),
        max(a.caution, b.caution),
    )  # fmt: skip


def shape_of(questions: Iterable[Question]) -> tuple[Shape, float]:
    """How freshly drawn questions fall into causal models, and questions of a scored unit on average."""
    units: dict[str, set[str]] = {}
    count = 0
    for question in questions:
        count += 1
        is_one = question.joint and question.twin is not None
        units.setdefault(question.cluster, set()).add(str(question.twin) if is_one else question.id)
    sizes = [len(names) for names in units.values()]
    items = sum(sizes)
    square = sum(size * size for size in sizes)
    return Shape(len(sizes), items, items, square * len(sizes) / items**2, 1.0), count / items


def _basis(nests: Nests, *, share: float, per_unit: float, source: str) -> Basis | None:
    if sum(nests.values()) < FEWEST_CLUSTERS:
        return None
    found, made = components(nests), shape(nests)
    basis = learned(found, made, share=share, per_unit=per_unit, source=source, caution=1.0)
    v = basis.variance(1)
    return None if v <= 0.0 else learned(
        found, made, share=share, per_unit=per_unit, source=source, caution=_caution(nests, basis, v=v)
    )  # fmt: skip


def _caution(nests: Nests, basis: Basis, *, v: float) -> float:
    """How many times higher the variance may well be, over resampled causal models."""
    import numpy as np  # heavy, and only what is resampled needs it

    drawn = resampled_parts(nests)
    weights = np.array([basis.spread, 1.0 / basis.per_cluster, 1.0 / basis.per_cluster])
    return max(1.0, float(np.quantile(drawn @ weights, CAUTION)) / v)


def _share(nests: Nests) -> float:
    draws = sum(one.draws * count for one, count in nests.items())
    return float(Fraction(sum(one.s * count for one, count in nests.items())) / draws) if draws else 0.0
