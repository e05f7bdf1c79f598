"""What the sentinel sees by itself, as changes in the book: probes, what is listed, and a Watchdog that is silent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from causal_eval.incidents import keeping
from causal_eval.incidents.book import Rows
from causal_eval.incidents.causes import key_of
from causal_eval.incidents.incident import Incident, Key, Severity, Signal, Source
from causal_eval.incidents.intake import Alert, is_ours, is_watchdog, signals
from causal_eval.incidents.rules import Rules

PROBE, SILENT = "SentinelProbeFailing", "WatchdogSilent"
FAILURES = 2
"""Probes in a row that fail before somebody is woken."""
_BEAT = "watchdog"


@dataclass(frozen=True, slots=True)
class Seen:
    """What came of one probe."""

    component: str
    well: bool
    why: str = ""
    """A few words, where it is not well."""


def hear(rows: Rows, alerts: Sequence[Alert], *, at: float, rules: Rules) -> list[Incident]:
    """What a letter of Alertmanager does; every incident that it changed."""
    if any(is_watchdog(alert) for alert in alerts):
        beat(rows, at=at, rules=rules)
    changed = [keeping.hear(rows, signal, at=at, rules=rules) for signal in signals(alerts)]
    return [one for one in changed if one is not None]


def compare(rows: Rows, listed: Sequence[Alert], *, at: float, rules: Rules) -> list[Incident]:
    """What Alertmanager lists, where a letter may have been lost: opened if it is new, ended if it is gone for long."""
    changed = hear(rows, [alert for alert in listed if is_ours(alert)], at=at, rules=rules)
    fingerprints = frozenset(signal.fingerprint for signal in signals(listed))
    return changed + keeping.absent(rows, fingerprints, at=at, rules=rules)


def probed(rows: Rows, seen: Seen, *, failures: int, at: float, rules: Rules) -> list[Incident]:
    """What a probe does; *failures* is how many in a row have failed by now."""
    fingerprint = f"probe:{seen.component}"
    if seen.well:
        return keeping.end(rows, fingerprint, at=at, rules=rules)
    if failures < FAILURES or keeping.fires(rows, fingerprint):
        return []
    is_api = seen.component == "api"
    signal = Signal(
        name=PROBE, key=Key(seen.component, "down"), severity=Severity.P0 if is_api else Severity.P2, firing=True,
        started_at=at, fingerprint=fingerprint, source=Source.PROBE,
        summary=f"{seen.component} does not answer" + (f": {seen.why}" if seen.why else ""),
    )  # fmt: skip
    found = keeping.hear(rows, signal, at=at, rules=rules)
    return [] if found is None else [found]


def beat(rows: Rows, *, at: float, rules: Rules) -> list[Incident]:
    """The Watchdog was heard."""
    rows.execute(
        "INSERT INTO notes (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        (_BEAT, repr(at)),
    )
    return keeping.end(rows, SILENT, at=at, rules=rules)


def listen(rows: Rows, *, since: float, at: float, rules: Rules) -> list[Incident]:
    """Say that the Watchdog is silent, where it is; *since*: when the sentinel began to listen."""
    row = rows.execute("SELECT value FROM notes WHERE name = ?", (_BEAT,)).fetchone()
    last = max(since, 0.0 if row is None else float(row["value"]))
    if at - last < rules.silence or keeping.fires(rows, SILENT):
        return []
    signal = Signal(
        name=SILENT, key=key_of(SILENT, {}), severity=Severity.P2, firing=True, started_at=at, fingerprint=SILENT,
        source=Source.SENTINEL, summary=f"No Watchdog for {at - last:.0f} s: alerts do not get through",
    )  # fmt: skip
    found = keeping.hear(rows, signal, at=at, rules=rules)
    return [] if found is None else [found]
