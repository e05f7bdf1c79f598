"""Where drills happen: a stack that was started for them, with a model API that can be made to fail."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from causal_eval.errors import OperationFailed, UsageError
from causal_eval.operations.stack import cluster
from causal_eval.operations.stack.files import read_secret
from causal_eval.operations.stack.marked import is_marked
from causal_eval.operations.stack.plan import Plan
from causal_eval.operations.stack.raising import supervisor_of, wait_for
from causal_eval.operations.stack.supervisor import State

SIGN = "drill.json"
"""In the folder of a stack that was started for drills: its id, and its database's."""
PATIENCE = 240.0
"""Seconds for what a busy machine does late; what is measured is told beside it."""
QUESTIONS = 48
_ANSWER = 5.0
HTTP_OK = 200


@dataclass(frozen=True, slots=True)
class Answer:
    """What the service said."""

    status: int
    """0: it was not reached."""
    body: Mapping[str, Any]


@dataclass(slots=True)
class _Api:
    process: subprocess.Popen[bytes] | None = None
    questions: str = ""
    last: str = ""


@dataclass(frozen=True, slots=True)
class Ground:
    """A stack for drills."""

    plan: Plan
    api_port: int
    """Of the model API."""
    _api: _Api = field(default_factory=_Api)

    # ---- whose it is --------------------------------------------------------------------------------------------

    def claim(self) -> None:
        """Say in its folder that this stack is for drills; to be done once, by whoever has just started it."""
        sign = {"id": self.plan.id, "database": self._database()}
        (self.plan.root / SIGN).write_text(json.dumps(sign), "utf-8")

    def check_own(self) -> None:
        """Refuse everything but a stack that was started for drills.

        Raises:
            UsageError: its folder, its processes or its database are another's.
        """
        try:
            sign = json.loads((self.plan.root / SIGN).read_text("utf-8"))
        except (OSError, ValueError):
            sign = {}
        if not isinstance(sign, dict) or sign.get("id") != self.plan.id:
            raise UsageError(f"{self.plan.root} is no ground for drills: they act on stacks that they start themselves")
        strangers = [
            name for name, state in self.states().items() if state.pid and not is_marked(state.pid, self.plan.id)
        ]
        if strangers:
            raise UsageError(
                f"{strangers[0]} of {self.plan.root} is not of the stack {self.plan.id}: nothing is done to it"
            )
        if sign.get("database") != self._database():
            raise UsageError(f"the database at port {self.plan.ports['postgres']} is another than the drills' own")

    def _database(self) -> str:
        with cluster.connect(self.plan) as connection:
            row = connection.execute("SELECT system_identifier::text FROM pg_control_system()").fetchone()
        return str(row[0]) if row else ""

    # ---- processes ----------------------------------------------------------------------------------------------

    def states(self) -> dict[str, State]:
        """Every process."""
        return supervisor_of(self.plan).states() or {}

    def signal(self, number: signal.Signals, *names: str) -> None:
        """Send processes a signal; one that is about to come back is left alone."""
        states = self.states()
        for name in names:
            pid = states[name].pid
            if pid and is_marked(pid, self.plan.id):
                os.kill(pid, number)

    def stop(self, *names: str) -> None:
        """Have the supervisor stop processes, and not start them again."""
        supervisor = supervisor_of(self.plan)
        for name in names:
            supervisor.stop(name, wait=True)

    def command(self, *words: str) -> str:
        """One of our own commands about this stack, as the runbook says it.

        Raises:
            OperationFailed: it fails.
        """
        done = subprocess.run(  # noqa: S603 - this program
            (*self.plan.programs.command, *words), env={**os.environ, **self.plan.environment()}, cwd=self.plan.home,
            capture_output=True, text=True, timeout=PATIENCE, check=False,
        )  # fmt: skip
        if done.returncode:
            raise OperationFailed(
                f"`causal-eval {' '.join(words)}` exits {done.returncode}: {(done.stdout + done.stderr)[-400:]}"
            )
        return done.stdout

    def redis(self, *words: str) -> str:
        """A command of Redis, as its administrator."""
        client = str(
            Path(self.plan.programs.valkey).with_name(Path(self.plan.programs.valkey).name.replace("server", "cli"))
        )
        env = {**os.environ, "REDISCLI_AUTH": read_secret(self.plan, "redis-admin")}
        place = ("-p", str(self.plan.ports["redis"]), "--user", "admin", "--no-auth-warning")
        done = subprocess.run((client, *place, *words), env=env, capture_output=True, text=True, timeout=60, check=True)  # noqa: S603 - beside the server
        return done.stdout

    # ---- the model API ------------------------------------------------------------------------------------------

    def weather(self, *faults: str, latency: float = 0.5) -> None:
        """Have the model API fail in these ways from now on; none: it is well again."""
        self.end_api()
        scenario = self.plan.root / "api.toml"
        scenario.write_text(f"latency = {latency}\n", "utf-8")
        flags = [word for fault in faults for word in ("--fault", fault)]
        place = ("mock-server", "--port", str(self.api_port), "--scenario", str(scenario))
        self._api.process = subprocess.Popen(  # noqa: S603 - this program
            (*self.plan.programs.command, *place, *flags), env={**os.environ, **self.plan.environment()},
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        if not wait_for(self._api_answers, PATIENCE):
            raise OperationFailed(f"the model API does not listen on port {self.api_port}")

    def end_api(self) -> None:
        """Nobody listens where the model API was."""
        if self._api.process is not None:
            self._api.process.kill()
            self._api.process.wait()
            self._api.process = None

    def _api_answers(self) -> bool:
        return _ask(self.api_port, "GET", path="/v1/models").status != 0

    # ---- the service --------------------------------------------------------------------------------------------

    def ask(self, method: str, path: str, *, body: object = None) -> Answer:
        """What the service answers to somebody before the load balancer."""
        return _ask(self.plan.ports["lb"], method, path=path, body=body)

    def order(self, answerer: str = "openai/gpt-x", questions: int = QUESTIONS) -> str:
        """A new evaluation of so many questions.

        Raises:
            OperationFailed: the service does not take it.
        """
        told: list[Answer] = []

        def taken() -> bool:
            told.append(self._ordered(answerer, questions))
            return HTTP_OK <= told[-1].status < http.client.MULTIPLE_CHOICES

        if not wait_for(taken, PATIENCE):
            raise OperationFailed(f"no evaluation can be ordered: {told[-1].status} {told[-1].body}")
        self._api.last = str(told[-1].body["id"])
        return self._api.last

    def _ordered(self, answerer: str, questions: int) -> Answer:
        if not self._api.questions:
            made = self.ask("POST", "/api/v1/question-sets", body={"suite": "quick", "seed": "drill"})
            if "digest" not in made.body:
                return made
            self._api.questions = str(made.body["digest"])
        call = {"max_connections": 2}
        wanted = {"answerer": answerer, "question_set": self._api.questions, "limit": questions, "call": call}
        return self.ask("POST", "/api/v1/evaluations", body=wanted)

    def try_again(self) -> None:
        """Go on with the last evaluation where it was halted, as whoever ordered it does once the cause is mended."""
        wait_for(lambda: self.evaluation(self._api.last) in {"halted", "done"}, _ANSWER)
        if self.evaluation(self._api.last) == "halted":
            self.ask("POST", f"/api/v1/evaluations/{self._api.last}/retry", body={})

    def evaluation(self, name: str) -> str:
        """How an evaluation stands; empty: it cannot be asked."""
        return str(self.ask("GET", f"/api/v1/evaluations/{name}").body.get("status", ""))

    def health(self) -> int:
        """The status of /health; 0: nobody answers."""
        return self.ask("GET", "/health").status

    # ---- what Prometheus says -----------------------------------------------------------------------------------

    def firing(self) -> set[str]:
        """The alerts that fire."""
        told = _ask(self.plan.ports["prometheus"], "GET", path="/api/v1/alerts").body
        alerts = told.get("data", {}).get("alerts", [])
        return {alert["labels"]["alertname"] for alert in alerts if alert["state"] == "firing"}

    def value(self, query: str) -> float:
        """The first value of *query*; 0: there is none."""
        escaped = "".join(f"%{byte:02X}" for byte in query.encode())
        told = _ask(self.plan.ports["prometheus"], "GET", path=f"/api/v1/query?query={escaped}").body
        found = told.get("data", {}).get("result", [])
        return float(found[0]["value"][1]) if found else 0.0


def seconds_until(holds: Callable[[], bool], patience: float = PATIENCE) -> float | None:
    """How long it took until it held; None: it did not in *patience* seconds."""
    begun = time.monotonic()
    return time.monotonic() - begun if wait_for(holds, patience) else None


def _ask(port: int, method: str, *, path: str, body: object = None) -> Answer:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_ANSWER if method == "GET" else PATIENCE)
    headers = {"Content-Type": "application/json"}
    try:
        connection.request(method, path, None if body is None else json.dumps(body), headers)
        answer = connection.getresponse()
        text = answer.read()
        try:
            said = json.loads(text)
        except ValueError:
            said = {}
        return Answer(answer.status, said if isinstance(said, dict) else {})
    except (OSError, http.client.HTTPException):
        return Answer(0, {})
    finally:
        connection.close()
