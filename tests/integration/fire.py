"""One scenario of the matrix: a real mock server under a script, a real run against it, and everything it left behind.

Sockets, database, settings files and display are real; of time only the waits are skipped.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import re
import shutil
import socket
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import select
from tests.integration.skipping import Ear, SkippingClock

from causal_eval.cli import reporting
from causal_eval.cli.display import Display
from causal_eval.errors import CausalEvalError
from causal_eval.evaluation.elicit import Prompted, Reason
from causal_eval.evaluation.run import evaluate
from causal_eval.evaluation.spec import RunSpec
from causal_eval.mock.scenario import parse_scenario
from causal_eval.mock.server import MockConfig, MockServer
from causal_eval.providers.assemble import assemble
from causal_eval.providers.config import ProviderConfig
from causal_eval.providers.halt import HaltWatch
from causal_eval.providers.live import Watched
from causal_eval.providers.scripted import prompt_key
from causal_eval.questions.question import AnswerKind, AnswerSpec, Question
from causal_eval.scoring.grade import judge
from causal_eval.service.live import variables
from causal_eval.settings import read_settings
from causal_eval.store.database import Store, open_store
from causal_eval.store.evaluations import Evaluation, begin
from causal_eval.store.ledger import SqlLedger
from causal_eval.store.suites import keep_set
from causal_eval.store.tables import attempts, failures, question_sets, questions

MOST = 60
"""Questions in the set; a scenario asks the first ``items``."""
KEYS = {
    "a": "sk-planted-alpha-7Qd93kfW0xLZ-a1a1",
    "b": "sk-planted-bravo-4Hs81mvR5tYP-b2b2",
    "c": "0f8e61c2planted9a57d4charlie3e",
    "d": "planted-delta_1VbN6/zQ+8k=d4d4",
}
"""Planted keys; two look like keys, two do not."""
MODELS = {
    "openai": "openai/gpt-x",
    "anthropic": "anthropic/claude-x",
    "google": "google/gemini-x",
    "responses": "openai/o1-pro-x",
}
"""By wire."""
_NUMBER = re.compile(r"q\d{6}")


class Act(msgspec.Struct, forbid_unknown_fields=True):
    """Something that happens in mid-run."""

    replies: int = 0
    """As soon as the server has made so many replies ..."""
    seconds: float = 0.0
    """... or so long after the begin."""
    env: str = ""
    """The new ``.env``; what the scenario began with is in front."""
    keyfile: str = ""
    stop: bool = False
    start: bool = False


class Scenario(msgspec.Struct, forbid_unknown_fields=True):
    """One row of the matrix."""

    name: str
    mock: str = ""
    """The mock server's own scenario file."""
    tls: str = ""
    env: str = "{P}_BASE_URL={url}\n{P}_API_KEY={a}\n"
    keyfile: str = ""
    wires: tuple[str, ...] = ("openai", "anthropic", "google", "responses")
    both: bool = False
    """True: over both transports, also where only a part of the matrix is run."""
    models: dict[str, str] = {}
    items: int = 6
    width: int = 3
    timeout: float = 5.0
    act: list[Act] = []
    # what must come out of it
    kept: int | None = None
    """Replies and refusals; None: all items; -1: some, as many as were made."""
    refused: int = 0
    missing: dict[str, int] = {}
    """Kind of failure -> items that end with it."""
    halt: str = ""
    """Kind of the error that ends the run."""
    calls: int = 1
    """The most that one item may cost."""
    lost: bool = False
    """True: replies are made and do not arrive, so more is paid than kept."""
    unheard: bool = False
    """True: calls do not reach the server."""
    seconds: float = 60.0
    told: list[str] = []
    """What a person reads, as patterns."""


class Echo:
    """Every reply names its own question, so that none can be taken for another's; acts happen in between."""

    def __init__(self) -> None:
        self.made = 0
        self.reached: dict[int, asyncio.Event] = {}

    def reply_to(self, text: str) -> str | None:
        """The reply to the question that *text* names."""
        self.made += 1
        for number, event in self.reached.items():
            if self.made >= number:
                event.set()
        found = _NUMBER.search(text)
        return f"I read {found[0]}.\nANSWER: yes" if found else "ANSWER: no"


