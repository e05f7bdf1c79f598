"""What a deadline does: once, late rather than never, to the right people, and nothing once it was cancelled."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pytest

from causal_eval.incidents import acting, desk, keeping, maintenance, timeline, timers
from causal_eval.incidents.book import Book, find
from causal_eval.incidents.contacts import Channel, Contacts, Person, Role, Schedule, Way
from causal_eval.incidents.incident import Incident, Key, Severity, Signal
from causal_eval.incidents.maintenance import NewWindow
from causal_eval.incidents.rules import HOUR, MINUTE, Rules

Make = Callable[..., Signal]
NOW = 1_790_000_000.0
RULES = Rules()


def mailbox(name: str) -> Channel:
    """Somebody's mailbox."""
    return Channel(name, Way.EMAIL, f"{name}@company.test")


def person(name: str, shown: str) -> Person:
    """Somebody with a mailbox."""
    return Person(name, shown, (mailbox(name),))


NAMES = ("lead", "security", "stakeholders", "legal")
CONTACTS = Contacts(
    people={"maria": person("maria", "Maria Silva"), "li": person("li", "Li Wei")},
    channels={"chat": Channel("chat", Way.WEBHOOK, "https://hooks.test/s3cr3t"), **{n: mailbox(n) for n in NAMES}},
    roles={
        Role.INCIDENTS: ("chat",), Role.TEAM_LEAD: ("lead",), Role.SECURITY: ("security",),
        Role.STAKEHOLDERS: ("stakeholders",), Role.LEGAL: ("legal",),
    },
    schedule=Schedule(NOW - 1, ("maria", "li")),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sent:
    """What was put into the outbox, in order."""

    what: str
    target: str


@dataclass(frozen=True, slots=True)
class Play:
    """A book, and a clock that the test turns."""

    book: Book

    def hear(self, signal: Signal, at: float = NOW) -> Incident:
        """A signal arrives."""
        with self.book.writing() as rows:
            found = keeping.hear(rows, signal, at=at, rules=RULES)
        assert found is not None
        return found

    def act(self, at: float) -> list[Sent]:
        """The sentinel looks at *at*; what it put into the outbox by that."""
        before = len(self.sent())
        with self.book.writing() as rows:
            acting.act_on_all(rows, contacts=CONTACTS, at=at)
        return self.sent()[before:]

    def sent(self) -> list[Sent]:
        """Every letter so far."""
        with self.book.reading() as rows:
            found = rows.execute("SELECT key, target FROM outbox ORDER BY id").fetchall()
        return [Sent(row["key"].split("/")[1], row["target"].partition("@")[0]) for row in found]

    def body(self, what: str) -> str:
        """The text of the last letter of that kind."""
        with self.book.reading() as rows:
            row = rows.execute(
                "SELECT body FROM outbox WHERE key LIKE ? ORDER BY id DESC LIMIT 1", (f"%/{what}/%",)
            ).fetchone()
        return str(row["body"])

    def told(self, kind: timeline.Kind) -> list[str]:
        """Entries of the timeline."""
        with self.book.reading() as rows:
            return [one.text for one in timeline.entries(rows, "INC-1") if one.kind is kind]

    def by_hand(self, deed: Callable[..., Incident], at: float, **said: object) -> Incident:
        """A person does something."""
        with self.book.writing() as rows:
            return deed(rows, "INC-1", who="maria", at=at, **said)


@pytest.fixture
def play(book: Book) -> Play:
    """An empty book."""
    return Play(book)


def letters(*pairs: Sequence[str]) -> list[Sent]:
    """Kinds and targets."""
    return [Sent(*pair) for pair in pairs]


REPORT = letters(("start", "chat"), ("report", "chat"), ("report", "maria"), ("report", "stakeholders"))


def test_who_was_told_of_two_is_told_that_they_are_one(play: Play, signal: Make) -> None:
    """Once; of the one that is part of the other nobody is reminded, nor is it escalated."""
    play.hear(signal("HighLatency", severity=Severity.P2))
    play.hear(signal("EvaluationQueueStalled", severity=Severity.P2))
    play.act(NOW)
    play.hear(signal("DatabaseLockWaits", severity=Severity.P2), NOW + 1)
    assert play.act(NOW + 1) == letters(("said", "chat"))
    assert "INC-2 (worker/stalled) is part of it" in play.body("said")
    assert play.act(NOW + 2) == []
    play.act(NOW + RULES.response[Severity.P2])
    with play.book.reading() as rows:
        query = "SELECT key FROM outbox WHERE key LIKE 'INC-2/%' AND made_at > ?"
        assert rows.execute(query, (NOW + 1,)).fetchall() == []


def test_an_outage_is_told_from_its_beginning_to_its_review(play: Play, signal: Make) -> None:
    """Every deadline of a P0 that nobody acknowledges, in the runbook's order, each once."""
    play.hear(signal())
    assert play.act(NOW) == REPORT
    assert play.act(NOW + 1) == []
    assert play.act(NOW + 10 * MINUTE) == []
    assert play.told(timeline.Kind.PUBLISHED) == ["the public is told"]
    assert play.act(NOW + 15 * MINUTE) == letters(("reminder", "maria"))
    update = letters(("update", "chat"), ("update", "stakeholders"))
    assert play.act(NOW + 30 * MINUTE) == [*update, *letters(("escalation", "lead"))]
    assert play.act(NOW + 30 * MINUTE) == []
    assert play.act(NOW + 60 * MINUTE) == update
    play.hear(signal(firing=False), at=NOW + 61 * MINUTE)
    play.by_hand(desk.resolve, NOW + 62 * MINUTE, resolution="The disk was emptied", root_cause="It was full")
    assert play.act(NOW + 62 * MINUTE) == letters(("resolved", "chat"), ("resolved", "stakeholders"))
    assert play.told(timeline.Kind.TASK) == [acting.CUSTOMERS]
    assert play.act(NOW + 10 * HOUR) == []
    assert play.act(NOW + 62 * MINUTE + 48 * HOUR) == letters(("review", "maria"), ("review", "chat"))
    assert play.act(NOW + 200 * HOUR) == []


def test_late_is_once(play: Play, signal: Make) -> None:
    """A sentinel that was down for six hours tells one update, not twelve; the update before the escalation."""
    play.hear(signal())
    said = play.act(NOW + 6 * HOUR)
    assert said == [
        *REPORT,
        *letters(("reminder", "maria"), ("update", "chat"), ("update", "stakeholders"), ("escalation", "lead")),
    ]
    assert play.act(NOW + 6 * HOUR + 29 * MINUTE) == []
    assert len(play.act(NOW + 6.5 * HOUR)) == 2


@pytest.mark.parametrize(
    ("severity", "name", "seconds"),
    [
        (Severity.P0, "CausalEvalAPIDown", 30 * MINUTE),
        (Severity.P1, "HighErrorRate", 2 * HOUR),
        (Severity.P2, "RedisDown", 4 * HOUR),
        (Severity.P3, "HighLatency", 24 * HOUR),
    ],
)
def test_it_is_escalated_in_time(play: Play, signal: Make, severity: Severity, name: str, seconds: float) -> None:
    """A second before, nobody up is told; then once, with the rule that says why."""
    play.hear(signal(name, severity=severity))
    assert Sent("escalation", "lead") not in play.act(NOW + seconds - 1)
    assert play.act(NOW + seconds).count(Sent("escalation", "lead")) == 1
    assert Sent("escalation", "lead") not in play.act(NOW + 10 * seconds)
    assert "- Why escalation needed: not known yet" not in play.body("escalation")


def test_late_looks_do_not_add_up(play: Play, signal: Make) -> None:
    """Whoever is escalated to after two hours reads the update of that moment, though each look comes 4 s late."""
    play.hear(signal("EvaluationServiceDown", severity=Severity.P1))
    play.act(NOW)
    for minutes in (30, 60, 90):
        assert play.act(NOW + minutes * 60 - 1) == []
        assert [one.what for one in play.act(NOW + minutes * 60 + 4)][-1:] == ["update"]
    assert [one.what for one in play.act(NOW + 2 * 3600 + 4)] == ["update", "update", "escalation"]


def test_who_acknowledges_is_not_reminded(play: Play, signal: Make) -> None:
    """The public is told at once; a P2 that somebody has is not escalated, a P0 is."""
    play.hear(signal("RedisDown", severity=Severity.P2))
    play.act(NOW)
    play.by_hand(desk.acknowledge, NOW + MINUTE)
    assert play.act(NOW + MINUTE) == []
    assert play.told(timeline.Kind.PUBLISHED) == ["the public is told"]
    assert play.act(NOW + 9 * HOUR) == letters(("update", "chat"))


def test_what_is_over_is_not_escalated(play: Play, signal: Make) -> None:
    """Not a second before its deadline, and not by a deadline that was read before it was cancelled."""
    play.hear(signal())
    play.act(NOW)
    with play.book.reading() as rows:
        stale = timers.due(rows, at=NOW + HOUR)
    play.hear(signal(firing=False), at=NOW + 29 * MINUTE)
    play.by_hand(desk.resolve, NOW + 30 * MINUTE - 1, resolution="It was restarted", root_cause="")
    with play.book.writing() as rows:
        for one in stale:
            acting.act(rows, one, contacts=CONTACTS, at=NOW + HOUR)
    assert {one.what for one in play.act(NOW + HOUR)} == {"resolved"}
    assert {one.what for one in play.sent()} == {"start", "report", "resolved"}


def test_one_deadline_read_twice_is_acted_on_once(play: Play, signal: Make) -> None:
    """Two that looked at the same moment."""
    play.hear(signal())
    with play.book.writing() as rows:
        due = timers.due(rows, at=NOW + 15 * MINUTE)
        for one in [*due, *due]:
            acting.act(rows, one, contacts=CONTACTS, at=NOW + 15 * MINUTE)
    assert play.sent().count(Sent("reminder", "maria")) == 1


def test_what_comes_back_is_told_anew(play: Play, signal: Make) -> None:
    """A reopened incident is announced, reminded of and escalated as a new one."""
    play.hear(signal())
    play.act(NOW)
    play.hear(signal(firing=False), at=NOW + MINUTE)
    play.by_hand(desk.resolve, NOW + 2 * MINUTE, resolution="It was restarted", root_cause="")
    play.act(NOW + 2 * MINUTE)
    again = play.hear(signal(started_at=NOW + 5 * MINUTE), at=NOW + 5 * MINUTE)
    assert again.id == "INC-1"
    assert play.act(NOW + 5 * MINUTE) == REPORT
    assert Sent("reminder", "maria") in play.act(NOW + 20 * MINUTE)


def test_who_has_to_know_of_a_worse_one_is_told(play: Play, signal: Make) -> None:
    """Stakeholders of a P2 that became a P1, and nobody twice."""
    play.hear(signal("RedisDown", severity=Severity.P2))
    assert play.act(NOW) == letters(("start", "chat"), ("report", "chat"), ("report", "maria"))
    play.by_hand(desk.classify, NOW + MINUTE, severity=Severity.P1, reason="")
    assert play.act(NOW + MINUTE) == letters(("report", "stakeholders"))


def test_what_was_called_less_bad_waits_longer(play: Play, signal: Make) -> None:
    """Neither the updates nor the escalation of a P0 happen to a P2 that somebody has."""
    play.hear(signal())
    play.act(NOW)
    play.by_hand(desk.acknowledge, NOW + MINUTE)
    play.by_hand(desk.classify, NOW + 2 * MINUTE, severity=Severity.P2, reason="only one replica")
    assert play.act(NOW + 3 * HOUR) == []
    assert play.act(NOW + 2 * MINUTE + 4 * HOUR) == letters(("update", "chat"))


def test_an_incident_of_security_is_for_its_team(play: Play, signal: Make) -> None:
    """At once, with what the law may want; neither channel nor stakeholders nor the public read of it."""
    play.hear(signal("SecretExposureDetected", security=True))
    assert play.act(NOW) == letters(
        ("start", "security"), ("report", "security"), ("report", "maria"), ("escalation", "lead"),
        ("escalation", "security"),
    )  # fmt: skip
    assert play.told(timeline.Kind.TASK) == list(acting.LEGAL)
    assert "every incident of security is escalated at once" in play.body("escalation")
    later = play.act(NOW + 30 * MINUTE)
    assert {one.target for one in later} == {"maria", "security"}
    with play.book.reading() as rows:
        assert find(rows, "INC-1").published_at is None


def test_what_a_person_writes_is_told(play: Play, signal: Make) -> None:
    """Once, at once; the next update by itself says it again, and comes half an hour later."""
    play.hear(signal())
    play.by_hand(desk.acknowledge, NOW + MINUTE)
    play.act(NOW + MINUTE)
    play.by_hand(desk.update, NOW + 20 * MINUTE, text="The disk was full [x] @here", public=True)
    said = letters(("said", "chat"), ("said", "stakeholders"))
    assert play.act(NOW + 20 * MINUTE) == said
    assert "Progress: The disk was full (x) (at)here\n" in play.body("said")
    assert {one.what for one in play.act(NOW + 49 * MINUTE)} == {"escalation"}
    assert play.act(NOW + 50 * MINUTE) == letters(("update", "chat"), ("update", "stakeholders"))
    assert "Progress: The disk was full (x) (at)here\n" in play.body("update")


def test_a_person_calls_for_help(play: Play, signal: Make) -> None:
    """Again where it was escalated already, with his reason."""
    play.hear(signal())
    play.by_hand(desk.acknowledge, NOW + MINUTE)
    play.act(NOW + 31 * MINUTE)
    play.by_hand(desk.escalate, NOW + 40 * MINUTE, reason="the fix needs a DBA")
    assert play.act(NOW + 40 * MINUTE) == letters(("escalation", "lead"))
    assert "- Why escalation needed: the fix needs a DBA (maria)\n" in play.body("escalation")


def test_a_resolution_that_nobody_was_there_for_is_told_late(play: Play, signal: Make) -> None:
    """Resolved on the command line while the sentinel was down."""
    play.hear(signal())
    play.act(NOW)
    play.hear(signal(firing=False), at=NOW + MINUTE)
    play.by_hand(desk.resolve, NOW + 2 * MINUTE, resolution="It was restarted", root_cause="")
    assert {one.what for one in play.act(NOW + 5 * HOUR)} == {"resolved"}
    assert "Resolution: It was restarted\n" in play.body("resolved")
    assert "scheduled for 2026-09-23 14:15 UTC." in play.body("resolved")


def test_who_worked_on_it_is_asked_for_the_review(play: Play, signal: Make) -> None:
    """By the name that he goes by, though somebody else is on call."""
    play.hear(signal())
    play.by_hand(desk.assign, NOW, to="Li Wei")
    play.hear(signal(firing=False), at=NOW + MINUTE)
    play.by_hand(desk.resolve, NOW + 2 * MINUTE, resolution="It was restarted", root_cause="")
    play.act(NOW + 2 * MINUTE)
    assert play.act(NOW + 49 * HOUR) == letters(("review", "li"), ("review", "chat"))


def test_nothing_secret_is_in_the_book(play: Play, signal: Make) -> None:
    """Neither in letters nor in the timeline."""
    play.hear(signal())
    play.act(NOW + HOUR)
    with play.book.reading() as rows:
        rows_of = [tuple(row) for name in ("outbox", "timeline") for row in rows.execute(f"SELECT * FROM {name}")]
    assert rows_of
    assert "s3cr3t" not in repr(rows_of)


def test_a_letter_is_kept_with_its_cause_or_not_at_all(play: Play, signal: Make) -> None:
    """A kill within the transaction leaves neither the letter nor the deadline as passed."""
    play.hear(signal())
    play.act(NOW)
    before = play.sent()

    def killed() -> None:
        with play.book.writing() as rows:
            acting.act_on_all(rows, contacts=CONTACTS, at=NOW + 30 * MINUTE)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        killed()
    assert play.sent() == before
    assert Sent("escalation", "lead") in play.act(NOW + 30 * MINUTE)


def worked_on(book: Book, component: str = "api", *, until: float = NOW + HOUR) -> None:
    """Maintenance is announced from NOW on."""
    with book.writing() as rows:
        maintenance.announce(rows, NewWindow(component, NOW, until, "A new disk."), at=NOW)


def test_maintenance_wakes_nobody(play: Play, signal: Make) -> None:
    """What opens meanwhile is recorded, and told when the work is over and it is not: by deadlines from then on."""
    worked_on(play.book)
    one = play.hear(signal(), at=NOW + 60)
    assert [play.act(NOW + after) for after in (60, 61, 1900, HOUR - 1)] == [[], [], [], []]
    with play.book.reading() as rows:
        entries = timeline.entries(rows, one.id)
    assert sum("nobody is told: maintenance 1 lasts until" in entry.text for entry in entries) == 1
    told = play.act(NOW + HOUR)
    assert Sent("report", "maria") in told
    assert not any(sent.what in {"reminder", "escalation"} for sent in told)
    assert Sent("reminder", "maria") in play.act(NOW + HOUR + 15 * MINUTE)


def test_what_ends_within_maintenance_was_never_told(play: Play, signal: Make) -> None:
    """Neither that it began nor that it is over; its review is due all the same."""
    worked_on(play.book, "cache")
    one = play.hear(signal("RedisDown", severity=Severity.P2), at=NOW + 60)
    play.act(NOW + 60)
    play.hear(signal("RedisDown", severity=Severity.P2, firing=False), at=NOW + 120)
    with play.book.writing() as rows:
        keeping.look(rows, at=NOW + 500, rules=RULES)
    assert play.act(NOW + 501) == []
    assert play.act(NOW + HOUR + 1) == []
    with play.book.reading() as rows:
        assert "review is scheduled" in "".join(entry.text for entry in timeline.entries(rows, one.id))


def test_maintenance_holds_nothing_else_back(play: Play, signal: Make) -> None:
    """Neither another component, nor what was told before, nor what somebody is at, nor security."""
    play.hear(signal("DatabaseDown"))
    assert Sent("report", "maria") in play.act(NOW)
    worked_on(play.book, "database")
    worked_on(play.book, "security")
    assert Sent("reminder", "maria") in play.act(NOW + 15 * MINUTE)
    other = play.hear(signal("RedisDown", severity=Severity.P2), at=NOW + 16 * MINUTE)
    assert Sent("report", "maria") in play.act(NOW + 16 * MINUTE)
    play.hear(signal("SecretExposureDetected", security=True), at=NOW + 17 * MINUTE)
    assert Sent("report", "security") in play.act(NOW + 17 * MINUTE)
    worked_on(play.book, "deploy", until=NOW + 2 * HOUR)
    seen = play.hear(signal("ReleaseFailing", key=Key("deploy", "failing"), severity=Severity.P1), at=NOW + 18 * MINUTE)
    assert play.act(NOW + 18 * MINUTE) == []
    with play.book.writing() as rows:
        desk.acknowledge(rows, seen.id, who="Maria Silva", at=NOW + 19 * MINUTE)
    assert Sent("report", "stakeholders") in play.act(NOW + 19 * MINUTE)
    assert other.id != seen.id
