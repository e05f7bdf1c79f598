"""``causal-eval maintenance`` and ``causal-eval oncall`` as a person types them."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from causal_eval.cli.main import run
from causal_eval.incidents import uptime
from causal_eval.incidents.book import open_book
from causal_eval.incidents.status import gather
from causal_eval.incidents.status.page import Level

CONTACTS = """
people:
  ann: {name: Ann, email: ann@company.test}
  bob: {name: Bob, email: bob@company.test}
channels:
  incidents: {file: messages.jsonl}
schedule: {starts: 2026-01-05T09:00:00Z, rotation: [ann, bob]}
roles: {incidents: [incidents], team-lead: [bob]}
mail: {host: localhost, from: incidents@company.test, tls: false}
"""


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder of its own, and contacts."""
    (tmp_path / "contacts.yml").write_text(CONTACTS, "utf-8")
    monkeypatch.setenv("CEB_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("CEB_CONTACTS", str(tmp_path / "contacts.yml"))
    monkeypatch.setenv("CEB_STACK_DIR", str(tmp_path / "no-stack"))
    return tmp_path


def told(capsys: pytest.CaptureFixture[str], *words: str) -> list[dict[str, object]]:
    """What a command that goes well says, as JSON."""
    assert run([*words, "--json"]) == 0
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_maintenance_from_announcement_to_end(capsys: pytest.CaptureFixture[str], place: Path) -> None:
    """Each component has a window, the page shows it, a probe that fails meanwhile counts, and it ends at a word."""
    windows = told(capsys, "maintenance", "plan", "database", "api", "--for", "2h", "--text", "A new disk.")
    assert [(one["id"], one["component"]) for one in windows] == [(1, "database"), (2, "api")]
    book = open_book(place / "incidents.db")
    with book.writing() as rows:
        uptime.count(rows, "api", at=time.time(), up=False)
        page = gather(rows, at=time.time())
    book.close()
    (api,) = (one for one in page.components if one.id == "api")
    assert (api.level, api.uptime) == (Level.MAINTENANCE, 0.0)
    assert api.days[-1].maintenance > 0
    assert run(["maintenance", "cancel", "2"]) == 0
    assert "maintenance 2 of api is cancelled" in capsys.readouterr().out
    assert [one["id"] for one in told(capsys, "maintenance", "list")] == [1]
    assert len(told(capsys, "maintenance", "list", "--all")) == 2


@pytest.mark.sampled(4)
@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["databse", "--for", "2h", "--text", "x"], "unknown component"),
        (["database", "--text", "x"], "either --for 2h or --until"),
        (["database", "--for", "2h", "--until", "2030-01-01", "--text", "x"], "either --for 2h or --until"),
        (["database", "--for", "long", "--text", "x"], "90m, 2h or 1d"),
        (["database", "--for", "1h", "--from", "soon", "--text", "x"], "--from 'soon'"),
        (["database", "--for", "1h", "--from", "2020-01-01", "--text", "x"], "begins before now"),
        (["database", "--for", "1h", "--text", " "], "say what is worked on"),
    ],
)
def test_what_makes_no_sense_is_not_announced(capsys: pytest.CaptureFixture[str], words: list[str], says: str) -> None:
    """It is said in a line, and nothing is announced."""
    assert run(["maintenance", "plan", *words]) == 2
    assert says in capsys.readouterr().err
    assert told(capsys, "maintenance", "list") == []


def test_who_is_on_call_at_a_moment(capsys: pytest.CaptureFixture[str]) -> None:
    """By week, with each role's places; who has none is reached by the channel of incidents."""
    (first,) = told(capsys, "oncall", "who", "--at", "2026-01-06")
    (second,) = told(capsys, "oncall", "who", "--at", "2026-01-13T00:00Z")
    assert (first["person"], second["person"]) == ("ann", "bob")
    roles = first["roles"]
    assert isinstance(roles, dict)
    assert (roles["on-call"], roles["team-lead"], roles["legal"]) == (
        ["ann@company.test"], ["bob@company.test"], ["incidents"],
    )  # fmt: skip
    assert run(["oncall", "who", "--at", "2026-01-06"]) == 0
    assert "Ann (ann)" in capsys.readouterr().out
    assert run(["oncall", "who", "--at", "monday"]) == 2


def test_a_test_page_that_nobody_sends_has_not_arrived(capsys: pytest.CaptureFixture[str], place: Path) -> None:
    """Without a sentinel it waits, and that is said by exit code 1; whoever is unknown gets none."""
    open_book(place / "incidents.db").close()
    assert run(["oncall", "test", "--contact", "ann", "--wait", "0"]) == 1
    assert "is the sentinel running?" in capsys.readouterr().out
    assert run(["oncall", "test", "--contact", "zoe"]) == 2
    assert "unknown contact" in capsys.readouterr().err
