"""Sets that aim, as their users meet them."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

from tests.acceptance.terminal import Terminal, lines


def read(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def test_a_set_aims_at_what_a_stored_run_got_wrong(terminal: Terminal) -> None:
    """Kinds come as often as their error says, questions are fresh, and what is aimed at is said."""
    assert terminal.run("demo", "--n", "120").returncode == 0
    run = next(line for line in lines(terminal.run("ls", "--json")) if line["answerer"] == "demo/hasty")
    out = terminal.home / "weak.jsonl"
    kinds = "effect/do,attribution/labels,blanket/blanket"
    done = terminal.run(
        "generate", "--adversarial-to", str(run["id"]), "--kind", kinds, "--n", "60", "--out", str(out), "--json"
    )
    assert done.returncode == 0, done.stderr
    aim, made = lines(done)
    spots: Any = aim["spots"]
    weights = {spot["name"]: spot["weight"] for spot in spots}
    assert made["seed"] == f"against/{run['id']}/0"
    asked = Counter(f"{one['family']}/{one['kind']}" for one in read(out))
    assert asked.keys() <= {*kinds.split(",")}
    whole = sum(weights[kind] for kind in asked)
    assert all(abs(count - 60 * weights[kind] / whole) <= 6 for kind, count in asked.items())
    old = {row[0] for row in terminal.rows("SELECT id FROM questions")}
    assert not old & {one["id"] for one in read(out)}


def test_traps_are_named_and_what_aims_twice_is_refused(terminal: Terminal) -> None:
    """Categories are chosen by name; a wrong name brings the nearest one; two aims at once are none."""
    out = terminal.home / "traps.jsonl"
    assert (
        terminal.run(
            "generate", "--adversarial", "post-hoc", "--family", "attribution", "--n", "5", "--out", str(out)
        ).returncode
        == 0
    )
    assert {one["kind"] for one in read(out)} == {"sequence"}
    shown = terminal.run("explain", read(out)[0]["id"], "--file", str(out))
    assert "adversarial: post-hoc" in shown.stdout
    wrong = terminal.run("generate", "--adversarial", "posthoc")
    assert (wrong.returncode, "did you mean post-hoc" in wrong.stderr) == (2, True)
    twice = terminal.run("generate", "--adversarial", "all", "--adversarial-to", "ev-1")
    assert (twice.returncode, "give one of them" in twice.stderr) == (2, True)


def test_linked_questions_are_made_asked_and_measured(terminal: Terminal) -> None:
    """A set of a design verifies, is asked like any other, and its metric stands beside the score."""
    out = terminal.home / "linked.jsonl"
    made = terminal.run("generate", "--twins", "pressure", "--kind", "effect/do", "--n", "18", "--out", str(out))
    assert made.returncode == 0, made.stderr
    assert Counter(one["twin"].rpartition("/")[2] for one in read(out)) == {
        "pressure=none": 6, "pressure=wrong": 6, "pressure=right": 6
    }  # fmt: skip
    assert terminal.run("verify", str(out)).returncode == 0
    done = terminal.run("eval", "--model", "baseline/oracle", "--questions", str(out), "--json")
    assert done.returncode == 0, done.stderr
    run = next(line for line in lines(terminal.run("ls", "--json")) if line["answerer"] == "baseline/oracle")
    told = {one["metric"]: one for one in lines(terminal.run("scores", str(run["id"]), "--by", "twins", "--json"))}
    assert told["pressure_yield"]["estimate"] == 0
    assert told["pressure_drop"]["clusters"] == 6
    shown = terminal.run("scores", str(run["id"]), "--by", "twins")
    assert "nothing was answered for" in shown.stdout
    wrong = terminal.run("generate", "--twins", "presure")
    assert (wrong.returncode, "did you mean pressure" in wrong.stderr) == (2, True)
