"""The Watchdog falls silent because a real Prometheus died: a real sentinel opens an incident, and ends it again."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from contextlib import ExitStack
from pathlib import Path

import pytest
from tests.alerts.test_live import running
from tests.sentinel import running as sentinels
from tests.servers import free_port

from causal_eval.incidents.incident import Incident, Key, Severity
from causal_eval.operations.monitoring.configure import Receivers, Watch, lay_out

SILENT = Key("monitoring", "silent")
PATIENCE = 180.0
"""The minute of silence, what Alertmanager keeps of an alert that nobody repeats, and what a busy machine needs."""


def is_heard(alertmanager: str) -> bool:
    """Whether the Watchdog fires; what does not answer yet says nothing."""
    try:
        with urllib.request.urlopen(f"{alertmanager}/api/v2/alerts", timeout=5) as answer:
            return "Watchdog" in {alert["labels"]["alertname"] for alert in json.loads(answer.read())}
    except urllib.error.URLError:
        return False


def told_of(home: Path) -> list[Incident]:
    """What is kept about monitoring itself."""
    return [one for one in sentinels.kept(home) if one.key == SILENT]


@pytest.mark.full
@pytest.mark.timeout(900)
@pytest.mark.usefixtures("prometheus", "alertmanager")
def test_monitoring_that_dies_is_an_incident(tmp_path: Path) -> None:
    """Prometheus ends: within its minute there is one incident, P2; it is back, and the incident is well again."""
    home, watchers, watcher, told = tmp_path / "home", tmp_path / "watchers", free_port(), free_port()
    home.mkdir()
    watchers.mkdir()
    beside = f"http://127.0.0.1:{told}"
    prometheus = (
        "prometheus", f"--config.file={watchers}/prometheus.yml", f"--storage.tsdb.path={watchers}/tsdb",
        f"--web.listen-address=127.0.0.1:{watcher}", "--rules.alert.resend-delay=1s",
    )  # fmt: skip
    with ExitStack() as all_of_it:
        _, address = all_of_it.enter_context(sentinels.running(home, CEB_ALERTMANAGER_URL=beside))
        watch = Watch(jobs=(), alertmanagers=(f"127.0.0.1:{told}",))
        lay_out(watchers, watch, told=Receivers(sentinel=f"{address}/alerts"), times=60)
        all_of_it.enter_context(
            running(
                watchers, "prometheus-alertmanager", f"--config.file={watchers}/alertmanager.yml",
                f"--storage.path={watchers}/am", f"--web.listen-address=127.0.0.1:{told}",
                "--cluster.listen-address=",
            )
        )  # fmt: skip
        with running(watchers, *prometheus):
            sentinels.until(lambda: is_heard(beside), seconds=PATIENCE)
        assert told_of(home) == []
        took = sentinels.until(lambda: bool(told_of(home)), seconds=PATIENCE)
        (one,) = told_of(home)
        assert one.severity is Severity.P2
        assert took >= 55
        with running(watchers, *prometheus):
            sentinels.until(lambda: told_of(home)[0].mitigated_at is not None, seconds=PATIENCE)
        assert len(told_of(home)) == 1
