"""One incident for one cause, whatever is said twice, late, or in the wrong order."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from causal_eval.errors import Conflict
from causal_eval.incidents import desk, keeping, timeline, timers
from causal_eval.incidents.book import Book, live, newest
from causal_eval.incidents.causes import causes, key_of
from causal_eval.incidents.incident import Incident, Severity, Signal, State
from causal_eval.incidents.rules import Rules
from causal_eval.incidents.timers import Deadline

Make = Callable[..., Signal]
NOW = 1_790_000_000.0
RULES = Rules()


def hear(book: Book, *signals: Signal, at: float = NOW) -> list[Incident | None]:
    """What each of *signals* does."""
    with book.writing() as rows:
        return [keeping.hear(rows, one, at=at, rules=RULES) for one in signals]


def all_of(book: Book) -> list[Incident]:
    """Every incident."""
    with book.reading() as rows:
        return newest(rows)


def forget(book: Book) -> None:
    """Everything."""
    with book.writing() as rows:
        for table in ("timeline", "signals", "deadlines", "incidents"):
            rows.execute(f"DELETE FROM {table}")


def over(signal: Signal) -> Signal:
    """That *signal* has ended."""
    return Signal(**{**{name: getattr(signal, name) for name in Signal.__slots__}, "firing": False})


def test_an_alert_opens_one_incident(book: Book, signal: Make) -> None:
    """However often it is sent."""
    hear(book, signal(), signal(), signal())
    (one,) = all_of(book)
    assert (one.id, one.severity, one.state, one.private) == ("INC-1", Severity.P0, State.DETECTED, False)
    with book.reading() as rows:
        assert [entry.kind.value for entry in timeline.entries(rows, one.id)] == ["opened", "signal"]


def test_a_second_fingerprint_is_the_same_incident(book: Book, signal: Make) -> None:
    """It is over when both have ended, and not before."""
    first, second = signal(), signal(fingerprint="alert:other")
    hear(book, first, second, over(first))
    assert [one.state for one in all_of(book)] == [State.DETECTED]
    hear(book, over(second))
    assert [one.state for one in all_of(book)] == [State.MONITORING]


def test_a_late_end_of_an_earlier_alert_closes_nothing(book: Book, signal: Make) -> None:
    """What began before, was never heard of, and has ended, says nothing of what fires now."""
    hear(book, signal(), over(signal(started_at=NOW - 600)))
    assert [one.state for one in all_of(book)] == [State.DETECTED]


def test_an_old_word_after_the_end_opens_nothing(book: Book, signal: Make) -> None:
    """That an alert fires which was said to have ended is an old letter."""
    hear(book, signal(), over(signal()), signal())
    assert [one.state for one in all_of(book)] == [State.MONITORING]


def test_what_vanished_may_be_there_again(book: Book, signal: Make) -> None:
    """Alertmanager has forgotten an alert in a restart: it ends after a while, and goes on when it is sent again."""
    hear(book, signal())
    with book.writing() as rows:
        assert keeping.absent(rows, frozenset(), at=NOW + RULES.absent - 1, rules=RULES) == []
        (gone,) = keeping.absent(rows, frozenset(), at=NOW + RULES.absent, rules=RULES)
    assert gone.state is State.MONITORING
    hear(book, signal(), at=NOW + RULES.absent + 5)
    assert [one.state for one in all_of(book)] == [State.DETECTED]


def test_what_is_listed_does_not_vanish(book: Book, signal: Make) -> None:
    """An alert that is listed is there, however long ago it was sent."""
    hear(book, signal())
    with book.writing() as rows:
        for minute in range(10):
            assert keeping.absent(rows, frozenset({signal().fingerprint}), at=NOW + 60 * minute, rules=RULES) == []


@pytest.mark.parametrize("names", [("DatabaseDown", "HighErrorRate"), ("HighErrorRate", "DatabaseDown")])
def test_an_outage_of_the_database_is_one_incident(book: Book, signal: Make, names: Sequence[str]) -> None:
    """Whichever of cause and consequence is heard first, it is an incident of the cause, and as bad."""
    levels = {"DatabaseDown": Severity.P0, "HighErrorRate": Severity.P1}
    hear(book, *(signal(name, severity=levels[name]) for name in names))
    (one,) = all_of(book)
    assert (str(one.key), one.severity) == ("database/down", Severity.P0)


@pytest.mark.parametrize(
    "names",
    list(itertools.permutations(["DatabaseDown", "CausalEvalAPIDown", "EvaluationQueueStalled"])),
    ids=", ".join,
)
def test_whatever_follows_ends_in_the_incident_of_its_cause(book: Book, signal: Make, names: Sequence[str]) -> None:
    """Two consequences that were opened before anybody knew their cause are one incident from then on."""
    levels = {"DatabaseDown": Severity.P0, "CausalEvalAPIDown": Severity.P0, "EvaluationQueueStalled": Severity.P1}
    for seconds, name in enumerate(names):
        hear(book, signal(name, severity=levels[name], started_at=NOW + seconds), at=NOW + seconds)
    with book.reading() as rows:
        (one,) = live(rows)
        assert (str(one.key), one.severity) == ("database/down", Severity.P0)
        assert keeping.firing(rows, one.id) == sorted(names)
    assert {other.state for other in all_of(book) if other.id != one.id} <= {State.REVIEWED}


def test_what_is_joined_brings_what_people_did(book: Book, signal: Make) -> None:
    """Who took it on, what the public knows and how bad it is; it is due no more, and both timelines say why."""
    hear(book, signal("HighLatency", severity=Severity.P3))
    hear(book, signal("EvaluationQueueStalled", severity=Severity.P1))
    with book.writing() as rows:
        desk.acknowledge(rows, "INC-2", who="ann", at=NOW + 1)
        desk.update(rows, "INC-2", text="we look", public=True, who="ann", at=NOW + 2)
    hear(book, signal("DatabaseLockWaits", severity=Severity.P2), at=NOW + 3)
    with book.reading() as rows:
        (one,) = live(rows)
        assert (one.id, str(one.key), one.severity, one.responder) == ("INC-1", "database/locks", Severity.P1, "ann")
        assert (one.acknowledged_at, one.published_at) == (NOW + 1, NOW + 3)
        assert timers.pending(rows, "INC-2") == {}
        assert timeline.entries(rows, "INC-2")[-1].text == "it is part of INC-1: database/locks"
        assert {"joined": "INC-2"} in [dict(entry.data) for entry in timeline.entries(rows, "INC-1")]


@pytest.mark.parametrize(
    ("name", "then", "key"),
    [("DatabaseLockWaits", "EvaluationQueueStalled", "database/locks"),
     ("database_connection_pool_exhausted", "EvaluationQueueStalled", "database/connections"),
     ("ModelAPIRateLimited", "EvaluationQueueStalled", "model_api/limited"),
     ("ModelAPIRateLimited", "MassEvaluationFailures", "model_api/limited"),
     ("ModelAPIFailing", "EvaluationQueueStalled", "model_api/failing"),
     ("ModelAPIFailing", "MassEvaluationFailures", "model_api/failing"),
     ("ModelAPIKeyInvalid", "MassEvaluationFailures", "model_api/key"),
     ("AllModelAPIsFailing", "EvaluationQueueStalled", "model_api/all")],
)  # fmt: skip
def test_workers_that_wait_for_something_are_no_second_cause(
    book: Book, signal: Make, name: str, then: str, key: str
) -> None:
    """A locked table, no connection, no model API: the queue stands still, or questions end without an answer."""
    hear(book, signal(name), signal(then))
    assert [str(one.key) for one in all_of(book)] == [key]


@pytest.mark.parametrize(("after", "incidents"), [(RULES.reopen - 1, 1), (RULES.reopen + 1, 2)])
def test_what_follows_comes_back_into_the_incident_of_its_cause(
    book: Book, signal: Make, after: float, incidents: int
) -> None:
    """The API fell with the database and falls again soon after that was over: it was not over. Later, it is new."""
    both = signal("DatabaseDown"), signal()
    hear(book, *both, *map(over, both))
    with book.writing() as rows:
        desk.resolve(rows, "INC-1", resolution="started it", root_cause="", who="ann", at=NOW + 60)
    again = NOW + 60 + after
    hear(book, signal(started_at=again), at=again)
    found = all_of(book)
    assert (len(found), found[0].state) == (incidents, State.DETECTED)


@pytest.mark.parametrize(("began", "incidents"), [(30, 1), (61, 2)])
def test_a_late_word_of_what_was_is_part_of_it(book: Book, signal: Make, began: int, incidents: int) -> None:
    """What began while the database was down, and is heard when that is over, opens nothing; what began after does."""
    hear(book, signal("DatabaseDown"), over(signal("DatabaseDown")))
    with book.writing() as rows:
        desk.resolve(rows, "INC-1", resolution="started it", root_cause="", who="ann", at=NOW + 60)
    hear(book, signal("CausalEvalAPIReplicaDown", started_at=NOW + began), at=NOW + 62)
    assert len(all_of(book)) == incidents


def test_two_providers_are_two_incidents(book: Book, signal: Make) -> None:
    """What fails at one says nothing of another."""
    for provider in ("openai", "anthropic"):
        key = key_of("ModelAPIFailing", {"provider": provider})
        hear(book, signal("ModelAPIFailing", key=key, fingerprint=provider, severity=Severity.P2))
    assert sorted(str(one.key) for one in all_of(book)) == ["model_api:anthropic/failing", "model_api:openai/failing"]


@pytest.mark.parametrize(("severity", "state"), [(Severity.P0, State.MONITORING), (Severity.P2, State.RESOLVED)])
def test_what_stays_quiet_is_over(book: Book, signal: Make, severity: Severity, state: State) -> None:
    """A small one by itself; a person says it of a large one."""
    alert = signal(severity=severity)
    hear(book, alert, over(alert))
    with book.writing() as rows:
        assert keeping.look(rows, at=NOW + RULES.quiet - 1, rules=RULES) == []
        keeping.look(rows, at=NOW + RULES.quiet, rules=RULES)
    assert [one.state for one in all_of(book)] == [state]


def test_a_relapse_reopens(book: Book, signal: Make) -> None:
    """What fires soon after it was over is the same incident, seen by nobody yet; what fires later is another."""
    first = signal(severity=Severity.P2)
    hear(book, first, over(first))
    with book.writing() as rows:
        keeping.look(rows, at=NOW + 300, rules=RULES)
    hear(book, signal(severity=Severity.P2, started_at=NOW + 400), at=NOW + 400)
    (one,) = all_of(book)
    assert (one.state, one.acknowledged_at, one.resolved_at) == (State.DETECTED, None, None)
    hear(book, over(signal(started_at=NOW + 400)), at=NOW + 500)
    with book.writing() as rows:
        keeping.look(rows, at=NOW + 800, rules=RULES)
    hear(book, signal(severity=Severity.P2, started_at=NOW + 2000), at=NOW + 2000)
    assert len(all_of(book)) == 2


def test_a_resolved_incident_swallows_nothing(book: Book, signal: Make) -> None:
    """A new alert of the same cause is never lost in one that is over."""
    hear(book, signal(severity=Severity.P3))
    with book.writing() as rows:
        desk.acknowledge(rows, "INC-1", who="ann", at=NOW)
    hear(book, over(signal(severity=Severity.P3)))
    with book.writing() as rows:
        desk.resolve(rows, "INC-1", resolution="restarted", root_cause="", who="ann", at=NOW + 10)
    hear(book, signal(severity=Severity.P3, started_at=NOW + 20), at=NOW + 20)
    with book.reading() as rows:
        assert [one.state for one in live(rows)] == [State.DETECTED]


def test_it_is_not_over_while_something_fires(book: Book, signal: Make) -> None:
    """Whoever says so is told what fires."""
    hear(book, signal())
    with book.writing() as rows, pytest.raises(Conflict, match="CausalEvalAPIDown still fires"):
        desk.resolve(rows, "INC-1", resolution="restarted", root_cause="", who="ann", at=NOW)


def test_a_leak_is_private_and_escalated_at_once(book: Book, signal: Make) -> None:
    """Nothing of it is published, and nobody waits."""
    hear(book, signal("SecretExposureDetected", security=True))
    (one,) = all_of(book)
    assert one.private
    with book.reading() as rows:
        pending = timers.pending(rows, one.id)
    assert pending[Deadline.ESCALATE] == NOW
    assert Deadline.PUBLISH not in pending


def test_every_alert_of_the_rules_has_a_cause(alert_names: frozenset[str]) -> None:
    """And every cause is of alerts that there are, but for what the sentinel notices by itself."""
    listed = frozenset[str]().union(*(cause.alerts for cause in causes().values()))
    assert listed - {"SentinelProbeFailing", "WatchdogSilent"} == alert_names - {"Watchdog"}
    adopted = frozenset[object]().union(*(cause.adopts for cause in causes().values()))
    assert adopted <= set(causes())


EVENTS = st.lists(
    st.tuples(st.sampled_from(["DatabaseDown", "HighErrorRate", "RedisDown"]), st.booleans(), st.integers(0, 3)),
    max_size=30,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(events=EVENTS)
def test_no_order_of_words_makes_two_of_one(book: Book, signal: Make, events: list[tuple[str, bool, int]]) -> None:
    """Live incidents have keys of their own, fire as their signals do, and their timeline is whole."""
    for step, (name, fires, began) in enumerate(events):
        hear(book, signal(name, firing=fires, started_at=NOW + began), at=NOW + 10 * step)
    with book.writing() as rows:
        there = live(rows)
        assert len({one.key for one in there}) == len(there)
        for one in there:
            assert (one.state is State.MONITORING) == (not keeping.firing(rows, one.id))
            timeline.entries(rows, one.id)
    forget(book)


def test_the_worst_word_of_its_cause_names_it(book: Book, signal: Make) -> None:
    """Not the one that happened to come first, nor what follows from it."""
    with book.writing() as rows:
        for made in (
            signal("CausalEvalAPIProbeFailing", summary="the API is gone"),
            signal("DatabaseConnectivityIntermittent", severity=Severity.P2, summary="now and then"),
            signal("DatabaseDown", summary="nobody reaches it"),
            signal("DatabaseConnectivityIntermittent", severity=Severity.P2, summary="again", fingerprint="another"),
            signal("HighErrorRate", summary="errors"),
        ):
            keeping.hear(rows, made, at=NOW, rules=RULES)
        (one,) = live(rows)
    assert (one.title, str(one.key)) == ("nobody reaches it", "database/down")


def test_how_bad_what_follows_is_is_known(book: Book, signal: Make) -> None:
    """Beside how bad its cause is by itself: the incident is as bad as the worst of both."""
    hear(book, signal("ModelAPIRateLimited", severity=Severity.P2))
    with book.reading() as rows:
        assert keeping.worst_that_follows(rows, live(rows)[0]) is None
    hear(book, signal("EvaluationQueueStalled", severity=Severity.P1))
    with book.reading() as rows:
        (one,) = live(rows)
        assert (keeping.worst_that_follows(rows, one), one.severity) == (Severity.P1, Severity.P1)


def test_what_tells_of_the_past_keeps_nothing_open(book: Book, signal: Make) -> None:
    """An error budget is used up for as long as its window lasts; on its own it is an incident all the same."""
    burn = signal("APIAvailabilityBudgetBurn", severity=Severity.P2)
    with book.writing() as rows:
        keeping.hear(rows, signal(), at=NOW, rules=RULES)
        keeping.hear(rows, burn, at=NOW + 1, rules=RULES)
        keeping.hear(rows, signal(firing=False), at=NOW + 60, rules=RULES)
        (one,) = live(rows)
        assert (one.state, keeping.firing(rows, one.id)) == (State.MONITORING, ["APIAvailabilityBudgetBurn"])
        keeping.hear(rows, replace(burn, fingerprint="longer window"), at=NOW + 61, rules=RULES)
        assert live(rows)[0].quiet_until == one.quiet_until
        assert live(rows)[0].state is State.MONITORING
        desk.resolve(rows, one.id, resolution="mended", root_cause="", who="eve", at=NOW + 70)
        keeping.hear(rows, replace(burn, firing=False), at=NOW + 3600, rules=RULES)
        assert live(rows) == []
        keeping.hear(rows, replace(burn, started_at=NOW + 7200), at=NOW + 7200, rules=RULES)
        (alone,) = live(rows)
        assert keeping.holding(rows, alone) == ["APIAvailabilityBudgetBurn"]


def test_who_looks_into_a_lost_server_is_part_of_its_loss(book: Book, signal: Make) -> None:
    """An exporter that cannot answer without its database opens nothing of its own."""
    with book.writing() as rows:
        keeping.hear(rows, signal("DatabaseDown"), at=NOW, rules=RULES)
        keeping.hear(rows, signal("MonitoringTargetDown", severity=Severity.P3), at=NOW + 1, rules=RULES)
        assert [str(one.key) for one in live(rows)] == ["database/down"]
