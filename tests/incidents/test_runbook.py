"""Steps are read from Markdown, filled in so that no value becomes a command, and carried out with secrets hidden."""

from __future__ import annotations

import shlex
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from causal_eval.errors import MalformedFile, UnknownName, UsageError
from causal_eval.incidents.carrying import (
    INTERRUPTED,
    Outcome,
    Place,
    begun,
    carry_out,
    check_incident,
    ended,
    sound_step,
)
from causal_eval.incidents.covering import Carried, proofs
from causal_eval.incidents.runbook import Risk, Runbook, Step, filled, read_runbook
from causal_eval.operations.redaction import Redactor

TEXT = """# Title

```sh
# id: look | risk: read | drill: app-crash
# expect: exit 0 or 1: lines, or none
make logs-app | grep ERROR
```

1. In a list:

   ```sh
   # id: end | risk: disruptive | needs: PID of the blocker, WHY | drill: none, nobody can
   # expect: exit 0
   # undo: nothing to take back
   echo PID WHY
   ```

```
[TEXT]
```
"""


def runbook(folder: Path, text: str = TEXT) -> Runbook:
    """The runbook that says *text*."""
    path = folder / "runbook.md"
    path.write_text(text, "utf-8")
    return read_runbook(path)


def step_of(line: str, needs: str) -> Step:
    """A step of one line."""
    return Step(
        section="", line=1, language="sh", unread=(), code=(line,),
        said={"id": "x", "risk": "read", "needs": needs, "expect": "exit 0"},
    )  # fmt: skip


def test_steps_are_what_their_comments_say(tmp_path: Path) -> None:
    """Attributes stand in comments; a block in a list is a step too, and one without language is text."""
    look, end = runbook(tmp_path).steps
    assert (look.id, look.risk, look.codes, look.drill, look.code) == (
        "look", Risk.READ, frozenset({0, 1}), "app-crash", ("make logs-app | grep ERROR",),
    )  # fmt: skip
    assert (end.risk, end.placeholders, end.drill, end.reason) == (
        Risk.DISRUPTIVE,
        ("PID", "WHY"),
        "none",
        "nobody can",
    )
    assert "[TEXT]" in [text for _, text in runbook(tmp_path).prose]


def test_a_block_without_an_end_is_refused(tmp_path: Path) -> None:
    """The line in which it begins is named."""
    with pytest.raises(MalformedFile, match=":3"):
        runbook(tmp_path, "# Title\n\n```sh\nmake health\n")


def test_no_file_is_no_runbook(tmp_path: Path) -> None:
    """The error says what to give."""
    with pytest.raises(UsageError, match="--file"):
        read_runbook(tmp_path / "none.md")


@given(st.text(min_size=1).filter(lambda text: text.strip() and text.isprintable() and not text.startswith("-")))
def test_a_value_stays_one_word(value: str) -> None:
    """Whatever it holds, the shell hands it to the command as it is; another placeholder's name in it is left alone."""
    step = step_of("echo PID WHY", "PID, WHY")
    code = filled(step, {"PID": value, "WHY": "PID"})
    assert shlex.split(code) == ["echo", value, "PID"]


@pytest.mark.parametrize(
    ("line", "values", "says"),
    [
        ("echo PID WHY", {"PID": "1"}, "needs WHY: give --set WHY=VALUE"),
        ("echo PID WHY", {"PID": "1", "WHY": " "}, "needs WHY"),
        ("echo PID WHY", {"PID": "1", "WHY": "a", "X": "b"}, "--set X"),
        ("echo PID WHY", {"PID": "--yes", "WHY": "a"}, "begin with a dash"),
        ("echo PID WHY", {"PID": "1\n2", "WHY": "a"}, "one line"),
        ("make restore TO=PID Q=WHY", {"PID": "$(touch x)", "WHY": "a"}, "make hands it to a shell"),
        ("make restore TO=PID Q=WHY", {"PID": "1", "WHY": '"; touch x; "'}, "make hands it to a shell"),
    ],
)
def test_a_value_that_cannot_stand_there_is_refused(line: str, values: dict[str, str], says: str) -> None:
    """With what to give instead."""
    with pytest.raises(UsageError, match=says.replace("(", r"\(").replace("$", r"\$")):
        filled(step_of(line, "PID, WHY"), values)


