"""Results are taken away as files: every outcome once, for whom may see it, and nothing in it can run."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from tests.web.conftest import HOSTILE, People

from causal_eval.questions.question import CANARY
from causal_eval.service import charts
from causal_eval.service.exporting import Form, cell, export, file_name
from causal_eval.service.wiring import Service, Visit
from causal_eval.store import exported
from causal_eval.store.evaluations import Evaluation
from causal_eval.web.app import FILES

Run = Callable[..., Evaluation]
Make = Callable[..., Any]


def test_every_outcome_stands_in_both_files(visitor: Make, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Twelve planned, eleven kept, over several pages of the store: twelve rows, the same in CSV and in JSON lines."""
    monkeypatch.setattr(exported, "PAGE", 5)
    at = f"/evaluations/{run().id}"
    browser = visitor("viewer")
    page = browser.get(at).text
    assert all(f'href="{at}/results.{form}"' in page for form in Form)
    table = list(csv.DictReader(io.StringIO(browser.get(f"{at}/results.csv").content.decode(), newline="")))
    lines = [json.loads(line) for line in browser.get(f"{at}/results.jsonl").text.splitlines()]
    assert [row["question"] for row in table] == [line["question"] for line in lines]
    assert len({line["question"] for line in lines}) == 12
    assert sum(line["mark"] == "missing" and line["reply"] is None for line in lines) == 1
    assert sum(line["outcome"] == "refusal" for line in lines) == 1
    assert [line["reply"] for line in lines if "script" in (line["reply"] or "")] == [
        HOSTILE.replace("\x00", "\ufffd")
    ] * 4
    right = [line for line in lines if line["mark"] == "correct"]
    assert right
    assert all(line["answer"] == line["right"] and line["right"] is not None for line in right)
    assert {row["canary"] for row in (*table, *lines)} == {CANARY}


def test_a_file_is_for_whom_the_evaluation_is(visitor: Make, run: Run) -> None:
    """Nobody is sent to log in, a stranger finds nothing, and neither learns a row."""
    evaluation = run()
    for path, _ in FILES:
        if path.endswith("commitment.json"):  # of a set that was not committed to there is none
            continue
        address = path.format(evaluation=evaluation.id, set=evaluation.spec.question_set, chart="forest", form="json")
        assert visitor().get(address, follow_redirects=False).status_code == 303
        assert visitor("stranger").get(address).status_code == 404
        assert visitor("viewer").get(address).status_code == 200


def test_a_file_is_kept_and_not_shown(visitor: Make, run: Run) -> None:
    """The browser is told to keep it, under a name of plain letters, whatever the model is called."""
    evaluation = run('openai/../../<i>\u202e"m\r\n')
    sent = visitor("viewer").get(f"/evaluations/{evaluation.id}/results.csv")
    assert re.fullmatch(r'attachment; filename="openai-[\w-]*-ev-[0-9a-f]+\.csv"', sent.headers["content-disposition"])
    assert sent.headers["content-type"].startswith("text/csv")
    assert (sent.headers["x-content-type-options"], sent.headers["cache-control"]) == ("nosniff", "no-store")


def test_a_report_is_taken_away_in_every_form(visitor: Make, run: Run) -> None:
    """Linked from the page; with its questions or without; another form is none; foreign text is no markup."""
    at = f"/evaluations/{run().id}"
    browser = visitor("viewer")
    page = browser.get(at).text
    for form, begins in (("html", "<!doctype html>"), ("md", "# "), ("json", "{"), ("latex", "%")):
        assert f'href="{at}/report/{form}"' in page
        assert f'href="{at}/report/{form}?summary=1"' in page
        whole, short = (browser.get(f"{at}/report/{form}{extra}") for extra in ("", "?summary=1"))
        assert whole.status_code == short.status_code == 200, whole.text
        assert whole.text.lower().startswith(begins)
        assert whole.headers["content-disposition"].startswith("attachment; filename=")
        if form in ("html", "md", "json"):
            assert len(short.text) < len(whole.text)
    assert json.loads(browser.get(f"{at}/report/json").text)["questions"]
    assert json.loads(browser.get(f"{at}/report/json?summary=1").text)["questions"] == []
    assert browser.get(f"{at}/report/docx").status_code == 404


