"""The official SDKs' batch clients against the mock server, whatever becomes of a batch."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import anthropic
import openai
import pytest

from causal_eval.mock.answers import AnswerTable
from causal_eval.mock.batches import BatchPlan
from causal_eval.mock.faults import Fault, Mode
from causal_eval.mock.keys import Key
from causal_eval.mock.server import MockConfig, MockServer
from causal_eval.mock.timeline import Phase
from causal_eval.providers.clock import SimulatedClock
from causal_eval.providers.scripted import prompt_key

pytestmark = pytest.mark.anyio

ROWS = 6
TABLE = {prompt_key(f"Question {n}?"): f"Answer {n}." for n in range(1, ROWS + 1)}
NAMES = [f"item-{n}" for n in range(1, ROWS + 1)]
PLANS = {
    "whole": (BatchPlan(), {}),
    "errored": (BatchPlan(errored_every=3), {"errored": ["item-3", "item-6"]}),
    "expired": (BatchPlan(expired_every=4), {"expired": ["item-4"]}),
    "missing": (BatchPlan(missing_every=2), {"missing": ["item-2", "item-4", "item-6"]}),
    "all at once": (
        BatchPlan(errored_every=2, expired_every=3, missing_every=5),
        {"errored": ["item-2", "item-4"], "expired": ["item-3", "item-6"], "missing": ["item-5"]},
    ),
    "out of order": (BatchPlan(shuffled=True), {}),
}
"""Plan -> which rows do not succeed, and how."""


def requests(url: str = "/v1/chat/completions", *, names: Iterable[str] = NAMES) -> bytes:
    """An input file for OpenAI."""
    rows = [
        {
            "custom_id": name,
            "method": "POST",
            "url": url,
            "body": {"model": "gpt-x", "messages": [{"role": "user", "content": f"Question {number}?"}]},
        }
        for number, name in enumerate(names, start=1)
    ]
    return "\n".join(map(json.dumps, rows)).encode()


def order() -> list[Any]:
    """The same for Anthropic."""
    return [
        {
            "custom_id": name,
            "params": {
                "model": "claude-x",
                "max_tokens": 9,
                "messages": [{"role": "user", "content": f"Question {n}?"}],
            },
        }
        for n, name in enumerate(NAMES, start=1)
    ]


@asynccontextmanager
async def serving(plan: BatchPlan | None = None, **extra: Any) -> AsyncIterator[MockServer]:
    async with MockServer(MockConfig(answers=AnswerTable(TABLE), batch=plan or BatchPlan(), **extra)) as server:
        yield server


def openai_at(server: MockServer) -> openai.AsyncOpenAI:
    return openai.AsyncOpenAI(api_key="sk-batch-secret-0001", base_url=f"{server.url}/v1", max_retries=0)


def anthropic_at(server: MockServer) -> anthropic.AsyncAnthropic:
    return anthropic.AsyncAnthropic(api_key="sk-batch-secret-0001", base_url=server.url, max_retries=0)


async def begun(client: openai.AsyncOpenAI, content: bytes) -> Any:
    """The batch of an uploaded file."""
    file = await client.files.create(file=("in.jsonl", content), purpose="batch")
    assert (await client.files.retrieve(file.id)).bytes == len(content)
    return await client.batches.create(
        input_file_id=file.id, endpoint="/v1/chat/completions", completion_window="24h", metadata={"run": "r1"}
    )


async def lines(client: openai.AsyncOpenAI, file: str | None) -> list[Any]:
    """The rows of a file of results; none if there is no file."""
    if file is None:
        return []
    return [json.loads(line) for line in (await client.files.content(file)).text.splitlines()]


def counted(batch: Any) -> list[int]:
    """Rows in all, done, failed."""
    return [batch.request_counts.total, batch.request_counts.completed, batch.request_counts.failed]


@pytest.mark.parametrize("case", PLANS)
async def test_openais_batches(case: str) -> None:
    """Every row is in the output file, in the error file with its reason, or missing, as the plan says."""
    plan, wrong = PLANS[case]
    odd = {name for names in wrong.values() for name in names}
    async with serving(plan) as server, openai_at(server) as client:
        batch = await begun(client, requests())
        assert (batch.status, batch.output_file_id, batch.metadata) == ("validating", None, {"run": "r1"})
        batch = await client.batches.retrieve(batch.id)
        good, bad = await lines(client, batch.output_file_id), await lines(client, batch.error_file_id)
        assert [row.id for row in (await client.batches.list()).data] == [batch.id]
        with pytest.raises(openai.BadRequestError, match="has ended"):
            await client.batches.cancel(batch.id)
        paid = server.accounts.paid.total()
    assert batch.status == ("expired" if "expired" in wrong else "completed")
    assert getattr(batch, f"{batch.status}_at") is not None
    texts = {row["custom_id"]: row["response"]["body"]["choices"][0]["message"]["content"] for row in good}
    assert texts == {name: f"Answer {name[-1]}." for name in NAMES if name not in odd}
    late = sorted(row["custom_id"] for row in bad if (row["error"] or {}).get("code") == "batch_expired")
    failed = sorted(row["custom_id"] for row in bad if row["response"] and row["response"]["status_code"] == 400)
    assert (late, failed) == (wrong.get("expired", []), wrong.get("errored", []))
    assert counted(batch) == [ROWS, len(good), len(bad)]
    assert paid == len(good)
    assert ([row["custom_id"] for row in good] != sorted(texts)) is plan.shuffled


@pytest.mark.parametrize("case", PLANS)
async def test_anthropics_batches(case: str) -> None:
    """Every result has its type, and the counts add up, as the plan says."""
    plan, wrong = PLANS[case]
    async with serving(replace(plan, polls=2)) as server, anthropic_at(server) as client:
        batch = await client.messages.batches.create(requests=order())
        assert (batch.processing_status, batch.request_counts.processing) == ("in_progress", ROWS)
        with pytest.raises(anthropic.AnthropicError, match="results_url"):
            await client.messages.batches.results(batch.id)
        batch = await client.messages.batches.retrieve(batch.id)
        results = [row async for row in await client.messages.batches.results(batch.id)]
        listed = [row.id async for row in client.messages.batches.list()]
        deleted = await client.messages.batches.delete(batch.id)
        with pytest.raises(anthropic.NotFoundError):
            await client.messages.batches.retrieve(batch.id)
    assert batch.processing_status == "ended"
    ends = {row.custom_id: row.result.type for row in results}
    expected = {name: end for end, names in wrong.items() for name in names if end != "missing"}
    plain = {name: "succeeded" for name in NAMES if name not in wrong.get("missing", [])}
    assert ends == plain | expected
    counts = batch.request_counts
    assert (counts.processing, counts.canceled) == (0, 0)
    assert (counts.errored, counts.expired) == tuple(len(wrong.get(end, [])) for end in ("errored", "expired"))
    texts = [row.result.message.content for row in results if row.result.type == "succeeded"]
    assert len(texts) == counts.succeeded
    assert all(block.type == "text" and block.text.startswith("Answer ") for (block,) in texts)
    assert all(row.result.error.error.message for row in results if row.result.type == "errored")
    assert (listed, deleted.id) == ([batch.id], batch.id)
    assert ([row.custom_id for row in results] != sorted(ends)) is plan.shuffled


async def test_a_cancelled_batch_keeps_what_was_done() -> None:
    """Cancelling shows first, then it has ended: half of its rows done and paid, half not."""
    async with serving(BatchPlan(polls=9)) as server:
        async with openai_at(server) as one:
            batch = await begun(one, requests())
            assert (await one.batches.retrieve(batch.id)).status == "in_progress"
            assert (await one.batches.cancel(batch.id)).status == "cancelling"
            batch = await one.batches.retrieve(batch.id)
            assert (batch.status, counted(batch)) == ("cancelled", [6, 3, 3])
            undone = await lines(one, batch.error_file_id)
            assert [row["error"]["code"] for row in undone] == ["batch_cancelled"] * 3
        assert server.accounts.paid.total() == 3
        async with anthropic_at(server) as two:
            other = await two.messages.batches.create(requests=order())
            with pytest.raises(anthropic.BadRequestError, match="not ended"):
                await two.messages.batches.delete(other.id)
            assert (await two.messages.batches.cancel(other.id)).processing_status == "canceling"
            other = await two.messages.batches.retrieve(other.id)
            assert (other.processing_status, other.request_counts.canceled) == ("ended", 3)
            ends = [row.result.type async for row in await two.messages.batches.results(other.id)]
    assert ends == ["succeeded"] * 3 + ["canceled"] * 3


@pytest.mark.parametrize(
    ("content", "code", "line"),
    [
        (b"", "empty_file", None),
        (b'{"custom_id": "a"', "invalid_json_line", 1),
        (requests("/v1/embeddings"), "invalid_request", 1),
        (requests(names=["a", "b", "a"]), "duplicate_custom_id", 3),
    ],
)
async def test_openai_validates_the_file(content: bytes, code: str, line: int | None) -> None:
    """A bad file fails the batch, with the line; nothing is answered or paid."""
    async with serving() as server, openai_at(server) as client:
        batch = await client.batches.retrieve((await begun(client, content)).id)
        assert batch.status == "failed"
        assert batch.errors is not None
        assert [(error.code, error.line) for error in batch.errors.data or []] == [(code, line)]
        assert (batch.output_file_id, server.accounts.paid.total()) == (None, 0)


async def test_a_batch_that_is_never_valid() -> None:
    """By plan: OpenAI fails it afterwards, Anthropic refuses it at once, as it refuses a name that is taken."""
    async with serving(BatchPlan(invalid=True)) as server, openai_at(server) as one, anthropic_at(server) as two:
        assert (await one.batches.retrieve((await begun(one, requests())).id)).status == "failed"
        with pytest.raises(anthropic.BadRequestError, match="custom_id"):
            await two.messages.batches.create(requests=order())
    async with serving() as server, anthropic_at(server) as two:
        with pytest.raises(anthropic.BadRequestError, match="custom_id"):
            await two.messages.batches.create(requests=[order()[0], order()[0]])


async def test_what_is_not_there() -> None:
    """404, in each API's words."""
    async with serving() as server, openai_at(server) as one, anthropic_at(server) as two:
        for call in (one.files.retrieve, one.files.content, one.batches.retrieve, one.batches.cancel):
            with pytest.raises(openai.NotFoundError):
                await call("none")
        with pytest.raises(openai.BadRequestError):
            await one.batches.create(input_file_id="none", endpoint="/v1/chat/completions", completion_window="24h")
        with pytest.raises(openai.BadRequestError):
            await one.post("/batches", body=["no object"], cast_to=object)
        for ask in (two.messages.batches.retrieve, two.messages.batches.cancel, two.messages.batches.delete):
            with pytest.raises(anthropic.NotFoundError):
                await ask("none")


