"""What happened elsewhere is part of the story of every live incident: once, and from two hours before it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from causal_eval.incidents import elsewhere, keeping, timeline
from causal_eval.incidents.book import Book, find
from causal_eval.incidents.elsewhere import follow, read_health, read_metrics
from causal_eval.incidents.incident import Signal
from causal_eval.incidents.rules import Rules

Make = Callable[..., Signal]
NOW = 1_790_000_000.0
SHOWN = """
# HELP deployment_timestamp_seconds When a version was started
# TYPE deployment_timestamp_seconds gauge
deployment_timestamp_seconds{version="0.1.0"} 1.789999e+09
runtime_switch{instance="a:1",name="RESPONSE_CACHE"} 0 1790000000000
model_api_circuit_open{provider="openai"} 0.0
evaluation_workers 2.0
read_only_mode 0.0
up{job="causal-eval-worker",instance="127.0.0.1:8101"} 1
process_start_time_seconds{job="causal-eval-worker",instance="127.0.0.1:8101"} 1789990000.25
http_requests_total{route="/",status="200"} 12
"""


def opened(book: Book, signal: Signal, *, at: float) -> str:
    """The id of the incident that *signal* opens."""
    with book.writing() as rows:
        found = keeping.hear(rows, signal, at=at, rules=Rules())
    assert found is not None
    return found.id


def entries(book: Book, incident: str) -> list[str]:
    """What it learnt, and when that was."""
    with book.reading() as rows:
        found = timeline.entries(rows, incident)
    return [f"{one.happened_at - NOW:+.0f} {one.kind}: {one.text}" for one in found if "event" in one.data]


def look(book: Book, seen: elsewhere.State, *, at: float) -> None:
    """The sentinel looks."""
    with book.writing() as rows:
        follow(rows, seen, at=at)


def test_metrics_are_read() -> None:
    """What is told of, by what it is about; of several that show the same, the greatest."""
    assert read_metrics(SHOWN, "here") == {
        "deployed:0.1.0": "1789999000", "switch:RESPONSE_CACHE": "0", "breaker:openai": "0", "workers:": "2",
        "switch:READ_ONLY": "0", "up:causal-eval-worker 127.0.0.1:8101": "1",
        "started:causal-eval-worker 127.0.0.1:8101": "1789990000",
    }  # fmt: skip
    assert read_metrics("process_start_time_seconds 7", "here:1") == {"started:here:1": "7"}


@pytest.mark.parametrize("text", ["", "{", "up", "up NaN", "up x", "<html>", "\x00\x00 1"])
def test_what_is_no_metric_is_nothing(text: str) -> None:
    """Whatever somebody shows."""
    assert read_metrics(text, "here") == {}


def test_health_is_read() -> None:
    """Each part by name; what is no health of ours says nothing."""
    body = b'{"status": "degraded", "components": {"database": "ok", "queue": "degraded"}}'
    assert read_health(body) == {"part:database": "ok", "part:queue": "degraded"}
    for other in (b"", b"[]", b"\xff", b'{"components": 3}', b"{}"):
        assert read_health(other) == {}


def test_what_changes_is_told(book: Book, signal: Make) -> None:
    """A version, a switch, a breaker, workers, a process and a part: each as it happened, once."""
    one = opened(book, signal(), at=NOW)
    before = {**read_metrics(SHOWN, "x"), "part:database": "ok", "part:redis": "not configured"}
    look(book, before, at=NOW + 1)
    assert entries(book, one) == ["-1000 deployment: 2026-09-21 13:56 UTC: version 0.1.0 was started"]
    after = {
        **before, "deployed:0.2.0": f"{NOW + 20:.0f}", "switch:RESPONSE_CACHE": "1", "breaker:openai": "1",
        "workers:": "1", "up:causal-eval-worker 127.0.0.1:8101": "0", "part:database": "down", "part:redis": "ok",
    }  # fmt: skip
    look(book, after, at=NOW + 30)
    look(book, after, at=NOW + 31)
    assert entries(book, one)[1:] == [
        "+20 deployment: 2026-09-21 14:13 UTC: version 0.2.0 was started",
        "+30 health: calls to openai are held back: a breaker is open",
        "+30 health: database: down, no longer ok",
        "+30 switch: switch RESPONSE_CACHE is overridden",
        "+30 health: causal-eval-worker 127.0.0.1:8101 no longer answers Prometheus",
        "+30 health: 1 workers live, no longer 2",
    ]


def test_who_cannot_be_asked_changes_nothing(book: Book, signal: Make) -> None:
    """A part that is not shown for a while has not happened; as it comes back, it is compared with what was."""
    one = opened(book, signal(), at=NOW)
    look(book, {"part:database": "ok", "workers:": "2"}, at=NOW)
    look(book, {"workers:": "2"}, at=NOW + 1)
    assert entries(book, one) == []
    look(book, {"part:database": "down", "workers:": "2"}, at=NOW + 2)
    assert entries(book, one) == ["+2 health: database: down, no longer ok"]


def test_an_incident_learns_what_happened_in_the_two_hours_before(book: Book, signal: Make) -> None:
    """Not what was before that; and what it is told once it is over, never."""
    look(book, {"switch:A": "0", "switch:B": "0", "switch:C": "0"}, at=NOW - 9000)
    look(book, {"switch:A": "1", "switch:B": "0", "switch:C": "0"}, at=NOW - 7300)
    look(book, {"switch:A": "1", "switch:B": "1", "switch:C": "0"}, at=NOW - 7100)
    one = opened(book, signal(), at=NOW)
    look(book, {}, at=NOW + 1)
    assert entries(book, one) == ["-7100 switch: 2026-09-21 12:15 UTC: switch B is overridden"]
    with book.writing() as rows:
        found = find(rows, one)
        keeping.resolve(rows, found, who="ann", at=NOW + 10, resolution="over")
    look(book, {"switch:C": "1"}, at=NOW + 11)
    assert len(entries(book, one)) == 1


def test_hostile_names_are_text(book: Book, signal: Make) -> None:
    """What others call their parts calls nobody and fills in nothing; nor does it grow without end."""
    one = opened(book, signal(), at=NOW)
    look(book, {"part:@everyone [X]\x1b[31m": "ok"}, at=NOW)
    look(book, {"part:@everyone [X]\x1b[31m": "down\n" * 400}, at=NOW + 1)
    (told,) = entries(book, one)
    assert "(at)everyone (X)" in told
    assert "\x1b" not in told
    for number in range(30):
        look(book, {f"switch:{number}-{name}": str(number % 2) for name in range(100)}, at=NOW + number)
    with book.reading() as rows:
        assert len(elsewhere.known(rows)) <= elsewhere.MOST_KEYS
        assert len(elsewhere.recent(rows)) <= elsewhere.MOST_RECENT
