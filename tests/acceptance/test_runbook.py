"""The runbook as people use it: by the real command, on a book of incidents of their own."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from tests.acceptance.terminal import COMMAND, SECRET, Terminal, lines

TEXT = """# Steps

```sh
# id: look | risk: read | needs: WORDS | drill: none, a test
# expect: exit 0
echo WORDS; echo $PLANTED_API_KEY
```

```sh
# id: fails | risk: read | drill: none, a test
# expect: exit 0
false
```

```sh
# id: restart | risk: disruptive | drill: none, a test
# expect: exit 3 | undo: nothing
touch restarted; exit 3
```

```sh
# id: delete | risk: destructive | drill: none, a test
# expect: exit 0
touch deleted
```
"""


@pytest.fixture
def bench(terminal: Terminal) -> Terminal:
    """A home with a runbook and an open incident."""
    (terminal.home / "book.md").write_text(TEXT)
    terminal.env["PLANTED_API_KEY"] = SECRET
    assert terminal.run("incident", "open", "nothing goes").returncode == 0
    return terminal


def run(bench: Terminal, *words: str, typed: str = "") -> subprocess.CompletedProcess[str]:
    """What ``causal-eval runbook run`` does, and somebody who types."""
    command = [*COMMAND, "runbook", "run", *words, "--file", "book.md"]
    return subprocess.run(
        command, env=bench.env, cwd=bench.home, input=typed, capture_output=True, text=True, timeout=120, check=False
    )


def timeline(bench: Terminal) -> list[dict[str, object]]:
    """What stands in the incident of steps."""
    (told,) = lines(bench.run("incident", "show", "INC-1", "--json"))
    entries = told["timeline"]
    assert isinstance(entries, list)
    return [one["data"] for one in entries if one["kind"] == "runbook"]


def test_a_step_is_carried_out_and_written_down(bench: Terminal) -> None:
    """A value of several words stays one; the secret is neither shown nor kept."""
    done = run(bench, "look", "--incident", "INC-1", "--set", "WORDS=a; touch evil $(touch evil)")
    assert (done.returncode, done.stdout) == (0, "a; touch evil $(touch evil)\n***\n"), done.stderr
    assert not (bench.home / "evil").exists()
    begun, ended = timeline(bench)
    assert (begun["step"], begun["risk"]) == ("look", "read")
    assert (ended["exit_code"], ended["expected"], ended["lines"]) == (0, True, 2)
    assert ended["output"] == "a; touch evil $(touch evil)\n***"
    assert SECRET not in (bench.home / "data" / "incidents.db").read_bytes().decode("latin-1")


def test_a_step_that_reads_needs_no_incident(bench: Terminal) -> None:
    """Nothing is written then."""
    assert run(bench, "look", "--set", "WORDS=x").returncode == 0
    assert timeline(bench) == []


def test_an_unexpected_end_is_told(bench: Terminal) -> None:
    """To who types, and in the timeline."""
    done = run(bench, "fails", "--incident", "INC-1")
    assert (done.returncode, "exit code 1 in place of 0" in done.stderr) == (1, True)
    assert timeline(bench)[-1]["expected"] is False


def test_what_may_be_noticed_is_done_for_an_incident_alone(bench: Terminal) -> None:
    """One that there is; the expected code need not be 0."""
    assert "--incident" in run(bench, "restart").stderr
    assert "INC-9" in run(bench, "restart", "--incident", "INC-9").stderr
    assert not (bench.home / "restarted").exists()
    assert run(bench, "restart", "--incident", "INC-1").returncode == 0
    assert (bench.home / "restarted").exists()


@pytest.mark.parametrize("typed", ["", "yes\n", "restart\n", "Delete\n"])
def test_what_does_not_come_back_is_refused_unless_its_id_is_typed(bench: Terminal, typed: str) -> None:
    """Nothing is done, and nothing written."""
    done = run(bench, "delete", "--incident", "INC-1", typed=typed)
    assert (done.returncode, "its id was not typed" in done.stderr) == (2, True)
    assert not (bench.home / "deleted").exists()
    assert timeline(bench) == []


def test_what_does_not_come_back_is_done_when_its_id_is_typed(bench: Terminal) -> None:
    """The command is shown before."""
    done = run(bench, "delete", "--incident", "INC-1", typed="delete\n")
    assert (done.returncode, "touch deleted" in done.stderr) == (0, True)
    assert (bench.home / "deleted").exists()


def test_a_dry_run_shows_and_does_nothing(bench: Terminal) -> None:
    """Whatever its risk."""
    done = run(bench, "delete", "--dry-run")
    assert (done.returncode, "touch deleted" in done.stdout) == (0, True)
    assert not (bench.home / "deleted").exists()


def test_ours_is_found_from_a_folder_of_the_checkout(bench: Terminal, root: Path) -> None:
    """Lint finds nothing, a step of it is carried out, and coverage ends with how many lines are proven."""

    def told(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*COMMAND, "runbook", *words], env=bench.env, cwd=root / "docs", capture_output=True, text=True,
            timeout=120, check=False,
        )  # fmt: skip

    assert (told("lint").returncode, told("lint").stdout.endswith("is there\n")) == (0, True)
    assert "UTC" in told("run", "clock").stdout
    *steps, last = [json.loads(line) for line in told("coverage", "--json").stdout.splitlines()]
    assert last["unproven"] == []
    assert 0 < last["proven"] <= last["lines"]
    assert {one["event"] for one in steps} == {"step"}


def test_without_a_checkout_the_file_has_to_be_named(bench: Terminal) -> None:
    """The error says by which flag."""
    done = bench.run("runbook", "lint")
    assert (done.returncode, "--file" in done.stderr) == (2, True)
