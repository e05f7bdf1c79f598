"""The worked example of a user's own family: installed as a distribution, asked, verified; and what is refused."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

COMMAND = str(Path(sys.executable).with_name("causal-eval"))
GUIDE = Path(__file__).resolve().parents[2] / "docs" / "guides" / "own-family.md"


def install(folder: Path, *, project: str, module: str) -> None:
    """Unpack the two files as an installer leaves a wheel: the module, and what the distribution says of itself."""
    told = tomllib.loads(project)["project"]
    (points,) = told["entry-points"].items()
    name = next(iter(points[1].values())).partition(":")[0]
    (folder / f"{name}.py").write_text(module, "utf-8")
    info = folder / f"{name}-{told['version']}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {told['name']}\nVersion: {told['version']}\n", "utf-8"
    )
    lines = [f"[{points[0]}]", *(f"{key} = {value}" for key, value in points[1].items())]
    (info / "entry_points.txt").write_text("\n".join(lines) + "\n", "utf-8")


@pytest.fixture
def files() -> tuple[str, str]:
    """The project file and the module that the guide shows."""
    text = GUIDE.read_text("utf-8")
    (project,), (module,) = (
        re.findall(rf"^```{kind}\n(.*?)^```", text, re.MULTILINE | re.DOTALL) for kind in ("toml", "python")
    )
    return project, module


def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "PYTHONPATH": str(folder)}
    return subprocess.run([COMMAND, *words], cwd=folder, env=env, capture_output=True, text=True, check=False)


def test_the_worked_example_is_asked_and_verified(tmp_path: Path, files: tuple[str, str]) -> None:
    """The commands of the guide make its questions, prove them, show a card; without the distribution there is none."""
    install(tmp_path, project=files[0], module=files[1])
    commands = re.findall(r"^causal-eval ((?:generate|verify) .*)$", GUIDE.read_text("utf-8"), re.MULTILINE)
    assert len(commands) == 2
    made, verified = (run(tmp_path, *one.split()) for one in commands)
    assert made.returncode == 0, made.stderr
    assert "20 of 20 questions verified" in verified.stdout
    questions = [json.loads(line) for line in (tmp_path / "roots.jsonl").read_text("utf-8").splitlines()]
    assert {one["difficulty"] for one in questions} == {1, 2, 3, 4, 5}
    assert all(len(one["gold"][0]) > 1 for one in questions)
    card = run(tmp_path, "explain", questions[0]["id"], "--file", "roots.jsonl")
    assert "every cause" in card.stdout
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    without = run(elsewhere, "generate", "--family", "roots")
    assert (without.returncode, "unknown family 'roots'" in without.stderr) == (2, True)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("[ask-roots]", "[edge]", "call yours otherwise"),
        ('name="roots"', 'name="rots"', "must be a Family of that name"),
        ("from causal_eval.seeds import Stream", "from causal_eval.seeds import Strem", "cannot be imported"),
    ],
)
def test_a_family_that_does_not_fit_is_told_why(
    tmp_path: Path, files: tuple[str, str], old: str, new: str, words: str
) -> None:
    """A form that is taken, a name that differs and a module with an error are named, with exit code 2."""
    install(tmp_path, project=files[0], module=files[1].replace(old, new, 1))
    done = run(tmp_path, "generate", "--family", "roots", "--n", "2")
    assert (done.returncode, words in done.stderr) == (2, True), done.stderr
