"""What is counted: from 0 on, by labels of known sets, whatever comes in."""

from __future__ import annotations

import re
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from prometheus_client.parser import text_string_to_metric_families
from tests.asked import asked

from causal_eval.errors import UsageError
from causal_eval.evaluation.attempt import Ask, Attempt
from causal_eval.evaluation.events import AnswerJudged, OutcomeKept
from causal_eval.operations.listener import listening, may_scrape
from causal_eval.operations.metrics import CALL_OUTCOMES, ITEM_OUTCOMES, Metrics, known_providers
from causal_eval.operations.metrics import Request as Answered
from causal_eval.operations.notices import Entrance, Identified, Recalled, SecretSeen, WriteFenced
from causal_eval.providers.events import CallDropped, CallEnded, CallStarted
from causal_eval.providers.provider import Failure, FailureKind, Outcome, Refusal, Reply
from causal_eval.scoring.grade import judge
from causal_eval.scoring.verdict import MISSING

NAME = re.compile(r"[a-z][a-z0-9_]*")


def value(metrics: Metrics, sample: str, **labels: str) -> float | None:
    """What *sample* stands at."""
    return metrics.registry.get_sample_value(sample, labels)


def series(metrics: Metrics) -> int:
    """How many there are."""
    return sum(len(family.samples) for family in text_string_to_metric_families(metrics.text().decode()))


def kept(metrics: Metrics, outcome: Outcome) -> None:
    """Tell *metrics* of an item that came back so."""
    attempt = Attempt(Ask(asked("q", gold="yes")), outcome)
    metrics.hear(OutcomeKept("openai/gpt-x", attempt))
    verdict = MISSING
    if isinstance(outcome, Reply):
        verdict = judge(outcome.text, outcome.finish, question=attempt.ask.question)
    metrics.hear(AnswerJudged("openai/gpt-x", attempt, verdict))


@pytest.mark.slow
def test_every_counter_stands_at_zero_before_anything_happens() -> None:
    """For each provider and outcome that there can be: the first event is an increase."""
    metrics = Metrics()
    metrics.requests.expect([("GET", "/a/{b}")])
    for provider in known_providers():
        for outcome in CALL_OUTCOMES:
            assert value(metrics, "model_api_requests_total", provider=provider, outcome=outcome) == 0
        for outcome in ITEM_OUTCOMES:
            assert value(metrics, "evaluation_items_total", provider=provider, outcome=outcome) == 0
        assert value(metrics, "model_api_rate_limit_errors_total", provider=provider) == 0
        assert value(metrics, "response_cache_hits_total", provider=provider) == 0
    for entrance in Entrance:
        assert value(metrics, "auth_requests_total", outcome=entrance) == 0
    assert value(metrics, "secret_exposure_detections_total", where="log") == 0
    assert value(metrics, "fenced_writes_total") == 0
    assert value(metrics, "http_requests_total", method="GET", route="/a/{b}", status="500") == 0


def test_a_call_is_counted_by_what_became_of_it() -> None:
    """Answered, declined, limited, given up; open while it is."""
    metrics = Metrics()
    ends = (
        CallEnded("openai/gpt-x", None, None, 1500.0),
        CallEnded("openai/gpt-x", None, None, 20.0, refused=True),
        CallEnded("openai/gpt-x", FailureKind.RATE_LIMIT, 429, 5.0),
        CallEnded("openai/gpt-x", FailureKind.BAD_REPLY, 200, 5.0),
        CallDropped("openai/gpt-x"),
    )
    for number in range(len(ends)):
        metrics.hear(CallStarted("openai/gpt-x", number + 1))
    assert value(metrics, "model_api_open_calls", provider="openai") == 5
    for end in ends:
        metrics.hear(end)
    assert value(metrics, "model_api_open_calls", provider="openai") == 0
    for outcome in ("ok", "refusal", "rate_limit", "invalid_response", "dropped"):
        assert value(metrics, "model_api_requests_total", provider="openai", outcome=outcome) == 1
    assert value(metrics, "model_api_rate_limit_errors_total", provider="openai") == 1
    assert value(metrics, "model_api_request_duration_seconds_count", provider="openai") == 4
    assert value(metrics, "model_api_request_duration_seconds_bucket", provider="openai", le="1.0") == 3


@pytest.mark.parametrize(
    ("outcome", "counted"),
    [
        (Reply("ANSWER: no"), "scored"),
        (Reply("well"), "unparsed"),
        (Reply("ANSWER: yes", source="s", calls=0), "cached"),
        (Failure(FailureKind.SERVER_ERROR, "down"), "error"),
    ],
)
def test_an_item_is_counted_once_by_what_became_of_it(outcome: Outcome, counted: str) -> None:
    """What the provider could not answer is an error and nothing else; a wrong answer is scored."""
    metrics = Metrics()
    kept(metrics, outcome)
    found = {one: value(metrics, "evaluation_items_total", provider="openai", outcome=one) for one in ITEM_OUTCOMES}
    assert {name for name, count in found.items() if count} == {counted}
    assert found[counted] == 1