@dataclass(frozen=True, slots=True)
class Row:
    """One item's end in the database."""

    question: str
    kind: str
    """``reply``, ``refusal``, or the kind of failure."""
    text: str
    calls: int
    served: str = ""
    answerer: str = ""


@dataclass(slots=True)
class Outcome:
    """What a run left."""

    rows: list[Row]
    failed: list[Row]
    books: list[dict[str, Any]]
    """The mock's ``--record``."""
    error: CausalEvalError | None
    seconds: float
    """Of the run's own time."""
    told: list[str]
    """Every line that a person could read."""
    marks: dict[str, int]
    """Replies by verdict."""
    prompts: Mapping[str, str] = field(default_factory=dict)
    """Hash of a prompt -> question."""


def ask(number: int) -> Question:
    """A question that its text names."""
    return Question(
        id=f"q{number:06d}", family="effect", kind="ate", rung=2, domain="", regime="", difficulty=1,
        cluster=f"c{number}", twin=None, joint=False, exempt=(), prompt=f"Is q{number:06d} so?",
        answer=AnswerSpec(AnswerKind.YES_NO), gold="yes", certificate=None,
    )  # fmt: skip


def template(folder: Path) -> Path:
    """A database with the questions, to be copied."""
    store = open_store(f"sqlite:///{folder / 'template.db'}")
    keep_set(store, (ask(number) for number in range(MOST)), name="fire")
    store.close()
    return folder / "template.db"


def prompt_hashes() -> dict[str, str]:
    """How the mock's books name each question."""
    way = Reason()
    found = (ask(number) for number in range(MOST))
    return {prompt_key(way.ask(one).messages[-1].content): one.id for one in found}


