"""What the sentinel tells: letters that are sent once, a page that says how it is, whoever is killed."""

from __future__ import annotations

import collections
import json
import shutil
import time
import urllib.request
from pathlib import Path

import pytest
from tests.sentinel.running import alert, kept, running, send, until

from causal_eval.incidents import outbox
from causal_eval.incidents.book import open_book
from causal_eval.seeds import Stream

pytestmark = pytest.mark.timeout(300)


def letters(folder: Path) -> list[dict[str, object]]:
    """Everything that was sent; a line that a kill cut off was not."""
    path = folder / "messages.jsonl"
    lines = path.read_bytes().splitlines() if path.exists() else []
    return [json.loads(line) for line in lines if line.endswith(b"}")]


def waiting(folder: Path) -> int:
    """Letters that were not sent yet."""
    book = open_book(folder / "incidents.db")
    with book.reading() as rows:
        count = outbox.waiting(rows)
    book.close()
    return count


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


def test_no_letter_is_lost_by_kills(tmp_path: Path) -> None:
    """Killed twenty times at random: every letter is sent, and once but for those that a kill cut off, which say so."""
    dice, kills = Stream("sentinel-kills", 1), 20
    for number in range(kills):
        with running(tmp_path) as (process, address):
            send(address, alert("ModelAPIFailing", component="model_api", provider=f"p{number}"))
            time.sleep(dice.between(0, 300) / 1000)
            process.kill()
            process.wait()
    with running(tmp_path):
        until(lambda: len(kept(tmp_path)) == kills and waiting(tmp_path) == 0)
    sent = collections.Counter(str(one["key"]) for one in letters(tmp_path))
    assert len(sent) >= kills
    repeated = [one for one in letters(tmp_path) if one["repeat"]]
    assert sum(sent.values()) - len(sent) <= len(repeated) <= kills


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
