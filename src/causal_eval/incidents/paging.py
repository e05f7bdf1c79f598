"""Letters that somebody sends by hand: a test to every contact, and word to customers who were affected."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from causal_eval.errors import Conflict, UnknownName, UsageError
from causal_eval.incidents import checklist, outbox, timeline
from causal_eval.incidents.book import Rows, find
from causal_eval.incidents.contacts import Address, Channel, Contacts, Role, Way, reach
from causal_eval.incidents.incident import Incident
from causal_eval.incidents.outbox import Letter
from causal_eval.incidents.templates import harmless, moment
from causal_eval.incidents.timeline import Data, Happened, Kind

MAILBOX = re.compile(r"[^\s@,;<>\"]+@[^\s@,;<>\"]+")
MOST_CUSTOMERS = 10_000
CUSTOMERS = "customers"
"""The point of a checklist that is done when they were told."""


@dataclass(frozen=True, slots=True)
class Page:
    """A test page to one place."""

    name: str
    """Of the person or channel."""
    address: Address
    key: str
    """Of its letter."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """What became of a test page."""

    arrived: bool
    fault: str
    """Why not, so far; empty: it was not tried yet."""


def try_out(rows: Rows, contacts: Contacts, *, name: str = "", at: float) -> tuple[Page, ...]:
    """Put a test page to every contact, or to the person, channel or role called *name*, into the outbox.

    Raises:
        UnknownName: nobody is called that. UsageError: nobody can be reached, for everybody is a placeholder.
    """
    places = dict(_places(contacts, name, at=at))
    if not places:
        raise UsageError("nobody can be reached: write who is told into the file that CEB_CONTACTS names")
    pages = tuple(
        Page(called, address, f"test/{at!r}/{address.way}:{address.target}") for address, called in places.items()
    )
    for one in pages:
        body = (
            f"TEST. Nothing is wrong. This shows that messages about incidents reach {one.name}.\n"
            f"Sent at {moment(at)}. Nobody has to do anything.\n"
        )
        letter = Letter(
            key=one.key, incident=None, channel=one.address.way.value, target=one.address.target,
            subject="TEST - messages about incidents", body=body,
        )  # fmt: skip
        outbox.put(rows, letter, at=at)
    return pages


def arrival(rows: Rows, page: Page) -> Arrival:
    """What became of *page* so far."""
    row = rows.execute("SELECT sent_at, fault FROM outbox WHERE key = ?", (page.key,)).fetchone()
    return Arrival(row["sent_at"] is not None, row["fault"])


def tell_customers(rows: Rows, incident: str, *, mailboxes: tuple[str, ...], text: str, who: str, at: float) -> int:
    """Have *text* sent to each of *mailboxes*, apart from each other; how many letters there are.

    The list is whoever was affected, as it was when somebody made it: who sends again with a longer one tells those
    alone who were not told before. Of a private incident nobody is told while it lasts.

    Raises:
        UsageError: one is no mailbox, or nothing is said. Conflict: it is private, and not over.
    """
    found = find(rows, incident)
    wrong = [one for one in mailboxes if not MAILBOX.fullmatch(one)]
    if wrong or not mailboxes or len(mailboxes) > MOST_CUSTOMERS:
        raise UsageError(f"mailboxes, one a line, at most {MOST_CUSTOMERS}: {wrong[0] if wrong else len(mailboxes)!r}")
    if not text.strip():
        raise UsageError("say what happened to them, and what they have to do")
    if found.private and found.state.is_live:
        raise Conflict(f"{found.id} is private and not over: whom to tell, and when, is the legal team's to say")
    letters = sum(_told(rows, found, mailbox=one, text=text, at=at) for one in dict.fromkeys(mailboxes))
    data: Data = {"what": CUSTOMERS, "to": CUSTOMERS, "stamp": repr(at), "letters": letters}
    said = f"affected customers were told: {letters} of {len(mailboxes)} had not been"
    timeline.add(rows, found.id, Happened(Kind.MESSAGE, said, who=who, data=data), at=at)
    if CUSTOMERS in checklist.left(rows, found.id):
        checklist.tick(rows, found.id, task=CUSTOMERS, text=f"{letters} letters", who=who, at=at)
    return letters


def _told(rows: Rows, incident: Incident, *, mailbox: str, text: str, at: float) -> bool:
    letter = Letter(
        key=f"{incident.id}/{CUSTOMERS}/{mailbox}", incident=incident.id, channel=Way.EMAIL.value, target=mailbox,
        subject=f"{incident.id}: what it meant for you", body=f"{text.strip()}\n\nReference: {incident.id}\n",
    )  # fmt: skip
    return outbox.put(rows, letter, at=at)


def _places(contacts: Contacts, name: str, *, at: float) -> Iterator[tuple[Address, str]]:
    """Address and name of each place that *name* stands for; empty: all there are."""
    everywhere: dict[str, tuple[Channel, ...]] = {one.id: one.channels for one in contacts.people.values()}
    everywhere |= {one.name: (one,) for one in contacts.channels.values()}
    if name in set(Role):
        yield from ((address, name) for address in reach(contacts, Role(name), at=at))
        return
    if name and name not in everywhere:
        raise UnknownName("contact", name, (*everywhere, *Role))
    for called, channels in everywhere.items():
        if name in {"", called}:
            yield from ((one.address, harmless(called)) for one in channels if one.place)
