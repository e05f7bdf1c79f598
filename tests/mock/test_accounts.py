"""The books: every request by key, model and prompt, paid or not, in memory, over HTTP and in a file."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from causal_eval.errors import UsageError
from causal_eval.mock.accounts import Item
from causal_eval.mock.answers import AnswerTable
from causal_eval.mock.faults import Fault, Mode
from causal_eval.mock.keys import Key
from causal_eval.mock.server import MockConfig, MockServer
from causal_eval.mock.timeline import Phase
from causal_eval.providers.scripted import prompt_key

pytestmark = pytest.mark.anyio

SECRET = "sk-planted-secret-value-1234"
CHAT = "/v1/chat/completions"


async def post(url: str, text: str = "?", *, key: str = SECRET, model: str = "gpt-x") -> int:
    """The status of one call; 0: the connection broke."""
    body = {"model": model, "messages": [{"role": "user", "content": text}]}
    headers = {"Authorization": f"Bearer {key}"}
    async with aiohttp.ClientSession(headers=headers) as session:
        try:
            async with session.post(url + CHAT, json=body) as response:
                await response.read()
                return response.status
        except aiohttp.ClientError:
            return 0


async def test_who_asked_what() -> None:
    """By public name, model and prompt; what got an error status was not paid, what got lost was."""
    phases = (
        Phase(Fault(Mode.SERVER_ERROR), model="b"),
        Phase(Fault(Mode.BREAK_OFF), from_request=2, to_request=2, model="a"),
    )
    config = MockConfig(
        keys=(Key("first", SECRET), Key("second", "x")), phases=phases, answers=AnswerTable({}, fallback="!")
    )
    async with MockServer(config) as server:
        statuses = [await post(server.url, "one", model="a"), await post(server.url, "one", model="a")]
        statuses += [await post(server.url, "two", model="b", key="x"), await post(server.url, "two", key="unknown")]
        assert statuses == [200, 0, 500, 401]
        one, two = prompt_key("one"), prompt_key("two")
        unknown = next(item.key for item in server.accounts.items if item.key.startswith("sha256:"))
        assert server.accounts.items == {
            Item("first", "a", one): 2,
            Item("second", "b", two): 1,
            Item(unknown, "gpt-x", two): 1,
        }
        assert server.accounts.paid == {Item("first", "a", one): 2}
        async with aiohttp.ClientSession() as session, session.get(f"{server.url}/mock/requests") as response:
            told = await response.json()
    assert (told["received"], told["paid"], told["by_path"]) == (4, 2, {CHAT: 4})
    assert told["by_mode"] == {"break-off": 1, "server-error": 1, "unauthorized": 1}
    assert {"key": "first", "model": "a", "prompt": one, "received": 2, "paid": 2} in told["items"]
    assert SECRET not in json.dumps(told)


async def test_what_has_no_reply_is_not_paid() -> None:
    """An unknown prompt and a body that is none are received all the same."""
    async with MockServer(MockConfig(answers=AnswerTable({}))) as server:
        assert await post(server.url) == 400
        assert (server.accounts.items.total(), server.accounts.paid.total()) == (1, 0)


async def test_the_record(tmp_path: Path) -> None:
    """A line for each request, in the file before its answer has arrived, appended to what was there; no key value."""
    record = tmp_path / "calls.jsonl"
    record.write_text('{"earlier": true}\n')
    async with MockServer(MockConfig(record=record, faults=(Fault(Mode.QUOTA, every=2),))) as server:
        for number in range(1, 4):
            await post(server.url, f"q{number}")
            assert len(record.read_text().splitlines()) == number + 1
    rows = [json.loads(line) for line in record.read_text().splitlines()[1:]]
    assert [(row["number"], row["mode"], row["paid"]) for row in rows] == [
        (1, None, True), (2, "quota", False), (3, None, True),
    ]  # fmt: skip
    assert {row["key"] for row in rows} == {"...1234"}
    assert [row["prompt"] for row in rows] == [prompt_key(f"q{n}") for n in (1, 2, 3)]
    assert rows[0].keys() == {"number", "second", "path", "key", "model", "prompt", "mode", "paid", "batch"}
    assert SECRET not in record.read_text()


async def test_a_record_that_cannot_be_written(tmp_path: Path) -> None:
    """Said before the server listens."""
    with pytest.raises(UsageError, match="--record"):
        await MockServer(MockConfig(record=tmp_path / "no" / "folder.jsonl")).start()


CLIENT = """
import asyncio, sys, aiohttp
async def main():
    async with aiohttp.ClientSession() as session:
        async def ask(number):
            body = {"model": "m", "stream": number % 2 == 0, "messages": [{"role": "user", "content": f"q{number}"}]}
            async with session.post(sys.argv[1], json=body) as response:
                print(number, flush=True)
                await response.read()
        await asyncio.gather(*map(ask, range(20)))
asyncio.run(main())
"""


async def test_a_killed_client_leaves_whole_books(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """After kill -9 in the middle of 20 slow replies all are in the record, nothing is logged, others are served."""
    record = tmp_path / "calls.jsonl"
    config = MockConfig(record=record, faults=(Fault(Mode.DRIP, first=20, seconds=0.5),))
    async with MockServer(config) as server:
        client = await asyncio.create_subprocess_exec(
            sys.executable, "-c", CLIENT, server.url + CHAT, stdout=asyncio.subprocess.PIPE
        )
        assert client.stdout is not None
        await client.stdout.readline()  # headers have come, bodies are dripping
        for _ in range(500):  # until all have arrived
            if server.accounts.items.total() < 20:
                await asyncio.sleep(0.01)
        client.send_signal(signal.SIGKILL)
        await client.wait()
        assert await post(server.url, "after") == 200
    rows: list[Any] = [json.loads(line) for line in record.read_text().splitlines()]
    assert {row["prompt"] for row in rows} == {prompt_key(f"q{n}") for n in range(20)} | {prompt_key("after")}
    assert not caplog.records
