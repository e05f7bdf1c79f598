"""What the sentinel sees by itself becomes incidents, and ends them."""

from __future__ import annotations

from causal_eval.incidents import watching
from causal_eval.incidents.book import Book, live, newest
from causal_eval.incidents.incident import Severity, State
from causal_eval.incidents.intake import Alert
from causal_eval.incidents.rules import Rules
from causal_eval.incidents.watching import Seen

NOW = 1_790_000_000.0
RULES = Rules()


def alert(name: str, **labels: str) -> Alert:
    """A firing alert."""
    return Alert({"alertname": name, **labels}, "2026-09-21T14:13:20+00:00", f"f-{name}")


def states(book: Book) -> dict[str, State]:
    """By key, how every incident is."""
    with book.reading() as rows:
        return {str(one.key): one.state for one in newest(rows)}


def compare(book: Book, *alerts: Alert, at: float) -> None:
    """Alertmanager lists *alerts*."""
    with book.writing() as rows:
        watching.compare(rows, alerts, at=at, rules=RULES)


def test_one_failed_probe_wakes_nobody(book: Book) -> None:
    """Two in a row do, and one that is well ends it."""
    for failures, expected in ((1, {}), (2, {"api/down": State.DETECTED})):
        with book.writing() as rows:
            watching.probed(rows, Seen("api", well=False), failures=failures, at=NOW, rules=RULES)
        assert states(book) == expected
    with book.writing() as rows:
        watching.probed(rows, Seen("api", well=True), failures=0, at=NOW + 1, rules=RULES)
    assert states(book) == {"api/down": State.MONITORING}


def test_an_api_that_is_gone_is_worse_than_another_component(book: Book) -> None:
    """P0 and P2."""
    with book.writing() as rows:
        for component in ("api", "docs"):
            watching.probed(rows, Seen(component, well=False), failures=2, at=NOW, rules=RULES)
    with book.reading() as rows:
        assert {one.key.component: one.severity for one in live(rows)} == {"api": Severity.P0, "docs": Severity.P2}


def test_a_silent_watchdog_is_an_incident_until_it_is_heard(book: Book) -> None:
    """Alerts do not get through meanwhile."""
    for at, expected in ((RULES.silence - 1, {}), (RULES.silence, {"monitoring/silent": State.DETECTED})):
        with book.writing() as rows:
            watching.listen(rows, since=NOW, at=NOW + at, rules=RULES)
        assert states(book) == expected
    with book.writing() as rows:
        watching.hear(rows, [alert("Watchdog", severity="none")], at=NOW + RULES.silence + 1, rules=RULES)
    assert states(book) == {"monitoring/silent": State.MONITORING}


def test_what_others_raise_opens_nothing_by_being_listed(book: Book) -> None:
    """What was sent here for it stays while it is listed."""
    theirs = alert("TheirDiskIsFull", severity="critical", component="theirs")
    compare(book, theirs, at=NOW)
    assert states(book) == {}
    with book.writing() as rows:
        watching.hear(rows, [theirs], at=NOW, rules=RULES)
    compare(book, theirs, at=NOW + 10_000)
    assert states(book) == {"theirs/TheirDiskIsFull": State.DETECTED}
    compare(book, at=NOW + 20_000)
    compare(book, at=NOW + 30_000)
    assert states(book)["theirs/TheirDiskIsFull"] is not State.DETECTED
