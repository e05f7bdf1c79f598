"""What the resilient stack costs a call when nothing is wrong: CPU time above a provider that answers at once.

python benchmarks/run/stack.py [--n 200000] [--keys 1]
"""

from __future__ import annotations

import argparse
import asyncio
import time
from pathlib import Path

from causal_eval.providers.assemble import resilient
from causal_eval.providers.config import ProviderConfig
from causal_eval.providers.events import Event
from causal_eval.providers.provider import Outcome, Prompt, Provider, Reply, Usage

WORKERS = 64
PROMPT = Prompt((), text="Does it?")


class AtOnce:
    """Answers without a moment's wait."""

    name = "bench/at-once"
    reply = Reply("ANSWER: yes", served="at-once", usage=Usage(100, 5), latency_ms=0.1)

    async def complete(self, prompt: Prompt) -> Outcome:  # noqa: ARG002 - the reply is always the same
        """The one reply."""
        return self.reply

    async def close(self) -> None:
        """Nothing is held."""


class Deaf:
    """Hears every event and does nothing."""

    def on_event(self, event: Event) -> None:
        """Hear nothing."""


async def calls(provider: Provider, count: int) -> None:
    """*count* calls by WORKERS tasks."""

    async def worker() -> None:
        for _ in range(count // WORKERS):
            await provider.complete(PROMPT)

    await asyncio.gather(*(worker() for _ in range(WORKERS)))


def microseconds(provider: Provider, count: int) -> float:
    """CPU time of one call."""
    began = time.process_time()
    asyncio.run(calls(provider, count))
    return (time.process_time() - began) / count * 1e6


def main() -> None:
    """Print the cost of the bare provider and of the stack, three times, interleaved."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n", type=int, default=200_000)
    count = parser.parse_args().n
    for _ in range(3):
        bare = microseconds(AtOnce(), count)
        config = ProviderConfig(env={}, cache_dir=Path())
        wrapped = microseconds(resilient(AtOnce(), config), count)
        told = microseconds(
            resilient(AtOnce(), ProviderConfig(env={}, cache_dir=Path(), max_connections=WORKERS, listener=Deaf())),
            count,
        )
        print(f"bare {bare:.2f} us, stack {wrapped - bare:.2f} us more, with a listener {told - bare:.2f} us more")


if __name__ == "__main__":
    main()
