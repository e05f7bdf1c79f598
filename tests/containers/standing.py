"""A copy of the project whose stack runs, and what one can tell it."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import sysconfig
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

COMPOSE = Path(sysconfig.get_path("purelib")) / "compose/docker-compose"
"""Compose itself: the script of that name beside Python ends with 0 whatever became of it."""
PATIENCE = 300.0


@dataclass(frozen=True, slots=True)
class Stack:
    """A copy of the project whose stack runs."""

    folder: Path
    socket: Path

    def run(self, line: str, *, fails: bool = False, timeout: float = 600) -> str:
        """What a line of the shell prints; it ends with 0, unless it *fails*."""
        env = {
            # Debian's docker before others: it is of the engine's age
            "PATH": f"{COMPOSE.parent}:{Path(sys.executable).parent}:/usr/bin:/usr/sbin:/bin:/sbin",
            "HOME": str(self.folder),
            "DOCKER_HOST": f"unix://{self.socket}",
        }
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", line],
            cwd=self.folder, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=timeout,
            check=False,
        )  # fmt: skip
        assert (done.returncode != 0) is fails, f"{line}\n{done.stdout}\n{done.stderr}"
        return done.stdout + done.stderr

    def until(self, holds: Callable[[], bool], what: str, *, patience: float = PATIENCE) -> None:
        """Wait until *holds* says so; where what it asks does not answer yet, it does not hold."""
        deadline = time.monotonic() + patience
        while True:
            with contextlib.suppress(AssertionError):
                if holds():
                    return
            assert time.monotonic() < deadline, f"{what}: not within {patience:g} s\n{self.run('docker ps -a')}"
            time.sleep(0.2)

    def answers(self) -> bool:
        """Whether the runbook's own probe is content, within 3 s."""
        with contextlib.suppress(AssertionError):
            self.run("curl -sS -m 3 -f http://localhost:8000/health")
            return True
        return False

    def commit(self, message: str) -> str:
        """Commit what is there; the name that docker/build.sh gives to it."""
        who = "-c user.name=test -c user.email=test@localhost"
        self.run(f"git add -A && git {who} commit --quiet -m '{message}'")
        return self.run("git rev-parse --short=12 HEAD").strip()

    def build(self, base: str) -> None:
        """Build both images on *base*, without any network."""
        self.run(f"WITH_BACKUP=1 bash docker/build.sh --build-arg BASE={base} --build-arg PIP_NO_INDEX=1")
