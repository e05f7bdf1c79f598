"""``causal-eval incident effect`` and the review's impact as a person types them, over runs of this machine."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.effects.calls import NOW, Call, evaluated

from causal_eval.cli.main import run
from causal_eval.effects import mirror
from causal_eval.incidents import keeping
from causal_eval.incidents.book import open_book
from causal_eval.incidents.incident import Key, Severity, Signal, Source
from causal_eval.incidents.rules import Rules
from causal_eval.store.database import open_store

CALLS = [Call(n, 5.0 if n < 3 else 300.0, right=n > 1, calls=1 + 2 * (n == 1)) for n in range(12)]


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder with an outage of openai's in the incidents file; no database yet."""
    monkeypatch.setenv("CEB_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("SUDO_USER", "ann")
    monkeypatch.setenv("CEB_STACK_DIR", str(tmp_path / "no-stack"))
    monkeypatch.delenv("DATABASE_URL", raising=False)
    book = open_book(tmp_path / "incidents.db")
    for firing, at in ((True, NOW), (False, NOW + 60)):
        signal = Signal(
            name="ModelAPIFailing", key=Key("model_api:openai", "failing"), severity=Severity.P2, firing=firing,
            started_at=NOW, fingerprint="x", source=Source.ALERTMANAGER, summary="openai fails",
        )  # fmt: skip
        with book.writing() as rows:
            keeping.hear(rows, signal, at=at, rules=Rules())
    book.close()
    return tmp_path


@pytest.fixture
def touched(place: Path) -> str:
    """A run of which three of twelve calls were open then."""
    store = open_store(url(place))
    found = evaluated(store, CALLS, of_service=False)
    store.close()
    return found.id


def url(place: Path) -> str:
    """Of the database that runs of this folder are kept in."""
    return f"sqlite:///{place}/causal-eval.db"


def told(capsys: pytest.CaptureFixture[str], *words: str) -> list[dict[str, object]]:
    """What a command that goes well says, as JSON."""
    assert run(["incident", *words, "--json"]) == 0
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_the_effect_of_an_incident_in_the_file_on_runs_of_the_command_line(
    touched: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Which run, which items, the score with and without; the same for a person and a program."""
    whole, part = told(capsys, "effect", "INC-1")
    assert (whole["evaluations"], whole["results"], whole["repeated_calls"], whole["calls"]) == (1, 3, 2, "provider")
    assert (part["evaluation"], part["kept"], part["wanted"]) == (touched, 3, 12)
    assert [item["question"] for item in part["items"]] == ["q00000", "q00001", "q00002"]  # type: ignore[attr-defined]  # a JSON object
    assert part["scores"]["given"]["estimate"] == pytest.approx(10 / 12)  # type: ignore[index]  # a JSON object
    assert part["scores"]["without"]["estimate"] == 1.0  # type: ignore[index]  # a JSON object
    assert run(["incident", "effect", "inc-1"]) == 0
    said = capsys.readouterr().out
    assert "3 of 12 results fall into it" in said
    assert "3 results of 1 evaluation of 1 user" in said
    assert "score 83.3" in said
    assert "+16.7" in said


def test_one_that_touched_nothing_says_so(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """And why."""
    open_store(url(place)).close()
    assert run(["incident", "effect", "INC-1"]) == 0
    assert "it touched no result: no call that it may have touched was open then" in capsys.readouterr().out
    assert run(["incident", "effect", "INC-9"]) == 2


def test_one_that_is_only_copied(place: Path, touched: str, capsys: pytest.CaptureFixture[str]) -> None:
    """On a machine without the sentinel's file the copy in the database tells of it."""
    told(capsys, "effect", "INC-1")
    (place / "incidents.db").unlink()
    whole, part = told(capsys, "effect", "INC-1")
    assert (whole["results"], part["evaluation"]) == (3, touched)
    store = open_store(url(place))
    with store.reading() as connection:
        assert mirror.get(connection, "INC-1").title == "openai fails"
    store.close()


@pytest.mark.parametrize("form", ["markdown", "html"])
def test_the_review_tells_the_impact(touched: str, place: Path, capsys: pytest.CaptureFixture[str], form: str) -> None:
    """Evaluations, users, calls and scores from the database."""
    assert touched
    out = place / "review"
    assert run(["incident", "review", "INC-1", "--format", form, "-o", str(out)]) == 0
    capsys.readouterr()
    text = out.read_text("utf-8").replace("\\", "")
    assert "+16.7 points" in text
    assert "2 that gave no reply" in text
    (review,) = told(capsys, "review", "INC-1")
    assert review["impact"]["results"] == 3  # type: ignore[index]  # a JSON object


@pytest.mark.parametrize("database", [None, "postgresql://nobody:secret@127.0.0.1:1/none"])
def test_a_review_without_its_database(
    monkeypatch: pytest.MonkeyPatch, place: Path, capsys: pytest.CaptureFixture[str], database: str | None
) -> None:
    """It is written all the same, says that nobody knows, and makes no database."""
    if database is not None:
        monkeypatch.setenv("DATABASE_URL", database)
    assert run(["incident", "review", "INC-1"]) == 0
    said = capsys.readouterr().out
    assert "not known: the database does not answer" in said
    assert "secret" not in said
    assert not (place / "causal-eval.db").exists()


def test_a_format_that_there_is_none_of() -> None:
    """Refused by name."""
    assert run(["incident", "review", "INC-1", "--format", "pdf"]) == 2
