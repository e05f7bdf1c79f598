"""Switches that are turned while an evaluation is asked for: items wait or come from the cache, none is lost."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select
from tests.serving import Site, opened_site, wait_until

from causal_eval.service import jobs, results, switches
from causal_eval.service.answering import Call
from causal_eval.service.jobs import JobOrder
from causal_eval.service.switches import CACHE
from causal_eval.store.audit import entries
from causal_eval.store.jobs import JobStatus, list_shards
from causal_eval.store.tables import attempts

COUNT, WIDTH = 200, 4
HELD = "3s"
LONG, SEEN = 800, 1.5
"""Questions of which half were asked before; seconds within which everybody has seen that a switch is over."""


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """A service over a file."""
    with opened_site(tmp_path, f"sqlite:///{tmp_path}/site.db", more={}) as opened:
        yield opened


def _audited(site: Site) -> list[str]:
    """What was done to switches, newest first."""
    with site.service.store.reading() as connection:
        found = [noted.entry for noted in entries(connection)]
    return [f"{one.action} {one.target}" for one in found if one.action.startswith("switch.")]


@pytest.mark.slow
def test_an_open_evaluation_waits_for_a_provider_that_is_off_and_goes_on_by_itself(site: Site) -> None:
    """No call is begun meanwhile and none fails; when the time is over, nobody has to do anything."""
    ordered = site.order(COUNT, width=WIDTH)
    with site.worker() as worker:
        wait_until(lambda: site.kept(ordered) > 20, process=worker)
        turned = switches.change(site.visit, "DISABLED_PROVIDERS", value="openai", reason="outage", lasts=HELD)
        until = turned.until or 0.0
        time.sleep(1.5)  # what was open has ended
        asked = len(site.requests())
        assert site.status(ordered) is JobStatus.OPEN
        wait_until(lambda: time.time() > until - 0.3, process=worker)
        assert (len(site.requests()), site.kept(ordered)) == (asked, asked)
        with site.service.store.reading() as connection:
            assert {one.owner for one in list_shards(connection, ordered)} == {None}
        wait_until(lambda: site.status(ordered) is JobStatus.DONE, process=worker)
    site.check_whole(ordered, count=COUNT)
    assert len(site.requests()) == COUNT
    assert results.counts(site.visit, ordered).failed_calls == 0
    assert switches.listed(site.visit) == []
    assert _audited(site) == ["switch.set DISABLED_PROVIDERS"]


@pytest.mark.slow
def test_an_open_evaluation_follows_the_switch_of_the_cache(site: Site) -> None:
    """What another has been answered stands for what is still to be asked, flagged; what was asked before does not."""
    with site.worker() as worker:
        switches.change(site.visit, CACHE, value="true", reason="outage", lasts="1h")
        first = _ordered(site)
        wait_until(lambda: site.status(first) is JobStatus.DONE, process=worker)
        switches.take_back(site.visit, CACHE)
        second = _ordered(site)
        wait_until(lambda: site.kept(second) > 20, process=worker)
        switches.change(site.visit, CACHE, value="true", reason="outage", lasts=HELD)
        wait_until(lambda: site.status(second) is JobStatus.DONE, process=worker)
        asked = len(site.requests()) - COUNT
    for ordered in (first, second):
        site.check_whole(ordered, count=COUNT)
    cached = [results.scored(site.visit, ordered)[0].cached for ordered in (first, second)]
    assert cached == [0, COUNT - asked]
    assert 20 < asked < COUNT
    assert _audited(site) == [f"switch.{done} {CACHE}" for done in ("set", "take_back", "set")]


@pytest.mark.full
def test_an_open_evaluation_asks_again_when_the_time_of_the_cache_is_over(site: Site) -> None:
    """Copies are taken while it lasts, and not after, though nobody turns anything and more of them are there."""
    with site.worker() as worker:
        switches.change(site.visit, CACHE, value="true", reason="outage", lasts="1h")
        known = _ordered(site, count=LONG // 2)
        wait_until(lambda: site.status(known) is JobStatus.DONE, process=worker)
        switches.take_back(site.visit, CACHE)
        ordered = _ordered(site, count=LONG)
        wait_until(lambda: site.kept(ordered) > 20, process=worker)
        until = switches.change(site.visit, CACHE, value="true", reason="outage", lasts="1s").until or 0.0
        wait_until(lambda: site.status(ordered) is JobStatus.DONE, process=worker)
    site.check_whole(ordered, count=LONG)
    with site.service.store.reading() as connection:
        rows = connection.execute(select(attempts).where(attempts.c.evaluation_id == ordered)).all()
        were_known = set(connection.scalars(select(attempts.c.question).where(attempts.c.evaluation_id == known)))
    over = datetime.fromtimestamp(until + SEEN, UTC).isoformat(timespec="milliseconds")
    late = [row for row in rows if row.started_at.replace("Z", "+00:00") > over]
    assert {row.asked_at for row in late} == {None}
    assert were_known & {row.question for row in late}
    assert {row.asked_at is None for row in rows} == {True, False}
    assert switches.listed(site.visit) == []


def _ordered(site: Site, *, count: int = COUNT) -> str:
    order = JobOrder("openai/gpt-x", site.questions(count), call=Call(max_connections=WIDTH))
    return jobs.order(site.visit, order).evaluation.id