@pytest.mark.parametrize(
    "head",
    ["# id: x | risk: rad | expect: exit 0", "# id: x | risk: read | expect: fine", "# id: x | risk: read"],
)
def test_a_step_that_is_not_whole_is_not_carried_out(tmp_path: Path, head: str) -> None:
    """Of unknown risk, or with an end that nobody can tell."""
    with pytest.raises(UsageError, match="not whole"):
        sound_step(runbook(tmp_path, f"```sh\n{head}\ntrue\n```\n"), "x")


def test_a_step_that_stands_twice_is_not_carried_out(tmp_path: Path) -> None:
    """Nobody knows which is meant."""
    with pytest.raises(UsageError, match="not whole"):
        sound_step(runbook(tmp_path, TEXT + TEXT), "look")


def test_an_unknown_step_is_told_with_what_there_is(tmp_path: Path) -> None:
    """The nearest name is suggested."""
    with pytest.raises(UnknownName, match="did you mean look"):
        sound_step(runbook(tmp_path), "looks")


def test_what_may_be_noticed_wants_an_incident(tmp_path: Path) -> None:
    """What only reads does not."""
    look, end = runbook(tmp_path).steps
    check_incident(look, "")
    check_incident(end, "INC-1")
    with pytest.raises(UsageError, match="--incident"):
        check_incident(end, "")


def carried_out(folder: Path, code: str) -> tuple[list[str], Outcome]:
    """What was shown, and how it went."""
    shown: list[str] = []
    place = Place(
        folder=folder, environment={"PATH": "/usr/bin:/bin"}, clean=Redactor(["s3cret-s3cret"]).clean, show=shown.append
    )
    return shown, carry_out(code, place)


def test_a_part_of_a_pipe_that_fails_fails_it(tmp_path: Path) -> None:
    """A step ends with the code of what failed, and what follows is not done."""
    shown, outcome = carried_out(tmp_path, "echo one\nfalse | cat\necho two")
    assert (shown, outcome.code) == (["one"], 1)


def test_the_output_is_told_by_its_sum_and_first_lines(tmp_path: Path) -> None:
    """Standard error too; the sum is that of what was shown."""
    shown, outcome = carried_out(tmp_path, "seq 1 100; echo end >&2")
    total = subprocess.run(["sha256sum"], input="\n".join([*shown, ""]), capture_output=True, text=True, check=True)
    assert (len(shown), outcome.lines, outcome.first[-1]) == (101, 101, "20")
    assert outcome.digest == total.stdout.split()[0]


def test_no_secret_is_shown_or_kept(tmp_path: Path) -> None:
    """Neither of one line nor of several, in output or command."""
    text = "s3cret-s3cret\n-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC\n-----END PRIVATE KEY-----"
    (tmp_path / "text").write_text(text)
    shown, outcome = carried_out(tmp_path, "cat text")
    step = step_of("echo NAME", "NAME")
    clean = Redactor(["s3cret-s3cret"]).clean
    told = [*shown[:1], *outcome.first, str(begun(step, "echo s3cret-s3cret", who="me", clean=clean).data)]
    assert "s3cret" not in "".join(told)
    assert "MIIE" not in "".join(outcome.first)
    assert ended(step, outcome, who="me").data["expected"] is True


def test_an_interruption_is_an_outcome(tmp_path: Path) -> None:
    """Who presses Ctrl-C stops the step, and how it ended is still known."""

    def stop(line: str) -> None:
        raise KeyboardInterrupt(line)

    place = Place(folder=tmp_path, environment={"PATH": "/usr/bin:/bin"}, clean=str, show=stop)
    assert carry_out("echo begun", place).code == INTERRUPTED


def test_coverage_names_what_is_not_proven(tmp_path: Path) -> None:
    """A drill that never ran or did not pass proves nothing; a reason is enough where no drill can."""
    book = runbook(tmp_path)
    passed, failed = Carried("2026-01-02", "passed"), Carried("2026-01-02", "it hangs")
    assert [one.fault for one in proofs(book, {"app-crash": passed})] == ["", ""]
    assert [one.date for one in proofs(book, {"app-crash": passed})] == ["2026-01-02", ""]
    assert [one.fault for one in proofs(book, {"app-crash": failed})] == ["drill app-crash did not pass", ""]
    assert [one.fault for one in proofs(book, {})] == ["drill app-crash was never carried out", ""]
