"""The model API of drills: the mock server, which knows the answers, and can be made to fail."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from causal_eval.errors import OperationFailed
from causal_eval.operations.drills.asking import Question, ask
from causal_eval.operations.stack.raising import wait_for

SKILL = "0.75"
"""Share of the questions that it answers right: a score that an outage would change."""
LATENCY = 0.4
_CALLS = "/v1/chat/completions"


class Books(NamedTuple):
    """What it received; the numbers only grow."""

    calls: int
    paid: int
    """Those to which it made a reply, arrived or not."""


class Provider:
    """Of one stack: a mock server on *port*, which keeps its books in *folder*."""

    def __init__(self, port: int, folder: Path, *, command: Sequence[str], environment: Mapping[str, str]) -> None:
        self.port = port
        self.folder = folder
        self.key = ""
        """Which it demands; empty: any."""
        self._command = command
        self._environment = environment
        self._process: subprocess.Popen[bytes] | None = None
        self._at = port

    @property
    def questions(self) -> Path:
        """Which it knows the answers to, once the file is there."""
        return self.folder / "questions.jsonl"

    @property
    def record(self) -> Path:
        """A line for every call that it received."""
        return self.folder / "calls.jsonl"

    def weather(self, *faults: str, latency: float = LATENCY, port: int = 0) -> None:
        """Fail in these ways from now on; none: it is well again.

        Who calls meanwhile is answered as before: only calls that are open when it changes are cut.

        Raises:
            OperationFailed: it does not start.
        """
        before, self._at = self._process, port or self.port
        flags = [word for fault in faults for word in ("--fault", fault)]
        flags += ["-q", str(self.questions), "--skill", SKILL] if self.questions.exists() else []
        flags += ["--key", self.key] if self.key else []
        place = ("--port", str(self._at), "--share-port", "--latency", str(latency), "--record", str(self.record))
        with self._said.open("wb") as said:
            self._process = subprocess.Popen(  # noqa: S603 - this program
                (*self._command, "mock-server", *place, *flags), env={**os.environ, **self._environment},
                stdout=said, stderr=subprocess.DEVNULL,
            )  # fmt: skip
        listens = wait_for(lambda: b"listening on" in self._said.read_bytes(), 60.0)
        _kill(before)
        if not listens or not wait_for(self._answers, 60.0):
            self.end()
            raise OperationFailed(f"the model API does not listen on port {self._at}")

    def end(self) -> None:
        """Nobody listens there."""
        _kill(self._process)
        self._process = None

    @property
    def _said(self) -> Path:
        return self.folder / "model-api.out"

    def books(self) -> Books:
        """What it has received since the stack was started."""
        if not self.record.exists():
            return Books(0, 0)
        lines = [json.loads(line) for line in self.record.read_text("utf-8").splitlines()]
        calls = [line for line in lines if line["path"] == _CALLS]
        return Books(len(calls), sum(line["paid"] for line in calls))

    def _answers(self) -> bool:
        return ask(self._at, Question("GET", "/v1/models")).status != 0


def _kill(process: subprocess.Popen[bytes] | None) -> None:
    if process is not None:
        process.kill()
        process.wait()
