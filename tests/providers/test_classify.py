"""Every status means what the table says."""

from __future__ import annotations

import json
from urllib.parse import quote

import pytest

from causal_eval.providers.classify import Origin, Response, classify, retry_after
from causal_eval.providers.provider import FATAL, RETRYABLE, Failure, FailureKind, Refusal

ORIGIN = Origin("api.example.org", "sk-planted-secret-1234", "EXAMPLE_API_KEY")
TABLE = [
    (302, FailureKind.NOT_FOUND),
    (400, FailureKind.BAD_REQUEST),
    (401, FailureKind.AUTH),
    (402, FailureKind.QUOTA),
    (403, FailureKind.AUTH),
    (404, FailureKind.NOT_FOUND),
    (405, FailureKind.NOT_FOUND),
    (408, FailureKind.TIMEOUT),
    (409, FailureKind.SERVER_ERROR),
    (413, FailureKind.BAD_REQUEST),
    (418, FailureKind.BAD_REQUEST),
    (422, FailureKind.BAD_REQUEST),
    (429, FailureKind.RATE_LIMIT),
    (500, FailureKind.SERVER_ERROR),
    (502, FailureKind.SERVER_ERROR),
    (503, FailureKind.SERVER_ERROR),
    (529, FailureKind.SERVER_ERROR),
]


def failed(status: int, body: object = b"{}", headers: dict[str, str] | None = None) -> Failure:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    outcome = classify(Response(status, headers or {}, content), ORIGIN, wall=1000.0)
    assert isinstance(outcome, Failure)
    return outcome


@pytest.mark.parametrize(("status", "kind"), TABLE)
def test_a_status_has_its_kind(status: int, kind: FailureKind) -> None:
    """The kind follows from the status, which is kept."""
    outcome = failed(status)
    assert (outcome.kind, outcome.status) == (kind, status)
    assert f"HTTP {status} from api.example.org" in outcome.message


def test_what_cannot_change_is_never_retried() -> None:
    """400, 401, 403 and 404 are no retryable kind; 401 and 404 end a run."""
    assert {failed(status).kind for status in (400, 401, 403, 404, 422)}.isdisjoint(RETRYABLE)
    assert {failed(status).kind for status in (401, 403, 404, 402)} <= FATAL


@pytest.mark.parametrize(
    "error",
    [
        {"message": "You exceeded your current quota", "type": "insufficient_quota", "code": "insufficient_quota"},
        {"message": "Your credit balance is too low to access the API.", "type": "invalid_request_error"},
        {"message": "billing", "type": "billing_error"},
    ],
)
def test_out_of_credit_is_quota_whatever_the_status(error: dict[str, str]) -> None:
    """A 429 or 400 that says the account is empty is not a rate limit or a bad request."""
    assert failed(429, {"error": error}).kind is FailureKind.QUOTA
    assert failed(400, {"error": error}).kind is FailureKind.QUOTA


def test_a_filtered_prompt_is_a_refusal() -> None:
    """A content filter that answers 400 declined; nothing failed."""
    body = json.dumps({"error": {"code": "content_filter", "message": "filtered"}}).encode()
    assert classify(Response(400, {}, body), ORIGIN, wall=0.0) == Refusal("content_filter")
    said = {"type": "invalid_request_error", "message": "Output blocked by content filtering policy"}
    anthropics = json.dumps({"type": "error", "error": said}).encode()
    assert classify(Response(400, {}, anthropics), ORIGIN, wall=0.0) == Refusal("content_filter")
    assert isinstance(classify(Response(500, {}, anthropics), ORIGIN, wall=0.0), Failure)


@pytest.mark.parametrize(
    ("location", "place"),
    [
        ("https://login.example.org/v2/chat?token=secret#top", "https://login.example.org/v2/chat,"),
        ("/elsewhere", "/elsewhere,"),
        (f"https://b.example.org/{ORIGIN.key}/x", "https://b.example.org/***/x,"),
        (f"https://b.example.org/{quote(ORIGIN.key).replace('s', '%73')}/x", "https://b.example.org/***/x,"),
        ("", "nowhere,"),
    ],
)
def test_a_redirect_says_where_to_and_what_to_do(location: str, place: str) -> None:
    """Redirects are not followed, the key would go along: the message names the place, without secrets."""
    outcome = failed(307, b"", {"location": location})
    assert outcome.message == (
        f"HTTP 307 from api.example.org: a redirect to {place} which is not followed; "
        "set the base URL to the final address"
    )


def test_a_refused_key_is_named_beside_what_to_do() -> None:
    """With several keys, the variable alone does not say which one to replace or to pay for."""
    origin = Origin("api.example.org", ORIGIN.key, "EXAMPLE_API_KEY", "...1234")
    for status, advice in ((401, "check EXAMPLE_API_KEY (key ...1234)"), (402, "out of credit (key ...1234)")):
        outcome = classify(Response(status, {}, b"{}"), origin, wall=0.0)
        assert isinstance(outcome, Failure)
        assert outcome.message.endswith(advice)


@pytest.mark.parametrize(
    ("body", "part"),
    [
        ({"error": {"message": "slow down"}}, "slow down"),
        ({"error": "plain words"}, "plain words"),
        ({"message": "at the top"}, "at the top"),
        ({"detail": [{"msg": "field required"}]}, "field required"),
        (b"<html>Bad gateway</html>", "Bad gateway"),
        (b"\xff\xfe", "HTTP 500"),
        (b"", "no message"),
    ],
)
def test_the_servers_words_are_kept(body: object, part: str) -> None:
    """Whatever shape the error has, its message is shown."""
    assert part in failed(500, body).message


def test_no_key_in_a_message() -> None:
    """A server that echoes the key is not repeated; the variable to check is named."""
    outcome = failed(401, {"error": {"message": f"Incorrect API key provided: {ORIGIN.key}"}})
    assert ORIGIN.key not in repr(outcome)
    assert "EXAMPLE_API_KEY" in outcome.message
    assert ORIGIN.key not in repr(ORIGIN)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after-ms": "250", "retry-after": "1"}, 0.25),
        ({"retry-after": "Thu, 01 Jan 1970 00:17:10 GMT"}, 30.0),
        ({"retry-after": "Thu, 01 Jan 1970 00:17:10 GMT", "date": "Thu, 01 Jan 1970 00:17:00 GMT"}, 10.0),
        ({"retry-after": "Thu, 01 Jan 1970 00:00:00 GMT"}, 0.0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "-3"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
    ],
)
def test_retry_after_is_read_in_all_its_forms(headers: dict[str, str], seconds: float | None) -> None:
    """Seconds, milliseconds and dates; a date is read against the server's own clock; nonsense is no wish."""
    assert retry_after(headers, wall=1000.0) == seconds
