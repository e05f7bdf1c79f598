"""What the sentinel tells: letters that are sent once, a page that says how it is, whoever is killed."""

from __future__ import annotations

import json
import shutil
import time
import urllib.request
from pathlib import Path

import pytest
from tests.sentinel.killing import kill_at_random, letters
from tests.sentinel.running import alert, running, send, until

pytestmark = pytest.mark.timeout(300)


def test_an_outage_is_told_and_shown(tmp_path: Path) -> None:
    """A P0 is reported in the runbook's words, and colours the page at once; nothing of its alert is public."""
    page = tmp_path / "status" / "summary.json"
    with running(tmp_path) as (_, address):
        until(page.is_file)
        assert json.loads(page.read_bytes())["status"]["indicator"] == "none"
        began = time.monotonic()
        send(address, alert("CausalEvalAPIDown", component="api", severity="P0"))
        until(lambda: json.loads(page.read_bytes())["status"]["indicator"] != "none")
        assert time.monotonic() - began < 10
        until(lambda: len(letters(tmp_path)) >= 2)
    told = "\n".join(str(one) for one in letters(tmp_path))
    assert "INCIDENT ALERT - P0" in told
    assert "CausalEvalAPIDown fires" not in (tmp_path / "status" / "index.html").read_text("utf-8")


@pytest.mark.parametrize("seed", [1, *(pytest.param(seed, marks=pytest.mark.full) for seed in range(2, 16))])
def test_no_letter_is_lost_by_kills(tmp_path: Path, seed: int) -> None:
    """Killed twenty times at random: every letter is sent, and once but for those that a kill cut off, which say so."""
    kills = 20
    told = kill_at_random(tmp_path, kills=kills, seed=seed)
    assert told.letters >= kills
    assert told.lost == 0
    assert told.repeats <= told.marked <= kills


def test_a_page_that_cannot_be_written_ends_nothing(tmp_path: Path) -> None:
    """Letters are heard all the same, its health says so, and the page comes as soon as it can."""
    status = tmp_path / "status"
    with running(tmp_path) as (process, address):
        until((status / "index.html").is_file)
        shutil.rmtree(status)
        status.write_bytes(b"")
        until(lambda: health(address) == {"status": "degraded", "faults": ["publish"]})
        assert send(address, alert()) == {"incidents": ["INC-1"]}
        status.unlink()
        until((status / "index.html").is_file)
        until(lambda: health(address)["status"] == "ok")
        assert process.poll() is None


def health(address: str) -> dict[str, object]:
    """What the sentinel says of itself."""
    with urllib.request.urlopen(f"{address}/health", timeout=30) as answer:
        told: dict[str, object] = json.loads(answer.read())
    return told
