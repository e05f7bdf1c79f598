"""Two worker processes and a real server: a sealed key is what they ask with, and a pace is theirs together."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.serving import Site, opened_site, wait_until

from causal_eval.service import jobs, vault
from causal_eval.service.answering import Call
from causal_eval.service.jobs import JobOrder
from causal_eval.store.jobs import JobStatus

SECRET = "sk-live-0123456789abcdef"
COUNT, RPM = 240, 1200.0


@pytest.fixture
def site(tmp_path: Path, postgres_url: str) -> Iterator[Site]:
    """A service over PostgreSQL that can seal keys; the server answers at once."""
    master = tmp_path / "keys" / "master"
    vault.make_master(master)
    with opened_site(tmp_path, postgres_url, scenario="", more={"CEB_MASTER_KEY_FILE": str(master)}) as opened:
        yield opened


@pytest.mark.slow
def test_sealed_keys_and_a_shared_pace(site: Site) -> None:
    """Every call has the project's key, no process ends at SIGHUP, and both together keep the requests per minute."""
    address = site.env["OPENAI_BASE_URL"]
    vault.keep(site.visit, "local", brought=vault.NewCredential("openai", address, SECRET))
    order = JobOrder("openai/gpt-x", site.questions(COUNT), call=Call(max_connections=16, rpm=RPM))
    ordered = jobs.order(site.visit, order).evaluation.id
    with site.worker() as first, site.worker() as second:
        wait_until(lambda: site.kept(ordered) > 20, process=first)
        for process in (first, second):
            process.send_signal(signal.SIGHUP)
        wait_until(lambda: site.status(ordered) is JobStatus.DONE, process=first)
        assert (first.poll(), second.poll()) == (None, None)
    site.check_whole(ordered, count=COUNT)
    requests = site.requests()
    assert {request["key"] for request in requests} == {f"...{SECRET[-4:]}"}
    seconds = [request["second"] for request in requests]
    assert max(seconds) - min(seconds) > 0.75 * 60 * COUNT / RPM


@pytest.mark.slow
def test_without_a_key_that_fits_it_halts_and_says_so(site: Site) -> None:
    """What a worker cannot ask with ends the job in one clear line, not as a fault of the program."""
    kept = vault.keep(site.visit, "local", brought=vault.NewCredential("openai", site.env["OPENAI_BASE_URL"], SECRET))
    ordered = site.order(20, width=2)
    vault.revoke(site.visit, "local", credential=kept.id)
    vault.keep(site.visit, "local", brought=vault.NewCredential("openai", "https://elsewhere.example", SECRET))
    with site.worker() as process:
        wait_until(lambda: site.status(ordered) is JobStatus.HALTED, process=process)
    note = jobs.find(site.visit, ordered).job.note
    assert "store it again for that origin" in note
    assert "fault of this program" not in note
    assert site.requests() == []
