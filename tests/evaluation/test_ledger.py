"""One contract for every ledger: the one in memory and the one in the database."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from fractions import Fraction
from pathlib import Path

import pytest

from causal_eval.evaluation.attempt import Ask, Attempt
from causal_eval.evaluation.ledger import BACKLOG_PAGE, Judged, Ledger, Progress
from causal_eval.evaluation.memory import MemoryLedger
from causal_eval.evaluation.order import fair_order
from causal_eval.evaluation.spec import RunSpec
from causal_eval.providers.provider import Failure, FailureKind, Refusal, Reply, Usage
from causal_eval.questions.question import Question
from causal_eval.scoring.verdict import Mark, Verdict
from causal_eval.store.database import open_store
from causal_eval.store.evaluations import begin
from causal_eval.store.ledger import SqlLedger
from causal_eval.store.suites import keep_set

pytestmark = pytest.mark.anyio

REPLY = Reply("text\nANSWER: yes", "thought", "length", "served-1", Usage(1, 2, 3, 4), 12.5, 2)
RIGHT = Verdict(Mark.CORRECT, Mark.WRONG, Fraction(2, 3), answer={"a": ["b"]}, reason="why")
Open = Callable[..., Ledger]


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
async def open_ledger(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Open]:
    """Opens a ledger over questions; seed, epochs and limit by keyword."""
    opened: list[SqlLedger] = []
    on_server = request.param == "postgresql"
    store = open_store(request.getfixturevalue("postgres_url") if on_server else f"sqlite:///{tmp_path}/ledger.db")

    def memory(questions: Sequence[Question], **run: object) -> Ledger:
        return MemoryLedger(questions, **run)  # type: ignore[arg-type]  # by name

    def sql(questions: Sequence[Question], **run: object) -> Ledger:
        stored = keep_set(store, questions, name="test")
        spec = RunSpec("a/b", stored.digest, **run)  # type: ignore[arg-type]  # by name
        opened.append(SqlLedger(store, begin(store, spec)))
        return opened[-1]

    yield memory if request.param == "memory" else sql
    for ledger in opened:
        await ledger.close()
    store.close()


async def _asks(ledger: Ledger) -> list[Ask]:
    return [ask async for ask in ledger.missing()]


async def test_missing_is_everything_in_fair_order(open_ledger: Open, ten: Sequence[Question]) -> None:
    """A fresh ledger misses every question, in the run's cluster order, the samples of a question together."""
    wanted = [Ask(question, sample) for question in fair_order(ten, "7") for sample in (0, 1)]
    ledger = open_ledger(ten, seed="7", epochs=2)
    assert await _asks(ledger) == wanted
    assert await ledger.progress() == Progress(20, 0)


async def test_a_limit_takes_the_first_of_the_order(open_ledger: Open, make_question: Callable[..., Question]) -> None:
    """A limit asks the first questions of the seed's order and leaves out a joint group that it would split."""
    pairs = [make_question(n, cluster=f"c{n // 2}", twin=f"t{n // 2}", joint=True) for n in range(12)]
    assert [ask.question for ask in await _asks(open_ledger(pairs, limit=5))] == fair_order(pairs, "0")[:4]
    assert [ask.question for ask in await _asks(open_ledger(pairs, limit=1))] == fair_order(pairs, "0")[:2]
    assert [ask.question for ask in await _asks(open_ledger(pairs, limit=6))] == fair_order(pairs, "0")[:6]
    assert len(await _asks(open_ledger(pairs, limit=99))) == 12


async def test_kept_is_no_longer_missing(open_ledger: Open, ten: Sequence[Question]) -> None:
    """Replies and refusals are kept, each (question, sample) by itself; a failure stays missing."""
    ledger = open_ledger(ten, epochs=2)
    first, second, third, *rest = await _asks(ledger)
    failure = Failure(FailureKind.TIMEOUT, "no answer within 120 s")
    keys = await ledger.keep([Attempt(second, REPLY), Attempt(first, failure), Attempt(third, Refusal("no"))])
    assert keys[1] is None
    assert len({keys[0], keys[2], None}) == 3
    assert await _asks(ledger) == [first, *rest]
    assert await ledger.progress() == Progress(20, 2)


