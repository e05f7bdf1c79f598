"""An outage of a provider while a worker calls it, a sentinel that hears of it, and what becomes of the scores."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.sentinel.running import answering, send
from tests.serving import Site, opened_site, wait_until

from causal_eval.effects import mirror
from causal_eval.effects.touches import Touch
from causal_eval.service import incident_effects, results
from causal_eval.store.jobs import JobStatus

COUNT, WIDTH, LAST_FAULT = 60, 4, 30
OUTAGE = """
latency = 0.1
[[phase]]
mode = "server-error"
from_request = 20
to_request = 30
"""


def alert(began: float, *, status: str) -> dict[str, object]:
    """That openai fails since *began*, or does so no longer."""
    labels = {"alertname": "ModelAPIFailing", "severity": "P2", "component": "model_api", "provider": "openai"}
    return {
        "status": status, "labels": labels, "startsAt": datetime.fromtimestamp(began, UTC).isoformat(),
        "annotations": {"summary": "openai fails"}, "fingerprint": "f1",
    }  # fmt: skip


def touched(site: Site) -> list[Touch]:
    """What INC-1 touched, as the worker's copier says by now."""
    with site.service.store.reading() as connection:
        if mirror.freshness(connection).answered_at is None:
            return []
    return incident_effects.touched(site.visit, "INC-1")


@pytest.mark.slow
@pytest.mark.full
def test_an_outage_while_an_evaluation_goes_on(tmp_path: Path, database_url: str) -> None:
    """Heard, copied, marked, shown with both scores and asked again by a worker process; the score stays as it was."""
    with (
        answering(tmp_path / "sentinel") as sentinel,
        opened_site(tmp_path, database_url, scenario=OUTAGE, more={"CEB_SENTINEL_URL": sentinel}) as site,
    ):
        ordered = site.order(COUNT, width=WIDTH)
        with site.worker() as worker:
            wait_until(lambda: site.kept(ordered) > WIDTH, process=worker)
            began = time.time()
            send(sentinel, alert(began, status="firing"))
            wait_until(lambda: len(site.requests()) > LAST_FAULT + WIDTH, process=worker)
            send(sentinel, alert(began, status="resolved"))
            wait_until(lambda: site.status(ordered) is JobStatus.DONE, process=worker)
            before = results.scored(site.visit, ordered)
            wait_until(lambda: bool(touched(site)), process=worker)
            (touch,) = touched(site)
            assert 0 < touch.kept < COUNT
            assert touch.calls > 0
            assert touch.missing == 0
            (part,) = incident_effects.effect_of(site.visit, "INC-1").parts
            assert part.scores is not None
            assert part.scores.given.estimate == before[0].score
            assert part.scores.without.n == COUNT - touch.kept
            (link,) = incident_effects.rerun(site.visit, "INC-1").ordered
            wait_until(lambda: site.status(link.rerun) is JobStatus.DONE, process=worker)
        assert results.scored(site.visit, ordered) == before
        (again,) = incident_effects.beside(site.visit, ordered)[0].again
        assert (again.evaluation, again.score is None) == (link.rerun, False)
        site.check_whole(ordered, count=COUNT)
        site.check_whole(link.rerun, count=touch.kept)
