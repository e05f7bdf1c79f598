"""Providers are asked for what costs nothing, with every key; what they answer is told, and no key is shown."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from dataclasses import asdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from tests.servers import free_port

from causal_eval.errors import UnknownName
from causal_eval.providers.config import ProviderConfig
from causal_eval.providers.reach import Reached, State, configured, reach

_WORDS = ("good", "bad", "slow", "broken", "bare")
GOOD, BAD, SLOW_DOWN, BROKEN, BARE = (f"sk-planted-{word:-<12}1234" for word in _WORDS)
ANSWERS = {GOOD: 200, BAD: 401, SLOW_DOWN: 429, BROKEN: 500, BARE: 404}


class Api(ThreadingHTTPServer):
    """Answers by the key that it is shown."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Asked)
        self.asked: list[tuple[str, str]] = []


class _Asked(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        """Answer with an error that echoes the key."""
        assert isinstance(self.server, Api)
        key = self.headers.get("Authorization", "").removeprefix("Bearer ") or self.headers.get("api-key", GOOD)
        self.server.asked.append((self.command, self.path))
        self.send_response(ANSWERS[key])
        self.end_headers()
        self.wfile.write(f'{{"error": {{"message": "about {key}"}}, "data": []}}'.encode())

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def api() -> Iterator[Api]:
    """One that listens."""
    found = Api()
    thread = threading.Thread(target=found.serve_forever)
    thread.start()
    yield found
    found.shutdown()
    thread.join()
    found.server_close()


def asked(*names: str, offline: bool = False, **env: str) -> list[Reached]:
    """What is said of them."""
    return asyncio.run(reach(names, ProviderConfig(env, Path(), offline=offline)))


def test_every_key_is_tried(api: Api) -> None:
    """By one GET each; a refused one, a limit and a fault are told apart, and no key is shown, echoed or not."""
    url = f"http://127.0.0.1:{api.server_port}"
    found = asked("openai", OPENAI_BASE_URL=url, OPENAI_API_KEY=",".join(ANSWERS))
    assert [one.state for one in found] == [State.OK, State.REFUSED, State.LIMITED, State.DOWN, State.OK]
    assert "a call will show" in found[-1].said
    assert sorted(api.asked) == [("GET", "/v1/models")] * 5
    assert {one.key for one in found} == {"...1234"}
    assert not [one for one in found if "planted" in str(asdict(one))]
    assert all(one.seconds is not None for one in found)


def test_azure_is_asked_at_its_own_address(api: Api) -> None:
    """With the version of its API, and the key in its own header."""
    url = f"http://127.0.0.1:{api.server_port}"
    (found,) = asked("azure", AZURE_OPENAI_ENDPOINT=url, AZURE_OPENAI_API_KEY=GOOD, OPENAI_API_VERSION="2025-04-01")
    assert found.state is State.OK
    assert api.asked == [("GET", "/openai/models?api-version=2025-04-01")]


def test_nobody_there() -> None:
    """It is down; that it is switched off as well stands beside it."""
    url = f"http://127.0.0.1:{free_port()}"
    (found,) = asked("openai", OPENAI_BASE_URL=url, OPENAI_API_KEY=GOOD, DISABLED_PROVIDERS="openai")
    assert found.state is State.DOWN
    assert "switched off: DISABLED_PROVIDERS=openai" in found.said


def test_what_cannot_be_asked_says_what_is_missing() -> None:
    """A key, an address, or leave to call anybody else."""
    for found in (*asked("openai"), *asked("azure", AZURE_OPENAI_API_KEY=GOOD)):
        assert found.state is State.UNSET
        assert "is not set" in found.said
    (other,) = asked("openai", offline=True, OPENAI_API_KEY=GOOD)
    assert (other.state, other.seconds) == (State.UNSET, None)
    with pytest.raises(UnknownName):
        asked("nothing")


def test_what_is_set_is_configured() -> None:
    """By a key, a file of keys or an address; servers of one's own by their address."""
    env = {
        "GOOGLE_API_KEY": "k", "OPENAI_API_KEY_FILE": "f", "VLLM_BASE_URL": "u", "MY_SERVER_BASE_URL": "u",
        "ANTHROPIC_API_KEY": " ",
    }  # fmt: skip
    assert configured(env) == ["openai", "google", "vllm", "openai-api/my-server"]
    assert configured({}) == []
