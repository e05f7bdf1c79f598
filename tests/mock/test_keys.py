"""Keys run out, are revoked and are limited by the minute, each for itself."""

from __future__ import annotations

import pytest

from causal_eval.mock.faults import Mode
from causal_eval.mock.keys import Admission, Key, Keyring, public_name


def asked(ring: Keyring, value: str = "v", *, second: float = 0.0, tokens: int = 1) -> Admission:
    return ring.admit(value, tokens=tokens, second=second)


def test_without_keys_everybody_comes_in() -> None:
    """Under a name that gives no key away."""
    assert asked(Keyring([]), "sk-planted-secret-1234") == Admission("...1234")
    assert asked(Keyring([]), "short").key.startswith("sha256:")
    assert public_name("") == "none"


def test_another_key_is_refused() -> None:
    """As soon as one is defined."""
    ring = Keyring([Key("good", "v")])
    assert asked(ring).refused is None
    assert asked(ring, "w").refused is Mode.UNAUTHORIZED


def test_a_key_is_revoked_by_number_and_by_time() -> None:
    """From then on for good."""
    ring = Keyring([Key("a", "v", revoked_from_request=3), Key("b", "w", revoked_from_second=5.0)])
    assert [asked(ring).refused for _ in range(4)] == [None, None, Mode.UNAUTHORIZED, Mode.UNAUTHORIZED]
    assert [asked(ring, "w", second=s).refused for s in (0, 4.9, 5, 60)] == [None, None, *[Mode.UNAUTHORIZED] * 2]


def test_a_quota_runs_out() -> None:
    """After that many requests that were let in."""
    ring = Keyring([Key("a", "v", quota=2), Key("b", "w")])
    assert [asked(ring).refused for _ in range(4)] == [None, None, Mode.QUOTA, Mode.QUOTA]
    assert asked(ring, "w").refused is None


def test_requests_by_the_minute() -> None:
    """The limit at once, then one by one as it fills again; a refused request takes nothing."""
    ring = Keyring([Key("a", "v", requests_per_minute=2)])
    assert [asked(ring).refused for _ in range(3)] == [None, None, Mode.RATE_LIMIT]
    late = asked(ring, second=10.0)
    assert late.refused is Mode.RATE_LIMIT
    assert late.wait == pytest.approx(20.0)
    (level,) = late.levels
    assert (level.what, level.limit, level.remaining) == ("requests", 2, 0)
    assert level.reset == pytest.approx(50.0)
    assert [asked(ring, second=30.0).refused for _ in range(2)] == [None, Mode.RATE_LIMIT]


def test_tokens_by_the_minute() -> None:
    """Prompts count when they come, replies when they go; a prompt over the whole limit waits for all of it."""
    ring = Keyring([Key("a", "v", tokens_per_minute=60)])
    assert asked(ring, tokens=40).refused is None
    ring.spend("v", 15)
    short = asked(ring, tokens=10)
    assert short.refused is Mode.RATE_LIMIT
    assert short.wait == pytest.approx(5.0)
    assert asked(ring, tokens=500, second=30.0).wait == pytest.approx(25.0)
    assert asked(ring, tokens=500, second=60.0).refused is None
