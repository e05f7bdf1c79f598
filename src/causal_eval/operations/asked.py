"""A request as traces are told of it, and the trace of whoever sent it."""

from __future__ import annotations

import re
from dataclasses import dataclass

_PARENT = re.compile(r"00-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})")


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that was answered."""

    method: str
    route: str
    """Template of its path, never the path."""
    status: int
    request_id: str
    began: float
    """Seconds since 1970."""
    ended: float
    evaluation: str = ""
    """The one that it is about."""
    made: bool = False
    """It began that evaluation."""
    parent: str = ""
    """The header ``traceparent`` that came with it."""


@dataclass(frozen=True, slots=True)
class Parent:
    """A span of whoever called us."""

    trace: int
    span: int
    sampled: bool


def parent_of(header: str) -> Parent | None:
    """What ``traceparent`` says; None: nothing that is understood."""
    match = _PARENT.fullmatch(header.strip())
    return None if match is None else Parent(int(match[1], 16), int(match[2], 16), bool(int(match[3], 16) & 1))
