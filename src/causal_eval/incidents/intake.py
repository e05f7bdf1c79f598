"""What Alertmanager sends and lists, as signals; it is believed about what fires, not about how often it says so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal

import msgspec

from causal_eval.errors import UsageError
from causal_eval.incidents.causes import key_of
from causal_eval.incidents.classify import Observation, What, classify, known
from causal_eval.incidents.incident import Severity, Signal, Source

WATCHDOG = "Watchdog"
"""Fires always: that it is heard shows that alerts get through."""
MOST_TEXT = 500
UNSURE = Severity.P2
"""Of an alert that was sent here and does not say how bad it is."""
_SECURITY = "security"
_WORDS = {"critical": Severity.P1, "page": Severity.P1, "error": Severity.P2, "warning": Severity.P3}
_FOR_NOBODY = frozenset({"info", "none"})


class Alert(msgspec.Struct, rename="camel"):
    """An alert as the webhook (version 4) sends it."""

    labels: dict[str, str]
    starts_at: str
    fingerprint: str
    status: Literal["firing", "resolved"] = "firing"
    annotations: dict[str, str] = {}


class Letter(msgspec.Struct):
    """A webhook's body."""

    alerts: list[Alert]


class _State(msgspec.Struct):
    state: str


class Listed(msgspec.Struct, rename="camel"):
    """An alert as ``/api/v2/alerts`` lists it."""

    labels: dict[str, str]
    starts_at: str
    fingerprint: str
    status: _State
    annotations: dict[str, str] = {}


def read_letter(body: bytes) -> list[Alert]:
    """The alerts in a webhook's body.

    Raises:
        UsageError: it is none.
    """
    try:
        return msgspec.json.decode(body, type=Letter).alerts
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise UsageError(f"this is no letter of Alertmanager (webhook version 4): {error}") from error


def read_list(body: bytes) -> list[Alert]:
    """The alerts that are listed, those among them too that are kept back or silenced.

    Raises:
        UsageError: it is no such list.
    """
    try:
        listed = msgspec.json.decode(body, type=list[Listed])
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise UsageError(f"this is no list of alerts of Alertmanager: {error}") from error
    return [
        Alert(one.labels, one.starts_at, one.fingerprint, "firing", one.annotations)
        for one in listed
        if one.status.state != "suppressed"
    ]


def signals(alerts: Sequence[Alert]) -> list[Signal]:
    """What *alerts* say, the Watchdog left out, and what says of itself that it is for nobody."""
    return [
        signal_of(one)
        for one in alerts
        if not is_watchdog(one) and one.labels.get("severity", "").casefold() not in _FOR_NOBODY
    ]


def is_ours(alert: Alert) -> bool:
    """Whether it is one of our rules: an Alertmanager that is shared lists those of others too."""
    return alert.labels.get("alertname") in known(What.ALERT) or alert.labels.get("severity") in _SEVERITIES


def is_watchdog(alert: Alert) -> bool:
    """Whether it only shows that alerts get through."""
    return alert.labels.get("alertname") == WATCHDOG


def signal_of(alert: Alert) -> Signal:
    """What *alert* says; texts are cut to a length that people read.

    Raises:
        UsageError: it names no moment at which it began.
    """
    name = alert.labels.get("alertname", "")
    key = key_of(name, alert.labels)
    return Signal(
        name=name[:MOST_TEXT], key=key, severity=severity_of(alert), firing=alert.status == "firing",
        started_at=_moment(alert.starts_at), fingerprint=f"alert:{alert.fingerprint}"[:MOST_TEXT],
        source=Source.ALERTMANAGER, summary=_summary(alert.annotations, name), security=key.component == _SECURITY,
    )  # fmt: skip


def severity_of(alert: Alert) -> Severity:
    """As its label says in our words or in the common ones; else as the table has it; unsure: `UNSURE`."""
    name, label = alert.labels.get("alertname", ""), alert.labels.get("severity", "")
    if label in _SEVERITIES:
        return Severity(label)
    if name in known(What.ALERT):
        return classify([Observation(What.ALERT, name)]).severity
    return _WORDS.get(label.casefold(), UNSURE)


def _summary(annotations: Mapping[str, str], name: str) -> str:
    return (annotations.get("summary") or name)[:MOST_TEXT]


def _moment(text: str) -> float:
    try:
        return datetime.fromisoformat(text).timestamp()
    except ValueError as error:
        raise UsageError(f"startsAt {text!r} of an alert is no moment (ISO 8601)") from error


_SEVERITIES = frozenset(severity.value for severity in Severity)
