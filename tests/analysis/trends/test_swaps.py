"""Signs of another model under the same name, and none for one that merely samples."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from causal_eval.analysis.trends.measurement import Measurement
from causal_eval.analysis.trends.swaps import Swap, agreements, swaps

Series = Callable[..., list[Measurement]]


def found(measurements: list[Measurement]) -> tuple[Swap, ...]:
    """The signs."""
    return swaps(measurements, agreements(measurements))


def test_what_the_provider_says(series: Series) -> None:
    """Another name is flagged once, several within one run too; a run that says nothing interrupts nothing."""
    made = series([0.6] * 4, served={1: "", 2: "m-2", 3: "m-2"})
    assert found(made) == (Swap("ev-0-2", "served", "m-1", "m-2"),)
    mixed = replace(made[0], served={"m-1": 5, "m-2": 1})
    assert found([mixed, mixed]) == (Swap("ev-0-0", "mixed", "", "m-1, m-2"),)


def test_fingerprints_of_which_none_is_left(series: Series) -> None:
    """One that stays among others is no sign, nor is a run without any; then all are others, and that is said once."""
    said = [{"a": 3}, {"a": 1, "b": 2}, {}, {"c": 2, "b": 1}, {"d": 3}, {"d": 3}]
    made = [replace(one, fingerprints=marks) for one, marks in zip(series([0.6] * 6), said, strict=True)]
    assert found(made) == (Swap("ev-0-4", "fingerprint", "b, c", "d"),)


def test_agreement_that_falls(series: Series) -> None:
    """A model that always says the same, then another one with as many right answers: flagged by what it answered."""
    first, _, third = series([0.5] * 3, clusters=80)
    same = replace(first, evaluation="ev-again", at=first.at + 1)
    (sign,) = found([first, same, replace(third, evaluation="ev-other")])
    assert (sign.evaluation, sign.what, sign.before) == ("ev-other", "agreement", "1.000")


def test_a_model_that_samples_is_not_flagged(series: Series) -> None:
    """Its answers agree with those before in part, as they did the time before."""
    assert not any(found(series([0.5] * 6, seed=seed)) for seed in range(10))


def test_sets_stand_for_themselves(series: Series) -> None:
    """Measurements of fresh questions have nothing to agree on."""
    assert agreements(series([0.5] * 4, anchored=False)) == ()
