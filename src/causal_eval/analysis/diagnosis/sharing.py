"""How a miss that several mistakes could explain is shared out among them, and among random wrong answers.

A miss on item i is of class m with probability q_m / D_i, D_i the sum of q over the classes that can be made on i and
over q_0, the random wrong answer; the answer then has probability f_im. q maximises the likelihood: credits as in an
EM algorithm for partly classified counts (Hartley 1958; Dempster, Laird and Rubin 1977; both recalled), the
denominators D_i by minorisation as in Luce's model of choice (Hunter 2004, Ann. Stat. 32, 384-406). So a mistake that
is often identified alone gets more of a miss that two mistakes would have answered alike, and no miss counts twice.

Where data cannot tell mistakes from random answers (a yes/no question has one wrong answer), the likelihood is flat and
q stays where it starts: next to "nothing is diagnosed", equal among mistakes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from causal_eval.analysis.diagnosis.miss import Miss
from causal_eval.analysis.dice import poisson, uniforms
from causal_eval.seeds import Stream

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[tuple[int, ...], np.dtype[np.float64]]

START = 0.01
"""What each mistake begins with, against the random wrong answer."""
STEPS = 400
AGAIN = 40
"""Steps of a resampled fit, which begins where the first ended."""
RESAMPLES = 300
_TOGETHER = 8
"""Resamplings that are fitted at once: products of larger tables are spread over all cores, which takes longer."""
_LEAST = 1e-9


class Shared(NamedTuple):
    """How misses are shared out."""

    classes: tuple[str, ...]
    credits: tuple[tuple[float, ...], ...]
    """For every miss, what each class has of it; what is left of 1 is unexplained."""
    resampled: tuple[tuple[float, ...], ...]
    """For every class, and last for what is unexplained, its share in each resampling of clusters, ascending."""


class _Patterns(NamedTuple):
    """Misses that are alike, as one row each."""

    f: Array
    """(row, class): how probable the answer is to the class; the random wrong answer last."""
    can: Array
    """(row, class): 1 where the class can be made."""
    counts: Array
    """(cluster, row)."""
    row: tuple[int, ...]
    """The row of each miss."""


def share(misses: Sequence[Miss], *, resamples: int = RESAMPLES) -> Shared:
    """Share out *misses*, whose clusters are resampled as wholes (Poisson weights); equal misses, equal result."""
    import numpy as np  # heavy, and only a diagnosis needs it

    classes = tuple(sorted({key for miss in misses for key in miss.expected}))
    if not misses:
        return Shared(classes, (), ())
    known = _patterns(misses, classes)
    whole = known.counts.sum(axis=0, keepdims=True)
    q = _fitted(known, whole, start=np.full((1, len(classes) + 1), START), steps=STEPS)
    own = _credits(known, q)[0]
    clusters = len(known.counts)
    stream = Stream("diagnosis", len(misses), clusters, len(classes))
    drawn = poisson(uniforms(stream, resamples, columns=clusters), 1) @ known.counts
    drawn = drawn[drawn.sum(axis=1) > 0]
    start = np.maximum(np.repeat(q, _TOGETHER, axis=0), START / 100)
    parts = [drawn[place : place + _TOGETHER] for place in range(0, len(drawn), _TOGETHER)]
    again = np.concatenate([_fitted(known, part, start=start[: len(part)], steps=AGAIN) for part in parts])
    shares = _shares(known, drawn, q=again)
    return Shared(
        classes,
        tuple([tuple(map(float, own[row, :-1])) for row in known.row]),
        tuple([tuple(map(float, np.sort(column))) for column in shares.T]),
    )


def _patterns(misses: Sequence[Miss], classes: Sequence[str]) -> _Patterns:
    import numpy as np  # heavy, and only a diagnosis needs it

    rows: dict[tuple[tuple[float, ...], tuple[bool, ...]], int] = {}
    clusters: dict[str, int] = {}
    places: list[tuple[int, int]] = []
    for miss in misses:
        key = _key(miss.matched, miss.expected, classes=classes, guess=miss.guess)
        places.append((clusters.setdefault(miss.cluster, len(clusters)), rows.setdefault(key, len(rows))))
    counts = np.zeros((len(clusters), len(rows)))
    for place in places:
        counts[place] += 1
    f = np.array([key[0] for key in rows])
    can = np.array([(*key[1], True) for key in rows], dtype=np.float64)
    return _Patterns(f, can, counts, tuple([row for _, row in places]))


def _key(
    matched: Mapping[str, float], expected: Mapping[str, float], *, classes: Sequence[str], guess: float
) -> tuple[tuple[float, ...], tuple[bool, ...]]:
    """What decides how a miss is shared; probabilities to two digits, so that most misses are like others."""
    f = tuple([matched.get(key, 0.0) for key in classes])
    return (*f, float(f"{guess:.2g}")), tuple([key in expected for key in classes])


def _fitted(known: _Patterns, counts: Array, *, start: Array, steps: int) -> Array:
    """The q of every row of *counts*, each scaled to sum 1."""
    import numpy as np  # heavy, and only a diagnosis needs it

    q = start.copy()
    if start.shape[0] == 1:
        q[:, -1] = 1.0
    for _ in range(steps):
        claims = (counts / (q @ known.f.T)) @ known.f * q
        chances = (counts / (q @ known.can.T)) @ known.can
        new = np.divide(claims, chances, out=np.zeros_like(q), where=chances > 0)
        new = np.maximum(new, _LEAST)
        new /= new.sum(axis=1, keepdims=True)
        moved = float(np.abs(new - q).max())
        q = new
        if moved < _LEAST:
            break
    return q


def _credits(known: _Patterns, q: Array) -> Array:
    """(fit, row, class): what each class has of a miss of that row."""
    parts = known.f[None, :, :] * q[:, None, :]
    found: Array = parts / parts.sum(axis=2, keepdims=True)
    return found


def _shares(known: _Patterns, counts: Array, *, q: Array) -> Array:
    """(fit, class): the share of all misses."""
    found: Array = (counts / (q @ known.f.T)) @ known.f * q / counts.sum(axis=1, keepdims=True)
    return found
