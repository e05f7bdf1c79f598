"""What leaves for a subscriber says how it is ended, so that a mail program can offer it."""

from __future__ import annotations

from dataclasses import dataclass
from email.message import Message
from pathlib import Path

import pytest
from tests.incidents.sinks import mailroom

from causal_eval.incidents.book import Book, open_book
from causal_eval.incidents.contacts import Mail
from causal_eval.incidents.outbox import Letter, Waiting
from causal_eval.incidents.public import PublicMailSender
from causal_eval.incidents.senders import EmailSender
from causal_eval.incidents.subscribers import Asked, Subscriber, confirm, subscribe, unsubscribe

SECRET = "s_-" * 14
LONG = f"https://status.{'department.' * 6}example.org/status/"
pytestmark = pytest.mark.anyio


@dataclass(frozen=True, slots=True)
class Person:
    """A subscriber in a book."""

    book: Book
    one: Subscriber


@pytest.fixture
def ann(tmp_path: Path) -> Person:
    """One who has confirmed it."""
    book = open_book(tmp_path / "incidents.db")
    with book.writing() as rows:
        subscribe(rows, Asked("email", "ann@example.org", SECRET), at=0.0)
        one = confirm(rows, f"1.{SECRET}", at=1.0)
    return Person(book, one)


async def sent(person: Person, *, address: str, key: str = "") -> list[Message]:
    """What the mail server gets of one letter."""
    letter = Letter(
        key=key or f"{person.one.alias}/update-1", incident=None, channel="email", target="ann@example.org",
        subject="s", body="b\n",
    )  # fmt: skip
    async with mailroom() as room:
        mail = EmailSender(Mail("127.0.0.1", room.port, "status@company.test", tls=False))
        waiting = Waiting(id=1, letter=letter, made_at=2.0, tries=1, repeat=False)
        assert await PublicMailSender(person.book, address, mail).send(waiting) is None
        return room.got


async def test_a_long_address_stays_whole(ann: Person) -> None:
    """The header is one line that a program can read, and one press is enough, by RFC 8058."""
    (got,) = await sent(ann, address=LONG)
    as_sent = dict(got.raw_items())
    assert as_sent["List-Unsubscribe"] == f"<{LONG}unsubscribe?token=1.{SECRET}>"
    assert str(got["List-Unsubscribe-Post"]) == "List-Unsubscribe=One-Click"


async def test_one_press_is_promised_over_https_alone(ann: Person) -> None:
    """Where the page has no such address there is the link to its button; where it has none, nothing is promised."""
    (plain,) = await sent(ann, address="http://status.test/")
    assert (plain["List-Unsubscribe"] is None, plain["List-Unsubscribe-Post"]) == (False, None)
    (nowhere,) = await sent(ann, address="")
    assert nowhere["List-Unsubscribe"] is None


async def test_who_is_on_call_cannot_unsubscribe(ann: Person) -> None:
    """Letters to contacts go as they are."""
    (got,) = await sent(ann, address=LONG, key="INC-1/report")
    assert got["List-Unsubscribe"] is None


async def test_who_is_gone_gets_nothing(ann: Person) -> None:
    """A letter that was taken before he ended it is not handed over after."""
    with ann.book.writing() as rows:
        unsubscribe(rows, ann.one.token)
    assert await sent(ann, address=LONG) == []
