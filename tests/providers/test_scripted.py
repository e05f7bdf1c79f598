"""The in-memory provider answers from its table."""

from __future__ import annotations

import pytest

from causal_eval.providers.provider import Failure, FailureKind, Message, Prompt, Reply
from causal_eval.providers.scripted import Scripted, prompt_key

pytestmark = pytest.mark.anyio
CHAT = Prompt((Message("system", "s"), Message("user", "old"), Message("assistant", "a"), Message("user", "new")))


async def test_the_last_user_message_decides() -> None:
    """Whatever came before; a text-only prompt is looked up by its text."""
    provider = Scripted("demo/x", {prompt_key("new"): "N", prompt_key("text"): "T"})
    reply = await provider.complete(CHAT)
    assert isinstance(reply, Reply)
    assert (reply.text, reply.served) == ("N", "demo/x")
    assert await provider.complete(Prompt((), text="text")) == Reply("T", served="demo/x", usage=reply.usage)
    await provider.close()


async def test_an_unknown_prompt_is_no_empty_reply() -> None:
    """Without fallback it fails; with one it is answered."""
    outcome = await Scripted("demo/x", {}).complete(CHAT)
    assert isinstance(outcome, Failure)
    assert outcome.kind is FailureKind.BAD_REQUEST
    reply = await Scripted("demo/x", {}, fallback="F").complete(CHAT)
    assert isinstance(reply, Reply)
    assert reply.text == "F"
