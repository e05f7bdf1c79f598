"""The review of an incident: what a machine knows is filled in, what people have to say is asked for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from causal_eval.incidents import actions, lengths, timeline
from causal_eval.incidents.actions import Action
from causal_eval.incidents.book import Rows, find
from causal_eval.incidents.impact import Impact
from causal_eval.incidents.impact import rows as impact_rows
from causal_eval.incidents.incident import Incident
from causal_eval.incidents.timeline import Entry, Kind

ASKED = "To be written by whoever responded."
_TOLD = frozenset({Kind.MESSAGE, Kind.PUBLISHED, Kind.ESCALATED, Kind.UPDATE})


@dataclass(frozen=True, slots=True)
class Times:
    """How long it took, in seconds; None: it never came to that."""

    detection: float | None
    """From when the first signal began to when the incident was opened."""
    acknowledgement: float | None
    mitigation: float | None
    resolution: float | None


@dataclass(frozen=True, slots=True)
class Review:
    """Everything that a review is written from."""

    incident: Incident
    began_at: float
    """When the first signal of it began, as who raised it says."""
    times: Times
    entries: tuple[Entry, ...]
    actions: tuple[Action, ...]


def gather(rows: Rows, incident: str) -> Review:
    """The review of *incident* as it is now.

    Raises:
        UnknownName: there is none. VerificationMismatch: its timeline was changed.
    """
    found = find(rows, incident)
    entries = timeline.entries(rows, incident)
    moments = [entry.data["began_at"] for entry in entries if "began_at" in entry.data]
    began = min([float(one) for one in moments if isinstance(one, float | int)], default=found.opened_at)
    began = min(began, found.opened_at)
    times = Times(
        found.opened_at - began, *(_since(found.opened_at, at) for at in (
            found.acknowledged_at, found.mitigated_at, found.resolved_at
        ))
    )  # fmt: skip
    return Review(found, began, times, tuple(entries), tuple(actions.of(rows, incident)))


def markdown(review: Review, impact: Impact | None) -> str:
    """The review as a document; *impact* None: nobody knows it."""
    parts = (_head(review), _impact(impact), _course(review), _analysis(review), _actions(review.actions))
    return "\n".join([*(line for part in parts for line in part), ""])


def facts(review: Review) -> list[tuple[str, str]]:
    """What is known of it, name and value."""
    one, times = review.incident, review.times
    return [
        ("Severity", one.severity.value),
        ("State", one.state.value),
        ("What", str(one.key)),
        ("Began", moment(review.began_at)),
        ("Responder", one.responder or "nobody"),
        ("Impact", one.impact or "not written down"),
        ("Detected after", _lasted(times.detection)),
        ("Acknowledged after", _lasted(times.acknowledgement)),
        ("Mitigated after", _lasted(times.mitigation)),
        ("Resolved after", _lasted(times.resolution)),
    ]


def said(review: Review) -> list[tuple[str, list[str]]]:
    """What people have to say: title and paragraphs."""
    one = review.incident
    told = sum(entry.kind in _TOLD for entry in review.entries)
    messages = f"Messages and updates in the timeline: {told}." if told else "Nobody was told anything."
    return [
        ("Root cause", [one.root_cause or ASKED]),
        ("What ended it", [one.resolution or ASKED]),
        ("Process", [ASKED]),
        ("Communication", [messages, ASKED]),
    ]


def _head(review: Review) -> list[str]:
    one = review.incident
    return [
        f"# Review of {one.id}: {_plain(one.title)}",
        "",
        *_table(facts(review)),
        "",
        "Times after detection are counted from when the incident was opened.",
        "",
    ]


def _impact(impact: Impact | None) -> list[str]:
    return ["## Impact on scores", "", *_table(impact_rows(impact)), ""]


def _table(rows: Iterable[tuple[str, str]]) -> list[str]:
    return ["| | |", "|---|---|", *(f"| {name} | {_plain(value)} |" for name, value in rows)]


def _course(review: Review) -> list[str]:
    told = [
        f"| {moment(entry.happened_at)} | {entry.kind.value} | {_plain(entry.text)} | {_plain(entry.who)} |"
        for entry in sorted(review.entries, key=lambda one: one.happened_at)
    ]
    lines = ["## Timeline", "", "| UTC | | | who |", "|---|---|---|---|", *told]
    seal = review.entries[-1].hash[:16] if review.entries else "-"
    return [*lines, "", f"Sealed by `{seal}`: each entry covers those before it.", ""]


def _analysis(review: Review) -> list[str]:
    lines = []
    for title, paragraphs in said(review):
        lines += [f"## {title}", ""]
        for text in paragraphs:
            lines += [f"*{text}*" if text == ASKED else _plain(text), ""]
    return lines


def _actions(planned: Sequence[Action]) -> list[str]:
    lines = ["## Actions", ""]
    if not planned:
        return [*lines, "None is planned."]
    lines += ["| | what | owner | until | state |", "|---|---|---|---|---|"]
    return lines + [
        f"| {one.id} | {_plain(one.text)} | {_plain(one.owner)} | {moment(one.due_at)[:10]} | {_plain(state(one))} |"
        for one in planned
    ]


def state(action: Action) -> str:
    """How far *action* is."""
    if action.is_open:
        return "open"
    return f"waived: {action.waived}" if action.waived else "done"


def _since(start: float, at: float | None) -> float | None:
    return None if at is None else at - start


def _lasted(seconds: float | None) -> str:
    return "never" if seconds is None else lengths.lasted(round(seconds), "h", "min", "s") or "0 s"


def moment(at: float) -> str:
    """*at*, to the second, in UTC."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S")


def _plain(text: str) -> str:
    """*text* as one line that no table, link or tag of Markdown is made of."""
    line = " ".join(text.split())
    return "".join(f"\\{mark}" if mark in "\\`*_[]<>|#!" else mark for mark in line)
