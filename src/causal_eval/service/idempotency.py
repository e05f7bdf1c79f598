"""A request that is sent twice is carried out once: the second is answered with what the first was."""

from __future__ import annotations

from dataclasses import dataclass

from causal_eval.errors import Conflict, UsageError
from causal_eval.service.wiring import Visit
from causal_eval.store import idempotency

KEPT = 86_400.0
"""Seconds that an answer is kept."""
LONGEST_KEY = 200


@dataclass(frozen=True, slots=True)
class Replay:
    """What the first request was answered with."""

    status: int
    body: bytes


def begin(visit: Visit, key: str, *, request: str) -> Replay | None:
    """What to answer *request* (SHA-256 of method, path and body) with; None: it is the first, carry it out.

    Who was told None says :func:`finish`, or :func:`abandon` where nothing was done.

    Raises:
        Conflict: the key came with another request, or the first is under way or was cut off.
        UsageError: it is no key.
    """
    if not 1 <= len(key) <= LONGEST_KEY or not key.isascii() or not key.isprintable():
        raise UsageError(f"Idempotency-Key has to be 1 to {LONGEST_KEY} printable ASCII characters: give a fresh UUID")
    actor, now = visit.caller.actor[:80], visit.service.clock()
    with visit.service.store.writing() as connection:
        idempotency.expire(connection, now - KEPT)
        if idempotency.claim(connection, actor, key=key, request=request, at=now):
            return None
        kept = idempotency.find_request(connection, actor, key=key)
    if kept is None or kept.status is None:
        raise Conflict(
            f"Idempotency-Key {key!r}: the first request is under way, or was cut off: ask again in a while, "
            "or look whether it was carried out and send a fresh key"
        )
    if kept.request != request:
        raise Conflict(f"Idempotency-Key {key!r} came with another request before: give a fresh key")
    return Replay(kept.status, kept.body or b"")


def finish(visit: Visit, key: str, *, status: int, body: bytes) -> None:
    """Keep the answer for those who ask again."""
    with visit.service.store.writing() as connection:
        idempotency.answer(connection, visit.caller.actor[:80], key=key, status=status, body=body)


def abandon(visit: Visit, key: str) -> None:
    """Nothing was done: the same key may be used anew."""
    with visit.service.store.writing() as connection:
        idempotency.release(connection, visit.caller.actor[:80], key=key)
