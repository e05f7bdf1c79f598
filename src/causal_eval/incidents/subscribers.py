"""Who hears of every change of the status, by e-mail or webhook: once he has confirmed it, until he says stop."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import re
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import msgspec

from causal_eval.errors import NotAllowed, TooSoon, UsageError
from causal_eval.incidents.book import Rows
from causal_eval.incidents.outbox import Letter, put
from causal_eval.incidents.status.page import Shown, StatusPage, Update
from causal_eval.incidents.status.words import told, words
from causal_eval.operations.guard import Allowed, is_outside

EMAIL, WEBHOOK = "email", "webhook"
MAILBOX = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,63}")
LONGEST_MAILBOX, LONGEST_URL, SHORTEST_SECRET = 254, 2_000, 32
MOST_WAITING = 500
"""Unconfirmed subscriptions at once: whoever asks for more fills somebody's mailbox, or our file."""
AGAIN, FORGOTTEN = 3600.0, 48 * 3600.0
"""Seconds after which a letter that asks for confirmation is sent again, and after which it is worth nothing."""
_MARK = "subscribers"
PREFIX = "subscriber"
"""Of the key of each letter to one."""
KEPT = 86_400.0
"""Seconds after which a letter that did not get through is given up: what it tells is on the page."""
HOUR, MOST_HOURLY = 3600.0, 12
"""So many letters about colours in an hour: what comes and goes all the time is told when it has calmed down."""


