"""What people are told: the five texts of the runbook, filled in from an incident; what is not known is said to be so.

The texts in ``texts/`` are the runbook's, byte for byte. Whoever reads one later cannot count from when it was sent, so
one line is added to the two that promise an update: when that is, as a time. Where an incident is updated at another
pace than every 30 minutes, the sentence that promises it says that pace.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType

from causal_eval.errors import UsageError
from causal_eval.incidents import lengths
from causal_eval.incidents.incident import Incident, State
from causal_eval.incidents.rules import HOUR, MINUTE, UPDATES

UNKNOWN = "not known yet"
NOBODY = "nobody yet"
MOST_TITLE, MOST_TEXT = 200, 1000

WORDS = MappingProxyType(
    {
        State.DETECTED: "Investigating",
        State.INVESTIGATING: "Investigating",
        State.MITIGATING: "Mitigating",
        State.MONITORING: "Mitigating",
        State.RESOLVED: "Resolved",
        State.REVIEWED: "Resolved",
    }
)
"""How the runbook calls a state: it has three words. What is watched is not over."""

_PLACE = re.compile(r"\[[^\[\]\n]+\]|^- .+$", re.MULTILINE)
"""What is filled in: brackets, and each point of a list, behind which the answer stands."""
_PROMISE = re.compile(r"(every|in) 30 minutes\.")


@dataclass(frozen=True, slots=True)
class Message:
    """Something to tell people."""

    subject: str
    """One line: of an e-mail, or of a list."""
    body: str


def start_line(incident: Incident) -> Message:
    """That somebody, or nobody yet, works on *incident*."""
    values = {"[BRIEF DESCRIPTION]": _title(incident), "[YOUR NAME]": _said(incident.responder, NOBODY)}
    return _message(_filled("start-line", values))


def initial_report(incident: Incident, *, findings: str, at: float) -> Message:
    """What is known of *incident* when it begins."""
    values = {
        **_head(incident), "[TIME]": moment(incident.opened_at), "[DESCRIPTION]": _said(incident.impact),
        "[NAME]": _said(incident.responder, NOBODY), "[BRIEF DESCRIPTION]": _said(findings),
    }  # fmt: skip
    return _message(_promised(_filled("initial-report", values), incident, at=at))


def status_update(incident: Incident, *, progress: str, action: str, eta: str, at: float) -> Message:
    """How it goes with *incident*."""
    values = {
        **_head(incident), "[Investigating/Mitigating/Resolved]": WORDS[incident.state],
        "[TIME since start]": lasted(at - incident.opened_at), "[WHAT'S BEEN DONE]": _said(progress),
        "[WHAT'S BEING DONE NOW]": _said(action), "[ESTIMATED RESOLUTION TIME]": _said(eta),
    }  # fmt: skip
    return _message(_promised(_filled("status-update", values), incident, at=at))


def resolution_notice(incident: Incident, *, at: float, review_at: float | None) -> Message:
    """That *incident* is over; what it was, and when it is reviewed."""
    over = at if incident.resolved_at is None else incident.resolved_at
    values = {
        **_head(incident), "[TOTAL TIME]": lasted(over - incident.opened_at),
        "[BRIEF DESCRIPTION]": _said(incident.root_cause), "[WHAT WAS DONE]": _said(incident.resolution),
        "[ONGOING MONITORING]": _said(incident.monitoring),
        "[DATE/TIME]": "a time that is not known yet" if review_at is None else moment(review_at),
    }  # fmt: skip
    return _message(_filled("resolution-notice", values))


def escalation(incident: Incident, *, tried: str, why: str, at: float) -> Message:
    """That somebody further up is needed; *incident* is named, since whoever is called in was not there."""
    status = f"{incident.id}, {_title(incident)}: {WORDS[incident.state]} for {lasted(at - incident.opened_at)}"
    responder = _said(incident.responder, NOBODY)
    values = {
        "[X]": _digit(incident), "- What's been tried": f"- What's been tried: {_said(tried)}",
        "- Current status": f"- Current status: {status}; responder: {responder}",
        "- Why escalation needed": f"- Why escalation needed: {_said(why)}",
    }  # fmt: skip
    body = _filled("escalation", values)
    return Message(f"ESCALATION - {incident.severity} - {_title(incident)}", body)


def moment(at: float) -> str:
    """*at* as people read it, wherever they are."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M UTC")


def lasted(seconds: float) -> str:
    """How long that is, to the minute."""
    return lengths.lasted(seconds, "d", "h", "min") if seconds >= MINUTE else "less than a minute"


def harmless(text: str, *, most: int = MOST_TEXT) -> str:
    """*text* as one line that can neither look like a line or place of a template nor call anybody.

    Anybody may have written it: a provider whose answer a summary repeats, or a user who reports a problem.
    """
    shown = "".join(" " if unicodedata.category(one)[0] in "CZ" else one for one in text)
    shown = shown.replace("[", "(").replace("]", ")").replace("@", "(at)").replace("<!", "< !")
    line = " ".join(shown.split())
    return line if len(line) <= most else f"{line[: most - 3].rstrip()}..."


@functools.cache
def template(name: str) -> str:
    """The text called *name*, as the runbook has it."""
    return (Path(__file__).parent / "texts" / f"{name}.txt").read_bytes().decode("utf-8")


def _filled(name: str, values: Mapping[str, str]) -> str:
    """The text *name* with *values* in its places.

    Raises:
        UsageError: a place has no value.
    """

    def value(place: re.Match[str]) -> str:
        if place[0] not in values:
            raise UsageError(f"text {name!r}: nothing fills {place[0]!r}")
        return values[place[0]]

    return complete(_PLACE.sub(value, template(name)))


def complete(text: str) -> str:
    """*text*, which holds no place that nobody filled in.

    Raises:
        UsageError: it does, and may not be sent.
    """
    if (left := re.search(r"\[[^\[\]\n]+\]", text)) is not None:
        raise UsageError(f"the text still holds {left[0]!r}: say what belongs there before it is sent")
    return text


def _message(body: str) -> Message:
    return Message(body.partition("\n")[0], body)


def _promised(body: str, incident: Incident, *, at: float) -> str:
    """*body* with when the next update comes."""
    wait = UPDATES.get(incident.severity)
    if wait is None:
        return _PROMISE.sub("when there is news.", body) + "Next update: when there is news\n"
    pace = "30 minutes" if wait == 30 * MINUTE else f"{int(wait / HOUR)} hours"
    return _PROMISE.sub(rf"\1 {pace}.", body) + f"Next update: {moment(at + wait)}\n"


def _head(incident: Incident) -> dict[str, str]:
    return {"[X]": _digit(incident), "[TITLE]": _title(incident)}


def _digit(incident: Incident) -> str:
    return incident.severity.value.removeprefix("P")


def _title(incident: Incident) -> str:
    return harmless(incident.title, most=MOST_TITLE) or incident.id


def _said(text: str, otherwise: str = UNKNOWN) -> str:
    return harmless(text) or otherwise
