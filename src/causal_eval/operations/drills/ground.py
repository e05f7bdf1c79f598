"""Where drills happen: a stack that was started for them, with a model API that can be made to fail."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path

import psycopg

from causal_eval.errors import OperationFailed, UsageError
from causal_eval.operations.drills.asking import Answer, Question, ask, ask_all
from causal_eval.operations.drills.provider import Provider
from causal_eval.operations.stack import cluster
from causal_eval.operations.stack.files import read_secret
from causal_eval.operations.stack.marked import is_marked
from causal_eval.operations.stack.plan import DATABASE, ROLE, Plan
from causal_eval.operations.stack.raising import supervisor_of, wait_for
from causal_eval.operations.stack.supervisor import State

SIGN = "drill.json"
"""In the folder of a stack that was started for drills: its id, and its database's."""
PATIENCE = 240.0
"""Seconds for what a busy machine does late; what is measured is told beside it."""
KINDS = ["attribution/labels", "effect/do", "counterfactual/probability", "chain/values", "confounding/minimal"]
"""Whose questions are made in a moment and have no twins that are scored with them: an order of one asks one."""
LEARNT = 400
"""Questions that the model API knows the answers of."""
QUESTIONS = 110
"""Two shards."""
OPEN_CALLS = 4
ANSWERER = "openai/gpt-x"
_MOMENT = 5.0


