"""A status page that cannot be written any more: a real sentinel says since when, and it becomes an alert."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.alerts.test_live import Sink, running, served
from tests.sentinel import running as sentinels
from tests.servers import free_port

from causal_eval.operations.monitoring.configure import Job, Receivers, Watch, lay_out

PATIENCE = 420.0
"""The five minutes of the rule, which are real ones, and what a busy machine needs beside."""


@pytest.mark.full
@pytest.mark.timeout(900)
@pytest.mark.usefixtures("prometheus", "alertmanager")
def test_a_page_that_is_old_is_told_of(tmp_path: Path) -> None:
    """A file stands where its folder belongs: the alert fires after five minutes, and is over once it is gone."""
    home, watchers, watcher, told = tmp_path / "home", tmp_path / "watchers", free_port(), free_port()
    home.mkdir()
    watchers.mkdir()
    sink = Sink()
    with served(sink) as port, sentinels.running(home) as (_, address):
        folder = home / "status"
        sentinels.until((folder / "summary.json").exists)
        watch = Watch(
            jobs=(Job(name="causal-eval-sentinel", targets=(address.removeprefix("http://"),)),),
            alertmanagers=(f"127.0.0.1:{told}",),
        )
        lay_out(watchers, watch, told=Receivers(sentinel=f"http://127.0.0.1:{port}/alerts"), times=60)
        with (
            running(
                watchers, "prometheus-alertmanager", f"--config.file={watchers}/alertmanager.yml",
                f"--storage.path={watchers}/am", f"--web.listen-address=127.0.0.1:{told}",
                "--cluster.listen-address=",
            ),
            running(
                watchers, "prometheus", f"--config.file={watchers}/prometheus.yml",
                f"--storage.tsdb.path={watchers}/tsdb", f"--web.listen-address=127.0.0.1:{watcher}",
                "--rules.alert.resend-delay=1s",
            ),
        ):  # fmt: skip
            sink.wait_for("Watchdog", "firing")
            folder.rename(home / "aside")
            folder.write_text("in the way", "utf-8")
            sink.wait_for("StatusPageStale", "firing", seconds=PATIENCE)
            folder.unlink()
            sink.wait_for("StatusPageStale", "resolved")
        said = (home / "sentinel.log").read_text("utf-8")
        assert said.count("the status page cannot be written") == 1