async def test_the_first_outcome_stays(open_ledger: Open, ten: Sequence[Question]) -> None:
    """A second outcome for the same ask is dropped, has no key to be judged by, and does not disturb its batch."""
    ledger = open_ledger(ten)
    [kept] = await ledger.keep([Attempt(Ask(ten[0]), REPLY)])
    second = await ledger.keep([Attempt(Ask(ten[0]), Reply("other")), Attempt(Ask(ten[1]), REPLY)])
    assert second[0] is None
    assert second[1] not in (None, kept)
    assert [attempt.outcome for _, attempt in await ledger.unjudged()] == [REPLY, REPLY]


async def test_what_is_kept_comes_back_whole(open_ledger: Open, ten: Sequence[Question]) -> None:
    """Every field of a reply and a refusal is read back as it was, with its key."""
    ledger = open_ledger(ten)
    given = [
        Attempt(Ask(ten[3]), REPLY, ledger.now()),
        Attempt(Ask(ten[4]), Refusal("policy", "served-2", Usage(9), 1.5, 3), ledger.now()),
        Attempt(Ask(ten[5]), Reply("")),
    ]
    keys = await ledger.keep(given)
    assert list(await ledger.unjudged()) == list(zip(keys, given, strict=True))


async def test_judged_once_by_a_scorer_version(open_ledger: Open, ten: Sequence[Question]) -> None:
    """A judged attempt leaves the backlog, and a second verdict of the same version changes nothing."""
    ledger = open_ledger(ten)
    keys = await ledger.keep([Attempt(Ask(question), REPLY) for question in ten])
    assert all(key is not None for key in keys)
    await ledger.judge([Judged(key, RIGHT) for key in keys[:9] if key is not None])
    await ledger.judge([Judged(key, RIGHT) for key in keys[:2] if key is not None])
    await ledger.judge([])
    assert [key for key, _ in await ledger.unjudged()] == keys[9:]


async def test_the_backlog_comes_in_pages(open_ledger: Open, make_question: Callable[..., Question]) -> None:
    """However much an interruption left, a page is bounded and judging it brings the next."""
    questions = [make_question(number) for number in range(BACKLOG_PAGE + 5)]
    ledger = open_ledger(questions)
    await ledger.keep([Attempt(Ask(question), REPLY) for question in questions])
    page = await ledger.unjudged()
    assert len(page) == BACKLOG_PAGE
    await ledger.judge([Judged(key, RIGHT) for key, _ in page])
    assert len(await ledger.unjudged()) == 5


async def test_missing_streams_over_many_pages(open_ledger: Open, make_question: Callable[..., Question]) -> None:
    """Keeping while iterating neither repeats nor skips a question."""
    questions = [make_question(number) for number in range(450)]
    ledger = open_ledger(questions)
    seen = []
    async for ask in ledger.missing():
        seen.append(ask.question.id)
        await ledger.keep([Attempt(ask, REPLY)])
    assert sorted(seen) == [question.id for question in questions]
    assert await _asks(ledger) == []


async def test_hostile_text_is_kept(open_ledger: Open, ten: Sequence[Question]) -> None:
    """NUL, lone surrogates and right-to-left marks in a reply cannot stop a commit."""
    ledger = open_ledger(ten)
    for number, text in enumerate(["\x00", "\ud800 lone", "\u202e'; DROP TABLE attempts; --", "\U0001f600" * 1000]):
        keys = await ledger.keep([Attempt(Ask(ten[number]), Reply(text))])
        assert keys != [None]
    assert len(await ledger.unjudged()) == 4
