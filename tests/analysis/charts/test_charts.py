"""Charts are well-formed, say what they show, and put marks where the numbers are."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import pytest

from causal_eval.analysis.charts.axis import axis
from causal_eval.analysis.charts.forest import NARROW, WIDE, ForestGroup, ForestRow, Layout, forest
from causal_eval.analysis.charts.outcomes import LOOKS, outcome_bar, swatch
from causal_eval.analysis.intervals import Interval
from causal_eval.scoring.verdict import Mark

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = '<script>alert("&")</script>\u202e\x00\'"'


def _interval(low: float | None, estimate: float | None, high: float | None) -> Interval:
    return Interval(estimate, low, high, 10, 30)


GROUPS = (
    ForestGroup("Overall", (ForestRow("m", _interval(0.1, 0.25, 0.5), 0.05),)),
    ForestGroup(
        HOSTILE, (ForestRow(HOSTILE, _interval(None, None, None)), ForestRow("b", _interval(0, 0, 0.2), hollow=True))
    ),
)


@pytest.mark.parametrize("layout", [WIDE, NARROW])
def test_a_forest_names_and_describes_itself(layout: Layout) -> None:
    """Title and description are found by id and say every number; foreign text is only ever text."""
    root = ET.fromstring(forest("f", "Scores", groups=GROUPS, layout=layout))
    assert root.get("role") == "img"
    assert root.get("aria-labelledby") == "f-t f-d"
    described = (root.findtext(f"{SVG}desc") or "").replace("\u00a0", " ")
    assert "Overall, m: 25.0 [10.0, 50.0], chance 5.0" in described
    assert '<script>alert("&")</script>' in described
    assert not root.findall(f".//{SVG}script")


def test_marks_stand_where_the_numbers_are() -> None:
    """The dot and the ends lie on the axis in proportion."""
    scale = axis([0.0, 0.5], left=WIDE.left, right=WIDE.right)
    root = ET.fromstring(forest("f", "Scores", groups=GROUPS[:1]))
    (dot,) = root.findall(f"{SVG}circle")
    assert float(dot.get("cx") or 0) == pytest.approx(scale.at(0.25), abs=0.05)
    ends = [line for line in root.findall(f"{SVG}line") if "stroke-width:3" in (line.get("style") or "")]
    assert [float(ends[0].get(at) or 0) for at in ("x1", "x2")] == pytest.approx(
        [scale.at(0.1), scale.at(0.5)], abs=0.05
    )


def test_a_difference_has_a_zero_line_and_signs() -> None:
    """Differences are signed and the axis holds zero between its ends."""
    groups = [ForestGroup("", (ForestRow("Overall", _interval(-0.3, -0.1, 0.1)),))]
    drawn = forest("d", "a minus b", groups=groups, difference=True)
    assert "−10.0" in drawn
    words = [text.text for text in ET.fromstring(drawn).findall(f"{SVG}text")]
    assert {"−30", "0", "+10"} <= set(words)


def test_a_long_name_is_never_shortened() -> None:
    """Names wrap into as many lines as they need."""
    name = "openai-api/a-server-with-a-name/a-model-whose-name-does-not-end-70b-instruct-2030-01-02"
    for layout in (WIDE, NARROW):
        root = ET.fromstring(
            forest("f", "t", groups=[ForestGroup("", (ForestRow(name, _interval(0, 0.1, 0.2)),))], layout=layout)
        )
        assert name in "".join(text.text or "" for text in root.findall(f"{SVG}text"))


@pytest.mark.parametrize(
    ("values", "low", "high"),
    [
        ([], 0.0, 0.1),
        ([0.03, None, 0.09], 0.0, 0.1),
        ([0.37], 0.0, 0.4),
        ([0.99], 0.0, 1.0),
        ([-0.03, 0.02], -0.05, 0.05),
        ([-1.0, 1.0], -1.0, 1.0),
        ([-0.02, 0.9], -0.25, 1.0),
    ],
)
def test_axes_are_round_and_hold_zero_and_all_values(values: list[float | None], low: float, high: float) -> None:
    """Ends are multiples of the step, and at most six ticks are drawn."""
    found = axis(values, left=0, right=100)
    assert (found.low, found.high) == pytest.approx((low, high))
    assert 2 <= len(found.ticks) <= 6
    assert found.at(found.low) == 0
    assert found.at(99.0) == 100


def test_the_outcome_bar_is_as_wide_as_its_counts() -> None:
    """Segments follow the counts, add up to the bar, and the description holds every count."""
    marks = {Mark.CORRECT: 30, Mark.WRONG: 60, Mark.MISSING: 10}
    root = ET.fromstring(outcome_bar("o", "Outcomes", marks=marks, width=1002))
    widths = [
        float(rect.get("width") or 0) for rect in root.findall(f"{SVG}rect") if "url" not in (rect.get("style") or "")
    ]
    assert widths == [300, 600, 100]
    assert root.findtext(f"{SVG}desc") == "30 correct, 60 wrong, 10 missing."
    assert [text.text for text in root.findall(f"{SVG}text")] == ["30", "60", "10"]


def test_an_empty_bar_is_a_bar() -> None:
    """Nothing asked draws nothing and says so."""
    assert ET.fromstring(outcome_bar("o", "Outcomes", marks={})).findtext(f"{SVG}desc") == "nothing asked."


def test_outcomes_are_not_told_apart_by_colour_alone() -> None:
    """Every outcome has a look; neighbours of similar brightness differ by pattern, and patterns have their own ids."""
    assert set(LOOKS) == set(Mark)
    assert len({(look.pattern, look.fill) for look in LOOKS.values()}) == len(Mark)
    ids = [name for mark in Mark for name in re.findall(r'id="([^"]+)"', swatch(f"k-{mark.value}", mark))]
    assert len(ids) == len(set(ids))
