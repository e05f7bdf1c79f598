"""Letters arrive at the sink as a sentinel sends them, and what is wrong with one is found."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import aiohttp
import pytest

from causal_eval.gamedays.letters import Told, faults_of, report_faults
from causal_eval.gamedays.sinks import CHANNELS, PEOPLE, Received, Sink
from causal_eval.incidents import acting, keeping, outbox
from causal_eval.incidents.book import Book, find, open_book
from causal_eval.incidents.contacts import Role, reach, read_contacts
from causal_eval.incidents.incident import Incident, Key, Severity, Signal, Source
from causal_eval.incidents.rules import USUAL
from causal_eval.incidents.senders import deliver, senders_of
from causal_eval.incidents.templates import initial_report

NOW = 1_790_000_000.0


def told(severity: Severity, title: str) -> Told:
    """Nothing else was known."""
    return Told(frozenset({severity}), frozenset({title}))


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Book]:
    """An empty book."""
    opened = open_book(tmp_path / "incidents.db")
    yield opened
    opened.close()


@pytest.fixture
def sink() -> Iterator[Sink]:
    """One that takes letters."""
    with Sink(time.time) as opened:
        yield opened


def opened(book: Book, severity: Severity = Severity.P0, *, title: str = "PostgreSQL <answers> & nobody") -> Incident:
    """An incident, which nobody was told of."""
    signal = Signal(
        name="DatabaseDown", key=Key("database", "down"), severity=severity, firing=True, started_at=NOW,
        fingerprint="f", source=Source.ALERTMANAGER, summary=title,
    )  # fmt: skip
    with book.writing() as rows:
        found = keeping.hear(rows, signal, at=NOW, rules=USUAL)
    assert found is not None
    return found


def send(book: Book, sink: Sink, path: Path) -> None:
    """Tell what is to be told, and have it sent."""
    contacts = read_contacts(sink.write_contacts(path), production=True)
    with book.writing() as rows:
        acting.act_on_all(rows, contacts=contacts, at=NOW)

    async def sending() -> None:
        async with aiohttp.ClientSession() as session:
            while await deliver(book, senders_of(contacts, session), clock=lambda: NOW):
                pass

    asyncio.run(sending())


def test_everybody_is_reached(sink: Sink, tmp_path: Path) -> None:
    """Every role of the runbook has somebody; a production would start with these contacts."""
    contacts = read_contacts(sink.write_contacts(tmp_path / "contacts.yml"), production=True)
    reached = {address.target for role in Role for address in reach(contacts, role, at=NOW)}
    assert {name for name in CHANNELS if name not in reached} == set()
    assert set(contacts.people) == set(PEOPLE)


def test_letters_arrive_as_they_were_written(book: Book, sink: Sink, tmp_path: Path) -> None:
    """By webhook and by e-mail, with what stands in them and by their keys; nothing is wrong with any."""
    one = opened(book)
    send(book, sink, tmp_path / "contacts.yml")
    reports = [letter for letter in sink.letters if "INCIDENT ALERT" in letter.first_line]
    assert {letter.to for letter in reports} - {"first", "second"} == {"incidents", "stakeholders"}
    assert len(reports) == 3
    with book.reading() as rows:
        assert faults_of(sink.letters, rows) == []
    for letter in reports:
        assert report_faults(letter, one, told=told(Severity.P0, one.title)) == []


@pytest.mark.parametrize("severity", list(Severity))
def test_a_report_of_any_severity_is_the_runbooks(book: Book, severity: Severity) -> None:
    """And one in which a byte, the severity, the title or the moment is another is not."""
    one = opened(book, severity, title="Cache gone")
    text = initial_report(one, findings="RedisDown: gone", at=NOW).body
    letter = Received("incidents", "k", text, repeat=False, at=NOW)
    assert report_faults(letter, one, told=told(severity, "Cache gone")) == []
    for was, now in (
        ("Status: Investigating", "Status: investigating"), ("Cache gone", "Cash gone"), ("Impact: ", "Impact:"),
        (f"P{severity[1]}", "P9"), ("Started: 2", "Started: 3"), ("\n\nInitial", "\nInitial"), ("Next update: ", ""),
    ):  # fmt: skip
        assert report_faults(replace(letter, text=text.replace(was, now, 1)), one, told=told(severity, "Cache gone"))


def test_what_is_wrong_with_letters_is_found(book: Book, sink: Sink, tmp_path: Path) -> None:
    """One that came twice, unless it says so; one that holds a place; one that was sent and never came."""
    opened(book)
    send(book, sink, tmp_path / "contacts.yml")
    got = list(sink.letters)
    with book.reading() as rows:
        assert faults_of([*got, got[0]], rows) == ["1 letters came twice without saying so"]
        assert faults_of([*got, replace(got[0], repeat=True)], rows) == []
        assert faults_of(got[1:], rows) == ["1 letters were sent and never came"]
        assert faults_of([replace(got[0], text="by [NAME]"), *got[1:]], rows) == ["a place is not filled in: [NAME]"]
        assert outbox.waiting(rows) == 0
        assert find(rows, "INC-1").id == "INC-1"
