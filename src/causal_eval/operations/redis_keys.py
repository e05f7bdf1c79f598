"""What of Redis is ours: keys under one prefix, which may go at any time. Whatever else lies there is left alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import redis

from causal_eval.errors import OperationFailed, UsageError

PREFIX = "ceb:"
PATIENCE = 5.0
"""Seconds for one answer."""
_AT_ONCE = 500
"""Keys that are deleted together: Redis answers nobody else meanwhile."""


def count(url: str) -> int:
    """How many keys of ours there are.

    Raises:
        UsageError, OperationFailed: there is no Redis, or it does not do what it is asked.
    """
    with _opened(url) as client:
        return sum(1 for _ in _ours(client))


def clear(url: str) -> int:
    """Delete all of ours; how many there were. What is written meanwhile may stay.

    Raises:
        UsageError, OperationFailed: there is no Redis, or it does not do what it is asked.
    """
    deleted, waiting = 0, list[bytes]()
    with _opened(url) as client:
        for key in _ours(client):
            waiting.append(key)
            if len(waiting) >= _AT_ONCE:
                deleted += int(client.unlink(*waiting))
                waiting.clear()
        if waiting:
            deleted += int(client.unlink(*waiting))
    return deleted


def _ours(client: redis.Redis) -> Iterator[bytes]:
    yield from client.scan_iter(match=f"{PREFIX}*", count=_AT_ONCE)


@contextmanager
def _opened(url: str) -> Iterator[redis.Redis]:
    if not url:
        raise UsageError("REDIS_URL is not set: there is no Redis to clear; each process counts for itself")
    client = redis.Redis.from_url(url, socket_timeout=PATIENCE, socket_connect_timeout=PATIENCE)
    try:
        yield client
    except redis.RedisError as error:
        place = urlsplit(url)
        where = f"{place.hostname}:{place.port or 6379}"
        raise OperationFailed(f"Redis at {where} did not do it ({type(error).__name__}): see make health") from error
    finally:
        client.close()
