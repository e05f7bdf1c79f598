"""What a gate writes: XML and Markdown that programs and people read, whatever the runs are called."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from xml.etree import ElementTree as ET

import pytest

from causal_eval.analysis.comparable import Concern
from causal_eval.analysis.compare import compare
from causal_eval.analysis.gate import Gate, Ruling, Took, gate
from causal_eval.analysis.observation import Observation
from causal_eval.analysis.outcomes import Cost, Tokens
from causal_eval.analysis.reports import gating
from causal_eval.scoring.verdict import Mark

Make = Callable[..., Observation]
EVIL = 'x/<b a="|">\x1b[1m&\n'
TOOK = (Took(Tokens(1000, 200, 3), Cost(Fraction(1, 2), 3)), Took(Tokens(900, 100, 0), Cost(None, 60)))
CONCERNS = [Concern("temperature", blocking=False, said="temperature differs <1|2>")]


def _gate(make: Make, right: int) -> Gate:
    new = [make(f"q{n}", Mark.CORRECT if n < right else Mark.WRONG, answerer=EVIL) for n in range(60)]
    old = [make(f"q{n}", Mark.CORRECT if n % 2 else Mark.WRONG, answerer="old") for n in range(60)]
    return gate(compare(new, old), margin=0.02)


@pytest.mark.parametrize(
    ("right", "wanted", "tag"),
    [(55, Ruling.PASS, None), (29, Ruling.INCONCLUSIVE, "error"), (2, Ruling.FAIL, "failure")],
)
def test_junit_is_read_back(observation: Make, right: int, wanted: Ruling, tag: str | None) -> None:
    """A pass is a plain test case, a fail a failure, an inconclusive gate an error: none of the last two is green."""
    found = _gate(observation, right)
    suite = ET.fromstring(gating.junit(found, CONCERNS, took=TOOK))
    case = suite.find("testcase")
    assert found.ruling is wanted
    assert case is not None
    assert [child.tag for child in case] == ([tag] if tag else []) + ["system-out"]
    assert (suite.get("failures"), suite.get("errors")) == (str(int(tag == "failure")), str(int(tag == "error")))
    assert "temperature differs <1|2>" in (case.findtext("system-out") or "")


def test_markdown_keeps_foreign_names_in_their_cells(observation: Make) -> None:
    """Every line of the table has its seven cells, and no name is taken for HTML."""
    said = gating.markdown(_gate(observation, 29), CONCERNS, took=TOOK, priced_by="a table")
    rows = [line for line in said.splitlines() if line.startswith("|")]
    assert len(rows) == 10
    assert [line.replace("\\|", "").count("|") for line in rows] == [8] * 6 + [5] * 4
    assert "| 1,000 | 200 | $0.50 (3 replies without a price) |" in rows[-1]
    assert rows[-2].endswith("| 900 | 100 | unknown (60 replies without a price) |")
    assert "Prices: a table." in said
    assert "<b" not in said
    assert "\x1b" not in said
    assert "> Warning: temperature differs &lt;1\\|2>" in said


def test_an_inconclusive_gate_says_what_would_decide(observation: Make) -> None:
    """The number stands in the sentence and in the JSON line."""
    found = _gate(observation, 29)
    assert found.needed is not None
    assert f"{found.needed.clusters:,} clusters would decide" in gating.sentence(found)
    assert gating.gate_line(found)["clusters_needed"] == found.needed.clusters
    assert "would decide" not in gating.sentence(_gate(observation, 55))


def test_what_the_runs_took_stands_beside_each_other(observation: Make) -> None:
    """In the sentence, as fields of the JSON line, and among the properties of the test case; unknown is no zero."""
    assert gating.took_sentence(TOOK) == (
        "The new run took 1,200 (3 replies uncounted) tokens, $0.50 (3 replies without a price); "
        "the baseline 1,000 tokens, unknown (60 replies without a price)"
    )
    line = gating.took_line(TOOK)
    assert (line["new_cost"], line["baseline_cost"], line["baseline_input_tokens"]) == (0.5, None, 900)
    suite = ET.fromstring(gating.junit(_gate(observation, 55), CONCERNS, took=TOOK))
    assert "new_output_tokens" in [one.get("name") for one in suite.iter("property")]
