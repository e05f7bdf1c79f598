"""The gates of ``make lint``, so that one run of the tests says all."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

GATES = {
    "ruff check": ["ruff", "check", "--no-cache", "--output-format", "concise", "."],
    "ruff format": ["ruff", "format", "--no-cache", "--check", "--output-format", "concise", "."],
    "mypy": ["mypy", "--no-error-summary"],
    "import contracts": ["lint-imports", "--no-cache"],
}


@pytest.mark.parametrize("gate", GATES)
def test_gate(gate: str, root: Path) -> None:
    """The gate has nothing to say."""
    command = [str(Path(sys.executable).with_name(GATES[gate][0])), *GATES[gate][1:]]
    run = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert run.returncode == 0, f"\n{run.stdout}{run.stderr}"
