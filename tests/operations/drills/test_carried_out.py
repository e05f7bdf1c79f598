"""Drills for real, on one stack that is started for them: a dozen before every change, all in the full tests."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from tests import stacks
from tests.gameday.rows import ALL

ROOT = Path(__file__).resolve().parents[3]
BEFORE_EVERY_CHANGE = [name for name, drill in ALL.items() if not drill.full]
FURTHER = [name for name, drill in ALL.items() if drill.full]


def carried_out(tmp_path: Path, names: list[str], *, patience: float) -> str:
    """What was said; each of *names* has passed."""
    stacks.check_installed()
    command = [sys.executable, "-m", "tests.gameday", *names, "--scorecard", str(tmp_path / "card.md")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=patience, check=False)
    assert done.returncode == 0, done.stdout + done.stderr[-4000:]
    assert [line.split()[0] for line in done.stdout.splitlines()] == names
    return done.stdout


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_a_dozen_drills_pass(tmp_path: Path) -> None:
    """Each fault is told, mended as the runbook says, and has harmed nothing."""
    carried_out(tmp_path, BEFORE_EVERY_CHANGE, patience=1100)


@pytest.mark.slow
@pytest.mark.full
@pytest.mark.timeout(4000)
def test_all_other_drills_pass(tmp_path: Path) -> None:
    """Those that take longer, need root, a network that fails or a clock that lies, and one that nothing hurries."""
    carried_out(tmp_path, FURTHER, patience=3900)
