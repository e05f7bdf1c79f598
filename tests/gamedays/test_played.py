"""A round of a game for real, on a stack that is started for it: before every change."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from tests import stacks
from tests.gamedays.reviews import plain

ROOT = Path(__file__).resolve().parents[2]
PLAYED = "postgres-stop"
REVIEW = ROOT / "tests" / "golden" / "gameday-review.md"


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_round_passes(tmp_path: Path) -> None:
    """The fault is an incident from its alert to its review, which is as ever."""
    stacks.check_installed()
    command = [sys.executable, "-m", "tests.gameday", "--play", PLAYED, "--out", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=500, check=False)
    assert done.returncode == 0, done.stdout + done.stderr[-4000:]
    assert done.stdout.splitlines()[1].split()[:2] == ["1", PLAYED]
    (review,) = tmp_path.glob(f"{PLAYED}-INC-*.md")
    assert plain(review.read_text("utf-8")) == REVIEW.read_text("utf-8")
