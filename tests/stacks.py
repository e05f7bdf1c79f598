"""A stack of `causal-eval up` for tests: everything that a machine without containers runs, on free ports."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests import lacking, servers

from causal_eval.errors import UsageError
from causal_eval.operations.stack.marked import marked
from causal_eval.operations.stack.plan import Plan, find_plan
from causal_eval.operations.stack.programs import find_programs, may_enter
from causal_eval.operations.stack.raising import supervisor_of
from causal_eval.operations.stack.supervisor import State

COMMAND = str(Path(sys.executable).with_name("causal-eval"))
PATIENCE = 280


@dataclass(frozen=True, slots=True)
class Stack:
    """A stack that runs, and the environment of whoever started it."""

    folder: Path
    env: Mapping[str, str]
    account: Mapping[str, Any] = field(default_factory=dict)
    """What has a command run as another account."""

    @property
    def plan(self) -> Plan:
        """What it is made of."""
        return find_plan(self.folder)

    @property
    def url(self) -> str:
        """Its load balancer."""
        return self.plan.url("lb")

    def states(self) -> dict[str, State]:
        """How every process is, as the supervisor knows; none: it is not there."""
        return supervisor_of(self.plan).states() or {}

    def state(self, name: str) -> State:
        """How a process is."""
        return self.states()[name]

    def kill(self, name: str, number: int = signal.SIGKILL) -> int:
        """Send a process a signal; its pid."""
        pid = self.state(name).pid
        os.kill(pid, number)
        return pid

    def left(self) -> list[int]:
        """Processes of it that live."""
        return marked(self.plan.id)

    def run(
        self, *arguments: str, check: bool = True, words: str = "", patience: float = PATIENCE
    ) -> subprocess.CompletedProcess[str]:
        """A command of ours about it."""
        return subprocess.run(
            [COMMAND, *arguments], env=dict(self.env), input=words, capture_output=True, text=True, timeout=patience,
            check=check, **self.account,
        )  # fmt: skip


def check_installed() -> None:
    """Skip the test where a stack cannot be started here: root's PostgreSQL is another account's, which must get in."""
    try:
        find_programs([COMMAND])
    except UsageError as error:
        wheels = all(map(lacking.is_installed, (servers.POSTGRES, servers.VALKEY)))
        enters = may_enter(Path(sys.prefix), "nobody" if os.geteuid() == 0 else "")
        lacking.lacks(f"{error} (account may enter {sys.prefix}: {enters})", is_brought=wheels and enters)


def environment(folder: Path, more: Mapping[str, str] | None = None) -> dict[str, str]:
    """Of whoever starts the stack of *folder*: nothing of ours leaks in."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    return {**kept, "HOME": str(folder.parent), "CEB_STACK_DIR": str(folder), **(more or {})}


@contextmanager
def opened_stack(folder: Path, *flags: str, more: Mapping[str, str] | None = None) -> Iterator[Stack]:
    """A stack in *folder*, ended at the end with every process of it."""
    stack = Stack(folder, environment(folder, more))
    try:
        up(stack, *flags)
        yield stack
    finally:
        if (folder / "stack.json").exists():
            stack.run("down")


def up(stack: Stack, *flags: str) -> dict[str, object]:
    """Bring it up, and leave it running; what it says."""
    done = stack.run("up", "--detach", "--free-ports", "--no-login", "--no-backups", "--json", *flags, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return dict(json.loads(done.stdout))
