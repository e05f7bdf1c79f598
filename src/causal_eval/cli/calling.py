"""``causal-eval oncall``: who is on call, and whether messages reach whom they are for."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from causal_eval.cli import incidents, output
from causal_eval.errors import UsageError
from causal_eval.incidents import paging
from causal_eval.incidents.book import Book
from causal_eval.incidents.contacts import Contacts, on_call, reach, read_contacts, to_file
from causal_eval.incidents.contacts import Role as Roles
from causal_eval.incidents.paging import Arrival, Page
from causal_eval.settings import Settings, read_settings

PAUSE = 0.1
FAILED = 1


def contacts_of(settings: Settings, book: Path, *, production: bool = False) -> Contacts:
    """Those of the file that is named, else a file beside the incidents in *book*."""
    if settings.contacts is None:
        return to_file(book.with_name("messages.jsonl"))
    return read_contacts(settings.contacts, production=production)


def _contacts() -> Contacts:
    settings = read_settings(os.environ)
    return contacts_of(settings, incidents.place(settings))


def who(at: str, *, json: bool) -> int:
    """Say who is on call, and who has which role."""
    moment = time.time() if not at else incidents.moment_of(at, "--at")
    contacts = _contacts()
    person = on_call(contacts, at=moment)
    roles = {role.value: [str(one.target) for one in reach(contacts, role, at=moment)] for role in Roles}
    shown = datetime.fromtimestamp(moment, UTC).isoformat(timespec="seconds")
    if json:
        output.emit({"at": shown, "person": None if person is None else person.id, "roles": roles})
        return 0
    output.say(f"{shown}  " + ("nobody said who is on call" if person is None else f"{person.name} ({person.id})"))
    for role, places in roles.items():
        output.say(f"  {role:<15} {', '.join(places) or 'reaches nobody'}")
    return 0


def try_out(contact: str, wait: float, *, json: bool) -> int:
    """Send a test page to every contact, or to one; 1 where one has not arrived within *wait* seconds."""
    contacts = _contacts()
    with incidents.kept_book() as book:
        with book.writing() as rows:
            pages = paging.try_out(rows, contacts, name=contact, at=time.time())
        arrivals = _awaited(book, pages, until=time.monotonic() + wait)
    for page, found in zip(pages, arrivals, strict=True):
        said = "arrived" if found.arrived else found.fault or "not sent yet: is the sentinel running?"
        if json:
            output.emit({"contact": page.name, "way": page.address.way.value, "arrived": found.arrived, "said": said})
        else:
            output.say(f"{page.name:<20} {page.address.way.value:<8} {said}")
    return 0 if all(found.arrived for found in arrivals) else FAILED


def _awaited(book: Book, pages: Sequence[Page], *, until: float) -> list[Arrival]:
    while True:
        with book.reading() as rows:
            found = [paging.arrival(rows, one) for one in pages]
        if all(one.arrived for one in found) or time.monotonic() >= until:
            return found
        time.sleep(PAUSE)


def customers(incident: str, file: Path, text: str, *, json: bool) -> int:
    """Tell customers who were affected."""
    try:
        lines = file.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"--to {str(file)!r} cannot be read ({type(error).__name__}): mailboxes, one a line"
        ) from error
    mailboxes = tuple(line.strip() for line in lines if line.strip())
    with incidents.kept_book() as book, book.writing() as rows:
        count = paging.tell_customers(
            rows, incident, mailboxes=mailboxes, text=text, who=incidents.who(), at=time.time()
        )
    if json:
        output.emit({"event": "customers", "incident": incident, "letters": count, "listed": len(mailboxes)})
    else:
        output.say(f"{count} letters are on their way; {len(mailboxes) - count} had one already")
    return 0
