"""A calibration in words: what may be said and no more, with every figure in JSON."""

from __future__ import annotations

import json
import random
from fractions import Fraction

import msgspec
import pytest

from causal_eval.analysis.calibration.calibrate import Calibration, calibrate
from causal_eval.analysis.calibration.stated import Replied
from causal_eval.analysis.observation import Observation
from causal_eval.analysis.reports.calibrating import HEAD, bin_rows, calibration_line, calibration_lines, verdict
from causal_eval.scoring.verdict import Mark


def _found(
    *, right: float, clusters: int = 60, line: str = "CONFIDENCE: {}", answerer: str = "lab/sure", silent: int = 0
) -> Calibration:
    """Of an answerer that says 70, 80 or 90, but for the first *silent* answers, and is right so often."""
    rng, rows = random.Random(f"{right}/{clusters}"), []
    for place in range(clusters):
        mark = Mark.CORRECT if rng.random() < right else Mark.WRONG
        row = Observation(
            answerer=answerer, question=f"q{place}", sample=0, family="effect", kind="ate", rung=2, domain="medicine",
            regime="real", difficulty=1, cluster=f"c{place}", twin=None, joint=False, exempt=(), mark=mark, strict=mark,
            share=Fraction(0),
        )  # fmt: skip
        said = line.format(rng.choice((70, 80, 90))) if place >= silent else "So."
        rows.append(Replied(row, f"{said}\nANSWER: x", "stop"))
    return calibrate(answerer, rows)


@pytest.mark.parametrize(
    ("right", "said"),
    [
        (0.4, "shows over-confidence"),
        (0.8, "shows neither over- nor under-confidence"),
        (1.0, "shows under-confidence"),
    ],
)
def test_a_verdict_only_where_the_whole_interval_says_so(right: float, said: str) -> None:
    """Right in 40 %, about 80 % and all of 60 where 80 % is stated."""
    found = _found(right=right)
    assert said in next(calibration_lines(found))
    assert said.removeprefix("shows ") == verdict(found)


def test_every_bin_is_a_row() -> None:
    """Stated, mean, right with interval, answers and clusters; the words below say what is what."""
    found = _found(right=0.7)
    rows = bin_rows(found)
    assert [row[0] for row in rows] == ["70 to 80", "80 to 90", "90 to 100"]
    assert [row[1] for row in rows] == ["70.0", "80.0", "90.0"]
    assert len(HEAD) == len(rows[0])
    text = "\n".join(calibration_lines(found))
    assert "Brier score 0." in text
    assert "luck alone would make it about" in text
    assert "Fewer than 20 clusters" not in text
    assert "Fewer than 20 clusters" in "\n".join(calibration_lines(_found(right=0.7, clusters=12)))


def test_without_confidences_the_reader_is_told_what_to_do() -> None:
    """One line, no table; JSON has nulls and the counts by reason."""
    found = _found(right=0.7, line="I am quite sure. {}", answerer="lab/\u202esilent")
    (said,) = calibration_lines(found)
    assert said.endswith("states a confidence: ask with --elicitation confidence")
    assert "\u202e" not in said
    line = json.loads(msgspec.json.encode(calibration_line(found)))
    assert (line["stated"], line["unstated"], line["bins"]) == (0, {"absent": 60}, [])
    assert [line[name]["estimate"] for name in ("confidence", "right", "gap", "brier", "skill")] == [None] * 5
    assert (line["ece"], line["ece_if_calibrated"], line["miscalibration"]) == (None, None, None)


def test_json_has_every_figure() -> None:
    """Gap = confidence - right, and the Brier score is the sum of its parts."""
    line = json.loads(msgspec.json.encode(calibration_line(_found(right=0.6))))
    assert line["gap"]["estimate"] == pytest.approx(line["confidence"]["estimate"] - line["right"]["estimate"])
    parts = line["miscalibration"] - line["discrimination"] + line["uncertainty"]
    assert line["brier"]["estimate"] == pytest.approx(parts)
    assert line["skill"]["estimate"] == pytest.approx(1 - line["brier"]["estimate"] / line["uncertainty"])
    assert sum(one["right"]["units"] for one in line["bins"]) == line["stated"] == 60


def test_what_states_none_is_counted_by_reason() -> None:
    """Where others do; where all do, nothing is said of it."""
    assert not [line for line in calibration_lines(_found(right=0.6)) if "No confidence is stated" in line]
    said = "\n".join(calibration_lines(_found(right=0.6, silent=7)))
    assert "No confidence is stated by 7 of 60 answers: 7 absent" in said
    assert dict(_found(right=0.6, line="CONFIDENCE: 0.{}").counts.unstated) == {"unreadable": 60}
