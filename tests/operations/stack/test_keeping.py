"""A stack keeps its own backups: made, copied and restored on trial by a process of it; one command brings it back."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx2
import pytest
from tests import servers
from tests.operations.stack.deploying import another_version, deploy, version_of
from tests.stacks import PATIENCE, Stack, check_installed, opened_stack

from causal_eval.backups.state import read_state
from causal_eval.operations.stack.raising import wait_for

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    """One with a second place."""
    check_installed()
    place = servers.new_folder()
    more = {"CEB_BACKUP_COPY_DIR": str(place / "elsewhere")}
    with opened_stack(
        place / "stack", "--backups", "--no-monitoring", "--app", "1", "--worker", "1", more=more
    ) as made:
        yield made


@pytest.mark.full
def test_it_is_brought_to_a_moment(stack: Stack) -> None:
    """The first backup is tried at once and copied; what was made after a moment is gone once that is restored."""
    folder = stack.folder / "backups"
    assert wait_for(lambda: read_state(folder).restore_test_at is not None, PATIENCE)
    assert read_state(folder).restore_test_ok is True, read_state(folder).restore_test_said
    assert (stack.folder.parent / "elsewhere" / read_state(folder).last_backup / "manifest.json").exists()
    assert {part["name"]: part["status"] for part in _parts(stack)}["backup"] == "ok"
    with httpx2.Client(base_url=stack.url, timeout=60) as asking:
        asking.post("/api/v1/question-sets", json={"suite": "quick", "seed": "before"}).raise_for_status()
        time.sleep(1)
        moment = datetime.now(UTC).isoformat()
        time.sleep(1)
        asking.post("/api/v1/question-sets", json={"suite": "quick", "seed": "after"}).raise_for_status()
        assert len(asking.get("/api/v1/question-sets").json()["items"]) == 2
        done = stack.run("stack", "run", "--superuser", "--", "restore", "latest", "--to", moment, "--swap")
        assert "it is in use now" in done.stdout
        assert wait_for(lambda: asking.get("/api/v1/question-sets").status_code == 200, PATIENCE)
        assert len(asking.get("/api/v1/question-sets").json()["items"]) == 1


@pytest.mark.full
@pytest.mark.timeout(600)
def test_the_process_of_backups_runs_what_was_deployed(stack: Stack, tmp_path: Path) -> None:
    """It is started anew at the end, when every replica is well, and goes on making backups; back again too."""
    before, old = stack.plan.version, stack.state("backup").pid
    done = deploy(stack, another_version(stack, tmp_path / "other", "worker/run.py", text="# another\n"))
    assert done.returncode == 0, done.stderr
    assert "MB of its own" in done.stderr
    after = stack.plan.version
    assert wait_for(lambda: version_of(stack, "backup") == after != before, PATIENCE)
    assert stack.state("backup").pid != old
    last = read_state(stack.folder / "backups").last_backup
    stack.run("stack", "run", "--superuser", "--", "backup")
    assert read_state(stack.folder / "backups").last_backup != last
    stack.run("stack", "rollback")
    assert wait_for(lambda: version_of(stack, "backup") == before, PATIENCE)


def _parts(stack: Stack) -> list[dict[str, str]]:
    return list(json.loads(stack.run("health", "--json", check=False).stdout.splitlines()[0])["parts"])