def test_the_share_of_cached_answers_can_be_told() -> None:
    """Each answer of a run that may use the cache is one look-up, whether it was found before the run or in it."""
    metrics = Metrics()
    for outcome in (Reply("ANSWER: yes"), Reply("ANSWER: yes", source="s"), Reply("ANSWER: yes", source="s", calls=0)):
        kept(metrics, outcome)
    metrics.hear(Recalled("openai/gpt-x", 5))
    assert value(metrics, "response_cache_lookups_total", provider="openai") == 7
    assert value(metrics, "response_cache_hits_total", provider="openai") == 6


def test_what_is_noticed_is_counted() -> None:
    """Who came in, what was fenced, where a key stood."""
    metrics = Metrics()
    for notice in (Identified(Entrance.DENIED), WriteFenced(), SecretSeen("log"), SecretSeen("the moon")):
        metrics.hear(notice)
    assert value(metrics, "auth_requests_total", outcome="denied") == 1
    assert value(metrics, "fenced_writes_total") == 1
    assert value(metrics, "secret_exposure_detections_total", where="log") == 1
    assert value(metrics, "secret_exposure_detections_total", where="other") == 1


def test_nothing_that_comes_in_makes_a_label() -> None:
    """A thousand odd providers, models and places leave as many series as there were."""
    metrics = Metrics()
    before = series(metrics)
    for number in range(1000):
        name = f"odd-{number}/model {number}\n\U0001f600"
        metrics.hear(CallStarted(name, 1))
        metrics.hear(CallEnded(f"openai/{name}", FailureKind.AUTH, 401, 1.0))
        metrics.hear(Recalled(name, 1))
        metrics.hear(SecretSeen(name))
        kept(metrics, Refusal("no", served=name))
    assert series(metrics) == before


def test_the_text_is_what_prometheus_reads() -> None:
    """Every family has a lower-case name and a sentence; counters end in _total, and nothing tells when it began."""
    metrics = Metrics()
    metrics.requests.count(Answered("GET", "/x", 200), 2.0)
    for family in text_string_to_metric_families(metrics.text().decode()):
        assert NAME.fullmatch(family.name)
        assert family.documentation
        assert not [one.name for one in family.samples if one.name.endswith("_created")]
    assert (
        value(metrics, "http_request_duration_seconds_bucket", method="GET", route="/x", stream="false", le="2.0") == 1
    )


@pytest.mark.parametrize(
    ("address", "forwarded", "said", "allowed"),
    [
        ("127.0.0.1", False, "", True),
        ("::1", False, "", True),
        ("127.0.0.1", True, "", False),
        ("10.0.0.9", False, "", False),
        ("10.0.0.9", False, "Bearer right", True),
        ("10.0.0.9", True, "bearer  right", True),
        ("10.0.0.9", False, "Bearer wrong", False),
        ("10.0.0.9", False, "Basic right", False),
        ("10.0.0.9", False, "Bearer ", False),
    ],
)
def test_metrics_are_for_this_machine_and_who_holds_the_token(
    tmp_path_factory: pytest.TempPathFactory, address: str, said: str, *, forwarded: bool, allowed: bool
) -> None:
    """A proxy's word makes nobody local; the token is read anew each time, and an empty one opens nothing."""
    file = tmp_path_factory.mktemp("token") / "token"
    file.write_text("right\n")
    assert may_scrape(address, forwarded=forwarded, authorization=said, token_file=file) is allowed
    file.write_text("\n")
    assert may_scrape(address, forwarded=forwarded, authorization=said, token_file=file) is (allowed and not said)
    assert may_scrape(address, forwarded=forwarded, authorization=said, token_file=None) is (allowed and not said)


def test_a_listener_tells_metrics_and_nothing_else() -> None:
    """At its own port, /metrics alone, and not to whoever a proxy brings; a taken port is said."""
    metrics = Metrics()
    with listening(metrics, "127.0.0.1", port=0) as port:
        there = f"http://127.0.0.1:{port}"
        with urlopen(f"{there}/metrics", timeout=10) as answer:
            assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
            assert b"fenced_writes_total 0.0" in answer.read()
        for asked_for in (f"{there}/", Request(f"{there}/metrics", headers={"X-Forwarded-For": "127.0.0.1"})):
            with pytest.raises(HTTPError, match="404"):
                urlopen(asked_for, timeout=10)
        with pytest.raises(UsageError, match=f"CEB_METRICS_PORT {port}"), listening(metrics, "127.0.0.1", port=port):
            raise AssertionError
