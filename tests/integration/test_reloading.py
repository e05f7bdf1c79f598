"""SIGHUP, and a file that changes: app, worker and serve go on with what is there now, and tell none of it."""

from __future__ import annotations

import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
from tests.serving import COMMAND, Site, opened_site, wait_until

from causal_eval.service import jobs
from causal_eval.service.jobs import JobOrder
from causal_eval.store.jobs import JobStatus

OLD, NEW = "plain.words.of.before", "plain.words.of.now"
"""No form gives them away as keys."""
DOORS = {"app": ("app", "--no-login", "--port", "0"), "serve": ("serve", "--no-login", "--port", "0")}
TOLD = "settings were read again: "


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """A service over a file, its key in another; the provider knows no key."""
    key = tmp_path / "openai.key"
    key.write_text(OLD)
    key.chmod(0o600)
    Path(_log(tmp_path)).touch()
    more = {"OPENAI_API_KEY": "", "OPENAI_API_KEY_FILE": str(key), "CEB_LOG_LEVEL": "", "CEB_LOG_FILE": _log(tmp_path)}
    nobody = '[keys.other]\nvalue = "another"\n'
    with opened_site(tmp_path, f"sqlite:///{tmp_path}/site.db", scenario=nobody, more=more) as opened:
        yield opened


def _log(folder: Path) -> str:
    return str(folder / "process.log")


def _said(site: Site) -> list[str]:
    """What the process has written about its settings."""
    lines = Path(site.env["CEB_LOG_FILE"]).read_text().splitlines()
    return [line.split(TOLD)[1] for line in lines if TOLD in line]


@contextmanager
def running(site: Site, name: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A process that listens, or works, and its address."""
    with site.process(*COMMAND, *DOORS.get(name, (name,))) as process:
        assert process.stdout is not None
        address = ""
        if name in DOORS:
            found = re.search(r"http://\S+", process.stdout.readline())
            assert found
            address = found[0]
        else:
            wait_until(Path(f"{site.service.store.place}.worker.lock").exists, process=process)
        yield process, address


def _tell(site: Site, address: str, *, value: str) -> None:
    """Have the process write *value* into its log: in the path of a request, or as a model that is refused."""
    if address:
        with pytest.raises(HTTPError):
            urlopen(f"{address}/{value}", timeout=10)
        return
    order = jobs.order(site.visit, JobOrder(f"openai/{value}", site.questions(1)))
    wait_until(lambda: site.status(order.evaluation.id) is JobStatus.HALTED)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["worker", *(pytest.param(name, marks=pytest.mark.full) for name in ("app", "serve"))])
def test_a_hangup_reads_settings_and_secrets_again(site: Site, tmp_path: Path, name: str) -> None:
    """The process goes on, names what holds now and what waits for a restart, and hides what it has read."""
    with running(site, name) as (process, address):
        process.send_signal(signal.SIGHUP)
        wait_until(lambda: _said(site) == ["nothing has changed"], process=process)
        (tmp_path / "causal-eval.toml").write_text('requests_per_minute = 7\ncheck_every = "2h"\n')
        (tmp_path / "openai.key").write_text(NEW)
        process.send_signal(signal.SIGHUP)
        wait_until(lambda: len(_said(site)) > 1, process=process)
        _tell(site, address, value=NEW)
        process.send_signal(signal.SIGTERM)
        _, faults = process.communicate(timeout=20)
    assert process.returncode == 0
    hot, read, later = "CEB_REQUESTS_PER_MINUTE", "OPENAI_API_KEY_FILE", "CEB_CHECK_EVERY"
    assert _said(site)[1] == f"{hot} hold now; {read} were read; {later} hold after a restart"
    assert NEW not in faults
    assert "***" in faults


@pytest.mark.slow
@pytest.mark.parametrize("name", ["app", pytest.param("worker", marks=pytest.mark.full)])
def test_a_key_that_was_rotated_is_hidden_by_its_value(site: Site, tmp_path: Path, name: str) -> None:
    """Without any signal, within about a second: what the key file holds now stands in no line of the log."""
    with running(site, name) as (process, address):
        _tell(site, address, value=f"{NEW}.not.yet")
        (tmp_path / "openai.key").write_text(NEW)
        wait_until(lambda: _said(site) == ["OPENAI_API_KEY_FILE were read"], within=5, process=process)
        _tell(site, address, value=NEW)
        process.send_signal(signal.SIGTERM)
        _, faults = process.communicate(timeout=20)
    assert f"{NEW}.not.yet" in faults
    after = faults.split(TOLD)[1]
    assert NEW not in after
    assert "***" in after


@pytest.mark.slow
def test_what_cannot_be_read_leaves_everything_as_it_was(site: Site, tmp_path: Path) -> None:
    """A mistake in the file is named with what is allowed, and the process answers as before."""
    with running(site, "app") as (process, address):
        (tmp_path / "causal-eval.toml").write_text("requests_per_minute = 0\n")
        process.send_signal(signal.SIGHUP)
        log = Path(site.env["CEB_LOG_FILE"])
        wait_until(lambda: "settings stay as they were" in log.read_text(), process=process)
        assert urlopen(f"{address}/health/live", timeout=10).status == 200
    (line,) = [line for line in log.read_text().splitlines() if "settings stay as they were" in line]
    assert "CEB_REQUESTS_PER_MINUTE" in line
    assert "allowed is a whole number from 1" in line


@pytest.mark.slow
def test_a_limit_and_a_level_hold_at_once(site: Site, tmp_path: Path) -> None:
    """Requests beyond the new limit are refused, and lines below the new level are no longer written."""
    with running(site, "app") as (process, address):
        (tmp_path / "causal-eval.toml").write_text('requests_per_minute = 2\nlog_level = "ERROR"\n')
        wait_until(lambda: _refused(f"{address}/api/v1/evaluations"), within=10, process=process)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=20)
    log = Path(site.env["CEB_LOG_FILE"]).read_text()
    assert "status=200" in log
    assert "status=429" not in log


def _refused(url: str) -> bool:
    try:
        urlopen(url, timeout=10)
    except HTTPError as error:
        return error.code == 429
    return False
