"""``causal-eval mock-server``: a server of known skill that speaks the large APIs, with faults on request."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import msgspec

from causal_eval.cli import output
from causal_eval.cli.skilled import skilled_replies
from causal_eval.errors import MalformedFile
from causal_eval.evaluation.elicit import Confidence, Direct, Reason
from causal_eval.mock.answers import Answers, AnswerTable, Fixed, Script
from causal_eval.mock.batches import BatchPlan
from causal_eval.mock.faults import parse_fault
from causal_eval.mock.scenario import Scenario, read_scenario
from causal_eval.mock.server import MockConfig, MockServer
from causal_eval.providers.scripted import prompt_key
from causal_eval.questions.file import read_questions
from causal_eval.questions.question import Question


@dataclass(frozen=True, slots=True)
class Serving:
    """One ``mock-server`` command."""

    questions: Path | None = None
    skill: float = 1.0
    script: Path | None = None
    reply: str = "ANSWER: yes"
    faults: tuple[str, ...] = ()
    latency: float = 0.0
    key: str = ""
    seed: str = "0"
    host: str = "127.0.0.1"
    port: int = 8399
    shares_port: bool = False
    scenario: Path | None = None
    record: Path | None = None
    tls: str = ""


def serve(order: Serving, *, json: bool) -> int:
    """Serve until interrupted; the address stands on stdout as soon as requests are answered."""
    told = Scenario() if order.scenario is None else read_scenario(order.scenario)
    config = MockConfig(
        answers=_answers(order),
        faults=tuple(parse_fault(text) for text in order.faults),
        phases=told.phases,
        keys=told.keys,
        latency=told.latency or order.latency,
        key=order.key,
        batch=told.batch or BatchPlan(),
        seed=order.seed if told.seed is None else told.seed,
        host=order.host,
        port=order.port,
        shares_port=order.shares_port,
        tls=order.tls,
        record=order.record,
    )
    asyncio.run(_serve(config, json=json))
    return 0


def reply_table(questions: Iterable[Question], *, skill: Fraction, seed: str) -> dict[str, str]:
    """Prompt key -> reply, for the question as it is printed and as our own elicitations put it."""
    table = {}
    for question, reply, sure in skilled_replies(questions, skill=skill, seed=seed):
        for way in (Direct(), Reason()):
            table[prompt_key(way.ask(question).messages[-1].content)] = reply
        table[prompt_key(Confidence().ask(question).messages[-1].content)] = sure
        table[prompt_key(question.prompt)] = reply
    return table


def _answers(order: Serving) -> Answers:
    if order.questions is not None:
        skill = Fraction(str(order.skill))
        return AnswerTable(
            reply_table(read_questions(order.questions), skill=skill, seed=order.seed), fallback=order.reply
        )
    if order.script is not None:
        return Script(_replies(order.script))
    return Fixed(order.reply)


def _replies(path: Path) -> list[str]:
    try:
        replies = msgspec.json.decode(path.read_bytes(), type=list[str])
    except OSError as error:
        raise MalformedFile(str(path), f"cannot be read ({error.strerror}); check the path") from error
    except msgspec.DecodeError as error:
        raise MalformedFile(str(path), f"a script is a JSON list of replies: {error}") from error
    return replies


async def _serve(config: MockConfig, *, json: bool) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    async with MockServer(config) as server:
        trust = str(server.certificate) if server.certificate else None
        if json:
            output.emit({"event": "listening", "url": server.url, "certificate": trust})
        else:
            output.say(f"listening on {server.url}  (OpenAI: {server.url}/v1, others: {server.url})")
            if trust:
                output.say(f"certificate: {trust}")
        output.flush()
        await stopped.wait()
        spoiled = {f"spoiled {mode.value}": count for mode, count in server.spoiled.items()}
        counts = {**server.received, **spoiled, "paid": server.accounts.paid.total()}
    output.note("  ".join(f"{name} {count}" for name, count in counts.items()) if server.received else "no requests")