@dataclass(frozen=True, slots=True)
class Subscriber:
    """Somebody who wants to hear of changes."""

    id: int
    channel: str
    target: str
    """A mailbox or an address."""
    secret: str = field(repr=False)
    confirmed_at: float | None

    @property
    def token(self) -> str:
        """What he confirms and ends it with."""
        return f"{self.id}.{self.secret}"

    @property
    def alias(self) -> str:
        """Of this subscription, and of no later one of the same number; not secret."""
        return f"{PREFIX}-{self.id}-{hashlib.sha256(self.token.encode()).hexdigest()[:16]}"


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody asks for; *secret* is made by chance, by the door."""

    channel: str
    target: str
    secret: str = field(repr=False)
    allowed: Allowed = field(default_factory=Allowed)
    """What lies inside and may be called all the same."""


def subscribe(rows: Rows, asked: Asked, *, at: float, address: str = "") -> None:
    """Ask who has that address to confirm it; whether he is subscribed already is told to nobody.

    Raises:
        UsageError: it is no address that messages may go to. TooSoon: too many wait to be confirmed.
    """
    _check(asked)
    rows.execute("DELETE FROM subscribers WHERE confirmed_at IS NULL AND made_at < ?", (at - FORGOTTEN,))
    there = rows.execute(
        "SELECT * FROM subscribers WHERE channel = ? AND target = ?", (asked.channel, asked.target)
    ).fetchone()  # fmt: skip
    if there is not None and (there["confirmed_at"] is not None or at - there["made_at"] < AGAIN):
        return
    if there is not None:
        rows.execute("DELETE FROM subscribers WHERE id = ?", (there["id"],))
    waiting = rows.execute("SELECT count(*) FROM subscribers WHERE confirmed_at IS NULL").fetchone()[0]
    if waiting >= MOST_WAITING:
        raise TooSoon("many subscriptions wait to be confirmed", wait=AGAIN)
    number = rows.execute(
        "INSERT INTO subscribers (channel, target, token, made_at) VALUES (?, ?, ?, ?)",
        (asked.channel, asked.target, asked.secret, at),
    ).lastrowid
    one = Subscriber(number or 0, asked.channel, asked.target, asked.secret, None)
    text, site = words(), words()("page.site")
    values = {"site": site, "way": _way(one, "confirm", address=address)}
    event = _Event("confirm", None, text("letter.confirm_subject", values), text("letter.confirm", values), at)
    _write_to(rows, one, event=event, at=at, address="")


def confirm(rows: Rows, token: str, *, at: float) -> Subscriber:
    """He wants it; a second time changes nothing.

    Raises:
        NotAllowed: the token is not one of ours, or too old.
    """
    one = _with(rows, token, since=at - FORGOTTEN)
    rows.execute("UPDATE subscribers SET confirmed_at = coalesce(confirmed_at, ?) WHERE id = ?", (at, one.id))
    return _with(rows, token, since=at - FORGOTTEN)


def unsubscribe(rows: Rows, token: str) -> None:
    """He wants it no longer: nothing of him is kept, and what was not sent is not.

    Raises:
        NotAllowed: the token is not one of ours.
    """
    one = _with(rows, token, since=0.0)
    rows.execute("DELETE FROM outbox WHERE sent_at IS NULL AND key LIKE ? || '/%'", (one.alias,))
    rows.execute("DELETE FROM subscribers WHERE id = ?", (one.id,))


def called(rows: Rows, alias: str) -> Subscriber | None:
    """The subscriber of that alias, who is looked up when a letter is sent; None: he is gone."""
    _, _, number = alias.rpartition(f"{PREFIX}-")
    for row in rows.execute("SELECT * FROM subscribers WHERE id = ?", (number.partition("-")[0],)):
        if (one := _subscriber(row)).alias == alias:
            return one
    return None


def stopping(one: Subscriber, *, address: str) -> dict[str, str]:
    """Headers of an e-mail to *one* by which his mail program can end it; none where nobody said where the page is.

    By RFC 2369, and by RFC 8058 where the page is at an ``https`` address, as that demands: one press, no page.
    """
    if not address or one.confirmed_at is None:
        return {}
    link = {"List-Unsubscribe": f"<{_way(one, 'unsubscribe', address=address)}>"}
    is_sealed = address.startswith("https://")
    return {**link, "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"} if is_sealed else link


def give_up(rows: Rows, *, at: float) -> int:
    """Forget letters to subscribers that did not get through within a day; how many."""
    query = f"DELETE FROM outbox WHERE sent_at IS NULL AND key LIKE '{PREFIX}-%' AND made_at < ?"  # noqa: S608 - ours
    return rows.execute(query, (at - KEPT,)).rowcount


def tell(rows: Rows, page: StatusPage, *, at: float) -> int:
    """Put letters about everything that changed since the last call into the outbox; how many.

    What was told is marked in the same transaction. Nobody hears of what was before he confirmed.
    """
    before, now = _marked(rows), _mark_of(page)
    if before is None:
        _mark(rows, now)
        return 0
    lately = tuple(one for one in before.told_at if at - HOUR < one <= at)
    is_calm = len(lately) < MOST_HOURLY
    events = list(_events(page, before, levels=is_calm, at=at))
    is_told = is_calm and now.levels != before.levels
    levels, told_at = (now.levels, (*lately, at)) if is_told else (before.levels, before.told_at)
    _mark(rows, _Mark(levels, now.update, now.window, told_at))
    query = "SELECT * FROM subscribers WHERE confirmed_at IS NOT NULL ORDER BY id"
    everybody = [_subscriber(row) for row in rows.execute(query)]
    return sum(
        _write_to(rows, one, event=event, at=at, address=page.address)
        for event in events
        for one in everybody
        if (one.confirmed_at or 0.0) <= event.at
    )


@dataclass(frozen=True, slots=True)
class _Event:
    """Something to tell."""

    key: str
    incident: str | None
    subject: str
    text: str
    at: float


class _Mark(msgspec.Struct, frozen=True):
    """What was told."""

    levels: Mapping[str, str]
    update: int
    window: int
    told_at: tuple[float, ...] = ()
    """When colours were told lately."""


def _mark_of(page: StatusPage) -> _Mark:
    updates = (update.number for one in page.incidents for update in one.updates)
    windows = (one.id for one in (*page.maintenance, *page.upcoming))
    levels = {one.id: one.level.value for one in page.components}
    return _Mark(levels, max(updates, default=0), max(windows, default=0))


def _marked(rows: Rows) -> _Mark | None:
    row = rows.execute("SELECT value FROM notes WHERE name = ?", (_MARK,)).fetchone()
    return None if row is None else msgspec.json.decode(row["value"], type=_Mark)


def _mark(rows: Rows, mark: _Mark) -> None:
    """Numbers only grow, so that an incident that is public no longer has none told again."""
    before = _marked(rows) or mark
    kept = _Mark(mark.levels, max(mark.update, before.update), max(mark.window, before.window), mark.told_at)
    if kept == _marked(rows):
        return
    rows.execute(
        "INSERT INTO notes (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        (_MARK, msgspec.json.encode(kept).decode()),
    )


def _events(page: StatusPage, before: _Mark, *, levels: bool, at: float) -> Iterator[_Event]:
    text = words()
    site = text("page.site")
    changed = [
        text("letter.change_line", {"name": one.name, "level": text(f"level.{one.level.value}")})
        for one in page.components
        if one.level.value != before.levels.get(one.id, "operational")
    ]
    if changed and levels:
        subject = text("letter.change_subject", {"site": site, "overall": text(f"overall.{page.level.value}")})
        yield _Event(f"levels-{at!r}", None, subject, "\n".join(changed), at)
    for one, update in _news(page.incidents, since=before.update):
        state = text(f"state.{update.state}")
        subject = text("letter.update_subject", {"site": site, "name": one.name, "state": state})
        yield _Event(f"update-{update.number}", one.id, subject, update.text, update.at)
    names = {one.id: one.name for one in text.components}
    for window in sorted((*page.maintenance, *page.upcoming), key=lambda one: one.id):
        values = {
            "site": site, "name": names[window.component], "begin": told(window.starts_at),
            "end": told(window.ends_at), "text": window.text,
        }  # fmt: skip
        if window.id > before.window:
            subject = text("letter.maintenance_subject", values)
            yield _Event(f"maintenance-{window.id}", None, subject, text("letter.maintenance", values), at)


def _news(incidents: Sequence[Shown], *, since: int) -> list[tuple[Shown, Update]]:
    found = [(one, update) for one in incidents for update in one.updates if update.number > since]
    return sorted(found, key=lambda pair: pair[1].number)


def _write_to(rows: Rows, one: Subscriber, *, event: _Event, at: float, address: str) -> bool:
    """Every letter to a subscriber is made here."""
    text = words()
    lines = [event.text]
    if address:
        lines.append(text("letter.page", {"address": address}))
    if one.confirmed_at is not None:
        lines.append(text("letter.stop", {"way": _way(one, "unsubscribe", address=address)}))
    letter = Letter(
        key=f"{one.alias}/{event.key}", incident=event.incident, channel=one.channel,
        target=one.target if one.channel == EMAIL else one.alias, subject=event.subject, body="\n\n".join(lines),
    )  # fmt: skip
    return put(rows, letter, at=at)


def _way(one: Subscriber, deed: str, *, address: str) -> str:
    """A link, or what to hand in where nobody said where the page is."""
    return f"{address}{deed}?token={one.token}" if address else f"{deed} {one.token}"


def _with(rows: Rows, token: str, *, since: float) -> Subscriber:
    """Whose token it is; its number finds the row, and the rest is compared in constant time."""
    number, _, secret = token.partition(".")
    row = None
    if number.isascii() and number.isdigit() and len(number) < len("9" * 18):
        query = "SELECT * FROM subscribers WHERE id = ? AND (confirmed_at IS NOT NULL OR made_at >= ?)"
        row = rows.execute(query, (int(number), since)).fetchone()
    kept = "" if row is None else row["token"]
    if not hmac.compare_digest(kept.encode(), secret.encode(errors="replace")) or row is None:
        raise NotAllowed("this token is not valid, or no longer: subscribe again to get another")
    return _subscriber(row)


def _check(asked: Asked) -> None:
    if len(asked.secret) < SHORTEST_SECRET or not re.fullmatch(r"[A-Za-z0-9_-]+", asked.secret):
        raise UsageError(f"a subscription needs a secret of {SHORTEST_SECRET} letters and digits at least")
    if asked.channel == EMAIL:
        if len(asked.target) > LONGEST_MAILBOX or not MAILBOX.fullmatch(asked.target):
            raise UsageError("this is no e-mail address: name@example.org is one")
    elif asked.channel == WEBHOOK:
        _check_url(asked.target, allowed=asked.allowed)
    else:
        raise UsageError(f"channel {asked.channel!r}: one of {EMAIL}, {WEBHOOK}")


def _check_url(url: str, *, allowed: Allowed) -> None:
    """It leads out of this machine and its network, as far as its text says; who sends looks at what it resolves to."""
    wrong = UsageError("this is no address for a webhook: https://name.example.org/path, without user or password")
    if len(url) > LONGEST_URL or not re.fullmatch(r"[!-~]+", url) or "\\" in url:
        raise wrong
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise wrong from error
    if parts.username is not None or parts.password is not None or parts.fragment or port == 0:
        raise wrong
    usual = {"http": 80, "https": 443}
    if parts.scheme in usual and _is_listed(host, port or usual[parts.scheme], allowed=allowed):
        return
    if parts.scheme != "https" or not _is_outside(host):
        raise wrong


def _is_listed(host: str, port: int, *, allowed: Allowed) -> bool:
    """Whether the operator lets it through though it may lie inside."""
    try:
        return (host, port) in allowed.places or allowed.lets(ipaddress.ip_address(host), port)
    except ValueError:
        return False


def _is_outside(host: str) -> bool:
    try:
        return is_outside(ipaddress.ip_address(host))
    except ValueError:
        name, last = host.rstrip("."), host.rstrip(".").rpartition(".")[2]
        return "." in name and last.isalnum() and not last.isdigit() and last not in {"local", "localhost", "internal"}


def _subscriber(row: sqlite3.Row) -> Subscriber:
    return Subscriber(row["id"], row["channel"], row["target"], row["token"], row["confirmed_at"])
