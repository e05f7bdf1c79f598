"""What is left of a provider's limits is read in every provider's way of writing it."""

from __future__ import annotations

import pytest
from multidict import CIMultiDict

from causal_eval.providers.classify import Origin, Response, classify
from causal_eval.providers.provider import Failure
from causal_eval.providers.quota import Allowance, Quota, quota_of

WALL = 1_700_000_000.0
OPENAI = {
    "x-ratelimit-limit-requests": "60",
    "x-ratelimit-limit-tokens": "150000",
    "x-ratelimit-remaining-requests": "59",
    "x-ratelimit-remaining-tokens": "149984",
    "x-ratelimit-reset-requests": "1s",
    "x-ratelimit-reset-tokens": "6m0s",
}
ANTHROPIC = {
    "anthropic-ratelimit-requests-limit": "50",
    "anthropic-ratelimit-requests-remaining": "0",
    "anthropic-ratelimit-requests-reset": "2023-11-14T22:14:20Z",
    "anthropic-ratelimit-tokens-limit": "40000",
    "anthropic-ratelimit-tokens-remaining": "39000",
    "anthropic-ratelimit-tokens-reset": "2023-11-14T22:13:21Z",
}


def test_openai_and_its_kin() -> None:
    """Durations in Go's way; header names in any case."""
    given = CIMultiDict({name.title(): value for name, value in OPENAI.items()})
    assert quota_of(given, WALL) == Quota(Allowance(59, 60, 1.0), Allowance(149_984, 150_000, 360.0))


def test_anthropic() -> None:
    """Dates in RFC 3339."""
    assert quota_of(ANTHROPIC, WALL) == Quota(Allowance(0, 50, 60.0), Allowance(39_000, 40_000, 1.0))


def test_nothing_said_is_nothing_known() -> None:
    """None, not zero."""
    assert quota_of({"content-type": "application/json"}, WALL) is None


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("7.66s", 7.66),
        ("120ms", 0.12),
        ("2m59.56s", 179.56),
        ("1d2h", 93_600.0),
        ("30", 30.0),
        ("1700000060", 60.0),
        ("1700000060000", 60.0),
        ("1600000000", 0.0),
        ("soon", None),
        ("1x", None),
        ("-1", None),
    ],
)
def test_a_time_in_any_writing(text: str, seconds: float | None) -> None:
    """Durations, seconds, dates as numbers; nonsense is no time."""
    quota = quota_of({"x-ratelimit-remaining-tokens": "5", "x-ratelimit-reset-tokens": text}, WALL)
    assert quota is not None
    assert quota.tokens is not None
    assert quota.tokens.reset == pytest.approx(seconds) if seconds is not None else quota.tokens.reset is None


@pytest.mark.parametrize(
    ("allowance", "need", "wait"),
    [
        (Allowance(1, 60, 60.0), 1, 0.0),
        (Allowance(0, 60, 60.0), 1, 1.0),
        (Allowance(100, 1100, 50.0), 600, 25.0),
        (Allowance(0, None, 7.0), 1, 7.0),
        (Allowance(0, 60, None), 1, 0.0),
    ],
)
def test_what_is_missing_comes_back_evenly(allowance: Allowance, need: float, wait: float) -> None:
    """The time of one request is a share of the time of all."""
    assert allowance.wait(need) == pytest.approx(wait)


def test_a_429_without_retry_after_is_told_by_the_limits() -> None:
    """The time until what is used up is whole again, but at most a minute."""
    for reset, wait in (("20s", 20.0), ("2h", 60.0)):
        headers = {"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": reset}
        outcome = classify(Response(429, headers, b"{}"), Origin("host"), wall=WALL)
        assert isinstance(outcome, Failure)
        assert outcome.retry_after == wait
