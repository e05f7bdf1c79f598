"""A terminal of one's own for every test, and a question file for every module."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.acceptance.terminal import Terminal


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    """A home that nothing else touches."""
    return Terminal(tmp_path)


@pytest.fixture(scope="module")
def question_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sixty generated questions."""
    terminal = Terminal(tmp_path_factory.mktemp("questions"))
    path = terminal.home / "set.jsonl"
    assert terminal.run("generate", "--n", "60", "--seed", "acceptance", "--out", str(path)).returncode == 0
    return path
