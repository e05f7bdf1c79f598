"""``causal-eval incident`` as a person types it: each step, what it says, and what it refuses."""

from __future__ import annotations

import hashlib
import json
import time
from pathlib import Path

import pytest

from causal_eval.cli.main import run
from causal_eval.incidents import acting
from causal_eval.incidents.book import open_book
from causal_eval.incidents.contacts import to_file


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder of its own, and a name."""
    monkeypatch.setenv("CEB_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("SUDO_USER", "ann")
    monkeypatch.setenv("CEB_STACK_DIR", str(tmp_path / "no-stack"))
    return tmp_path


def told(capsys: pytest.CaptureFixture[str], *words: str) -> list[dict[str, object]]:
    """What a command that goes well says, as JSON."""
    assert run(["incident", *words, "--json"]) == 0
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


@pytest.mark.slow
def test_an_incident_from_beginning_to_end(capsys: pytest.CaptureFixture[str]) -> None:
    """Opened, seen, told of, found less bad, over: every step is there with who took it."""
    (opened,) = told(capsys, "open", "Scores look odd", "-s", "p1", "--component", "worker", "--impact", "two teams")
    assert (opened["id"], opened["severity"], opened["state"]) == ("INC-1", "P1", "investigating")
    (again,) = told(capsys, "open", "Scores look odd to me too", "--component", "worker")
    assert again["id"] == "INC-1"
    for words in (
        ("ack", "INC-1"), ("update", "inc-1", "Looking at worker-2", "--state", "mitigating"),
        ("classify", "1", "P2", "--reason", "one team"), ("assign", "INC-1", "bob"),
        ("escalate", "INC-1", "we do not know these rows"),
        ("resolve", "INC-1", "worker-2 replaced", "--root-cause", "a bad disk"),
    ):  # fmt: skip
        told(capsys, *words)
    (shown,) = told(capsys, "show", "INC-1")
    assert (shown["state"], shown["responder"], shown["root_cause"]) == ("resolved", "bob", "a bad disk")
    timeline = shown["timeline"]
    assert isinstance(timeline, list)
    assert {entry["who"] for entry in timeline if entry["kind"] in {"update", "classified", "escalated"}} == {"ann"}
    assert shown["due"].keys() == {"review"}  # type: ignore[attr-defined]  # a JSON object
    assert told(capsys, "list") == []
    assert [one["id"] for one in told(capsys, "list", "--all")] == ["INC-1"]


@pytest.mark.sampled(4)
@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["ack", "INC-9"], "INC-1"),
        (["ack", "nine"], "nine"),
        (["classify", "INC-1", "P9"], "one of P0, P1, P2, P3"),
        (["classify", "INC-1", "P3"], "(reason)"),
        (["update", "INC-1", " "], "say how it goes"),
        (["update", "INC-1", "x", "--state", "resolved"], "or resolve it"),
        (["update", "INC-1", "x", "--state", "lost"], "one of detected"),
        (["resolve", "INC-1", ""], "say what ended"),
        (["escalate", "INC-1", ""], "say why"),
    ],
)
def test_what_cannot_be_done_is_said(capsys: pytest.CaptureFixture[str], words: list[str], says: str) -> None:
    """In one line that names what was given and what can be; nothing changes."""
    told(capsys, "open", "odd", "-s", "P2")
    before = told(capsys, "show", "INC-1")
    assert run(["incident", *words]) == 2
    assert says in capsys.readouterr().err
    assert told(capsys, "show", "INC-1") == before


@pytest.mark.slow
def test_what_a_person_reads(capsys: pytest.CaptureFixture[str]) -> None:
    """A line an incident; nothing open is said too."""
    told(capsys, "open", "past")
    told(capsys, "resolve", "INC-1", "over")
    assert run(["incident", "list"]) == 0
    assert capsys.readouterr().out == "no incident is open\n"
    told(capsys, "open", "odd", "--private", "--component", "worker")
    assert run(["incident", "list"]) == 0
    line = capsys.readouterr().out
    assert line.startswith("INC-2    P2  investigating ")
    assert line.endswith("worker/reported: odd  (private)\n")
    assert run(["incident", "show", "INC-2"]) == 0
    assert "responder   ann" in capsys.readouterr().out


@pytest.mark.parametrize("words", [["list"], ["show", "INC-1"], ["ack", "INC-1"], ["review", "INC-1"]])
def test_a_file_that_is_not_there_is_a_fault(
    capsys: pytest.CaptureFixture[str], place: Path, monkeypatch: pytest.MonkeyPatch, words: list[str]
) -> None:
    """Whoever named the wrong one is told so, and no empty one is made of it."""
    monkeypatch.setenv("CEB_INCIDENTS", str(place / "wrong" / "incidents.db"))
    assert run(["incident", *words]) != 0
    assert "set CEB_INCIDENTS to the file of the sentinel" in capsys.readouterr().err
    assert not (place / "wrong").exists()


def test_when_it_may_be_over_is_told_from_then_on(capsys: pytest.CaptureFixture[str], place: Path) -> None:
    """Until somebody says so it is not known; updates that nobody writes repeat what was said last."""
    told(capsys, "open", "odd", "--severity", "P1")
    told(capsys, "update", "INC-1", "looking")
    told(capsys, "update", "INC-1", "found it", "--eta", "17:30 UTC")
    book = open_book(place / "incidents.db")
    with book.writing() as rows:
        contacts = to_file(place / "messages.jsonl")
        acting.act_on_all(rows, contacts=contacts, at=time.time())
        acting.act_on_all(rows, contacts=contacts, at=time.time() + 1801)
        bodies = [row["body"] for row in rows.execute("SELECT body FROM outbox WHERE key LIKE '%/update/%'")]
    book.close()
    assert bodies
    assert all("ETA: 17:30 UTC" in body.replace("**", "") for body in bodies)


def test_what_is_left_to_do_outside_is_ticked_off(capsys: pytest.CaptureFixture[str], place: Path) -> None:
    """An incident of security has points for the legal team and others; each is there until somebody has done it."""
    told(capsys, "open", "a key leaked", "--severity", "P0", "--private")
    book = open_book(place / "incidents.db")
    with book.writing() as rows:
        acting.act_on_all(rows, contacts=to_file(place / "messages.jsonl"), at=time.time() + 1)
    book.close()
    (shown,) = told(capsys, "show", "INC-1")
    assert shown["tasks"].keys() == {"security-1", "security-2", "security-3"}  # type: ignore[attr-defined]  # a JSON object
    told(capsys, "tick", "INC-1", "security-1", "no data of anybody was in it")
    (shown,) = told(capsys, "show", "INC-1")
    assert shown["tasks"].keys() == {"security-2", "security-3"}  # type: ignore[attr-defined]  # a JSON object
    assert run(["incident", "tick", "INC-1", "security-1", "again"]) == 2
    assert "security-2" in capsys.readouterr().err


def test_how_everything_is_is_kept(capsys: pytest.CaptureFixture[str], place: Path) -> None:
    """A snapshot is a file whose hash stands in the timeline, whatever could not be asked."""
    told(capsys, "open", "odd")
    (kept,) = told(capsys, "snapshot", "INC-1")
    body = Path(str(kept["file"])).read_bytes()
    assert hashlib.sha256(body).hexdigest() == kept["sha256"]
    assert json.loads(body)["health"] == "down"
    (shown,) = told(capsys, "show", "INC-1")
    assert kept["sha256"] in json.dumps(shown["timeline"])
    assert Path(str(kept["file"])).parent == place / "snapshots"


@pytest.mark.slow
def test_a_review_from_the_end_to_what_is_done(capsys: pytest.CaptureFixture[str], place: Path) -> None:
    """Written to a file, with what is to be done; it is over when that is done and the cause is known."""
    told(capsys, "open", "odd")
    told(capsys, "resolve", "INC-1", "looked again")
    (action,) = told(capsys, "todo", "INC-1", "look earlier", "--owner", "bob", "--until", "2026-12-24")
    assert run(["incident", "reviewed", "INC-1"]) == 2
    assert "root cause" in capsys.readouterr().err
    told(capsys, "cause", "INC-1", "nobody had looked")
    told(capsys, "done", str(action["id"]), "--waived", "there is an alert now")
    assert run(["incident", "review", "INC-1", "--out", str(place / "review.md")]) == 0
    assert capsys.readouterr().out == f"{place / 'review.md'}\n"
    text = (place / "review.md").read_text("utf-8")
    assert "| 1 | look earlier | bob | 2026-12-24 | waived: there is an alert now |" in text
    (after,) = told(capsys, "reviewed", "INC-1")
    assert after["state"] == "reviewed"
    assert run(["incident", "todo", "INC-1", "x", "--owner", "bob", "--until", "soon"]) == 2
    assert "give a day" in capsys.readouterr().err
