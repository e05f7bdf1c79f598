"""What does not hold of letters: words of the runbook, byte for byte, values of the book, and one key for each."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from causal_eval.gamedays.sinks import Received
from causal_eval.incidents import outbox
from causal_eval.incidents.book import Rows
from causal_eval.incidents.incident import Incident, Severity
from causal_eval.incidents.templates import moment, template

REPORT = "initial-report"
ALERT = "INCIDENT ALERT - P"
ESCALATES = "@team-lead - Need escalation for P"
_PLACE = re.compile(r"\[[^\[\]\n]+\]")
_PACE = {Severity.P2: "every 4 hours", Severity.P3: "when there is news"}
"""In place of every 30 minutes."""


def report_pattern(severity: Severity) -> re.Pattern[str]:
    """What an initial report looks like: between its places the bytes of the runbook, behind them the next update."""
    text = template(REPORT).replace("every 30 minutes", _PACE.get(severity, "every 30 minutes"))
    words = "([^\n\\[\\]]+)".join(map(re.escape, _PLACE.split(text)))
    when = "when there is news" if severity is Severity.P3 else r"\d{4}-\d\d-\d\d \d\d:\d\d UTC"
    return re.compile(f"{words}Next update: {when}\n")


@dataclass(frozen=True, slots=True)
class Told:
    """What was known of an incident when it was told: it may have become worse, or its cause known, meanwhile."""

    severities: frozenset[Severity]
    titles: frozenset[str]


def report_faults(got: Received, incident: Incident, *, told: Told) -> list[str]:
    """What is wrong with an initial report: a word that is not the runbook's, or a value that is not the book's."""
    matches = [found for one in told.severities if (found := _report_of(one, got.text)) is not None]
    if not matches:
        return [f"the initial report is not the runbook's: {got.text!r}"]
    said, wanted = matches[0], moment(incident.opened_at)
    faults = [] if said[2] in told.titles else [f"the initial report calls it {said[2]!r}"]
    return faults if said[3] == wanted else [*faults, f"the initial report says {said[3]!r}, not {wanted!r}"]


def _report_of(severity: Severity, text: str) -> re.Match[str] | None:
    found = report_pattern(severity).fullmatch(text)
    return found if found is not None and f"P{found[1]}" == severity else None


def faults_of(got: Sequence[Received], rows: Rows) -> list[str]:
    """What is wrong with all that arrived: a key that stands on two letters, a bracket, one that never came."""
    told = {one.key for one in got if one.repeat}
    keys = Counter(one.key for one in got)
    doubled = [key for key, count in keys.items() if count > 1 and key not in told]
    faults = [f"{len(doubled)} letters came twice without saying so"] if doubled else []
    faults += [f"a place is not filled in: {place[0]}" for one in got if (place := _PLACE.search(one.text))]
    sent = {outbox.token_of(row["key"]) for row in rows.execute("SELECT key FROM outbox WHERE sent_at IS NOT NULL")}
    if sent != set(keys):
        faults.append(f"{len(sent - set(keys))} letters were sent and never came")
    return faults
