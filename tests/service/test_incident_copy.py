"""Copies of incidents: from a sentinel that really answers, by one process at a time, and harmless when it is away."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from sqlalchemy import func, select, update
from tests.effects.calls import NOW, Call, evaluated
from tests.sentinel.running import answering
from tests.service.conftest import Hand

from causal_eval.effects import mirror, touches
from causal_eval.incidents import keeping
from causal_eval.incidents.book import open_book
from causal_eval.incidents.incident import Key, Severity, Signal, Source
from causal_eval.incidents.rules import Rules
from causal_eval.incidents.view import LARGEST_PAGE
from causal_eval.service import incident_copy
from causal_eval.service.wiring import Service
from causal_eval.store.incident_tables import incidents
from causal_eval.store.switches import Switch, turn
from causal_eval.store.work_tables import jobs


@dataclass(frozen=True, slots=True)
class Site:
    """A service that knows a sentinel, and the folder of that."""

    service: Service
    folder: Path
    clock: Hand

    def hear(self, number: int = 0, *, firing: bool = True, seconds: float = 0.0) -> None:
        """What an alert of openai's, one of several, says so many seconds after ``NOW``."""
        signal = Signal(
            name="ModelAPIFailing", key=Key("model_api:openai", f"f{number}"), severity=Severity.P2, firing=firing,
            started_at=NOW, fingerprint=f"x{number}", source=Source.ALERTMANAGER, summary="it fails",
        )  # fmt: skip
        book = open_book(self.folder / "incidents.db")
        with book.writing() as rows:
            keeping.hear(rows, signal, at=NOW + seconds, rules=Rules())
        book.close()

    def ids(self) -> list[str]:
        """Of the copies."""
        with self.service.store.reading() as connection:
            return [one.id for one in mirror.listed(connection)]

    def freshness(self) -> mirror.Copy:
        """Of the copies."""
        with self.service.store.reading() as connection:
            return mirror.freshness(connection)


@pytest.fixture
def site(service: Service, clock: Hand, tmp_path: Path) -> Iterator[Site]:
    """Both at one clock."""
    folder = tmp_path / "sentinel"
    with answering(folder, clock=clock) as address:
        yield Site(replace(service, settings=replace(service.settings, sentinel_url=address)), folder, clock)


def test_copied_and_marked(site: Site) -> None:
    """What the sentinel tells is there after one look, and so are the marks once it is over; late results follow."""
    run = evaluated(site.service.store, [Call(0, 5.0)])
    site.hear()
    assert incident_copy.copy(site.service, "a")
    assert site.ids() == ["INC-1"]
    assert (site.freshness().fault, site.freshness().answered_at) == ("", NOW)
    with site.service.store.reading() as connection:
        assert not touches.of_incident(connection, "INC-1")
    site.hear(firing=False, seconds=60.0)
    site.clock.now += 70.0
    assert incident_copy.copy(site.service, "a")
    with site.service.store.writing() as connection:
        assert [one.evaluation for one in touches.of_incident(connection, "INC-1")] == [run.id]
    late = evaluated(site.service.store, [Call(1, 50.0, seconds=200.0)])
    with site.service.store.writing() as connection:
        connection.execute(update(jobs).where(jobs.c.evaluation_id == late.id).values(ended_at=NOW + 260))
    site.clock.now += 240.0
    assert incident_copy.copy(site.service, "a")
    with site.service.store.reading() as connection:
        assert {one.evaluation for one in touches.of_incident(connection, "INC-1")} == {run.id, late.id}


def test_one_process_at_a_time(site: Site) -> None:
    """Another one waits, and takes over when the first is gone."""
    assert incident_copy.copy(site.service, "a")
    assert not incident_copy.copy(site.service, "b")
    assert incident_copy.copy(site.service, "a")


@pytest.mark.slow
def test_more_than_a_page(site: Site) -> None:
    """Followed to the end; then only what changed is asked for."""
    for number in range(LARGEST_PAGE + 1):
        site.hear(number)
    incident_copy.copy(site.service, "a")
    cursor = site.freshness().cursor
    site.clock.now += 5.0
    site.hear(7, firing=False, seconds=5.0)
    incident_copy.copy(site.service, "a")
    with site.service.store.reading() as connection:
        assert connection.scalar(select(func.count()).select_from(incidents)) == LARGEST_PAGE + 1
        fresh = select(func.count()).select_from(incidents).where(incidents.c.copied_at == NOW + 5)
        assert connection.scalar(fresh) == 1
    assert site.freshness().cursor > cursor


def test_a_sentinel_that_is_away_does_no_harm(site: Site) -> None:
    """The copies stay, how old they are and why is said, and marking goes on."""
    site.hear()
    site.hear(firing=False, seconds=60.0)
    incident_copy.copy(site.service, "a")
    away = replace(site.service, settings=replace(site.service.settings, sentinel_url="http://127.0.0.1:1"))
    site.clock.now += 100.0
    evaluated(site.service.store, [Call(0, 5.0)])
    with site.service.store.writing() as connection:
        connection.execute(update(incidents).values(marked_at=None))
    assert incident_copy.copy(away, "a")
    copied = site.freshness()
    assert (site.ids(), copied.age(site.clock())) == (["INC-1"], 100.0)
    assert "does not answer" in copied.fault
    with site.service.store.reading() as connection:
        assert touches.of_incident(connection, "INC-1")


def test_a_sentinel_with_a_new_file_is_heard_from_its_beginning(site: Site) -> None:
    """Its incidents are copied, but for one whose id another one had: that is said."""
    for number in range(3):
        site.hear(number)
    incident_copy.copy(site.service, "a")
    other = site.folder.parent / "other"
    with answering(other, clock=site.clock) as address:
        anew = Site(
            replace(site.service, settings=replace(site.service.settings, sentinel_url=address)), other, site.clock
        )
        anew.hear(9, seconds=9.0)
        incident_copy.copy(anew.service, "a")
    assert "INC-1 is another incident" in site.freshness().fault
    with site.service.store.reading() as connection:
        assert mirror.get(connection, "INC-1").family == "f0"


def test_nothing_is_written_while_the_service_only_reads(site: Site) -> None:
    """Marks can wait; a disk that is full cannot."""
    with site.service.store.writing() as connection:
        turn(connection, Switch("READ_ONLY", "true", "ann", NOW, None, "full"), seconds=None)
    site.hear()
    assert not incident_copy.copy(site.service, "a")
    assert site.ids() == []


def test_without_a_sentinel_results_are_marked_all_the_same(service: Service) -> None:
    """The command line on the sentinel's machine may have copied an incident."""
    assert incident_copy.copy(service, "a")
    with service.store.reading() as connection:
        assert mirror.freshness(connection).answered_at is None