def test_a_comparison_links_one_report_of_both(visitor: Make, run: Run) -> None:
    """About both answerers; where one of them is not there, there is none."""
    one, other = run("openai/one"), run("openai/two")
    browser = visitor("viewer")
    page = browser.get(f"/compare?a={one.id}&b={other.id}").text
    at = f"/evaluations/{one.id}/report/json?beside={other.id}&summary=1"
    assert f'href="{at.replace("&", "&amp;")}"' in page
    assert [found["answerer"] for found in json.loads(browser.get(at).text)["tickets"]] == ["openai/one", "openai/two"]
    assert browser.get(at.replace(other.id, "ev-none")).status_code == 404


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ('=HYPERLINK("http://evil.example")', '\'=HYPERLINK("http://evil.example")'),
        ("+cmd|' /C calc'!A0", "'+cmd|' /C calc'!A0"),
        ("-1+1", "'-1+1"),
        ("@SUM(1)", "'@SUM(1)"),
        ("\t=1", "'\t=1"),
        ("\r=1", "'\r=1"),
        ("\n=1", "'\n=1"),
        (" =1", "' =1"),
        ("\uff1d1", "'\uff1d1"),
        ("-0.25", "-0.25"),
        (12, "12"),
        (None, ""),
        ("ANSWER: yes", "ANSWER: yes"),
    ],
)
def test_a_spreadsheet_runs_nothing(value: object, shown: str) -> None:
    """What would be a formula is text; numbers stay numbers."""
    assert cell(value) == shown


@pytest.mark.parametrize("name", ["", "../../etc/passwd", "a" * 500, "...", "\u202e", "-rf"])
def test_a_name_is_safe_whatever_a_model_is_called(name: str) -> None:
    """No slash, no dot or dash first, no more than a disk takes."""
    assert re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,79}\.csv", file_name(name, "ev-1", form=Form.CSV))


def test_rows_are_read_while_they_are_taken(
    service: Service, people: People, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who takes the first line has had one page read; the others are read when their lines are taken."""
    read = list[int]()
    page = exported._page
    monkeypatch.setattr(exported, "PAGE", 5)

    def reading(*of: Any, start: int) -> Any:
        read.append(start)
        return page(*of, start=start)

    monkeypatch.setattr(exported, "_page", reading)
    made = export(Visit(service, people.callers["viewer"]), run().id, form=Form.JSONL)
    first = json.loads(next(made.lines))
    assert read == [0]
    rest = [json.loads(line) for line in made.lines]
    assert read == [0, 5, 10]
    assert first["question"] not in {line["question"] for line in rest}
    assert len(rest) == 11


def test_pictures_are_linked_and_taken_away(visitor: Make, run: Run) -> None:
    """Each of a page's pictures in four forms, its definition too; of a comparison with those beside it."""
    one, other = run("openai/one"), run("openai/two")
    at = f"/evaluations/{one.id}/charts/forest"
    browser = visitor("viewer")
    page = browser.get(f"/evaluations/{one.id}").text
    for form, media in charts.MEDIA.items():
        assert f'href="{at}/{form}"' in page
        sent = browser.get(f"{at}/{form}")
        assert sent.headers["content-type"].startswith(media)
        assert sent.headers["content-disposition"] == f'attachment; filename="{one.id}-forest.{form}"'
    beside = f"/evaluations/{one.id}/charts/differences/json?beside={other.id}"
    assert f'href="{beside}"' in browser.get(f"/compare?a={one.id}&b={other.id}").text
    assert "openai/one - openai/two" in browser.get(beside).text
    assert browser.get(f"/evaluations/{one.id}/charts/differences/svg").status_code == 422
    assert browser.get(f"/evaluations/{one.id}/charts/none/svg").status_code == 404
    assert browser.get(f"{at}/gif").status_code == 404
