"""A whole run in a process of its own, to be killed: `python crashing_run.py DATABASE LOG QUESTIONS WIDTH LATENCY_MS`.

Writes one line to LOG when a call begins (`+ id`) and one when it returns (`- id`), at once and unbuffered.
"""

from __future__ import annotations

import asyncio
import os
import resource
import sys
from collections.abc import Iterator
from fractions import Fraction

from causal_eval.evaluation.attempt import Ask
from causal_eval.evaluation.run import evaluate
from causal_eval.evaluation.spec import RunSpec
from causal_eval.providers.halt import HaltWatch
from causal_eval.providers.provider import Outcome, Refusal, Reply
from causal_eval.questions.question import AnswerKind, AnswerSpec, Question
from causal_eval.scoring.verdict import Mark, Verdict
from causal_eval.seeds import Stream
from causal_eval.store.database import open_store
from causal_eval.store.evaluations import begin, running
from causal_eval.store.ledger import SqlLedger
from causal_eval.store.suites import keep_set


def questions(count: int) -> Iterator[Question]:
    """Made on the fly, about 1 KB each, three to a cluster."""
    for number in range(count):
        yield Question(
            id=f"q{number:06d}", family="effect", kind="ate", rung=2, domain="", regime="", difficulty=1,
            cluster=f"c{number // 3}", twin=None, joint=False, exempt=(), prompt=f"{number} " * 150,
            answer=AnswerSpec(AnswerKind.YES_NO), gold="yes", certificate=None,
        )  # fmt: skip


class Answerer:
    """Answers by the question's id alone, so that every run gives the same rows."""

    name = "crash/test"

    def __init__(self, log: int, latency: float) -> None:
        self._log = log
        self._latency = latency

    async def answer(self, ask: Ask) -> Outcome:
        number = int(ask.question.id[1:])
        if self._log:
            os.write(self._log, f"+ {ask.question.id}\n".encode())
        if self._latency:
            await asyncio.sleep(self._latency * Stream("latency", number).between(50, 150) / 100)
        if self._log:
            os.write(self._log, f"- {ask.question.id}\n".encode())
        match number % 10:
            case 0:
                return Refusal("not this one")
            case 1 | 2:
                return Reply(f"ANSWER: no {number}", finish="length")
        return Reply(f"ANSWER: yes {number}" + "." * 300)

    async def close(self) -> None:
        """Hold nothing."""


def judge(text: str, finish: str, question: Question) -> Verdict:
    """Right is yes; some replies break the grader."""
    if question.id.endswith("5"):
        raise ValueError(finish)
    mark = Mark.CORRECT if "yes" in text else Mark.WRONG
    return Verdict(mark, mark, Fraction(mark is Mark.CORRECT), answer=text[:20])


async def run(place: str, answerer: Answerer, count: int, width: int) -> None:
    """Begin or go on."""
    store = open_store(f"sqlite:///{place}")
    stored = keep_set(store, questions(count), name="crash")
    evaluation = begin(store, RunSpec(answerer.name, stored.digest, seed="3"))
    with running(store, evaluation):
        async with SqlLedger(store, evaluation) as ledger:
            await evaluate(answerer, ledger=ledger, width=width, judge=judge, watch=HaltWatch())
    store.close()


def main() -> None:
    """Run by the command line's words; print the peak memory in kB."""
    place, log, count, width, latency = sys.argv[1:]
    handle = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT) if log != "-" else 0
    try:
        asyncio.run(run(place, Answerer(handle, float(latency) / 1000), int(count), int(width)))
    except KeyboardInterrupt:
        sys.exit(130)
    sys.stdout.write(f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss}\n")


if __name__ == "__main__":
    main()
