"""The example notebooks run from top to bottom, and show as much as is stored in them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.notebook.executing import NOTEBOOKS, executed


def _kinds(notebook: dict[str, Any]) -> list[list[list[str]]]:
    """How every cell shows what it shows."""
    return [
        [sorted(output.get("data", {"stream": None})) for output in cell.get("outputs", [])]
        for cell in notebook["cells"]
    ]


def test_there_are_two() -> None:
    """One looks at a run, one compares two."""
    assert [path.name for path in NOTEBOOKS] == ["compare-two-models.ipynb", "look-at-a-run.ipynb"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_and_shows_as_much(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No cell fails in an empty home, offline, and each shows as much as the file does, pictures among it."""
    for name in ("data", "report", "cache"):
        monkeypatch.setenv(f"CEB_{name.upper()}_DIR", str(tmp_path / name))
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.chdir(tmp_path)
    stored = json.loads(path.read_text("utf-8"))
    assert stored["nbformat"] == 4
    found = executed(stored)
    assert _kinds(found) == _kinds(stored)
    pictures = [output for cell in found["cells"] for output in cell.get("outputs", []) if "<svg" in str(output)]
    assert pictures
