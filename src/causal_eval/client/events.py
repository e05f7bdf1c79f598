"""Server-sent events taken apart, a line at a time."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import msgspec

from causal_eval.client.shapes import Shape


class Event(Shape, frozen=True):
    """Something that happened in an evaluation."""

    id: int
    """What is given as ``after`` to hear what came later."""
    kind: str
    """``created``, ``progress``, ``paused``, ``resumed``, ``cancelled``, ``done`` ..."""
    data: dict[str, Any]
    """``evaluation``, ``at``, and what belongs to the kind."""


async def parsed(lines: AsyncIterator[bytes]) -> AsyncIterator[Event]:
    """The events in *lines*; one whose end did not arrive is left out, and comes again."""
    said: dict[str, str] = {}
    async for line in lines:
        name, _, value = line.decode("utf-8", "replace").rstrip("\r").partition(":")
        if name:
            said[name] = value.removeprefix(" ")
        elif not value:
            if said.get("id", "").isdigit():
                yield Event(int(said["id"]), said.get("event", ""), msgspec.json.decode(said.get("data", "{}")))
            said = {}
