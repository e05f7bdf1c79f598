"""Workers killed, stopped and told to end while they make a question set: the next goes on, and the set is the same."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.serving import Site, opened_site, wait_until

from causal_eval.questions.file import SetHash
from causal_eval.questions.generate import generate
from causal_eval.service import jobs, makings, questions, set_orders
from causal_eval.service.jobs import JobOrder
from causal_eval.service.set_orders import SetOrder
from causal_eval.store.jobs import JobStatus
from causal_eval.store.makings import Making, parts

COUNT = 600
WANTED = SetOrder(seed="killed", n=COUNT, families=("separation", "effect", "attribution"))
KILLS = 2
EITHER = pytest.mark.parametrize(
    "database_url", [pytest.param("sqlite", marks=pytest.mark.full), "postgresql"], indirect=True
)

pytestmark = pytest.mark.slow


@pytest.fixture
def site(tmp_path: Path, database_url: str) -> Iterator[Site]:
    """A service over a fresh database of either kind."""
    with opened_site(tmp_path, database_url, more={}) as opened:
        yield opened


def check_whole(site: Site, making: str) -> None:
    """The set has every question of its plan, once and in order, and no part of it is left over."""
    done, digest = makings.find(site.visit, making), SetHash()
    for question in generate(set_orders.plan_of(WANTED)):
        digest.add(question)
    assert done.question_set is not None
    found = questions.find(site.visit, done.question_set)
    assert (done.note, found.hash, found.count, done.made) == ("", digest.hexdigest(), COUNT, COUNT)
    assert list(parts(site.service.store, making)) == []


@EITHER
@pytest.mark.parametrize(
    "end", [signal.SIGKILL, pytest.param(signal.SIGTERM, marks=pytest.mark.full)], ids=["killed", "told"]
)
def test_the_next_worker_goes_on(
    site: Site, end: signal.Signals, record_property: Callable[[str, object], None]
) -> None:
    """Nothing that was made is lost, whatever ended the worker, and an evaluation that waits begins in the end."""
    one = makings.order_set(site.visit, WANTED)
    waiting = makings.begin(site.visit, JobOrder("baseline/oracle", one.id))
    assert isinstance(waiting, Making)

    def made() -> int:
        return makings.find(site.visit, one.id).made

    stalls = []
    for _ in range(KILLS):
        before, began = made(), time.monotonic()
        with site.worker() as process:
            wait_until(lambda before=before: made() > before, process=process)  # type: ignore[misc]  # a default holds it
            stalls.append(time.monotonic() - began)
            process.send_signal(end)
            process.wait(timeout=20)
        assert before < made() < COUNT
    with site.worker() as process:
        wait_until(lambda: makings.find(site.visit, waiting.id).evaluation is not None, process=process)
        begun = makings.find(site.visit, waiting.id).evaluation
        assert begun is not None
        wait_until(lambda: jobs.find(site.visit, begun).job.status is JobStatus.DONE, process=process)
    record_property("seconds until the next part", stalls)
    check_whole(site, one.id)


@pytest.mark.full
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_who_was_taken_for_dead_keeps_nothing(site: Site) -> None:
    """A worker that was stopped in the middle and comes back is refused: another has made the set meanwhile."""
    one = makings.order_set(site.visit, WANTED)
    with site.worker() as stopped:
        wait_until(lambda: makings.find(site.visit, one.id).made > 0, process=stopped)
        stopped.send_signal(signal.SIGSTOP)
        with site.worker() as process:
            wait_until(lambda: makings.find(site.visit, one.id).status == "done", process=process)
            stopped.send_signal(signal.SIGCONT)
            time.sleep(3)
    check_whole(site, one.id)
