"""Many random numbers at once: those of the published generator, uniform, and the same for the same stream."""

from __future__ import annotations

import numpy as np
from scipy import stats

from causal_eval.analysis.dice import uniforms
from causal_eval.seeds import Stream


class _Known(Stream):
    """A stream whose bits are known."""

    def bits(self, count: int) -> int:
        del count
        return 1234567


def test_it_is_splitmix64() -> None:
    """From state 1234567 the first outputs are those published for the algorithm."""
    wanted = [6457827717110365317, 3203168211198807973, 9817491932198370423]
    assert uniforms(_Known("x"), 1, columns=3)[0].tolist() == [(value >> 11) * 2.0**-53 for value in wanted]


def test_numbers_are_uniform_and_follow_from_the_stream() -> None:
    """A hundred thousand pass the Kolmogorov-Smirnov test; the same stream gives the same, another one others."""
    found = uniforms(Stream("a"), 100, columns=1000)
    assert stats.kstest(found.ravel(), "uniform").pvalue > 0.001
    assert abs(np.corrcoef(found[:, 0], found[:, 1])[0, 1]) < 0.4
    assert (found == uniforms(Stream("a"), 100, columns=1000)).all()
    assert (found != uniforms(Stream("b"), 100, columns=1000)).all()
