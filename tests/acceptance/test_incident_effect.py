"""An outage while a run goes on: what it did is shown, and what it touched is asked again beside the run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.acceptance.terminal import Terminal


@pytest.mark.slow
def test_an_outage_during_a_run_of_the_command_line(terminal: Terminal, question_file: Path) -> None:
    """Marks, both scores, and a linked run of the marked questions; no row of the first run is other than before."""

    def said(*words: str, env: dict[str, str] | None = None) -> list[dict[str, object]]:
        done = terminal.run("incident", *words, "--json", env=env)
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]

    stored = "SELECT * FROM attempts WHERE evaluation_id = '{}' ORDER BY id"
    with terminal.server() as env:
        said("open", "mock fails", "--component", "model_api:openai-api/mock")
        command = ("eval", "--model", "openai-api/mock/m", "--questions", str(question_file), "--limit", "6")
        assert terminal.run(*command, env=env).returncode in {0, 4}
        said("resolve", "INC-1", "it answers again")
        whole, part = said("effect", "INC-1")
        name = part["evaluation"]
        before = terminal.rows(stored.format(name))
        asked = len(before)
        assert asked in {5, 6}, "a limit never tears apart what is scored together"
        assert (whole["calls"], part["kept"]) == ("provider", asked)
        lines = said("effect", "INC-1", "--rerun", env=env)
        reruns = lines[-1]["reruns"]
        assert isinstance(reruns, list)
        again = str(reruns[0])
        assert lines[-1]["scores"]["again"]["n"] == lines[-1]["scores"]["given"]["n"]  # type: ignore[index]  # a JSON object
        assert terminal.rows(stored.format(name)) == before
        assert terminal.rows(f"SELECT count(*) FROM attempts WHERE evaluation_id = '{again}'") == [(asked,)]
        once = terminal.run("incident", "effect", "INC-1", "--rerun", env=env)
        assert "once is enough" in once.stderr
        assert f"asked again in {again}" in once.stdout
        assert terminal.rows("SELECT count(*) FROM evaluations") == [(2,)]
