"""``causal-eval incident`` as a person types it: each step, what it says, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from causal_eval.cli.main import run


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder of its own, and a name."""
    monkeypatch.setenv("CEB_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("SUDO_USER", "ann")
    return tmp_path


def told(capsys: pytest.CaptureFixture[str], *words: str) -> list[dict[str, object]]:
    """What a command that goes well says, as JSON."""
    assert run(["incident", *words, "--json"]) == 0
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


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
    assert shown["due"].keys() == {"review"}  # type: ignore[attr-defined]
    assert told(capsys, "list") == []
    assert [one["id"] for one in told(capsys, "list", "--all")] == ["INC-1"]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["ack", "INC-9"], "INC-1"),
        (["ack", "nine"], "nine"),
        (["classify", "INC-1", "P9"], "one of P0, P1, P2, P3"),
        (["classify", "INC-1", "P3"], "--reason"),
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


def test_what_a_person_reads(capsys: pytest.CaptureFixture[str]) -> None:
    """A line an incident; nothing open is said too."""
    assert run(["incident", "list"]) == 0
    assert capsys.readouterr().out == "no incident is open\n"
    told(capsys, "open", "odd", "--private")
    assert run(["incident", "list"]) == 0
    line = capsys.readouterr().out
    assert line.startswith("INC-1    P2  investigating ")
    assert line.endswith("other/reported: odd  (private)\n")
    assert run(["incident", "show", "INC-1"]) == 0
    assert "responder   ann" in capsys.readouterr().out
