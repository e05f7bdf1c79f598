"""The response cache: what is the same prompt, what is kept, and that a found reply is the same observation."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from causal_eval.providers.assemble import assemble
from causal_eval.providers.cache import Cached, CacheRule, Remembered, ReplyCache, Scope, cache_key
from causal_eval.providers.clock import SimulatedClock
from causal_eval.providers.config import ProviderConfig
from causal_eval.providers.provider import Failure, FailureKind, Message, Prompt, Refusal, Reply, Usage
from causal_eval.providers.stack import Stack
from causal_eval.store.database import open_store
from causal_eval.store.replies import SqlReplies

pytestmark = pytest.mark.anyio

SCOPE = Scope("local", "openai", "https://api.openai.com/v1", "gpt-x", {"reasoning_effort": "low"})
PROMPT = Prompt((Message("user", "Why?"),), text="Why?\n\n", item="q1")
REPLY = Reply("yes", "because", "length", "gpt-x-1", Usage(1, 2, 3, 4, 5), 12.5, 2)
OTHER: dict[str, dict[str, Any]] = {
    "turn": {"messages": (Message("user", "Why not?"),)},
    "role": {"messages": (Message("system", "Why?"),)},
    "text": {"text": "Why? "},
    "grammar": {"grammar": "root ::= 'a'"},
    "stop": {"stop": ("\n",)},
    "max_tokens": {"max_tokens": 7},
    "temperature": {"temperature": 0.0},
    "top_p": {"top_p": 0.5},
    "seed": {"seed": 0},
    "sample": {"sample": 1},
    "item": {"item": "q2"},
}


class MemoryReplies:
    """A :class:`ReplyCache` that forgets when the process ends."""

    def __init__(self) -> None:
        self.kept: dict[str, Remembered] = {}

    async def find(self, key: str, *, since: str) -> Reply | Refusal | None:
        """The outcome under *key*, if it is not too old."""
        found = self.kept.get(key)
        return found.outcome if found is not None and found.outcome.asked_at >= since else None

    def keep(self, remembered: Remembered) -> None:
        """Keep it; what was asked for later stays."""
        there = self.kept.get(remembered.key)
        if there is None or there.outcome.asked_at < remembered.outcome.asked_at:
            self.kept[remembered.key] = remembered

    async def close(self) -> None:
        """Nothing is under way."""


@pytest.fixture(params=["memory", "sql"])
async def replies(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[ReplyCache]:
    """Every implementation, empty."""
    store = open_store(f"sqlite:///{tmp_path}/replies.db")
    troubles: list[str] = []
    cache: ReplyCache = MemoryReplies() if request.param == "memory" else SqlReplies(store, trouble=troubles.append)
    yield cache
    await cache.close()
    store.close()
    assert not troubles


def remembered(key: str, outcome: Reply | Refusal, asked_at: str) -> Remembered:
    return Remembered(key, "local", "openai/gpt-x", replace(outcome, source="s" * 32, asked_at=asked_at))


async def found(cache: ReplyCache, key: str, since: str = "") -> Reply | Refusal | None:
    """What is there once all that was given is written."""
    if isinstance(cache, SqlReplies):
        await cache.settle()
    return await cache.find(key, since=since)


@pytest.mark.parametrize("outcome", [REPLY, Refusal("no", "gpt-x-1", Usage(9), 1.5, 3), Reply("")])
async def test_what_is_kept_comes_back_whole(replies: ReplyCache, outcome: Reply | Refusal) -> None:
    """Every field of a reply and a refusal is found again under its key, and under no other."""
    one = remembered("a", outcome, "2026-11-01T10:00:00.000+00:00")
    replies.keep(one)
    assert await found(replies, "a") == one.outcome
    assert await found(replies, "b") is None


async def test_the_newest_stays_and_the_old_is_not_found(replies: ReplyCache) -> None:
    """Under one key the reply that was asked for last is found, if it is not older than wanted."""
    for hour in ("11", "10"):
        replies.keep(remembered("a", Reply(hour), f"2026-11-01T{hour}:00:00.000+00:00"))
    newest = await found(replies, "a", since="2026-11-01T11:00:00.000+00:00")
    assert isinstance(newest, Reply)
    assert newest.text == "11"
    assert await found(replies, "a", since="2026-11-01T11:00:00.001+00:00") is None


async def test_many_at_once(replies: ReplyCache) -> None:
    """A thousand replies given in one turn of the loop are all there; giving them waits for nothing."""
    for number in range(1000):
        replies.keep(remembered(f"k{number}", Reply(str(number)), "2026-11-01T10:00:00.000+00:00"))
    texts = [await found(replies, f"k{number}") for number in (0, 500, 999)]
    assert [reply.text for reply in texts if isinstance(reply, Reply)] == ["0", "500", "999"]


async def test_whenever_one_comes_it_is_kept(replies: ReplyCache) -> None:
    """Replies come from outside of the loop, as from sockets: one that comes when writing has just ended is kept."""

    async def come(key: str) -> None:
        await asyncio.to_thread(len, key)
        replies.keep(remembered(key, Reply(""), "2026-11-01T10:00:00.000+00:00"))

    for turn in range(60):
        keys = [f"{turn}-{number}" for number in range(8)]
        await asyncio.gather(*map(come, keys))
        assert None not in [await found(replies, key) for key in keys]


@pytest.mark.parametrize("name", OTHER)
async def test_all_that_decides_a_reply_is_in_the_key(name: str) -> None:
    """Another value of any field of a prompt is another key; an equal prompt has the same."""
    assert cache_key(SCOPE, replace(PROMPT, **OTHER[name])) != cache_key(SCOPE, PROMPT)
    assert cache_key(SCOPE, replace(PROMPT)) == cache_key(SCOPE, PROMPT)


@pytest.mark.parametrize("name", ["project", "provider", "base_url", "model", "arguments"])
async def test_whose_reply_it_is_is_in_the_key(name: str) -> None:
    """Another project, host, model or argument never shares a reply."""
    other: dict[str, Any] = {name: {"mine": 1} if name == "arguments" else "other"}
    assert cache_key(replace(SCOPE, **other), PROMPT) != cache_key(SCOPE, PROMPT)


async def test_no_field_of_a_prompt_is_forgotten() -> None:
    """Whoever adds a field to prompts decides whether it is part of the key; ``prefix`` is part of ``text``."""
    assert {field for field in Prompt.__dataclass_fields__ if field != "prefix"} == {*OTHER} - {"turn", "role"} | {
        "messages"
    }


async def test_the_second_time_makes_no_call(replies: ReplyCache, sequence: Any) -> None:
    """The reply comes back with no call, the time of the first, and the same source."""
    inner = sequence(REPLY, Reply("another"))
    cached = Cached(inner, CacheRule(replies), SCOPE, clock=SimulatedClock())
    first = await cached.complete(PROMPT)
    await found(replies, "")
    again = await cached.complete(PROMPT)
    assert inner.calls == 1
    assert isinstance(first, Reply)
    assert (first.asked_at, len(first.source)) == ("", 32)
    assert again == replace(first, calls=0, asked_at="2023-11-14T22:13:20.000+00:00")
    assert await cached.recall(PROMPT) == again
    other = await cached.complete(replace(PROMPT, sample=1))
    assert isinstance(other, Reply)
    assert (other.text, inner.calls, other.source != first.source) == ("another", 2, True)


async def test_a_failure_is_never_kept(sequence: Any) -> None:
    """What failed is asked again."""
    replies = MemoryReplies()
    inner = sequence(Failure(FailureKind.TIMEOUT, "late"), REPLY)
    cached = Cached(inner, CacheRule(replies), SCOPE, clock=SimulatedClock())
    assert isinstance(await cached.complete(PROMPT), Failure)
    assert not replies.kept
    assert isinstance(await cached.complete(PROMPT), Reply)


async def test_an_old_reply_is_asked_for_again(sequence: Any) -> None:
    """After its expiry a reply is another observation; without an expiry it is good for ever."""
    clock, replies = SimulatedClock(), MemoryReplies()
    inner = sequence(Reply("1"), Reply("2"))
    cached = Cached(inner, CacheRule(replies, expiry=60), SCOPE, clock=clock)
    first = await cached.complete(PROMPT)
    clock.advance(61)
    assert await cached.recall(PROMPT) is None
    forever = Cached(inner, CacheRule(replies, expiry=None), SCOPE, clock=clock)
    assert await forever.recall(PROMPT) is not None
    second = await cached.complete(PROMPT)
    assert isinstance(first, Reply)
    assert isinstance(second, Reply)
    assert (second.text, second.source != first.source) == ("2", True)


async def test_the_cache_stands_outside_of_the_switch(upstream: Any, tmp_path: Path) -> None:
    """A provider that is switched off still says what it has said before; through the whole stack, without a call."""
    upstream.answer({"model": "m", "choices": [{"message": {"content": "Yes."}, "finish_reason": "stop"}]})
    rule = CacheRule(MemoryReplies())
    env = {"OPENAI_BASE_URL": upstream.url, "OPENAI_API_KEY": "sk-1"}
    first = assemble("openai/m", ProviderConfig(env=env, cache_dir=tmp_path, cache=rule))
    said = await first.complete(PROMPT)
    await first.close()
    off = assemble("openai/m", ProviderConfig(env={**env, "OPENAI_ENABLED": "no"}, cache_dir=tmp_path, cache=rule))
    assert isinstance(off, Stack)
    again = await off.complete(PROMPT)
    recalled = await off.recall(PROMPT)
    await off.close()
    assert isinstance(said, Reply)
    assert isinstance(again, Reply)
    assert (again.text, again.source, again.calls, len(upstream.requests)) == ("Yes.", said.source, 0, 1)
    assert recalled == again


async def test_a_reply_of_another_model_is_never_kept(upstream: Any, tmp_path: Path) -> None:
    """What is thrown away is not remembered either."""
    upstream.answer({"model": "other", "choices": [{"message": {"content": "Yes."}, "finish_reason": "stop"}]})
    replies = MemoryReplies()
    env = {"OPENAI_BASE_URL": upstream.url, "OPENAI_API_KEY": "sk-1"}
    provider = assemble("openai/m", ProviderConfig(env=env, cache_dir=tmp_path, cache=CacheRule(replies)))
    outcome = await provider.complete(PROMPT)
    await provider.close()
    assert isinstance(outcome, Failure)
    assert not replies.kept


async def test_without_a_cache_nothing_is_named(upstream: Any, tmp_path: Path) -> None:
    """The cache is off unless asked for: replies have no source, and nothing can be recalled."""
    upstream.answer({"model": "m", "choices": [{"message": {"content": "Yes."}, "finish_reason": "stop"}]})
    env = {"OPENAI_BASE_URL": upstream.url, "OPENAI_API_KEY": "sk-1"}
    provider = assemble("openai/m", ProviderConfig(env=env, cache_dir=tmp_path))
    assert isinstance(provider, Stack)
    outcome = await provider.complete(PROMPT)
    recalled = await provider.recall(PROMPT)
    await provider.close()
    assert isinstance(outcome, Reply)
    assert (outcome.source, recalled) == ("", None)


SENT = Prompt(
    (Message("system", "Be brief."), Message("user", "Why?"), Message("assistant", "Because."), Message("user", "é?")),
    stop=("END",),
    max_tokens=77,
    temperature=1.0,
    top_p=0.5,
    seed=3,
)


@pytest.mark.parametrize(
    ("model", "digest"),
    [
        ("openai/m", "7dcd1f7a4c40"),
        ("anthropic/m", "920719dd45a7"),
        ("google/m", "3a5d01d82c26"),
        ("mistral/m", "973705aa417f"),
    ],
)
async def test_what_is_sent_is_what_the_key_stands_for(
    model: str, digest: str, *, upstream: Any, adapter_of: Callable[..., Any]
) -> None:
    """Whoever changes what an adapter sends for a prompt raises ``WIRE`` in providers/cache.py, then these digests."""
    name = model.partition("/")[0].upper()
    upstream.answer({})
    provider = adapter_of(model, {f"{name}_API_KEY": "k", f"{name}_BASE_URL": upstream.url})
    await provider.complete(SENT)
    await provider.close()
    (request,) = upstream.requests
    sent = json.dumps([request["path"], request["json"]], sort_keys=True)
    assert hashlib.sha256(sent.encode()).hexdigest()[:12] == digest, sent
