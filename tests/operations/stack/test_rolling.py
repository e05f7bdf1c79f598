"""Another version, one replica after another: kept where it is well, taken back by itself where it is not."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import httpx2
import pytest
from tests.operations.stack.deploying import MARK, PATIENCE, another_version, deploy, version_of
from tests.serving import wait_until
from tests.stacks import Stack

from causal_eval.operations.stack.versions import Made

pytestmark = [pytest.mark.full, pytest.mark.slow, pytest.mark.timeout(900)]
HOOK = '        """Pass the request on, or answer why not."""\n'


@pytest.fixture
def another(stack: Stack, tmp_path: Path) -> Callable[..., Made]:
    """An environment with another version of the program: *text* stands behind *after* in a module of it."""

    def make(module: str, *, after: str, text: str) -> Made:
        return another_version(stack, tmp_path / str(len(list(tmp_path.iterdir()))), module, after=after, text=text)

    return make


def running(stack: Stack) -> set[str]:
    """The versions whose processes there are."""
    return {version_of(stack, name) for name in (*stack.plan.replicas("worker"), *stack.plan.replicas("app"))}


def test_a_version_that_is_not_well_is_taken_back(stack: Stack, another: Callable[..., Made]) -> None:
    """One whose every fifth answer is an error, and one that does not start: what ran before runs, and says so."""
    before = stack.plan.version
    fails = "        import random\n        if random.random() < 0.2:\n            raise RuntimeError('bad version')\n"
    done = deploy(stack, another("api/guard.py", after=HOOK, text=fails))
    assert done.returncode == 1
    assert "requests with an error" in done.stderr
    assert f"{before} runs again" in done.stderr
    assert running(stack) == {before}
    done = deploy(stack, another("worker/run.py", after=MARK, text="raise SystemExit(3)\n"))
    assert done.returncode == 1
    assert "worker-1 does not" in done.stderr
    assert running(stack) == {before} == {stack.plan.version}
    assert httpx2.get(f"{stack.url}/health/ready", timeout=60).status_code == 200


def test_a_good_version_is_kept_and_can_be_taken_back(stack: Stack, another: Callable[..., Made]) -> None:
    """While requests go on, and a kill in the middle leaves what the same command finishes; `deploys` tells of it."""
    before = stack.plan.version
    good = another("worker/run.py", after=MARK, text="# another\n")
    deploying = subprocess.Popen([*good.command, "stack", "deploy"], env=dict(stack.env), stderr=subprocess.DEVNULL)
    with httpx2.Client(base_url=stack.url, timeout=60) as client:

        def is_under_way() -> bool:
            assert client.get("/version").status_code == 200
            return "app-1" in stack.plan.moved

        wait_until(is_under_way, within=PATIENCE)
        deploying.send_signal(signal.SIGKILL)
        deploying.wait()
        wait_until(lambda: client.get("/version").status_code == 200, within=PATIENCE)
    assert stack.plan.version == before
    done = deploy(stack, good)
    assert done.returncode == 0, done.stderr
    after = stack.plan.version
    assert running(stack) == {after} != {before}
    assert "is what runs" in deploy(stack, good).stdout
    told = stack.run("stack", "run", "--", "deploys").stdout
    assert after in told.splitlines()[0]
    stack.run("stack", "rollback")
    assert running(stack) == {before}
    assert (stack.plan.version, stack.plan.before) == (before, after)
    stack.run("stack", "rollback", after.partition("+")[2])
    assert running(stack) == {after}
    stack.run("stack", "rollback")
    assert "did you mean" in stack.run("stack", "rollback", before, check=False).stderr
