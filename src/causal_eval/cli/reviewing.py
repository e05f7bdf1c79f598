"""``causal-eval incident review`` and what has to be done afterwards."""

from __future__ import annotations

import time
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from causal_eval.cli import incidents, output
from causal_eval.errors import UsageError
from causal_eval.incidents import actions
from causal_eval.incidents import review as reviews


def review(incident: str, out: Path | None, *, json: bool) -> int:
    """Write the review as far as a machine can."""
    with incidents.kept_book() as book, book.reading() as rows:
        found = reviews.gather(rows, incident)
    text = reviews.markdown(found)
    if out is not None:
        with output.writing(out):
            out.write_text(text, "utf-8")
        output.say(str(out))
    elif json:
        output.emit({"event": "review", "incident": found.incident.id, **asdict(found.times), "markdown": text})
    else:
        output.say(text)
    return 0


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
