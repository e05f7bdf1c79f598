"""A report says the same in every form, and foreign text stays text in each."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from causal_eval.analysis import marks as markdown_form
from causal_eval.analysis.numbers import ends, hundredths
from causal_eval.analysis.reports import latex as latex_form
from causal_eval.analysis.reports.data import ReportData
from causal_eval.analysis.reports.forms import FORMS, written
from causal_eval.analysis.reports.pdf import typst_source
from causal_eval.analysis.reports.structured import tickets_in
from causal_eval.errors import MalformedFile, UnknownName
from causal_eval.questions.question import CANARY

HOSTILE = 'a|b*c*_d_ `x` [l](http://e.vil) <img src=x> $m$ #h {g} \\x ~s~\u202e\nnext ^ " % & >'


def test_markdown_says_every_number_with_what_it_rests_on(whole_data: ReportData) -> None:
    """Each answerer's score stands with interval, units, clusters; each model with hash and command."""
    said = written(whole_data, "md").decode()
    for one in whole_data.profile.answerers:
        score = one.overall.score
        row = next(
            line
            for line in said.split(f"### {markdown_form.escaped(one.answerer)}")[1].splitlines()
            if "overall" in line
        )
        cells = [cell.strip() for cell in row.split("|")[1:-1]]
        assert cells[:3] == ["overall", hundredths(score.estimate), ends(score)]
        assert cells[6:8] == [str(score.n), str(score.clusters)]
    for ticket in whole_data.tickets:
        assert ticket.hash in said
        assert f"`causal-eval reproduce {ticket.evaluation}@{ticket.hash}`" in said
    assert said.count("### q-") == 120


def test_tables_of_markdown_are_whole(whole_data: ReportData) -> None:
    """Every row of a table has as many cells as its head."""
    blocks = written(replace(whole_data, title=HOSTILE, questions=()), "md").decode().split("\n\n")
    tables = [block for block in blocks if block.startswith("|")]
    assert tables
    for table in tables:
        counts = {len(re.findall(r"(?<!\\\\)\|", line)) for line in table.splitlines()}
        assert len(counts) == 1, table


@pytest.mark.parametrize("form", ["md", "latex"])
def test_foreign_text_is_no_command(form: str) -> None:
    """A hostile name has no mark of its own left in either form."""
    said = {"md": markdown_form, "latex": latex_form}[form].escaped(HOSTILE)
    assert "\n" not in said
    assert "\u202e" not in said
    if form == "md":
        assert "<" not in said
        assert not re.search(r"(?<!\\)[|*_`\[\]#$~{}]", said)
    else:
        bare = re.sub(r"\\(?:[{}$&#%_]|slash\{\}|allowbreak\{\}|text[a-z]+\{\})|\{[\[\]]\}", "", said)
        assert not re.search(r"[\\{}$&#%_^~<>|\"]", bare), bare


def test_a_fence_is_longer_than_any_within() -> None:
    """A reply full of backticks cannot leave its block."""
    said = markdown_form.fenced("```\n````\n# out")
    assert said.startswith("`````text\n")
    assert said.endswith("\n`````")


def test_latex_is_balanced_and_has_equal_rows(whole_data: ReportData) -> None:
    """Braces and environments close, and every row has as many cells as there are columns."""
    said = written(replace(whole_data, title=HOSTILE), "latex").decode()
    code = "\n".join(line for line in said.splitlines() if not line.startswith("%"))
    depth = 0
    for brace in re.findall(r"(?<!\\)[{}]", code):
        depth += 1 if brace == "{" else -1
        assert depth >= 0
    assert depth == 0
    count = len(whole_data.profile.answerers) + 1
    for name in ("table", "tabular"):
        assert code.count(rf"\begin{{{name}}}") == code.count(rf"\end{{{name}}}") == count
    bodies = re.findall(r"\\begin\{tabular\}\{(\w+|p\{.*?\}\w*)\}(.*?)\\end\{tabular\}", code, flags=re.DOTALL)
    assert len(bodies) == count
    for body in bodies:
        rows = [line for line in body[1].splitlines() if line.endswith(r"\\")]
        assert rows
        assert {len(re.findall(r"(?<!\\)&", row)) + 1 for row in rows} == {len(re.sub(r"\{.*?\}", "", body[0]))}


def test_json_is_read_back(whole_data: ReportData, tmp_path: Path) -> None:
    """The document has every score and question, and its tickets are found again with the same hash."""
    path = tmp_path / "report.json"
    path.write_bytes(written(whole_data, "json"))
    document = json.loads(path.read_text("utf-8"))
    assert len(document["questions"]) == 120
    overall = [line for line in document["scores"] if line["scope"] == "overall"]
    assert [line["score"] for line in overall] == [one.overall.score.estimate for one in whole_data.profile.answerers]
    assert tickets_in(path) == whole_data.tickets
    assert [line["hash"] for line in document["tickets"]] == [ticket.hash for ticket in whole_data.tickets]


def test_a_ticket_changes_with_any_claim(whole_data: ReportData) -> None:
    """Another score, set or scope is another hash; a scorer that changes no number is none."""
    one = whole_data.tickets[0]
    first = one.claims[0]
    others = (
        replace(one, question_set="set-1"), replace(one, claims=one.claims[1:]),
        replace(one, claims=(replace(first, units=first.units + 1), *one.claims[1:])),
    )  # fmt: skip
    assert len({one.hash, *(other.hash for other in others)}) == 4
    assert replace(one, scorers=("2",), generator="4").hash == one.hash


def test_what_is_no_report_is_refused(tmp_path: Path) -> None:
    """A file that is none, and a form that there is not, say what would do."""
    path = tmp_path / "x.json"
    path.write_text("[]", "utf-8")
    with pytest.raises(MalformedFile, match="report --format json"):
        tickets_in(path)
    with pytest.raises(UnknownName, match="html"):
        written(ReportData.__new__(ReportData), "htm")


@pytest.mark.parametrize("form", sorted(FORMS.keys() - {"latex"}))
def test_whatever_shows_questions_shows_the_canary(form: str, whole_data: ReportData) -> None:
    """Of what a corpus could take in, none comes without it."""
    text = typst_source(whole_data) if form == "pdf" else written(whole_data, form).decode()
    assert CANARY in text.replace("\\", "")


def test_tables_for_a_paper_hold_no_question(whole_data: ReportData) -> None:
    """They need no canary: no prompt and no reply stands in them."""
    text = written(whole_data, "latex").decode()
    assert whole_data.questions
    assert not any(card.prompt in text for card in whole_data.questions)
