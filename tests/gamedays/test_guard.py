"""Whoever started a stack for drills or a game may be killed: what he started does not outlive him."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from causal_eval.operations.stack.marked import end_marked, marked
from causal_eval.operations.stack.plan import MARK, Wanted, changed, new_plan, save_plan
from causal_eval.operations.stack.programs import Programs

PROGRAMS = Programs(("causal-eval",), "/bin/supervisord", "/bin", "/bin/valkey", "/bin/caddy")
STARTS = """\
import subprocess, sys, time
from pathlib import Path
from causal_eval.cli import drilling
with drilling._guarded(Path(sys.argv[1])):
    subprocess.Popen(["sleep", "600"], env={"%s": "a1b2c3d4e5f60718"}, start_new_session=True)
    print("started", flush=True)
    sys.stdin.readline()
"""


@pytest.fixture
def near() -> Iterator[Path]:
    """A folder whose path is short enough for sockets."""
    with tempfile.TemporaryDirectory(prefix="game-") as folder:
        yield Path(folder)


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_kill_leaves_neither_process_nor_folder(near: Path, number: signal.Signals) -> None:
    """Both are gone soon, though nobody was left to end them."""
    folder = near / "game"
    (folder / "stack").mkdir(parents=True)
    save_plan(changed(new_plan(folder / "stack", PROGRAMS, token="a1b2c3d4e5f60718"), Wanted(free_ports=True)))
    command = [sys.executable, "-c", STARTS % MARK, str(folder)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "started\n"
        assert len(marked("a1b2c3d4e5f60718")) == 1
        os.kill(process.pid, number)
        process.wait()
        until = time.monotonic() + 60
        while (folder.exists() or marked("a1b2c3d4e5f60718")) and time.monotonic() < until:
            time.sleep(0.05)
        assert not folder.exists()
        assert marked("a1b2c3d4e5f60718") == []
    finally:
        end_marked("a1b2c3d4e5f60718", patience=0.0)
        process.kill()
        process.communicate()
