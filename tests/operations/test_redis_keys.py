"""Only our keys are counted and deleted; what others keep in the same Redis stays."""

from __future__ import annotations

import pytest
import redis
from tests import servers
from tests.servers import free_port

from causal_eval.errors import OperationFailed, UsageError
from causal_eval.operations.redis_keys import PREFIX, clear, count
from causal_eval.service.inbound import make_inbound
from causal_eval.settings import read_settings


@pytest.fixture
def url(valkey: servers.Valkey) -> str:
    """A database of our own within the session's server."""
    found = valkey.url.removesuffix("/0") + "/7"
    with redis.Redis.from_url(found) as client:
        client.flushdb()
    return found


def test_ours_go_and_others_stay(url: str) -> None:
    """More of them than are deleted at once, and whatever the counter of requests writes."""
    client = redis.Redis.from_url(url)
    client.mset({f"{PREFIX}{number}": 1 for number in range(1201)})
    client.mset({"theirs": 1, "other:ceb:": 1})
    assert count(url) == 1201
    assert clear(url) == 1201
    assert count(url) == 0
    assert sorted(client.keys()) == [b"other:ceb:", b"theirs"]
    client.close()


def test_the_counter_writes_under_the_prefix(url: str) -> None:
    """What counts requests is among ours."""
    client = redis.Redis.from_url(url)
    inbound = make_inbound(read_settings({"REDIS_URL": url, "HOME": "/"}))
    assert inbound.shared is not None
    inbound.shared.hit(inbound.rate, "somebody")
    assert count(url) == len(client.keys()) > 0
    client.close()


def test_no_redis_says_so() -> None:
    """None that is configured, and none that answers; the password is not shown."""
    with pytest.raises(UsageError, match="REDIS_URL is not set"):
        clear("")
    with pytest.raises(OperationFailed, match=r"Redis at 127\.0\.0\.1") as failed:
        count(f"redis://:planted-password@127.0.0.1:{free_port()}/0")
    assert "planted" not in str(failed.value)
