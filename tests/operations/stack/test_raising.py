"""`causal-eval up`: what is killed comes back, and nobody notices but the log; what is down leaves nothing."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2
import pytest
from tests import stacks
from tests.serving import wait_until
from tests.stacks import Stack

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
PATIENCE = 240.0
"""Seconds: other tests use the machine too."""


@pytest.fixture
def asking(stack: Stack) -> Iterator[httpx2.Client]:
    """Somebody before the load balancer."""
    with httpx2.Client(base_url=f"{stack.url}/api/v1", timeout=60) as client:
        yield client


def ordered(asking: httpx2.Client, answerer: str, **more: object) -> str:
    """An evaluation of a few fresh questions."""
    wanted = {"suite": "quick", "seed": "stack"}
    made = asking.post("/question-sets", json=wanted, headers={"Idempotency-Key": f"set-{answerer}"})
    assert made.status_code < 300, made.text
    order = {"answerer": answerer, "question_set": made.json()["digest"], "limit": 40, **more}
    sent = asking.post("/evaluations", json=order, headers={"Idempotency-Key": f"evaluation-{answerer}"})
    assert sent.status_code < 300, sent.text
    return str(sent.json()["id"])


def ended(asking: httpx2.Client, evaluation: str) -> Callable[[], bool]:
    """Whether it is over."""
    return lambda: asking.get(f"/evaluations/{evaluation}").json()["status"] != "open"


def test_a_baseline_is_evaluated_through_the_load_balancer(stack: Stack, asking: httpx2.Client) -> None:
    """What one replica takes, a worker does, and the other shows."""
    evaluation = ordered(asking, "baseline/oracle")
    wait_until(ended(asking, evaluation), within=PATIENCE)
    assert asking.get(f"/evaluations/{evaluation}").json()["status"] == "done"
    assert stack.plan.apps == stack.plan.workers == 2


def test_a_kill_of_replica_and_worker_fails_no_request_and_no_evaluation(stack: Stack, asking: httpx2.Client) -> None:
    """While both come back, every request is answered by the others, and every question has one outcome."""
    evaluation = ordered(asking, "openai/gpt-x", call={"max_connections": 4})
    app, worker = stack.kill("app-1"), stack.kill("worker-1")
    answers = [asking.get(f"/evaluations/{evaluation}").status_code for _ in range(60)]
    assert set(answers) == {200}
    wait_until(ended(asking, evaluation), within=PATIENCE)
    found = asking.get(f"/evaluations/{evaluation}").json()
    assert found["status"] == "done"
    subprocess.run([stacks.COMMAND, "invariants"], env={**stack.env, **stack.plan.environment()}, check=True)
    wait_until(lambda: stack.state("app-1").runs and stack.state("worker-1").runs, within=PATIENCE)
    assert stack.state("app-1").pid != app
    assert stack.state("worker-1").pid != worker


@pytest.mark.full
def test_another_replica_is_asked_as_soon_as_it_is_there(stack: Stack) -> None:
    """The balancer takes it up while requests go on, and `restart` leaves somebody to answer at any moment."""
    stack.run("stack", "scale", "app", "3")
    assert stack.state("app-3").runs
    restarting = subprocess.Popen([stacks.COMMAND, "stack", "restart", "app"], env=dict(stack.env))
    with httpx2.Client(base_url=stack.url, timeout=60) as client:
        wait_until(lambda: client.get("/version").status_code != 200 or restarting.poll() is not None, within=PATIENCE)
        assert client.get("/version").status_code == 200
    assert restarting.returncode == 0


def test_what_is_for_the_inside_is_not_passed_on(asking: httpx2.Client, stack: Stack) -> None:
    """The load balancer shows no metrics of one replica among several."""
    assert httpx2.get(f"{stack.url}/metrics").status_code == 404
    assert asking.get("/openapi.json").status_code == 200


def test_secrets_are_readable_by_their_owner_alone(stack: Stack) -> None:
    """No password stands in a file that others may read, nor in the environment of a process."""
    secret = {
        path.read_text().strip()
        for path in (stack.folder / "secrets").iterdir()
        if path.name in {"postgres", "redis-app"}
    }
    assert len(secret) == 2
    for path in (path for path in stack.folder.rglob("*") if path.is_file() and "postgres/data" not in str(path)):
        text = path.read_text(errors="replace")
        assert not any(word in text for word in secret) or stat.S_IMODE(path.stat().st_mode) == 0o600, path
    for name in ("app-1", "worker-1", "lb"):
        said = Path(f"/proc/{stack.state(name).pid}/environ").read_text()
        assert not any(word in said for word in secret)


@pytest.mark.full
def test_a_supervisor_that_is_killed_is_found_again(stack: Stack) -> None:
    """`up` ends what lost its supervisor and starts all anew, on the same ports and data."""
    url = stack.url
    os.kill(int((stack.folder / "run/supervisord.pid").read_text()), signal.SIGKILL)
    said = stacks.up(stack)
    assert said["id"] == stack.plan.id
    assert stack.url == url
    assert httpx2.get(f"{url}/health/ready", timeout=60).status_code == 200


@pytest.mark.full
def test_up_and_down_in_the_foreground(stack: Stack) -> None:
    """`up` attaches to what runs and starts again a supervisor that dies; a signal ends all of it."""
    process = subprocess.Popen([stacks.COMMAND, "up"], env=dict(stack.env), stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert stack.url in process.stdout.readline()
    os.kill(int((stack.folder / "run/supervisord.pid").read_text()), signal.SIGKILL)
    wait_until(lambda: bool(stack.states()) and stack.state("lb").runs, within=PATIENCE)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=120)
    assert process.returncode == 0
    assert stack.left() == []
    stacks.up(stack)
