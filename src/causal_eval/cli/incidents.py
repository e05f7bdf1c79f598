"""``causal-eval incident``: what people do with incidents, on the book itself, whatever else is up or down."""

from __future__ import annotations

import getpass
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from causal_eval.cli import output
from causal_eval.errors import StoreError, UnknownName, UsageError
from causal_eval.incidents import checklist, desk, keeping, timeline, timers
from causal_eval.incidents.book import Book, Rows, find, live, newest, open_book
from causal_eval.incidents.contacts import Role
from causal_eval.incidents.deeds import Escalate, Open, Update
from causal_eval.incidents.incident import Incident, Severity, State
from causal_eval.incidents.reported import Report
from causal_eval.operations.stack.plan import load_plan
from causal_eval.settings import Settings, read_settings


def listed(*, over: bool, json: bool) -> int:
    """Say which incidents there are; 0 whether there are any or not."""
    with kept_book() as book, book.reading() as rows:
        found = newest(rows) if over else live(rows)
    for one in found:
        output.emit(_fields(one)) if json else output.say(_line(one))
    if not found and not json:
        output.say("no incident was ever opened" if over else "no incident is open")
    return 0


def show(incident: str, *, json: bool) -> int:
    """Say all about one."""
    with kept_book() as book, book.reading() as rows:
        found = find(rows, incident)
        entries = timeline.entries(rows, incident)
        firing = keeping.firing(rows, incident)
        pending = timers.pending(rows, incident)
        tasks = checklist.left(rows, incident)
    if json:
        told = [{**asdict(entry), "data": dict(entry.data)} for entry in entries]
        due = {deadline.value: _moment(at) for deadline, at in pending.items()}
        output.emit({**_fields(found), "firing": firing, "due": due, "tasks": dict(tasks), "timeline": told})
        return 0
    output.say(_line(found))
    output.say(f"  responder   {found.responder or 'nobody yet'}")
    output.say(f"  fires       {', '.join(firing) or 'nothing any more'}")
    for deadline, at in pending.items():
        output.say(f"  {deadline.value:<11} due {_moment(at)}")
    for task, text in tasks.items():
        output.say(f"  to do       {task}: {text}")
    for entry in entries:
        output.say(f"  {_moment(entry.at)}  {entry.kind.value:<12} {entry.text} ({entry.who})")
    return 0


def open_(title: str, *, severity: str, component: str, impact: str, private: bool, json: bool) -> int:
    """Open one, or find the open one of that component which a person opened before."""
    level = _severity(severity)

    def deed(rows: Rows, who: str) -> Incident:
        wanted = Open(by=who, title=title, severity=level, component=component, impact=impact, private=private)
        return wanted.do(rows, at=time.time())

    with kept_book(make=True):
        pass  # the first one may come before any sentinel does
    return step(deed, json=json)


def reported(text: str, *, by: str, json: bool) -> int:
    """Write down what a user said, as if he had done so on a page."""
    report = Report(by=by, text=text)
    return step(lambda rows, _: report.do(rows, at=time.time()), json=json)


def acknowledge(incident: str, *, json: bool) -> int:
    """Say that one was seen."""
    return step(lambda rows, who: desk.acknowledge(rows, incident, who=who, at=time.time()), json=json)


def classify(incident: str, severity: str, *, reason: str, json: bool) -> int:
    """Say how bad one is."""
    level = _severity(severity)
    return step(
        lambda rows, who: desk.classify(rows, incident, severity=level, reason=reason, who=who, at=time.time()),
        json=json,
    )


def assign(incident: str, to: str, *, json: bool) -> int:
    """Say who works on one."""
    return step(lambda rows, who: desk.assign(rows, incident, to=to, who=who, at=time.time()), json=json)


def tick(incident: str, task: str, text: str, *, json: bool) -> int:
    """Say that something outside was done."""
    return step(
        lambda rows, who: checklist.tick(rows, incident, task=task, text=text, who=who, at=time.time()), json=json
    )


def update(incident: str, text: str, *, state: str | None, eta: str, public: bool, json: bool) -> int:
    """Say how it goes with one."""
    wanted = None if state is None else _state(state)

    def deed(rows: Rows, who: str) -> Incident:
        return Update(by=who, text=text, state=wanted, eta=eta, public=public).do(rows, incident, at=time.time())

    return step(deed, json=json)


def escalate(incident: str, reason: str, *, to: str, json: bool) -> int:
    """Call for help."""
    if to and to not in set(Role):
        raise UnknownName("role", to, Role)
    whom = Role(to) if to else None
    return step(
        lambda rows, who: Escalate(by=who, reason=reason, to=whom).do(rows, incident, at=time.time()), json=json
    )


def resolve(incident: str, resolution: str, *, root_cause: str, json: bool) -> int:
    """Say that one is over."""
    return step(
        lambda rows, who: desk.resolve(
            rows, incident, resolution=resolution, root_cause=root_cause, who=who, at=time.time()
        ),
        json=json,
    )


def step(deed: Callable[[Rows, str], Incident], *, json: bool) -> int:
    """Do *deed* in whoever's name types, and say how the incident is then."""
    with kept_book() as book, book.writing() as rows:
        found = deed(rows, who())
    output.emit(_fields(found)) if json else output.say(_line(found))
    return 0


@contextmanager
def kept_book(*, make: bool = False) -> Iterator[Book]:
    """The book of this machine, for as long as the block lasts; where there is none it is a fault, or made.

    Raises:
        StoreError: there is none: whoever looks into an empty one would find nothing, and think that all is well.
    """
    path = place(read_settings(os.environ))
    if not make and not path.is_file():
        raise StoreError(
            f"no incidents are kept in {str(path)!r}: set CEB_INCIDENTS to the file of the sentinel, which makes it"
        )
    book = open_book(path)
    try:
        yield book
    finally:
        book.close()


def place(settings: Settings) -> Path:
    """The file that is named, else that of the stack on this machine, else the one in the data folder."""
    if settings.origins["incidents"] != "default":
        return settings.incidents
    plan = load_plan(settings.stack_dir)
    return settings.incidents if plan is None else plan.incidents


def moment_of(text: str, flag: str) -> float:
    """The moment that *text* says; without a time zone it is one of UTC.

    Raises:
        UsageError: it says none.
    """
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"{flag} {text!r}: give a moment such as 2026-12-24T18:00Z") from error
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()


def who() -> str:
    """Who types."""
    return os.environ.get("SUDO_USER") or getpass.getuser()


def _severity(text: str) -> Severity:
    try:
        return Severity(text.upper())
    except ValueError as error:
        raise UsageError(f"severity {text!r}: one of {', '.join(Severity)}") from error


def _state(text: str) -> State:
    try:
        return State(text.lower())
    except ValueError as error:
        raise UsageError(f"state {text!r}: one of {', '.join(State)}") from error


def _line(incident: Incident) -> str:
    private = "  (private)" if incident.private else ""
    began = _moment(incident.opened_at)
    return (
        f"{incident.id:<8} {incident.severity}  {incident.state:<13} {began}  {incident.key}: {incident.title}{private}"
    )


def _fields(incident: Incident) -> dict[str, object]:
    return {**asdict(incident), "key": str(incident.key)}


def _moment(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds")
