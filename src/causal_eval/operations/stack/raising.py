"""A stack brought up, process after process; one that is there already is gone on with."""

from __future__ import annotations

import http.client
import os
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass

from causal_eval.errors import OperationFailed
from causal_eval.operations.stack import cluster, files
from causal_eval.operations.stack.marked import end_marked
from causal_eval.operations.stack.plan import Plan, save_plan
from causal_eval.operations.stack.programs import run_as
from causal_eval.operations.stack.supervisor import Supervisor
from causal_eval.store.locks import hold_file

READY = 180.0
"""Seconds within which a process must be ready; a busy machine included."""
STOPPED = 60.0
_MOMENT = 0.05
_HIDDEN = ("REDIS_URL", "PGPASSWORD", "PGSERVICE", "CEB_METRICS_PORT")
"""What whoever starts a stack may have set for something else."""


@dataclass(frozen=True, slots=True)
class Help:
    """What the door hands in."""

    prepare: Callable[[str], None]
    """Brings the database at that URL to what the program needs."""
    token: Callable[[], str]
    """A name that nobody can guess and nobody else has."""
    say: Callable[[str], None]
    """Told what is under way."""


def supervisor_of(plan: Plan) -> Supervisor:
    """Who starts the processes of *plan*."""
    return Supervisor(plan.root / files.SOCKET)


def bring_up(plan: Plan, helping: Help) -> None:
    """Start everything of *plan* that does not run, in order, each when the one before is ready.

    Raises:
        OperationFailed: something does not become ready; the message names its log.
        StoreLocked: somebody else is bringing it up.
    """
    plan.root.mkdir(parents=True, exist_ok=True)
    with hold_file(f"{plan.root}/up.lock", f"somebody else is bringing up {plan.root}: wait for that"):
        files.lay_out(plan, helping.token)
        cluster.make_cluster(plan)
        save_plan(plan)
        (plan.root / files.RUNNING).touch()
        supervisor = _supervised(plan, helping)
        supervisor.start("postgres", "redis")
        cluster.make_database(plan)
        helping.prepare(cluster.url_with_password(plan))
        supervisor.start(*plan.replicas("worker"), *plan.replicas("app"))
        for name in plan.replicas("app"):
            wait_ready(plan, name)
        _balance(plan, supervisor)
        supervisor.start(*plan.names)
        for name in set(plan.names) & {"prometheus", "alertmanager"}:
            wait_ready(plan, name, path="/-/ready")
            answers(plan, name, "/-/reload", method="POST")
        wait_running(plan, plan.names)


def take_down(plan: Plan) -> int:
    """Stop everything; how many processes had to be ended without their supervisor."""
    (plan.root / files.RUNNING).unlink(missing_ok=True)
    supervisor = supervisor_of(plan)
    states = supervisor.states()
    if states is not None:
        supervisor.stop(*(name for name in states if name != "postgres"))  # which they need to hand back what they have
        wait_for(lambda: _stopped(supervisor), STOPPED)
        supervisor.shut_down()
        wait_for(lambda: supervisor.states() is None, STOPPED)
    return end_marked(plan.id, patience=5.0 if states is None else STOPPED)


def wait_ready(plan: Plan, name: str, *, path: str = "/health/ready", patience: float = READY) -> None:
    """Return once *name* answers 200 at *path*.

    Raises:
        OperationFailed: it does not within *patience* seconds.
    """
    if not wait_for(lambda: answers(plan, name, path) == http.client.OK, patience):
        raise OperationFailed(f"{name} is not ready after {patience:g} s: read {plan.logs}/{name}.log")


def wait_running(plan: Plan, names: list[str]) -> None:
    """Return once the supervisor has seen *names* run for a while.

    Raises:
        OperationFailed: one does not.
    """
    supervisor = supervisor_of(plan)

    def lacking() -> list[str]:
        states = supervisor.states() or {}
        return [name for name in names if name not in states or not states[name].runs]

    if not wait_for(lambda: not lacking(), READY):
        name = lacking()[0]
        raise OperationFailed(f"{name} does not stay up: read {plan.logs}/{name}.log")


def answers(plan: Plan, name: str, path: str, *, method: str = "GET", seconds: float = 2.0) -> int:
    """The status with which *name* answers at *path*; 0: it does not."""
    connection = http.client.HTTPConnection("127.0.0.1", plan.ports[name], timeout=seconds)
    try:
        connection.request(method, path)
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        connection.close()


def wait_for(holds: Callable[[], bool], patience: float) -> bool:
    """True as soon as it holds; False: it did not within *patience* seconds."""
    deadline = time.monotonic() + patience
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(_MOMENT)
    return True


def _supervised(plan: Plan, helping: Help) -> Supervisor:
    supervisor = supervisor_of(plan)
    if supervisor.states() is not None:
        supervisor.replan()
        return supervisor
    left = end_marked(plan.id, patience=10.0)
    if left:
        helping.say(f"ended {left} processes that had lost their supervisor")
    inherited = {name: value for name, value in os.environ.items() if name not in _HIDDEN}
    process = subprocess.Popen(  # noqa: S603 - a program that `find_programs` found
        (plan.programs.supervisord, "-c", f"{plan.root}/conf/supervisord.conf"),
        cwd=plan.root, env={**inherited, **plan.environment()}, start_new_session=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    if not wait_for(lambda: supervisor.states() is not None or process.poll() is not None, READY) or process.poll():
        raise OperationFailed(f"the supervisor does not start: read {plan.logs}/supervisord.log")
    process.returncode = 0  # it outlives this object, and is asked over its socket
    return supervisor


def _balance(plan: Plan, supervisor: Supervisor) -> None:
    """Requests to every replica: a balancer that runs reads its file again, and ends none that it passes on."""
    supervisor.start("lb")
    wait_ready(plan, "lb")
    caddy = (plan.programs.caddy, "reload", "--config", f"{plan.root}/conf/Caddyfile", "--adapter", "caddyfile")
    told = run_as("", *caddy, "--address", f"unix/{plan.root}/{files.LB_SOCKET}")
    if told.returncode:
        raise OperationFailed(f"the load balancer does not take its replicas: {' '.join(told.stdout.split())[-300:]}")


def _stopped(supervisor: Supervisor) -> bool:
    states = supervisor.states() or {}
    return all(state.state in {"STOPPED", "EXITED", "FATAL"} for state in states.values() if state.name != "postgres")
