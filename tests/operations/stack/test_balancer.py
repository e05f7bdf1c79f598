"""What stands before the replicas: users and probes hardly notice that one of them hangs."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from tests import stacks
from tests.stacks import COMMAND

from causal_eval.operations.stack.files import lay_out
from causal_eval.operations.stack.plan import Plan, Wanted, changed, new_plan
from causal_eval.operations.stack.programs import find_programs
from causal_eval.operations.stack.raising import wait_for

PATIENCE = 10.0
"""Seconds: a busy machine takes longer than the two of the sentinel; what matters is who answers."""
REPLICA = """
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

class Server(ThreadingHTTPServer):
    request_queue_size = 1024  # as uvicorn has it: who hangs takes connections all the same

class Well(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass

Server(("127.0.0.1", int(sys.argv[1])), Well).serve_forever()
"""


def begun(stack: ExitStack, *command: str) -> subprocess.Popen[bytes]:
    """A process that ends with *stack*."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    stack.callback(process.wait, 30)
    stack.callback(process.kill)
    return process


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[Plan, list[subprocess.Popen[bytes]]]]:
    """A balancer as a stack has it, and two replicas that do nothing but answer."""
    stacks.check_installed()
    made = new_plan(tmp_path, find_programs((COMMAND,)), token="a1b2c3d4e5f60718")
    plan = changed(made, Wanted(apps=2, free_ports=True))
    lay_out(plan, lambda: "token")
    with ExitStack() as stack:
        ports = [str(plan.ports[name]) for name in plan.replicas("app")]
        replicas = [begun(stack, sys.executable, "-c", REPLICA, port) for port in ports]
        conf = str(plan.root / "conf/Caddyfile")
        begun(stack, plan.programs.caddy, "run", "--config", conf, "--adapter", "caddyfile")
        assert wait_for(lambda: all(asked(plan) for _ in replicas), 30.0)
        yield plan, replicas


def asked(plan: Plan) -> bool:
    """Whether a probe finds the service well."""
    try:
        with urllib.request.urlopen(f"{plan.url('lb')}/health", timeout=PATIENCE) as answer:
            return bool(answer.status == 200)
    except (OSError, urllib.error.URLError):
        return False


@pytest.mark.timeout(120)
def test_a_replica_that_hangs_fails_no_probe(served: tuple[Plan, list[subprocess.Popen[bytes]]]) -> None:
    """Health is asked of whoever is alive: until one that hangs is left out, another answers in its place."""
    plan, (first, _) = served
    os.kill(first.pid, signal.SIGSTOP)
    assert all(asked(plan) for _ in range(20))
