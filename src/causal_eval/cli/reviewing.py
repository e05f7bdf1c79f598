"""``causal-eval incident review`` and what has to be done afterwards."""

from __future__ import annotations

import os
import time
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from causal_eval.analysis.intervals import Interval
from causal_eval.cli import effects, incidents, opening, output
from causal_eval.effects.effect import effect
from causal_eval.errors import StoreError, UnknownName, UsageError
from causal_eval.incidents import actions
from causal_eval.incidents import review as reviews
from causal_eval.incidents.impact import Impact, Share
from causal_eval.incidents.review_page import page
from causal_eval.settings import read_settings

FORMATS = ("markdown", "html")
FILE = "sqlite:///"


def review(incident: str, out: Path | None, *, form: str, json: bool) -> int:
    """Write the review as far as a machine can, with what the database knows of its impact, if that answers."""
    if form not in FORMATS:
        raise UnknownName("format", form, FORMATS)
    with incidents.kept_book() as book, book.reading() as rows:
        found = reviews.gather(rows, incident)
    known = impact(found.incident.id)
    text = reviews.markdown(found, known) if form == "markdown" else page(found, known)
    if out is not None:
        output.save(text, out)
        output.say(str(out))
    elif json:
        told = None if known is None else asdict(known)
        output.emit(
            {"event": "review", "incident": found.incident.id, **asdict(found.times), "impact": told, form: text}
        )
    else:
        output.say(text)
    return 0


def impact(incident: str) -> Impact | None:
    """What it did to evaluations; None: the database does not answer, or there is none here, and nobody knows."""
    url = read_settings(os.environ).database_url
    if url.startswith(FILE) and not Path(url.removeprefix(FILE)).exists():
        return None
    try:
        with opening.opened() as store:
            found = effect(store, effects.copied(store, incident))
    except (StoreError, UsageError):
        return None
    touched, total = found.touched, found.total
    return Impact(
        evaluations=len(touched), users=len({one.asked_by for one in touched}),
        results=sum(one.marked for one in touched), missing=sum(one.missing for one in touched),
        calls=sum(one.calls for one in touched), given=None if total is None else _share(total.given),
        without=None if total is None else _share(total.without),
    )  # fmt: skip


def _share(interval: Interval) -> Share:
    return Share(interval.estimate, interval.low, interval.high)


def cause(incident: str, text: str, *, json: bool) -> int:
    """Write down why one happened."""
    return incidents.step(
        lambda rows, who: actions.cause(rows, incident, text=text, who=who, at=time.time()), json=json
    )


def reviewed(incident: str, *, json: bool) -> int:
    """Say that the review of one is over."""
    return incidents.step(lambda rows, who: actions.reviewed(rows, incident, who=who, at=time.time()), json=json)


def plan(incident: str, text: str, *, owner: str, until: str, json: bool) -> int:
    """Have somebody do something."""
    wanted = actions.NewAction(text, owner, _day(until))
    with incidents.kept_book() as book, book.writing() as rows:
        found = actions.plan(rows, incident, wanted=wanted, who=incidents.who(), at=time.time())
    return _told(found, json=json)


def close(action: int, waived: str, *, json: bool) -> int:
    """Say that something is done, or that nobody does it."""
    with incidents.kept_book() as book, book.writing() as rows:
        found = actions.close(rows, action, waived=waived, who=incidents.who(), at=time.time())
    return _told(found, json=json)


def _told(action: actions.Action, *, json: bool) -> int:
    state = "open" if action.is_open else "waived" if action.waived else "done"
    if json:
        output.emit({"event": "action", **asdict(action)})
    else:
        output.say(f"action {action.id} ({action.owner}): {action.text}: {state}")
    return 0


def _day(text: str) -> float:
    try:
        return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()
    except ValueError as error:
        raise UsageError(f"--until {text!r}: give a day such as 2026-12-24") from error
