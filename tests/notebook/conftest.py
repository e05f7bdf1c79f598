"""The two runs of the demonstration in a database of their own."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.acceptance.terminal import Terminal, lines

from causal_eval.notebook import Run, open_run


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where ``causal-eval demo --n 60`` was run."""
    home = tmp_path_factory.mktemp("notebook")
    assert Terminal(home).run("demo", "--n", "60").returncode == 0
    return home


@pytest.fixture(scope="session")
def demonstrated(home: Path) -> dict[str, Run]:
    """Name of the scripted model -> its run."""
    database = f"sqlite:///{home / 'data' / 'causal-eval.db'}"
    found = lines(Terminal(home).run("ls", "--json"))
    return {str(line["answerer"]): open_run(str(line["id"]), database=database) for line in found}
