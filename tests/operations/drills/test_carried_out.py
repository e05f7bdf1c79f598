"""Drills for real, on one stack that is started for them: eight before every change, all in the full tests.

One more is played as an incident before every change: ``tests/gamedays/test_played.py``, on the other core.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from tests import stacks
from tests.gameday.rows import ALL

ROOT = Path(__file__).resolve().parents[3]
PLAYED = "postgres-stop"
BEFORE_EVERY_CHANGE = [name for name, drill in ALL.items() if not drill.full and name != PLAYED]
FURTHER = [name for name, drill in ALL.items() if drill.full]


def carried_out(*words: str, patience: float) -> list[str]:
    """The lines that were said; all has passed."""
    stacks.check_installed()
    command = [sys.executable, "-m", "tests.gameday", *words]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=patience, check=False)
    assert done.returncode == 0, done.stdout + done.stderr[-4000:]
    return done.stdout.splitlines()


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_eight_drills_pass() -> None:
    """Each fault is told, mended as the runbook says, and has harmed nothing."""
    said = carried_out(*BEFORE_EVERY_CHANGE, patience=1100)
    assert [line.split()[0] for line in said] == BEFORE_EVERY_CHANGE


@pytest.mark.slow
@pytest.mark.full
@pytest.mark.timeout(4000)
def test_all_other_drills_pass(tmp_path: Path) -> None:
    """Those that take longer, need root, a network that fails or a clock that lies, and one that nothing hurries."""
    said = carried_out(*FURTHER, "--scorecard", str(tmp_path / "card.md"), patience=3900)
    assert [line.split()[0] for line in said] == FURTHER


@pytest.mark.slow
@pytest.mark.full
@pytest.mark.timeout(2400)
def test_a_game_passes(tmp_path: Path) -> None:
    """Eight rounds of a seed, each of another drill, told as JSON; nothing is left running."""
    stacks.check_installed()
    command = [stacks.COMMAND, "gameday", "--seed", "1", "--rounds", "8", "--json", "--out", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=2300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr[-4000:]
    assert len(done.stdout.splitlines()) == len(list(tmp_path.glob("*-INC-*.md"))) == 8
