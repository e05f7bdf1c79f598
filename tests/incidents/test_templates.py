"""What people are told is the runbook's text, filled in to the last place, and nobody can forge a line of it."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from causal_eval.errors import UsageError
from causal_eval.incidents import templates
from causal_eval.incidents.incident import Incident, Key, Severity, State
from causal_eval.incidents.templates import Message

NOW = 1_790_000_000.0
GOLDEN = Path(__file__).parents[1] / "golden" / "incidents"
RUNBOOK = {
    "start-line": "\N{POLICE CARS REVOLVING LIGHT} Incident Response Started - [BRIEF DESCRIPTION] - [YOUR NAME] "
    "responding\n",
    "initial-report": "\N{POLICE CARS REVOLVING LIGHT} INCIDENT ALERT - P[X] - [TITLE]\n\nStatus: Investigating\n"
    "Started: [TIME]\nImpact: [DESCRIPTION]\nResponder: [NAME]\n\nInitial findings: [BRIEF DESCRIPTION]\n\n"
    "Updates will be posted every 30 minutes.\n",
    "status-update": "\N{ANTICLOCKWISE DOWNWARDS AND UPWARDS OPEN CIRCLE ARROWS} INCIDENT UPDATE - P[X] - [TITLE]\n\n"
    "Status: [Investigating/Mitigating/Resolved]\nDuration: [TIME since start]\n\nProgress: [WHAT'S BEEN DONE]\n"
    "Current action: [WHAT'S BEING DONE NOW]\nETA: [ESTIMATED RESOLUTION TIME]\n\nNext update in 30 minutes.\n",
    "resolution-notice": "\N{WHITE HEAVY CHECK MARK} INCIDENT RESOLVED - P[X] - [TITLE]\n\nStatus: Resolved\n"
    "Duration: [TOTAL TIME]\nRoot Cause: [BRIEF DESCRIPTION]\n\nResolution: [WHAT WAS DONE]\n"
    "Monitoring: [ONGOING MONITORING]\n\nPost-incident review scheduled for [DATE/TIME].\n",
    "escalation": "@team-lead - Need escalation for P[X] incident\n\n- What's been tried\n- Current status\n"
    "- Why escalation needed\n",
}
EMOJI = set("\N{POLICE CARS REVOLVING LIGHT}\N{WHITE HEAVY CHECK MARK}") | {
    "\N{ANTICLOCKWISE DOWNWARDS AND UPWARDS OPEN CIRCLE ARROWS}"
}
INCIDENT = Incident(
    id="INC-7", key=Key("database", "down"), severity=Severity.P0, state=State.INVESTIGATING,
    title="Nobody reaches the database", impact="No evaluation can be started", opened_at=NOW, private=False,
    published_at=None, acknowledged_at=NOW + 240, responder="Maria Silva", mitigated_at=None, quiet_until=None,
    resolved_at=None, reviewed_at=None, root_cause="The disk was full", resolution="Old WAL was removed",
    monitoring="Maria watches the free space until Friday",
)  # fmt: skip
BARE = dataclasses.replace(
    INCIDENT, severity=Severity.P3, state=State.DETECTED, title="", impact="", responder="", root_cause="",
    resolution="", monitoring="",
)  # fmt: skip
SAY: dict[str, Callable[[Incident], Message]] = {
    "start-line": templates.start_line,
    "initial-report": lambda one: templates.initial_report(one, findings="PostgreSQL refuses connections", at=NOW + 60),
    "status-update": lambda one: templates.status_update(
        one, progress="The disk was found full", action="Old WAL is moved away", eta="15:00 UTC", at=NOW + 1800
    ),
    "resolution-notice": lambda one: templates.resolution_notice(one, at=NOW + 5400, review_at=NOW + 100_000),
    "escalation": lambda one: templates.escalation(
        one, tried="A restart of PostgreSQL", why="open for 30 minutes", at=NOW + 1800
    ),
}
NOTHING = {
    "start-line": templates.start_line(BARE),
    "initial-report": templates.initial_report(BARE, findings=" ", at=NOW),
    "status-update": templates.status_update(BARE, progress="", action="", eta="", at=NOW),
    "resolution-notice": templates.resolution_notice(BARE, at=NOW, review_at=None),
    "escalation": templates.escalation(BARE, tried="", why="", at=NOW),
}
names = pytest.mark.parametrize("name", sorted(RUNBOOK))


@names
def test_a_text_is_the_runbooks(name: str) -> None:
    """Byte for byte, and its emoji are what they were before somebody read them in another encoding."""
    assert templates.template(name).encode() == RUNBOOK[name].encode()
    assert {one for one in templates.template(name) if ord(one) > 126} <= EMOJI


@names
def test_a_message_is_what_it_was(name: str) -> None:
    """Golden files, compared byte for byte."""
    said = SAY[name](INCIDENT)
    assert f"{said.subject}\n---\n{said.body}".encode() == (GOLDEN / f"{name}.txt").read_bytes()


@names
def test_what_is_not_known_is_said_to_be_so(name: str) -> None:
    """Golden files of an incident of which nothing is known."""
    said = NOTHING[name]
    assert f"{said.subject}\n---\n{said.body}".encode() == (GOLDEN / f"{name}-bare.txt").read_bytes()


@pytest.mark.parametrize(
    ("severity", "promise", "line"),
    [
        (Severity.P0, "every 30 minutes.", "Next update: 2026-09-21 14:43 UTC"),
        (Severity.P1, "every 30 minutes.", "Next update: 2026-09-21 14:43 UTC"),
        (Severity.P2, "every 4 hours.", "Next update: 2026-09-21 18:13 UTC"),
        (Severity.P3, "when there is news.", "Next update: when there is news"),
    ],
)
def test_the_next_update_is_a_time(severity: Severity, promise: str, line: str) -> None:
    """One line is added; where updates come at another pace, the sentence does not promise 30 minutes."""
    said = templates.initial_report(dataclasses.replace(INCIDENT, severity=severity), findings="", at=NOW)
    assert said.body.endswith(f"Updates will be posted {promise}\n{line}\n")


@pytest.mark.parametrize("state", State)
def test_a_state_is_one_of_the_three_words(state: State) -> None:
    """As the template lists them."""
    assert templates.WORDS[state] in {"Investigating", "Mitigating", "Resolved"}


HOSTILE = st.text(
    st.one_of(st.sampled_from("[]@<>!\n\r\0\x1b\u202e\u2028\u200bP0 "), st.characters(codec="utf-8")),
    max_size=60,
)


@given(text=HOSTILE, name=st.sampled_from(sorted(RUNBOOK)))
def test_nobody_can_forge_a_line(text: str, name: str) -> None:
    """Whatever a title or an impact holds: as many lines as without it, no control, no bracket, no mention."""
    hostile = dataclasses.replace(
        INCIDENT, title=text, impact=text, responder=text, root_cause=text, resolution=text, monitoring=text
    )
    said, plain = SAY[name](hostile), SAY[name](INCIDENT)
    assert len(said.body.splitlines()) == len(plain.body.splitlines())
    assert "\n" not in said.subject
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f\u202e\u200b\[\]]|<!|@(?!team-lead - Need)", said.body)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("<!channel> [TITLE]\nStatus: Resolved", "< !channel> (TITLE) Status: Resolved"),
        ("@here and a@b.example", "(at)here and a(at)b.example"),
        ("p95 > 2 s", "p95 > 2 s"),
        ("a\u202eb\x00c", "a b c"),
    ],
)
def test_text_of_others_is_harmless(text: str, shown: str) -> None:
    """And stays readable."""
    assert templates.harmless(text) == shown


def test_a_long_text_is_cut() -> None:
    """Nobody floods a channel by a title."""
    assert len(SAY["start-line"](dataclasses.replace(INCIDENT, title="a" * 5000)).subject) < 300


def test_a_place_that_nobody_filled_in_is_never_sent() -> None:
    """Whoever writes a text by hand is told which."""
    with pytest.raises(UsageError, match=r"still holds '\[DATE/TIME\]'"):
        templates.complete("Post-incident review scheduled for [DATE/TIME].")
    with pytest.raises(UsageError, match=r"nothing fills '\[BRIEF DESCRIPTION\]'"):
        templates._filled("start-line", {})


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(-5, "less than a minute"), (59, "less than a minute"), (60, "1 min"), (3600, "1 h"), (5400, "1 h 30 min"),
     (90_060, "1 d 1 h 1 min")],
)  # fmt: skip
def test_a_length_of_time_is_read_at_once(seconds: float, text: str) -> None:
    """No seconds, no decimals."""
    assert templates.lasted(seconds) == text
