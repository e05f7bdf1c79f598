"""What is switched off waits, fails not, and goes on when it is switched on."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from causal_eval.errors import UsageError
from causal_eval.providers.events import Paused, Recorder, Resumed
from causal_eval.providers.live import Variables
from causal_eval.providers.provider import Prompt, Reply
from causal_eval.providers.switch import Latch, Switch, switched_off

ASKED = Prompt((), text="?")


@pytest.mark.parametrize(
    ("env", "off"),
    [
        ({}, ""),
        ({"OPENAI_ENABLED": "true"}, ""),
        ({"OPENAI_ENABLED": ""}, ""),
        ({"OPENAI_ENABLED": "False"}, "OPENAI_ENABLED=False"),
        ({"DISABLED_PROVIDERS": "anthropic, OpenAI"}, "DISABLED_PROVIDERS=anthropic, OpenAI"),
        ({"DISABLED_PROVIDERS": "anthropic"}, ""),
        ({"ANTHROPIC_ENABLED": "0"}, ""),
    ],
)
def test_either_setting_switches_off(env: dict[str, str], off: str) -> None:
    """The one that does is named as the user wrote it."""
    assert switched_off("openai", prefix="OPENAI", env=env) == off


def test_a_server_of_ones_own_goes_by_its_own_name() -> None:
    """``openai-api/vllm`` is ``vllm`` too."""
    for name in ("vllm", "openai-api/vllm"):
        assert switched_off("openai-api/vllm", prefix="VLLM", env={"DISABLED_PROVIDERS": name})


def test_neither_yes_nor_no_is_a_fault() -> None:
    """The variable, what it says and what is allowed."""
    with pytest.raises(UsageError, match="OPENAI_ENABLED is 'maybe': allowed is"):
        switched_off("openai", prefix="OPENAI", env={"OPENAI_ENABLED": "maybe"})


@pytest.mark.slow
@pytest.mark.anyio
async def test_items_wait_and_go_on(sequence: Any, event_clock: Any) -> None:
    """Off for an hour in mid-run: no call meanwhile, then every item is answered within a second or two."""
    live, heard, inner = Variables({}), Recorder(), sequence(Reply("yes"))
    switch = Switch(inner, Latch(inner.name, "openai", prefix="OPENAI", live=live, clock=event_clock, listener=heard))
    assert await switch.complete(ASKED) == Reply("yes")
    live.set({"OPENAI_ENABLED": "off"})

    async def repaired() -> None:
        await event_clock.sleep(3600.0)
        assert (inner.calls, switch.latch.waiting) == (1, 20)
        live.set({})

    work = asyncio.gather(repaired(), *(switch.complete(ASKED) for _ in range(20)))
    took = await event_clock.run(work)
    assert work.result()[1:] == [Reply("yes")] * 20
    assert (took <= 3602, switch.latch.waiting) == (True, 0)
    assert heard.events == [
        Paused("test/sequence", "openai is switched off (OPENAI_ENABLED=off)"),
        Resumed("test/sequence"),
    ]


@pytest.mark.anyio
async def test_nonsense_while_running_changes_nothing(sequence: Any) -> None:
    """A slip of the pen stops no run."""
    live = Variables({})
    switch = Switch(sequence(Reply("yes")), Latch("test/sequence", "openai", prefix="OPENAI", live=live))
    live.set({"OPENAI_ENABLED": "fals"})
    assert await switch.complete(ASKED) == Reply("yes")


@pytest.mark.anyio
async def test_an_item_that_gives_up_waits_no_longer(sequence: Any, event_clock: Any) -> None:
    """Cancelled (Ctrl-C), it is counted no more."""
    live = Variables({"OPENAI_ENABLED": "no"})
    switch = Switch(
        sequence(Reply("yes")), Latch("test/sequence", "openai", prefix="OPENAI", live=live, clock=event_clock)
    )
    await event_clock.run(switch.complete(ASKED), until=100.0)
    assert switch.latch.waiting == 0