class Stage:
    """One scenario on one wire in one folder."""

    def __init__(self, scenario: Scenario, wire: str, home: Path, *, database: Path) -> None:
        self.scenario = scenario
        self.model = scenario.models.get(wire, MODELS[wire])
        self.home = home
        self.clock = SkippingClock()
        self.echo = Echo()
        self.server: MockServer | None = None
        self._wire = wire
        self._port = 0
        self._dead = _unused_port()
        shutil.copy(database, home / "runs.db")

    async def play(self) -> Outcome:
        """The whole scenario."""
        shown = io.StringIO()
        with contextlib.redirect_stderr(shown), contextlib.redirect_stdout(shown):
            driver = asyncio.create_task(self.clock.run())
            try:
                async with self._serving():
                    outcome = await self._run()
            finally:
                driver.cancel()
        outcome.told += shown.getvalue().splitlines()
        (self.home / "told.txt").write_text("\n".join(outcome.told))
        return outcome

    @contextlib.asynccontextmanager
    async def _serving(self) -> AsyncIterator[None]:
        await self._start()
        (self.home / "keys").write_text(self._filled(self.scenario.keyfile))
        self._write_env("")
        acts = [asyncio.create_task(self._act(act)) for act in self.scenario.act]
        await asyncio.sleep(0)
        try:
            yield
        finally:
            for act in acts:
                act.cancel()
            await asyncio.gather(*acts, return_exceptions=True)
            if self.server is not None:
                await self.server.stop()

    async def _start(self) -> None:
        told = parse_scenario(self._filled(self.scenario.mock))
        config = MockConfig(
            answers=self.echo, phases=told.phases, keys=told.keys, latency=told.latency or 0.0, seed=told.seed or "0",
            tls=self.scenario.tls, record=self.home / "books.jsonl", clock=self.clock, port=self._port,
        )  # fmt: skip
        self.server = MockServer(config)
        await self.server.start()
        self._port = int(self.server.url.rpartition(":")[2])

    async def _act(self, act: Act) -> None:
        if act.replies:
            await self.echo.reached.setdefault(act.replies, asyncio.Event()).wait()
        until = self.clock.now() + act.seconds
        while self.clock.now() < until:  # noqa: ASYNC110 - no waiter of the clock, which would skip time for it
            await asyncio.sleep(0.001)
        if act.stop and self.server is not None:
            server, self.server = self.server, None
            await server.stop()
        if act.start:
            await self._start()
        if act.keyfile:
            (self.home / "keys").write_text(self._filled(act.keyfile))
        if act.env:
            self._write_env(act.env)
        if act.keyfile or act.env:
            self.clock.skipped += 1.1  # files are looked at once a second

    def _write_env(self, more: str) -> None:
        part = self.home / ".env.part"
        part.write_text(self._filled(f"{self.scenario.env}\n{more}"))
        part.replace(self.home / ".env")

    def pattern(self, text: str) -> str:
        """*text* with what only this run knows, for a search."""
        words = self._words()
        return re.sub(r"\{(\w+)\}", lambda found: re.escape(words[found[1]]), text)

    def _filled(self, text: str) -> str:
        for name, value in self._words().items():
            text = text.replace("{" + name + "}", value)
        return text

    def _words(self) -> dict[str, str]:
        scheme = "https" if self.scenario.tls else "http"
        provider = self.model.partition("/")[0]
        host, dead = f"127.0.0.1:{self._port}", f"127.0.0.1:{self._dead}"
        return {
            **KEYS, "P": provider.upper(), "provider": provider, "model": self.model, "host": host, "dead": dead,
            "url": f"{scheme}://{host}", "keyfile": str(self.home / "keys"),
        }  # fmt: skip

    async def _run(self) -> Outcome:
        store = open_store(f"sqlite:///{self.home / 'runs.db'}")
        try:
            return await self._evaluate(store)
        finally:
            store.close()

    async def _evaluate(self, store: Store) -> Outcome:
        scenario, clock = self.scenario, self.clock
        shown = Display("plain")
        ear = Ear(clock, shown)
        env = {"HOME": str(self.home), "CEB_DATA_DIR": str(self.home)}
        live = Watched(
            lambda: variables(read_settings(env, cwd=self.home)), (self.home / ".env",), clock=clock, listener=ear
        )
        config = ProviderConfig(
            env=live.env, cache_dir=self.home, timeout=scenario.timeout, live=live, clock=clock, listener=ear
        )
        provider = Prompted(assemble(self.model, config), Reason())
        spec = RunSpec(self.model, _digest(store), limit=scenario.items, elicitation=Reason().label)
        evaluation = begin(store, spec)
        began, error = clock.now(), None
        try:
            async with SqlLedger(store, evaluation) as ledger:
                await evaluate(
                    provider, ledger=ledger, width=scenario.width, judge=judge, watch=HaltWatch(clock=clock),
                    listener=shown.on_run,
                )  # fmt: skip
        except CausalEvalError as ended:
            error = ended
        finally:
            await provider.close()
        return self._outcome(store, evaluation, ear, error, clock.now() - began)

    def _outcome(
        self, store: Store, evaluation: Evaluation, ear: Ear, error: CausalEvalError | None, seconds: float
    ) -> Outcome:
        rows, failed = _rows(store, attempts), _rows(store, failures)
        told = [*ear.waits, *(f"missing: {row.kind}: {row.text}" for row in failed)]
        told += [f"halt: {error.kind}: {error}"] if error is not None else []
        result = reporting.present(store, [evaluation], report=self.home / "report.html", json=True)
        marks = {mark.value: count for mark, count in result.profile.answerers[0].overall.outcomes.marks.items()}
        books = self.home / "books.jsonl"
        booked = [msgspec.json.decode(line) for line in books.read_text().splitlines()]
        return Outcome(
            rows, failed, booked, error, seconds=seconds, told=told, marks=marks,
            prompts=prompt_hashes(),
        )  # fmt: skip


def _digest(store: Store) -> str:
    with store.reading() as connection:
        return str(connection.execute(select(question_sets.c.digest)).scalar_one())


def _rows(store: Store, table: Any) -> list[Row]:
    text = table.c.text if "text" in table.c else table.c.message
    served = table.c.served if "served" in table.c else table.c.answerer
    query = select(questions.c.id, table.c.kind, text, table.c.calls, served, table.c.answerer)
    with store.reading() as connection:
        rows = connection.execute(query.join(table, table.c.question == questions.c.digest)).all()
    return [Row(*row) for row in rows]


def _unused_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
