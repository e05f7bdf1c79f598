"""A letter arrives by each way, the same letter has the same name at every try, and no fault tells a secret."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import aiohttp
import pytest
from tests.incidents.sinks import hook, mailroom

from causal_eval.incidents import outbox, senders
from causal_eval.incidents.book import Book
from causal_eval.incidents.contacts import Address, Channel, Contacts, Mail, Way, to_file
from causal_eval.incidents.outbox import Letter, Waiting
from causal_eval.incidents.senders import (
    EmailSender,
    Fault,
    FileSender,
    MemorySender,
    Sender,
    WebhookSender,
    deliver,
    senders_of,
)

NOW = 1_790_000_000.0
TEXT = "\N{POLICE CARS REVOLVING LIGHT} It is down\n\n.dot at the beginning\nUmlaut \u00e4\n"
WAYS = ("memory", "webhook", "email", "file")


def letter(way: Way = Way.WEBHOOK, key: str = "INC-1/report/0") -> Letter:
    """Something to send."""
    target = {Way.WEBHOOK: "chat", Way.EMAIL: "maria@company.test", Way.FILE: "messages"}[way]
    return Letter(key=key, incident="INC-1", channel=way.value, target=target, subject="It is down", body=TEXT)


def waiting(way: Way = Way.WEBHOOK, **other: bool) -> Waiting:
    """A letter that is being sent."""
    return Waiting(id=1, letter=letter(way), made_at=NOW, tries=1, repeat=other.get("repeat", False))


def chat(url: str) -> Contacts:
    """Contacts with one webhook."""
    return Contacts({}, {"chat": Channel("chat", Way.WEBHOOK, url)}, {}, None)


@dataclass(frozen=True, slots=True)
class Arrived:
    """What whoever gets it sees."""

    token: str
    text: str
    repeat: bool


@dataclass(frozen=True, slots=True)
class Post:
    """A sender, and what arrived by it."""

    sender: Sender
    way: Way
    arrived: Callable[[], list[Arrived]]


@asynccontextmanager
async def by_memory(_folder: Path) -> AsyncIterator[Post]:
    """The twin."""
    sender = MemorySender()
    yield Post(
        sender, Way.WEBHOOK, lambda: [Arrived(one.token, senders.text_of(one), one.repeat) for one in sender.sent]
    )


@asynccontextmanager
async def by_webhook(_folder: Path) -> AsyncIterator[Post]:
    """A real server of HTTP."""
    async with hook() as sink, aiohttp.ClientSession() as session:
        yield Post(
            WebhookSender(chat(sink.url), session), Way.WEBHOOK,
            lambda: [
                Arrived(one.headers["Idempotency-Key"], one.text, "X-Possible-Repeat" in one.headers)
                for one in sink.got
            ],
        )  # fmt: skip


@asynccontextmanager
async def by_email(_folder: Path) -> AsyncIterator[Post]:
    """A real server of SMTP."""
    async with mailroom() as sink:
        mail = Mail("127.0.0.1", sink.port, "incidents@company.test", tls=False)
        yield Post(
            EmailSender(mail), Way.EMAIL,
            lambda: [
                Arrived(
                    one["Message-ID"].strip("<>").partition("@")[0], one.get_content().replace("\r\n", "\n"),  # type: ignore[attr-defined] # an EmailMessage by its policy
                    "X-Possible-Repeat" in one,
                )
                for one in sink.got
            ],
        )  # fmt: skip


@asynccontextmanager
async def by_file(folder: Path) -> AsyncIterator[Post]:
    """A real file."""
    path = folder / "sent" / "messages.jsonl"

    def arrived() -> list[Arrived]:
        lines = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
        return [Arrived(one["key"], one["text"], one["repeat"]) for one in lines]

    yield Post(FileSender(to_file(path)), Way.FILE, arrived)


POSTS = {"memory": by_memory, "webhook": by_webhook, "email": by_email, "file": by_file}


@pytest.mark.parametrize("way", WAYS)
def test_every_sender_keeps_the_contract(tmp_path: Path, way: str) -> None:
    """The text arrives as it is; a repeat has the same name and says that it is one."""

    async def play() -> list[Arrived]:
        async with POSTS[way](tmp_path) as post:
            for repeat in (False, True):
                assert await post.sender.send(waiting(post.way, repeat=repeat)) is None
            return post.arrived()

    first, again = asyncio.run(play())
    token = outbox.token_of("INC-1/report/0")
    assert first == Arrived(token, TEXT, repeat=False)
    assert again == Arrived(token, f"{TEXT}\n{senders.REPEATED}\n", repeat=True)


def run(play: Callable[[], Awaitable[Fault | None]]) -> Fault | None:
    """What went wrong."""

    async def whole() -> Fault | None:
        return await play()

    return asyncio.run(whole())


@pytest.mark.parametrize("status", [307, 404, 429, 500])
def test_a_webhook_that_refuses_has_not_got_it(status: int) -> None:
    """A redirection is not followed: what it leads to is not whom the letter is for."""

    async def play() -> Fault | None:
        async with hook() as other, hook(status=status, location=other.url) as sink, aiohttp.ClientSession() as session:
            fault = await WebhookSender(chat(sink.url), session).send(waiting())
            assert (len(sink.got), other.got) == (1, [])
            return fault

    assert run(play) == Fault(f"status {status}")


def test_a_webhook_that_does_not_answer_may_have_it() -> None:
    """After five seconds, here less."""

    async def play() -> Fault | None:
        async with hook(wait=5) as sink, aiohttp.ClientSession() as session:
            return await WebhookSender(chat(sink.url), session, patience=0.2).send(waiting())

    assert run(play) == Fault("no answer within 0.2 s", perhaps=True)
    assert senders.PATIENCE == 5.0


def test_a_webhook_that_is_not_there_has_not_got_it() -> None:
    """And its address is not told."""

    async def play() -> Fault | None:
        async with aiohttp.ClientSession() as session:
            return await WebhookSender(chat("http://127.0.0.1:9/services/s3cr3t"), session).send(waiting())

    fault = run(play)
    assert fault is not None
    assert (fault.perhaps, "s3cr3t" in fault.text, "127" in fault.text) == (False, False, False)


def test_nothing_in_a_text_calls_a_channel() -> None:
    """As Slack asks for: three characters are escaped."""

    async def play() -> str:
        async with hook() as sink, aiohttp.ClientSession() as session:
            one = waiting()
            said = replace(one, letter=replace(one.letter, body="<!channel> & <https://evil.test|here>"))
            assert await WebhookSender(chat(sink.url), session).send(said) is None
            return sink.got[0].text

    assert asyncio.run(play()) == "&lt;!channel&gt; &amp; &lt;https://evil.test|here&gt;"


@pytest.mark.parametrize(
    ("refuses", "hangs_up", "fault"),
    [
        (b"550 nobody", False, Fault("the mail server refuses it (SMTPRecipientsRefused)")),
        (b"", True, Fault("no whole answer of the mail server (SMTPServerDisconnected)", perhaps=True)),
    ],
)
def test_a_mail_server_that_refuses_has_not_got_it(refuses: bytes, hangs_up: bool, fault: Fault) -> None:
    """One that goes away with the whole letter may."""

    async def play() -> Fault | None:
        async with mailroom(refuses=refuses, hangs_up=hangs_up) as sink:
            mail = Mail("127.0.0.1", sink.port, "incidents@company.test", tls=False)
            return await EmailSender(mail).send(waiting(Way.EMAIL))

    assert run(play) == fault


def test_a_mail_server_without_tls_gets_neither_letter_nor_password() -> None:
    """Unless the file says that it may."""

    async def play() -> Fault | None:
        async with mailroom() as sink:
            mail = Mail("127.0.0.1", sink.port, "incidents@company.test", user="me", password="s3cr3t")
            fault = await EmailSender(mail).send(waiting(Way.EMAIL))
            assert sink.got == []
            return fault

    fault = run(play)
    assert fault is not None
    assert not fault.perhaps


def test_a_line_that_was_torn_does_not_spoil_the_next(tmp_path: Path) -> None:
    """Somebody was killed while he wrote."""
    path = tmp_path / "messages.jsonl"
    path.write_text('{"key": "half')
    assert run(lambda: FileSender(to_file(path)).send(waiting(Way.FILE))) is None
    assert json.loads(path.read_text("utf-8").splitlines()[1])["text"] == TEXT


def test_a_file_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    """It is a folder."""
    assert run(lambda: FileSender(to_file(tmp_path)).send(waiting(Way.FILE))) == Fault(
        "the file cannot be written (Is a directory)", perhaps=True
    )


def test_a_subject_is_one_line() -> None:
    """Whatever was put into it: no header is forged."""
    one = waiting(Way.EMAIL)
    forged = replace(one, letter=replace(one.letter, subject="down\r\nBcc: all@company.test"))
    message = senders.email_of(forged, sender="a@b.test")
    assert (message["Subject"], message["Bcc"]) == ("down Bcc: all@company.test", None)


def put(book: Book, *letters: Letter) -> None:
    """Have them sent."""
    with book.writing() as rows:
        rows.execute(
            "INSERT INTO incidents (number, component, family, severity, state, title, opened_at, private) "
            "VALUES (1, 'api', 'down', 'P0', 'detected', 'It is down', 0, 0)"
        )
        for one in letters:
            outbox.put(rows, one, at=NOW)


def test_letters_are_delivered_and_recorded(book: Book, tmp_path: Path) -> None:
    """What a way is missing for, or a channel that was taken out, waits with a fault that says so."""
    put(book, letter(Way.FILE, "a"), letter(Way.EMAIL, "b"), letter(Way.WEBHOOK, "c"))

    async def play() -> list[int]:
        async with aiohttp.ClientSession() as session:
            ways = senders_of(to_file(tmp_path / "messages.jsonl"), session)
            return [await deliver(book, ways, clock=lambda: NOW) for _ in range(2)]

    assert asyncio.run(play()) == [1, 0]
    with book.reading() as rows:
        faults = {
            row["key"]: row["fault"] for row in rows.execute("SELECT key, fault FROM outbox WHERE sent_at IS NULL")
        }
    assert faults["b"] == "nothing sends by email: contacts.yml has no section for it"
    assert faults["c"].startswith("unknown channel 'chat'")


def test_a_receiver_that_counts_keys_sees_each_letter_once(book: Book) -> None:
    """The first try of each has no answer; the second is marked, and has the key of the first."""
    put(book, *(letter(key=str(number)) for number in range(5)))

    async def play() -> list[tuple[str, bool]]:
        async with hook(wait=1) as slow, hook() as quick, aiohttp.ClientSession() as session:
            for sink, at in ((slow, NOW), (quick, NOW + 1)):
                sender = WebhookSender(chat(sink.url), session, patience=0.3)
                await deliver(book, {Way.WEBHOOK: sender}, clock=lambda at=at: at)  # type: ignore[misc] # bound now
            return [
                (one.headers["Idempotency-Key"], "X-Possible-Repeat" in one.headers) for one in (*slow.got, *quick.got)
            ]

    got = asyncio.run(play())
    assert [repeat for _, repeat in got] == [False] * 5 + [True] * 5
    assert len({key for key, _ in got}) == 5
    with book.reading() as rows:
        assert outbox.waiting(rows) == 0


def test_the_address_of_a_letter_is_that_of_its_channel() -> None:
    """Rows and files name it, never its place."""
    assert chat("http://x.test/s3cr3t").channels["chat"].address == Address(Way.WEBHOOK, "chat")
