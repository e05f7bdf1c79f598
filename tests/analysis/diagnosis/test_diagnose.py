"""A diagnosis of answerers whose mistakes are known: they are found, within the interval, and a guesser's are not."""

from __future__ import annotations

import subprocess
import sys

import pytest
from tests.analysis.diagnosis.answering import misses
from tests.drawn import drawn

from causal_eval.analysis.diagnosis.classes import UNEXPLAINED
from causal_eval.analysis.diagnosis.diagnose import Cause, Diagnosis, diagnose
from causal_eval.analysis.diagnosis.miss import Miss
from causal_eval.scoring.verdict import Mark
from causal_eval.seeds import Stream


def _cause(found: Diagnosis, key: str) -> Cause:
    return next(cause for cause in found.causes if cause.key == key)


@pytest.mark.sampled(4)
@pytest.mark.parametrize(("key", "percent"), [("association", 60), ("collider", 90), ("pathway", 80), ("rounding", 0)])
def test_a_mistake_that_is_made_so_often_is_found_so_often(key: str, percent: int) -> None:
    """The share of misses that were made is within the interval, and nothing else is said to be shown."""
    made = list(misses(drawn(360), key, percent=percent, seed="made"))
    true = sum(is_made for _, is_made in made) / len(made)
    found = diagnose("lab/model", [miss for miss, _ in made])
    if percent:
        share = _cause(found, key).share
        assert share.low is not None
        assert share.high is not None
        assert share.low <= true <= share.high
        assert share.high - share.low < 0.25
    assert [cause.key for cause in found.shown] == ([key] if percent else [])


def _few(key: str, *, percent: int, seed: int) -> tuple[list[Miss], float]:
    """Sixty clusters of two misses each: half of the questions let two mistakes coincide, a third are choices."""
    found, made = [], 0
    for place in range(120):
        stream = Stream("few", seed, place)
        wide = 0.5 if place % 3 == 0 else 0.01
        expected = {"one": wide, "other": wide, "third": wide} if place % 3 else {"one": wide, "other": wide}
        is_made = stream.chance(percent, 100)
        both = place % 2 == 0 and place % 3
        hits = (["one", "other"] if both else [key]) if is_made else []
        if not hits and stream.chance(round(100 * wide * len(expected)), 100):
            hits = [stream.choice(sorted(expected))]
        made += is_made
        found.append(
            Miss(f"q-{place}", 0, "effect", "ate", f"c-{place // 2}", dict.fromkeys(hits, 1.0), (), expected, wide)
        )
    return found, made / len(found)


def _classes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("causal_eval.analysis.diagnosis.diagnose.title_of", str)


@pytest.mark.slow
def test_the_interval_holds_what_it_promises(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of sixty answerers who make the mistake with probability 0.4, at least nine in ten have 0.4 in the interval.

    Exactly 95 % would leave fewer than 54 with probability 0.03.
    """
    _classes(monkeypatch)
    inside = 0
    for seed in range(60):
        rows, _ = _few("one", percent=40, seed=seed)
        share = _cause(diagnose("lab/model", rows, resamples=120), "one").share
        inside += share.low is not None and share.high is not None and share.low <= 0.4 <= share.high
    assert inside >= 54


def test_a_guesser_is_not_diagnosed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of forty guessers, of whose choices half match by necessity, at most four are said to make some mistake."""
    _classes(monkeypatch)
    shown = 0
    for seed in range(40):
        rows, _ = _few("one", percent=0, seed=seed)
        shown += bool(diagnose("lab/model", rows, resamples=60).shown)
    assert shown <= 4


def test_shares_add_up_and_order_does_not_matter() -> None:
    """Every miss is shared out once; the same misses in another order give the same diagnosis, bit for bit."""
    rows = [miss for miss, _ in misses(drawn(150), "association", percent=50, seed="sum")]
    found = diagnose("lab/model", rows, resamples=40)
    assert sum(cause.share.estimate or 0.0 for cause in found.causes) == pytest.approx(1.0, abs=0.01)
    assert found.causes[-1].key == UNEXPLAINED
    assert diagnose("lab/model", rows[::-1], resamples=40) == found


def test_each_cause_points_to_its_proofs() -> None:
    """Examples are misses that match, of the run that is diagnosed, the plainest first, and few."""
    rows = [miss for miss, _ in misses(drawn(360), "association", percent=70, seed="proof")]
    cause = _cause(diagnose("lab/model", rows, resamples=40), "association")
    matching = {miss.question for miss in rows if "association" in miss.matched}
    assert 1 <= len(cause.examples) <= 5
    assert {example.question for example in cause.examples} <= matching
    assert cause.alone <= cause.matched == len([miss for miss in rows if "association" in miss.matched])
    assert cause.possible == len([miss for miss in rows if "association" in miss.expected])
    assert sum(name.misses for name in cause.names) <= cause.matched


def test_nothing_wrong_is_nothing_to_diagnose() -> None:
    """No miss, no cause but what is unexplained, which has no share."""
    found = diagnose("lab/model", [], marks={Mark.CORRECT: 12})
    assert (found.misses, found.shown, found.by_chance) == (0, (), None)
    assert found.matched.estimate is None


def test_one_cluster_allows_no_interval() -> None:
    """The share is told without ends, and nothing is shown to be there."""
    rows = [miss for miss, _ in misses(drawn(1), "association", percent=100, seed="one")]
    found = diagnose("lab/model", rows)
    assert all(cause.share.low is None for cause in found.causes)
    assert not found.shown


def test_nothing_heavy_is_imported_for_a_diagnosis_or_a_profile() -> None:
    """Neither needs a library of statistics, tables, charts or templates."""
    code = (
        "import sys, causal_eval.analysis.reports.diagnosing, causal_eval.analysis.reports.profiling; "
        "sys.exit(bool({'scipy', 'polars', 'pandas', 'altair', 'jinja2'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
