"""Alertmanager is believed about what fires, in whatever words it says how bad that is."""

from __future__ import annotations

import json

import pytest

from causal_eval.errors import UsageError
from causal_eval.incidents.incident import Severity
from causal_eval.incidents.intake import MOST_TEXT, Alert, is_ours, read_letter, read_list, severity_of, signals


def alert(name: str = "Anything", **labels: str) -> Alert:
    """A firing alert."""
    return Alert({"alertname": name, **labels}, "2026-11-29T12:00:00Z", f"f-{name}")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (alert(severity="P3"), Severity.P3),
        (alert("SecretExposureDetected"), Severity.P0),
        (alert("SecretExposureDetected", severity="P1"), Severity.P1),
        (alert("SecretExposureDetected", severity="warning"), Severity.P0),
        (alert(severity="critical"), Severity.P1),
        (alert(severity="Warning"), Severity.P3),
        (alert(severity="odd"), Severity.P2),
        (alert(), Severity.P2),
    ],
)
def test_how_bad_an_alert_is(given: Alert, expected: Severity) -> None:
    """Its own label in our words first, then the table, then the common words, and P2 where nobody knows."""
    assert severity_of(given) is expected


def test_what_is_sent_is_not_lost_for_its_words() -> None:
    """Only the Watchdog and what says of itself that it is for nobody are left out."""
    sent = [alert("A"), alert("B", severity="critical"), alert("C", severity="none"), alert("D", severity="INFO")]
    assert [one.name for one in signals([*sent, alert("Watchdog", severity="none")])] == ["A", "B"]


def test_what_is_listed_may_be_somebody_elses() -> None:
    """Of a shared Alertmanager only our rules are taken, known by name or by severity."""
    assert [is_ours(one) for one in (alert("DatabaseDown"), alert(severity="P2"), alert(severity="critical"))] == [
        True,
        True,
        False,
    ]


def test_security_is_private() -> None:
    """A key that may be known to others is told to nobody who need not know."""
    assert [one.security for one in signals([alert("SecretExposureDetected"), alert("DatabaseDown")])] == [True, False]


def test_a_long_text_is_cut() -> None:
    """People read a line, not a dump."""
    long = Alert({"alertname": "A"}, "2026-11-29T12:00:00Z", "f", annotations={"summary": "x" * 10_000})
    assert len(signals([long])[0].summary) == MOST_TEXT


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"alerts": [{}]}', b"\xff", b'{"alerts": 3}'])
def test_what_is_no_letter_is_refused(body: bytes) -> None:
    """With the reason."""
    with pytest.raises(UsageError, match="no letter of Alertmanager"):
        read_letter(body)


def test_a_moment_that_is_none_is_named() -> None:
    """Nothing is guessed about when it began."""
    body = json.dumps({"alerts": [{"labels": {"alertname": "A"}, "startsAt": "soon", "fingerprint": "f"}]})
    with pytest.raises(UsageError, match="'soon'"):
        signals(read_letter(body.encode()))


def test_what_is_silenced_does_not_fire() -> None:
    """Alertmanager lists it all the same."""
    listed = [
        {
            "labels": {"alertname": name},
            "startsAt": "2026-11-29T12:00:00Z",
            "fingerprint": name,
            "status": {"state": state},
        }
        for name, state in (("A", "active"), ("B", "suppressed"))
    ]
    assert [one.fingerprint for one in read_list(json.dumps(listed).encode())] == ["A"]
