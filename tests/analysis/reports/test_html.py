"""The report is one safe, self-contained, accessible page that says what is in its data."""

from __future__ import annotations

import dataclasses
import itertools
import os
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest

from causal_eval.analysis.intervals import Interval
from causal_eval.analysis.observation import Observation
from causal_eval.analysis.profile import Profile, profile
from causal_eval.analysis.reports.data import ExampleMistake, ReportData
from causal_eval.analysis.reports.html import render
from causal_eval.questions.question import CANARY
from causal_eval.scoring.verdict import Mark

GOLDEN = Path(__file__).parents[2] / "golden" / "report.html"
VOID = {"meta", "link", "br", "hr", "img", "input", "wbr"}
HOSTILE = "</pre></style><script>alert(1)</script><img src=x onerror=alert(1)>{{ 7*7 }}&amp;\"'\u202e\x00\ud800"


class _Page(HTMLParser):
    """Reads the page: tags, attributes, nesting and text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, f"</{tag}> closes nothing"
        self.text += " " if tag in {"td", "th", "dt", "dd", "li", "p"} else ""

    def handle_data(self, data: str) -> None:
        if not self.open or self.open[-1] != "style":
            self.text += data

    def all(self, name: str) -> list[dict[str, str | None]]:
        return [attrs for tag, attrs in self.tags if tag == name]

    def words(self) -> str:
        return " ".join(self.text.split())


@pytest.fixture(scope="session")
def page(report_data: ReportData) -> _Page:
    """The rendered page of the made-up run."""
    return _Page(render(report_data))


def test_the_report_is_that_of_the_golden_file(report_data: ReportData) -> None:
    """The page has not changed unnoticed; read the difference, then run with CEB_ACCEPT_GOLDEN=1 to accept it."""
    text = render(report_data)
    if os.environ.get("CEB_ACCEPT_GOLDEN"):
        GOLDEN.write_text(text, "utf-8", newline="\n")
    assert text == GOLDEN.read_text("utf-8")


def test_equal_data_give_equal_bytes(report_data: ReportData) -> None:
    """Nothing of the clock, the machine or a hash seed enters the page."""
    assert render(report_data) == render(report_data)


def test_nothing_is_fetched_and_nothing_runs(report_data: ReportData, page: _Page) -> None:
    """No script, link, image or import; addresses point into the page; a policy forbids the rest."""
    assert not {"script", "link", "img", "iframe", "object", "form", "base"} & {tag for tag, _ in page.tags}
    addresses = [attrs[name] or "" for _, attrs in page.tags for name in ("href", "src") if name in attrs]
    assert addresses
    assert all(address.startswith("#") for address in addresses)
    style = render(report_data).split("<style>")[1].split("</style>")[0]
    assert not re.search(r"@import|url\(|https?:", style)
    assert "default-src 'none'" in (page.all("meta")[4]["content"] or "")


def test_structure_for_those_who_do_not_see_it(page: _Page) -> None:
    """One h1, no level skipped, unique ids that all exist, captions and scopes in tables, a language."""
    assert page.open == []
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))
    ids = [attrs["id"] for _, attrs in page.tags if "id" in attrs]
    assert len(ids) == len(set(ids))
    used = {name for _, attrs in page.tags for name in (attrs.get("aria-labelledby") or "").split()}
    used |= {(attrs.get("href") or "#")[1:] for attrs in page.all("a")}
    assert used <= set(ids)
    assert len(page.all("caption")) == len(page.all("table")) > 0
    assert page.all("th")
    assert page.all("svg")
    assert all(attrs.get("scope") in {"col", "row"} for attrs in page.all("th"))
    assert page.all("html")[0]["lang"] == "en"
    assert all(attrs.get("role") == "img" or attrs.get("aria-hidden") == "true" for attrs in page.all("svg"))
    scrolled = [attrs for attrs in page.all("div") if (attrs.get("class") or "").startswith("scroll")]
    assert scrolled
    assert all(attrs.get("tabindex") == "0" for attrs in scrolled)


@pytest.mark.parametrize(
    "words",
    [
        "local/gemma-3-270m scores 2.6 % [0.6, 10.7], not distinguishable from chance (3.4 %).",
        "openai-api/lab/a-rather-long-name-70b-instruct is better than local/gemma-3-270m: +27.3 points",
        "9.6 % of the replies of local/gemma-3-270m could not be parsed",
        "set-0f1e2d3c4b5a6978 (84 questions, 42 causal models)",
        "causal-eval eval --model local/gemma-3-270m --seed 7 --limit 84",
        "baseline/association: 12 units made for its method are not part of its score.",
        "Why replies of local/gemma-3-270m could not be parsed: bad format 8.",
        "s5 P(recovery=1 | do(drug=1)) = s1*s2 + (1 - s1)*s3 = 11/20",
        "association 1/2 yes, this answer",
        "{glims} (strict reading: unparsed)",
        CANARY,
    ],
)
def test_the_page_says(page: _Page, words: str) -> None:
    """Verdicts, identity, warnings, proof and canary stand on the page in words."""
    assert words in page.words().replace("\u00a0", " ")


def test_hostile_text_stays_text(report_data: ReportData) -> None:
    """Names and replies that try to break out appear as text, and the page can be written as UTF-8."""
    row = Observation(
        answerer=HOSTILE, question="q", sample=0, family=HOSTILE, kind=HOSTILE, rung=1, domain="d", regime="real",
        difficulty=1, cluster="c", twin=None, joint=False, exempt=(), mark=Mark.UNPARSED, strict=Mark.UNPARSED,
        share=report_data.chance["effect", "ate"] * 0, reason=HOSTILE,
    )  # fmt: skip
    card = dataclasses.replace(
        report_data.examples[0], prompt=HOSTILE, reply=HOSTILE, parsed=HOSTILE, gold=HOSTILE, estimand=HOSTILE,
        family=HOSTILE, kind=HOSTILE, question=HOSTILE, domain=HOSTILE, answerer=HOSTILE, graph=(HOSTILE,),
        mistakes=(ExampleMistake(HOSTILE, HOSTILE, is_given=True),),
    )  # fmt: skip
    hostile = ReportData(HOSTILE, profile([row]), ((HOSTILE, HOSTILE),), HOSTILE, examples=(card,), canary=HOSTILE)
    text = render(hostile)
    assert text.encode()
    assert not {"\u202e", "\x00", "\ud800"} & set(text)
    found = _Page(text)
    assert found.open == []
    assert not {"script", "img"} & {tag for tag, _ in found.tags}
    assert not [name for _, attrs in found.tags for name in attrs if name.startswith("on")]
    assert "{{ 7*7 }}" in found.text


def test_a_run_of_nothing_is_a_page() -> None:
    """An empty profile renders without a score, a figure's worth of nothing, and no empty sections."""
    found = _Page(render(ReportData("Nothing", Profile(()))))
    assert found.open == []
    assert "Example questions" not in found.text
    assert "Paired comparisons" not in found.text


def test_an_answerer_without_any_reply_is_shown_without_a_score(observation_missing: Profile) -> None:
    """All answers missing: the page says that there is no score."""
    found = _Page(render(ReportData("Missing", observation_missing)))
    assert "has no score: of 1 answer asked for, none could be scored" in found.words()


@pytest.fixture
def observation_missing(observation: Callable[..., Observation]) -> Profile:
    """A single missing answer."""
    return profile([observation("q", Mark.MISSING)])


def test_only_baselines_are_their_own_subjects(report_data: ReportData) -> None:
    """Where no model ran, the baselines are what the report is about."""
    only = tuple(one for one in report_data.profile.answerers if one.is_baseline)
    found = _Page(render(ReportData("Baselines", Profile(only), chance=report_data.chance)))
    assert "baseline/association scores" in found.words()
    assert "Shortcuts beside the model" not in found.text


def test_too_few_clusters_have_a_dash_for_an_interval(observation: Callable[..., Observation]) -> None:
    """A single cluster gives an estimate and no made-up interval."""
    only = profile([observation("q", Mark.CORRECT)])
    assert only.answerers[0].overall.score == Interval(1.0, None, None, 1, 1)
    assert "one cluster of questions allows no interval" in _Page(render(ReportData("One", only))).words()
