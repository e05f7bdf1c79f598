"""A sentinel that is killed again and again while it has something to tell, and what became of its letters."""

from __future__ import annotations

import collections
import json
import time
from dataclasses import dataclass
from pathlib import Path

from tests.sentinel.running import alert, kept, running, send, until

from causal_eval.incidents import outbox
from causal_eval.incidents.book import open_book
from causal_eval.seeds import Stream

LATEST = 300
"""Milliseconds after a letter in which it is killed."""


@dataclass(frozen=True, slots=True)
class Told:
    """What was sent over all restarts."""

    letters: int
    """Different ones that arrived."""
    lost: int
    """Of those that were to be sent."""
    repeats: int
    """Arrivals beyond the first of each."""
    marked: int
    """Arrivals that say that they may be a repeat."""


def kill_at_random(folder: Path, *, kills: int, seed: int) -> Told:
    """Open an incident, kill the sentinel within 300 ms, begin anew; the last one is left to send what waits."""
    dice = Stream("sentinel-kills", seed)
    for number in range(kills):
        with running(folder) as (process, address):
            send(address, alert("ModelAPIFailing", component="model_api", provider=f"p{number}"))
            time.sleep(dice.between(0, LATEST) / 1000)
            process.kill()
            process.wait()
    with running(folder):
        until(lambda: len(kept(folder)) == kills and _waiting(folder) == 0)
    sent = letters(folder)
    arrived = collections.Counter(str(one["key"]) for one in sent)
    lost = {outbox.token_of(key) for key in _keys(folder)} - set(arrived)
    return Told(len(arrived), len(lost), arrived.total() - len(arrived), sum(bool(one["repeat"]) for one in sent))


def letters(folder: Path) -> list[dict[str, object]]:
    """Everything that was sent; a line that a kill cut off was not."""
    path = folder / "messages.jsonl"
    lines = path.read_bytes().splitlines() if path.exists() else []
    return [json.loads(line) for line in lines if line.endswith(b"}")]


def _waiting(folder: Path) -> int:
    book = open_book(folder / "incidents.db")
    with book.reading() as rows:
        count = outbox.waiting(rows)
    book.close()
    return count


def _keys(folder: Path) -> list[str]:
    book = open_book(folder / "incidents.db")
    with book.reading() as rows:
        keys = [row["key"] for row in rows.execute("SELECT key FROM outbox")]
    book.close()
    return keys
