"""Both books of batches keep orders alike; the database's outlives the process."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from causal_eval.evaluation.attempt import Ask, Attempt
from causal_eval.evaluation.book import BatchBook, MemoryBook
from causal_eval.evaluation.spec import RunSpec
from causal_eval.providers.provider import Failure, FailureKind, Outcome, Refusal, Reply, Usage
from causal_eval.store import measured
from causal_eval.store.batches import SqlBook, open_orders
from causal_eval.store.database import Store
from causal_eval.store.evaluations import Evaluation, begin
from causal_eval.store.ledger import SqlLedger
from causal_eval.store.measured import fingerprints, served
from causal_eval.store.observations import observations
from causal_eval.store.rescore import kept_attempts
from causal_eval.store.suites import keep_set

pytestmark = pytest.mark.anyio


@pytest.fixture
def evaluation(store: Store, make_question: Callable[..., Any]) -> Evaluation:
    """Five questions, two samples each."""
    stored = keep_set(store, map(make_question, range(5)), name="five")
    return begin(store, RunSpec("openai/gpt-x", stored.digest, epochs=2))


@pytest.fixture(params=["memory", "sql"])
def book(request: pytest.FixtureRequest, store: Store, evaluation: Evaluation) -> BatchBook:
    """Each book in turn, with a clock that counts."""
    times = (f"2026-11-25T01:00:{second:02d}.000+00:00" for second in itertools.count())

    def now() -> str:
        return next(times)

    return MemoryBook(evaluation.id, now=now) if request.param == "memory" else SqlBook(store, evaluation, now=now)


def asks(make_question: Callable[..., Any], *numbers: int) -> Sequence[Ask]:
    return [Ask(make_question(number), sample) for number in numbers for sample in range(2)]


async def test_an_order_from_intent_to_end(book: BatchBook, make_question: Callable[..., Any]) -> None:
    """It is open until it is closed, known by its handle from when it has one, and holds what it was made of."""
    first = await book.intend(asks(make_question, 0, 1))
    second = await book.intend(asks(make_question, 2))
    assert (first.count, first.handle, second.count) == (4, "", 2)
    assert first.tag != second.tag
    assert first.made_at < second.made_at
    assert await book.open() == [first, second]
    placed = await book.placed(first, "batch_1")
    assert (placed.handle, placed.tag) == ("batch_1", first.tag)
    assert await book.open() == [placed, second]
    found = [(ask.question.id, ask.sample) for ask in await book.asks(placed)]
    assert sorted(found) == [("q00000", 0), ("q00000", 1), ("q00001", 0), ("q00001", 1)]
    await book.close(placed)
    assert await book.open() == [second]
    assert await book.handles() == {"batch_1"}


async def test_the_tag_is_no_other_orders(store: Store, evaluation: Evaluation, make_question: Any) -> None:
    """Its number goes on after a restart, its time sets it apart from the same order in another database."""
    tags = [(await SqlBook(store, evaluation).intend(asks(make_question, 0))).tag for _ in range(2)]
    assert [tag.split("/")[:2] for tag in tags] == [[evaluation.id, "1"], [evaluation.id, "2"]]
    other = await MemoryBook(evaluation.id).intend(asks(make_question, 0))
    assert other.tag not in tags
    assert len(open_orders(store, evaluation)) == 2


async def test_what_is_kept_is_no_longer_asked(store: Store, evaluation: Evaluation, make_question: Any) -> None:
    """A download that is read a second time brings only what was not kept the first time; failures are asked again."""
    book = SqlBook(store, evaluation)
    order = await book.intend(asks(make_question, 0, 1))
    outcomes: list[Outcome] = [
        Reply("a", batch="b"),
        Refusal("no", batch="b"),
        Failure(FailureKind.TIMEOUT, "late"),
        Reply("c"),
    ]
    async with SqlLedger(store, evaluation) as ledger:
        kept = zip(await book.asks(order), outcomes, strict=True)
        await ledger.keep([Attempt(ask, outcome, "2026-11-25T01:00:00.000+00:00") for ask, outcome in kept])
    assert len(await book.asks(order)) == 1


async def test_what_the_provider_says_of_itself_is_kept(
    store: Store, evaluation: Evaluation, make_question: Any
) -> None:
    """Name and fingerprint of what answered, of replies and refusals; they are read again, and counted for a run."""
    said: list[Outcome] = [Reply("a", served="m", fingerprint="fp_1"), Refusal("no", served="m", fingerprint="fp_2")]
    async with SqlLedger(store, evaluation) as ledger:
        pairs = zip(asks(make_question, 0), said, strict=True)
        await ledger.keep([Attempt(ask, reply, "2026-11-25T01:00:00.000+00:00") for ask, reply in pairs])
    assert [one.attempt.outcome for one in kept_attempts(store, evaluation)] == said
    with store.reading() as connection:
        assert fingerprints(connection, evaluation.id) == {"fp_1": 1, "fp_2": 1}
        assert served(connection, evaluation.id) == {"m": 2}


async def test_a_server_that_gives_each_reply_its_fingerprint_says_nothing(
    store: Store, evaluation: Evaluation, make_question: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More of them than configurations can be are none, so that no trend takes every run for another model's."""
    monkeypatch.setattr(measured, "MOST_CONFIGURATIONS", 2)
    counts: list[int] = []
    async with SqlLedger(store, evaluation) as ledger:
        for number, ask in enumerate(asks(make_question, 0, 1)):
            await ledger.keep([Attempt(ask, Reply("a", fingerprint=f"fp_{number}"), "2026-11-25T01:00:00.000+00:00")])
            with store.reading() as connection:
                counts.append(len(fingerprints(connection, evaluation.id)))
    assert counts == [1, 2, 0, 0]


async def test_which_batch_a_reply_came_in_is_kept(store: Store, evaluation: Evaluation, make_question: Any) -> None:
    """And read again; its time says nothing, and its price is asked for as that of a batch."""
    said = [Reply("a", batch="batch_7", latency_ms=0.0), Reply("b", latency_ms=5.0)]
    async with SqlLedger(store, evaluation) as ledger:
        pairs = zip(asks(make_question, 0), said, strict=True)
        await ledger.keep([Attempt(ask, reply, "2026-11-25T01:00:00.000+00:00") for ask, reply in pairs])
    assert [one.attempt.outcome for one in kept_attempts(store, evaluation)] == said
    asked: list[bool] = []

    def price(_usage: Usage, _served: str, _at: str, /, *, batch: bool = False) -> None:
        asked.append(batch)

    rows = [row for row in observations(store, evaluation, price=price) if row.question == "q00000"]
    assert [row.latency_ms for row in rows] == [None, 5.0]
    assert asked == [True, False]