async def test_a_batch_takes_time() -> None:
    """It has not ended before its seconds have passed, however often it is asked for."""
    clock = SimulatedClock()
    async with serving(BatchPlan(seconds=60, polls=0), clock=clock) as server, openai_at(server) as client:
        batch = await begun(client, requests())
        for _ in range(3):
            assert (await client.batches.retrieve(batch.id)).status == "in_progress"
        clock.advance(60)
        assert (await client.batches.retrieve(batch.id)).status == "completed"


async def test_a_prompt_without_reply_is_an_errored_row() -> None:
    """The rest of the batch is answered."""
    async with serving() as server, openai_at(server) as client:
        batch = await client.batches.retrieve((await begun(client, requests(names=["a", *NAMES]))).id)
        (bad,) = await lines(client, batch.error_file_id)
        assert "no reply" in bad["response"]["body"]["error"]["message"]
        assert bad["custom_id"] == NAMES[-1]


async def test_phases_and_keys_hold_for_batches() -> None:
    """A path may be spoiled while others work, a revoked key is refused, and the books name both."""
    phase = Phase(Fault(Mode.SERVER_ERROR), path="/v1/batches*")
    async with serving(phases=(phase,)) as server, openai_at(server) as client:
        file = await client.files.create(file=("in.jsonl", requests()), purpose="batch")
        with pytest.raises(openai.InternalServerError):
            await client.batches.create(input_file_id=file.id, endpoint="/v1/chat/completions", completion_window="24h")
        assert server.received == {"/v1/files": 1, "/v1/batches": 1}
    async with serving(keys=(Key("other", "sk-other"),)) as server, anthropic_at(server) as two:
        with pytest.raises(anthropic.AuthenticationError):
            await two.messages.batches.create(requests=order())


async def test_rows_are_in_the_record(tmp_path: Path) -> None:
    """Each by the public name of the key that ordered it, its prompt, and whether it was paid."""
    record = tmp_path / "calls.jsonl"
    async with serving(BatchPlan(errored_every=2), record=record) as server, openai_at(server) as client:
        batch = await client.batches.retrieve((await begun(client, requests())).id)
    rows = [row for row in map(json.loads, record.read_text().splitlines()) if row["batch"]]
    assert {row["batch"] for row in rows} == {batch.id}
    assert {row["prompt"] for row in rows} == set(TABLE)
    assert [row["paid"] for row in rows] == [True, False] * 3
    assert {row["key"] for row in rows} == {"...0001"}
    assert "sk-batch" not in record.read_text()