@dataclass(frozen=True, slots=True)
class Ground:
    """A stack for drills."""

    plan: Plan
    api: Provider
    held: dict[str, object] = field(default_factory=dict)
    """What a drill holds between its steps, by a name of its own."""

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

    def start(self, *names: str) -> None:
        """Have the supervisor start processes."""
        supervisor_of(self.plan).start(*names)

    def process_of(self, pid: int) -> str:
        """The name of the process *pid*; empty: it is none of the stack's."""
        return next((name for name, state in self.states().items() if state.pid == pid), "")

    def command(self, *words: str) -> str:
        """One of our own commands about this stack, as the runbook says it.

        Raises:
            OperationFailed: it fails.
        """
        done = self.tried(*words)
        if done.returncode:
            raise OperationFailed(
                f"`causal-eval {' '.join(words)}` exits {done.returncode}: {(done.stdout + done.stderr)[-400:]}"
            )
        return done.stdout

    def as_superuser(self, *words: str) -> str:
        """The same, by the account that may repair: ``causal-eval stack run --superuser``."""
        return self.command("stack", "run", "--superuser", "--", *words)

    def tried(self, *words: str) -> subprocess.CompletedProcess[str]:
        """A command that may fail."""
        return subprocess.run(  # noqa: S603 - this program
            (*self.plan.programs.command, *words), env={**os.environ, **self.plan.environment()}, cwd=self.plan.home,
            capture_output=True, text=True, timeout=PATIENCE, check=False,
        )  # fmt: skip

    def redis(self, *words: str, port: int = 0) -> str:
        """A command of Redis, as its administrator."""
        client = str(
            Path(self.plan.programs.valkey).with_name(Path(self.plan.programs.valkey).name.replace("server", "cli"))
        )
        env = {**os.environ, "REDISCLI_AUTH": read_secret(self.plan, "redis-admin")}
        place = ("-p", str(port or self.plan.ports["redis"]), "--user", "admin", "--no-auth-warning")
        done = subprocess.run((client, *place, *words), env=env, capture_output=True, text=True, timeout=60, check=True)  # noqa: S603 - beside the server
        return done.stdout

    def rows(self, query: str, *values: object) -> list[tuple[object, ...]]:
        """What the database says to its superuser, over a reserved connection."""
        with cluster.connect(self.plan, DATABASE) as connection:
            connection.autocommit = True  # some of what an administrator says is no part of a transaction
            cursor = connection.execute(query.encode(), values or None)
            return cursor.fetchall() if cursor.description else []

    def session(self) -> psycopg.Connection[tuple[object, ...]]:
        """A connection as app and workers have them, that a drill holds."""
        return psycopg.connect(
            host="127.0.0.1", port=self.plan.ports["postgres"], dbname=DATABASE, user=ROLE,
            password=read_secret(self.plan, ROLE), connect_timeout=5, application_name="drill", autocommit=True,
        )  # fmt: skip

    # ---- the service --------------------------------------------------------------------------------------------

    def ask(self, method: str, path: str, *, body: object = None, headers: Mapping[str, str] | None = None) -> Answer:
        """What the service answers to somebody before the load balancer."""
        seconds = {} if method == "GET" else {"seconds": PATIENCE}
        return ask(self.plan.ports["lb"], Question(method, path, body, headers or {}), **seconds)

    def ask_all(self, questions: list[Question], *, at_once: int) -> list[Answer]:
        """The same, many at once."""
        return ask_all(self.plan.ports["lb"], questions, at_once=at_once, seconds=60.0)

    def order(self, questions: int = QUESTIONS, *, open_calls: int = OPEN_CALLS) -> str:
        """A new evaluation of so many questions.

        Raises:
            OperationFailed: the service does not take it.
        """
        told: list[Answer] = []

        def taken() -> bool:
            told.append(self.ask("POST", "/api/v1/evaluations", body=self.wanted(questions, open_calls=open_calls)))
            return told[-1].is_good

        if not wait_for(taken, PATIENCE):
            raise OperationFailed(f"no evaluation can be ordered: {told[-1].status} {told[-1].body}")
        self.held["evaluation"] = str(told[-1].body["id"])
        return str(told[-1].body["id"])

    def wanted(self, questions: int, *, open_calls: int = OPEN_CALLS) -> dict[str, object]:
        """The body of an order."""
        call = {"max_connections": open_calls, "timeout": 4.0}
        return {"answerer": ANSWERER, "question_set": self.held["questions"], "limit": questions, "call": call}

    def learn(self) -> None:
        """Make the questions, and tell the model API the answers.

        Raises:
            OperationFailed: the service makes none.
        """
        told: list[Answer] = []

        asked = {"n": LEARNT, "seed": "drill", "kinds": KINDS}

        def made() -> bool:
            told.append(self.ask("POST", "/api/v1/question-sets", body=asked))
            return told[-1].status == HTTPStatus.CREATED

        if not wait_for(made, PATIENCE):  # until a worker has made it, it is 202
            raise OperationFailed(f"no questions can be made: {told[-1].status} {told[-1].body}")
        self.held["questions"] = str(told[-1].body["digest"])
        bodies = self.rows(
            "SELECT convert_from(q.body, 'UTF8') FROM set_members m JOIN questions q ON q.digest = m.question "
            "WHERE m.set_digest = %s ORDER BY m.position", self.held["questions"],
        )  # fmt: skip
        self.api.questions.write_text("".join(f"{body}\n" for (body,) in bodies), "utf-8")

    def try_again(self) -> None:
        """Go on with the last evaluation where it was halted, as whoever ordered it does once the cause is mended."""
        name = str(self.held["evaluation"])
        wait_for(lambda: self.evaluation(name) in {"halted", "done"}, _MOMENT)
        if self.evaluation(name) == "halted":
            self.ask("POST", f"/api/v1/evaluations/{name}/retry", body={})

    def ask_for_the_rest(self) -> bool:
        """Ask again for what the last evaluation lacks, where it is over and lacks something; whether it did."""
        path = f"/api/v1/evaluations/{self.held['evaluation']}"
        told = self.ask("GET", path).body
        counts = told.get("progress", {})
        lacks = told.get("status") in {"done", "halted"} and counts.get("kept", 0) < counts.get("wanted", 0)
        return bool(lacks) and self.ask("POST", f"{path}/retry", body={}).is_good

    def evaluation(self, name: str) -> str:
        """How an evaluation stands; empty: it cannot be asked."""
        return str(self.ask("GET", f"/api/v1/evaluations/{name}").body.get("status", ""))

    def kept(self) -> int:
        """Outcomes of the last evaluation."""
        told = self.ask("GET", f"/api/v1/evaluations/{self.held['evaluation']}").body
        return int(told.get("progress", {}).get("kept", 0))

    def health(self) -> int:
        """The status of /health; 0: nobody answers."""
        return self.ask("GET", "/health").status

    # ---- what Prometheus says -----------------------------------------------------------------------------------

    def firing(self) -> set[str]:
        """The alerts that fire."""
        told = ask(self.plan.ports["prometheus"], Question("GET", "/api/v1/alerts")).body
        alerts = told.get("data", {}).get("alerts", [])
        return {alert["labels"]["alertname"] for alert in alerts if alert["state"] == "firing"}

    def value(self, query: str) -> float:
        """The first value of *query*; 0: there is none."""
        escaped = "".join(f"%{byte:02X}" for byte in query.encode())
        told = ask(self.plan.ports["prometheus"], Question("GET", f"/api/v1/query?query={escaped}")).body
        found = told.get("data", {}).get("result", [])
        return float(found[0]["value"][1]) if found else 0.0


def seconds_until(holds: Callable[[], bool], patience: float = PATIENCE) -> float | None:
    """How long it took until it held; None: it did not in *patience* seconds."""
    begun = time.monotonic()
    return time.monotonic() - begun if wait_for(holds, patience) else None
