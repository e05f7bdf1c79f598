"""Stored runs open as values that say what the command line says, and render safely."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import fields
from html.parser import HTMLParser

import polars as pl
import pytest

import causal_eval
from causal_eval.analysis.compare import Finding
from causal_eval.analysis.shown import Shown
from causal_eval.errors import UnknownName, UsageError
from causal_eval.notebook import Run, compare, open_run, runs
from causal_eval.store.exported import Exported

Runs = dict[str, Run]


def test_importing_the_package_costs_nothing() -> None:
    """No room is loaded by ``import causal_eval``; one that is asked for is, and an unknown name says what there is."""
    code = "import sys, causal_eval; print(sorted(m for m in sys.modules if m.startswith(('causal_eval.', 'numpy'))))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
    assert causal_eval.open_run is open_run
    with pytest.raises(AttributeError, match="open_run"):
        causal_eval.evaluat  # type: ignore[attr-defined] # no such name  # noqa: B018 - asked for to be refused


def test_samples_are_rows_of_the_run(demonstrated: Runs) -> None:
    """A row for each planned sample with every field, typed; right answers have the whole share, wrong ones none."""
    run = demonstrated["demo/careful"]
    df = run.samples_df()
    assert df.columns == ["evaluation", "answerer", *(field.name for field in fields(Exported))]
    assert df.height == 60
    assert set(df["answerer"]) == {"demo/careful"}
    assert df.schema["share"] == pl.Float64
    assert df.schema["rung"] == pl.Int64
    right = df.filter(pl.col("mark") == "correct")
    assert set(right["share"]) == {1.0}
    assert 0 < right.height < 60
    assert df.filter(pl.col("mark") == "wrong")["share"].max() == 0.0


def test_the_table_says_what_is_in_it(demonstrated: Runs) -> None:
    """Overall first, then the parts, each with interval, units and clusters; an unknown trait names the others."""
    run = demonstrated["demo/careful"]
    found = run.scores(by="rung")
    assert [row[0] for row in found.rows] == ["all", "1", "2", "3"]
    assert found.rows[0][4] == str(found.table.overall.score.n)
    assert f"({run.id})" in str(found)
    with pytest.raises(UnknownName, match="domain"):
        run.scores(by="colour")


def test_a_comparison_renders_its_verdict(demonstrated: Runs) -> None:
    """The better of two is named in HTML, Markdown and text, with the difference; one run twice is refused."""
    careful, hasty = demonstrated["demo/careful"], demonstrated["demo/hasty"]
    found = compare(careful, hasty)
    (one,) = found.comparisons
    assert (one.a, one.b) == ("demo/careful", "demo/hasty")
    assert one.finding is Finding.BETTER
    for said in (str(found), found._repr_html_(), found._repr_markdown_()):
        assert "demo/careful is better than demo/hasty" in said
    with pytest.raises(UsageError, match="twice"):
        compare(careful, careful)


def test_runs_are_a_sequence(demonstrated: Runs) -> None:
    """The newest runs, each with its id in the table; another database holds none of them."""
    found = runs(database=demonstrated["demo/careful"].database)
    assert {run.id for run in found} == {run.id for run in demonstrated.values()}
    assert all(run.id in found._repr_html_() for run in found)
    assert len(runs(limit=1, database=found[0].database)) == 1
    with pytest.raises(UnknownName):
        open_run("ev-nothing", database=found[0].database)


class _Tags(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del attrs
        self.found.add(tag)


def test_foreign_names_are_text() -> None:
    """A name that is HTML or Markdown is shown as itself."""
    bad = "<script>alert(1)</script>|*x*"
    shown = Shown(bad, ("a", bad), ((bad, bad),), (bad,))
    assert _Tags(shown._repr_html_()).found == {"table", "caption", "thead", "tr", "th", "tbody", "td", "p"}
    assert "<script" not in shown._repr_markdown_()
    assert r"\|\*x\*" in shown._repr_markdown_()
