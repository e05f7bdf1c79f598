"""The guide to domains tells what is there."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from causal_eval.questions.story import domains, load

COMMAND = str(Path(sys.executable).with_name("causal-eval"))
GUIDE = Path(__file__).resolve().parents[2] / "docs" / "guides" / "domains.md"


def test_the_guide_lists_every_domain() -> None:
    """Each with what it is about and how many quantities it has, and no other."""
    told = re.findall(r"^\| `(\w+)` \| (\w+) \| (\d+) \|$", GUIDE.read_text("utf-8"), re.MULTILINE)
    assert told == [(name, load(name).units, str(len(load(name).variables))) for name in domains()]


def test_the_walk_through_own_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file that the guide makes is checked, told in, and verified with, by commands and from Python."""
    monkeypatch.chdir(tmp_path)
    text = GUIDE.read_text("utf-8")
    first, second = re.findall(r"^```python\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)
    commands = re.findall(r"^(causal-eval .*)$", text, flags=re.MULTILINE)
    assert len(commands) == 4
    names: dict[str, Any] = {}
    exec(first, names)
    said = [
        subprocess.run([COMMAND, *one.split()[1:]], check=True, capture_output=True, text=True).stdout
        for one in commands
    ]
    assert said[0].startswith("Bakeries: ")
    assert said[0].count("\n--- ") == 8
    assert "20 of 20 questions verified" in said[2]
    assert "sound: 20 questions" in said[3]
    exec(second, names)
    assert {one.domain for one in names["questions"]} == {"bakery", "law"}
