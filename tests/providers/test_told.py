"""Every call that is made is told, and no other."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from causal_eval.providers.events import CallDropped, CallEnded, CallStarted, Recorder
from causal_eval.providers.provider import Failure, FailureKind, Prompt, Reply
from causal_eval.providers.told import Told

pytestmark = pytest.mark.anyio
ASKED = Prompt((), text="?")


async def test_calls_are_told_to_the_listener(sequence: Any) -> None:
    """A start and an end per call, the end with kind, status and time."""
    heard = Recorder()
    outcome = Failure(FailureKind.SERVER_ERROR, "500", status=500, latency_ms=3.0)
    told = Told(sequence(outcome, Reply("yes", latency_ms=2.0)), heard)
    await told.complete(ASKED)
    await told.complete(ASKED)
    assert heard.events == [
        CallStarted("test/sequence", 1),
        CallEnded("test/sequence", FailureKind.SERVER_ERROR, 500, 3.0),
        CallStarted("test/sequence", 1),
        CallEnded("test/sequence", None, None, 2.0),
    ]


async def test_a_cancelled_call_is_open_no_longer() -> None:
    """The next call is the first again."""

    class Hanging:
        name = "test/hanging"

        async def complete(self, prompt: Prompt) -> Reply:  # noqa: ARG002 - never answers
            await asyncio.Event().wait()
            return Reply("never")

        async def close(self) -> None:
            """Nothing is held."""

    heard = Recorder()
    told = Told(Hanging(), heard)
    for _ in range(2):
        task = asyncio.create_task(told.complete(ASKED))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert heard.events == [CallStarted("test/hanging", 1), CallDropped("test/hanging")] * 2
