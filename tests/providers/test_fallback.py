"""What one route cannot answer the next is asked, and the outcome says which did."""

from __future__ import annotations

from typing import Any

import pytest

from causal_eval.providers.fallback import Fallback, Way
from causal_eval.providers.provider import FATAL, RETRYABLE, Failure, FailureKind, Prompt, Refusal, Reply

pytestmark = pytest.mark.anyio
ASKED = Prompt((), text="?")


def routes(*providers: Any) -> Fallback:
    return Fallback("x/m", [Way(f"host-{number}", provider) for number, provider in enumerate(providers)])


async def test_the_first_route_answers(sequence: Any, reply: Reply) -> None:
    """The second is not asked."""
    second = sequence(reply)
    assert await routes(sequence(reply), second).complete(ASKED) == Reply("yes", route="host-0")
    assert second.calls == 0


@pytest.mark.parametrize("kind", sorted(RETRYABLE | FATAL | {FailureKind.OTHER_MODEL}))
async def test_the_second_answers_for_the_first(sequence: Any, failure: Any, *, kind: FailureKind) -> None:
    """Its reply carries its name and the calls of both."""
    outcome = await routes(sequence(failure(kind)), sequence(Reply("yes"))).complete(ASKED)
    assert outcome == Reply("yes", route="host-1", calls=2)


@pytest.mark.parametrize("answer", [Refusal("no"), Failure(FailureKind.BAD_REQUEST, "400")])
async def test_what_no_route_would_change_stays(sequence: Any, reply: Reply, *, answer: Any) -> None:
    """A refusal of the model, a prompt that cannot be taken."""
    second = sequence(reply)
    outcome = await routes(sequence(answer), second).complete(ASKED)
    assert (type(outcome), second.calls) == (type(answer), 0)


@pytest.mark.parametrize("kind", sorted(FATAL))
async def test_a_route_that_refuses_us_is_asked_once(sequence: Any, failure: Any, *, kind: FailureKind) -> None:
    """A hundred prompts, one call of the host that has no such model."""
    first = sequence(failure(kind))
    both = routes(first, sequence(Reply("yes")))
    for _ in range(100):
        await both.complete(ASKED)
    assert (first.calls, list(both.out)) == (1, ["host-0"])


async def test_when_all_fail_the_one_that_passes_soonest_is_told(sequence: Any, failure: Any) -> None:
    """A cooling key rather than an unknown model; calls and times are summed."""
    both = routes(
        sequence(failure(FailureKind.NOT_FOUND, latency_ms=5.0)),
        sequence(Failure(FailureKind.RATE_LIMIT, "429", retry_after=9.0, held=True, calls=0)),
    )
    outcome = await both.complete(ASKED)
    assert isinstance(outcome, Failure)
    assert (outcome.kind, outcome.retry_after, outcome.held) == (FailureKind.RATE_LIMIT, 9.0, True)
    assert (outcome.calls, outcome.latency_ms, outcome.route) == (1, 5.0, "host-1")


async def test_when_all_refuse_the_last_word_stays(sequence: Any, failure: Any) -> None:
    """The run must end, now and for every later prompt."""
    both = routes(sequence(failure(FailureKind.NOT_FOUND)), sequence(failure(FailureKind.AUTH)))
    first, second = await both.complete(ASKED), await both.complete(ASKED)
    assert isinstance(first, Failure)
    assert isinstance(second, Failure)
    assert (first.kind, second.kind, second.calls) == (FailureKind.AUTH, FailureKind.AUTH, 0)
