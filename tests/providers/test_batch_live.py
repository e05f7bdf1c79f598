"""Between two requests of a run by batches its provider may be switched off and its key replaced."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from causal_eval.providers.batch import Request, Row, Standing
from causal_eval.providers.batch_live import LiveBatches
from causal_eval.providers.batch_memory import MemoryBatches
from causal_eval.providers.events import KeyChanged, KeyStatus, Paused, Recorder, Resumed
from causal_eval.providers.live import Variables
from causal_eval.providers.provider import Failure, FailureKind, Reply
from causal_eval.providers.switch import Latch

pytestmark = pytest.mark.anyio
REFUSED = Failure(FailureKind.AUTH, "HTTP 401 from x", status=401)


class Account:
    """One account at the provider with several keys; it notes who asked and who was closed."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.closed: list[str] = []
        self.refused = set[str]()
        self.held = MemoryBatches(lambda _: Reply("yes"))

    def opened(self, key: str) -> Any:
        """The batch API as the holder of *key* sees it."""
        account, held = self, self.held

        class Keyed(MemoryBatches):
            """The same batches, for whoever has a good key."""

            def _fault(self) -> Failure | None:
                account.asked.append(key)
                return REFUSED if key in account.refused else None

            async def close(self) -> None:
                account.closed.append(key)

        keyed = Keyed(held.answer, held.name)
        keyed.orders = held.orders
        return keyed


@pytest.fixture
def account() -> Account:
    """An account that takes every key."""
    return Account()


@pytest.fixture
def heard() -> Recorder:
    """What was told."""
    return Recorder()


@pytest.fixture
def live() -> Variables:
    """The settings, with a key."""
    return Variables({"K": "key-one-0001"})


@pytest.fixture
def batches(account: Account, heard: Recorder, live: Variables, event_clock: Any) -> LiveBatches:
    """The account's batch API, as the settings say at every moment."""
    latch = Latch("mock/m", "openai", prefix="OPENAI", live=live, clock=event_clock, listener=heard)
    return LiveBatches(
        lambda: account.opened(live.env["K"]), latch, live=live, key=lambda: live.env.get("K", ""), listener=heard
    )


async def test_what_is_switched_off_is_asked_nothing(
    batches: LiveBatches, account: Account, heard: Recorder, live: Variables, *, event_clock: Any
) -> None:
    """Not even how far a batch is; it goes on by itself when it is switched on."""
    handle = await batches.submit("tag", [Request("row", b"?")])
    live.set({**live.env, "OPENAI_ENABLED": "false"})

    async def repaired() -> None:
        await event_clock.sleep(3600.0)
        assert len(account.asked) == 1
        live.set({"K": "key-one-0001"})

    work = asyncio.gather(batches.poll(str(handle)), repaired())
    await event_clock.run(work)
    standing, _ = work.result()
    assert isinstance(standing, Standing)
    assert standing.ended
    assert [type(event) for event in heard.events] == [Paused, Resumed]


async def test_a_new_key_is_used_from_the_next_request_on(
    batches: LiveBatches, account: Account, heard: Recorder, live: Variables
) -> None:
    """Batches of the account go on."""
    handle = await batches.submit("tag", [Request("row", b"?")])
    live.set({"K": "key-two-0002"})
    rows: list[Row] = []

    async def take(read: Sequence[Row]) -> None:
        rows.extend(read)

    assert await batches.fetch(str(handle), take) is None
    assert account.asked == ["key-one-0001", "key-two-0002"]
    assert [row.name for row in rows] == ["row"]
    assert heard.events == [KeyChanged("memory/batch", "...0002", KeyStatus.NEW)]


async def test_a_new_key_that_is_refused_leaves_the_old_one(
    batches: LiveBatches, account: Account, heard: Recorder, live: Variables
) -> None:
    """The request is made again with it, and the bad key is not tried again."""
    handle = str(await batches.submit("tag", [Request("row", b"?")]))
    account.refused.add("key-bad-0003")
    live.set({"K": "key-bad-0003"})
    for _ in range(2):
        assert not isinstance(await batches.poll(handle), Failure)
        live.reload()
    one, bad = "key-one-0001", "key-bad-0003"
    assert account.asked == [one, bad, one, one]
    assert heard.events[-1] == KeyChanged("memory/batch", "...0003", KeyStatus.REVOKED, REFUSED.message)


async def test_a_refused_key_is_replaced_at_once_if_another_is_listed(
    batches: LiveBatches, account: Account, live: Variables
) -> None:
    """Else the refusal is told."""
    account.refused.add("key-one-0001")
    assert await batches.submit("tag", [Request("row", b"?")]) == REFUSED
    live.set({"K": "key-two-0002"})
    assert await batches.submit("tag", [Request("row", b"?")]) == "batch_1"
    account.refused.add("key-two-0002")
    assert await batches.cancel("batch_1") == REFUSED
    await batches.close()
    assert set(account.closed) == {"key-one-0001", "key-two-0002"}
