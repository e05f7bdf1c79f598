"""A model that is asked how sure it is, from the flag to the statement, through a real server."""

from __future__ import annotations

from pathlib import Path

from tests.acceptance.terminal import Terminal, lines


def test_a_server_says_how_sure_it_is(terminal: Terminal, question_file: Path) -> None:
    """Every reply states it and is read as strictly as without; one that was asked otherwise states nothing."""
    command = ("eval", "--questions", str(question_file), "--json")
    with terminal.server("--questions", str(question_file), "--skill", "1") as env:
        sure = terminal.run(*command, "--model", "openai-api/mock/sure", "--elicitation", "confidence", env=env)
        plain = terminal.run(*command, "--model", "openai-api/mock/plain", env=env)
    assert sure.returncode == plain.returncode == 0, sure.stderr + plain.stderr
    names = {str(line["answerer"]).rpartition("/")[2]: str(line["id"]) for line in lines(terminal.run("ls", "--json"))}
    told, silent = lines(terminal.run("calibration", names["sure"], names["plain"], "--json"))
    assert (told["stated"], told["unstated"], told["no_answer"]) == (60, {}, 0)
    assert isinstance(told["gap"], dict)
    assert isinstance(told["right"], dict)
    assert told["right"]["estimate"] == 1
    assert told["gap"]["estimate"] < 0
    assert (silent["stated"], silent["unstated"]) == (0, {"absent": 60})
    assert terminal.rows("SELECT DISTINCT strict FROM verdicts") == [("correct",)]
    assert "ask with --elicitation confidence" in terminal.run("calibration", names["plain"]).stdout
    refused = terminal.run("chart", "calibration", names["plain"])
    assert (refused.returncode, "ask with --elicitation confidence" in refused.stderr) == (2, True)


def test_an_unknown_way_of_asking_is_refused_with_the_known(terminal: Terminal) -> None:
    """The nearest is named, nothing is asked."""
    done = terminal.run("eval", "--model", "baseline/random", "--elicitation", "confidnce")
    assert (done.returncode, "confidence" in done.stderr) == (2, True)
