"""Texts are data: complete in every language, and nothing that is read stands in a template."""

from __future__ import annotations

import re
from pathlib import Path
from string import Formatter

import pytest

from causal_eval import web
from causal_eval.analysis.chance import Against
from causal_eval.analysis.compare import Finding
from causal_eval.incidents.timeline import Kind
from causal_eval.questions.catalog import families
from causal_eval.questions.story import REGIMES, domains
from causal_eval.scoring.verdict import Mark, Reason
from causal_eval.store.jobs import JobStatus
from causal_eval.web.language import LANGUAGES, texts

TEMPLATES = sorted((Path(web.__file__).parent / "templates").glob("*.j2"))
_SHELL = re.compile(r"<pre class=\"copy\".*?</pre>", re.DOTALL)
"""What is pasted into a terminal is the same in every language."""


def test_languages_have_the_same_texts() -> None:
    """Every key stands in every language, with as many places for values."""
    usual = texts("en").texts
    for code in LANGUAGES:
        found = texts(code).texts
        assert found.keys() == usual.keys()
        assert {key: _places(text) for key, text in found.items()} == {k: _places(t) for k, t in usual.items()}


@pytest.mark.parametrize("file", TEMPLATES, ids=lambda file: file.name)
def test_templates_hold_no_text(file: Path) -> None:
    """Between tags and in attributes that are read out stand expressions alone."""
    source = _SHELL.sub("", file.read_text("utf-8"))
    bare = re.sub(r"\{%.*?%\}|\{\{.*?\}\}", "", source, flags=re.DOTALL)
    assert re.findall(r"(?:aria-label|title|alt|placeholder|content)=\"([^\"]*[a-z][^\"]*)\"", bare) in (
        [], ["width=device-width, initial-scale=1", "light dark"],
    )  # fmt: skip
    assert re.findall(r"[^\W\d_]{2,}", re.sub(r"<[^>]*>", " ", bare)) == []


@pytest.mark.parametrize("file", TEMPLATES, ids=lambda file: file.name)
def test_templates_ask_for_texts_that_are_there(file: Path) -> None:
    """A key that is written out is one of the keys."""
    keys = re.findall(r"\bt\(\"([a-z_]+\.[\w ]+)\"[,)]", file.read_text("utf-8"))
    assert set(keys) <= texts("en").texts.keys()


def test_every_word_of_a_score_has_a_text() -> None:
    """Where a score lies against chance, and how a comparison ends, is said whatever comes out."""
    keys = {f"against.{one.replace(' ', '_')}" for one in Against} | {f"mark.{one}" for one in Mark}
    keys |= {f"status.{one}" for one in JobStatus} | {f"compare.{one.replace(' ', '_')}" for one in Finding}
    assert keys <= texts("en").texts.keys()


@pytest.mark.parametrize("code", LANGUAGES)
def test_every_word_of_a_line_of_results_has_a_text(code: str) -> None:
    """What a question asks, where it plays, how it names things, and why a reply was not read."""
    keys = {f"asks.{kind.name}" for family in families() for kind in family.kinds}
    keys |= {f"domain.{one}" for one in domains()} | {f"regime.{one}" for one in REGIMES}
    keys |= {f"reason.{one}" for one in Reason}
    assert keys <= texts(code).texts.keys()


def _places(text: str) -> int:
    return sum(name is not None for _, name, _, _ in Formatter().parse(text))


@pytest.mark.parametrize("code", ["en", "de"])
def test_every_kind_of_entry_has_a_word(code: str) -> None:
    """Of an incident's timeline: none is shown by the name that programs know it by."""
    assert [kind for kind in Kind if f"entry.{kind.value}" not in texts(code).texts] == []
