"""A run says what it is doing and does what is wanted of it, whatever happens to the board."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from causal_eval.errors import StoreError, StoreLocked
from causal_eval.evaluation.spec import RunSpec
from causal_eval.evaluation.steering import BEAT, LOOK, Board, MemoryBoard, Steering, Wanted
from causal_eval.providers.clock import SimulatedClock
from causal_eval.questions.question import Question
from causal_eval.store.boards import Process, SqlBoard, said, want
from causal_eval.store.database import open_store
from causal_eval.store.evaluations import begin
from causal_eval.store.suites import keep_set

pytestmark = pytest.mark.anyio
HERE = Process("host", 7)


class Watched:
    """A board of either kind, with what another shell sees and does there."""

    def __init__(
        self, board: Board, *, read: Callable[[], tuple[str, float] | None], order: Callable[[Wanted], None]
    ) -> None:
        self.board = board
        self.read = read
        self.order = order


@pytest.fixture(params=["memory", "sql"])
def watched(request: pytest.FixtureRequest, tmp_path: Path, ten: list[Question]) -> Iterator[Watched]:
    """Every implementation."""
    if request.param == "memory":
        board = MemoryBoard()

        def order(wanted: Wanted) -> None:
            board.want = wanted

        yield Watched(board, read=lambda: None if board.state is None else (board.state, board.moment), order=order)
        return
    store = open_store(f"sqlite:///{tmp_path}/board.db")
    run = begin(store, RunSpec("a/b", keep_set(store, ten, name="t").digest)).id

    def read() -> tuple[str, float] | None:
        found = said(store, run)
        assert all(one.process == HERE for one in found)
        assert found == said(store)
        return (found[0].state, found[0].beat_at) if found else None

    sql = SqlBoard(store, run, HERE)
    yield Watched(sql, read=read, order=lambda wanted: void(want(store, run, lambda _: wanted)))
    sql.close()
    store.close()


def void(_: object) -> None:
    """Nothing."""


def test_a_board_keeps_the_last_word(watched: Watched) -> None:
    """What is said replaces what was said before, and is gone with the run; so is what was wanted."""
    board = watched.board
    board.begin()
    assert watched.read() is None
    board.say("1", 10.5)
    board.say("2", 11.5)
    assert watched.read() == ("2", 11.5)
    watched.order(Wanted(paused=True))
    board.end()
    assert watched.read() is None
    board.close()
    board.close()


def test_what_is_wanted_is_found_until_a_run_begins(watched: Watched) -> None:
    """Orders stay until they change; a new process begins without those that an earlier one was given."""
    board = watched.board
    assert board.wanted() == Wanted()
    watched.order(Wanted(paused=True, concurrency=4))
    assert board.wanted() == board.wanted() == Wanted(paused=True, concurrency=4)
    watched.order(Wanted(concurrency=5))
    assert board.wanted() == Wanted(concurrency=5)
    board.begin()
    assert board.wanted() == Wanted()


def test_an_order_changes_one_thing(tmp_path: Path, ten: list[Question]) -> None:
    """To pause does not forget the concurrency that somebody else has set."""
    store = open_store(f"sqlite:///{tmp_path}/board.db")
    run = begin(store, RunSpec("a/b", keep_set(store, ten, name="t").digest)).id
    want(store, run, lambda wanted: replace(wanted, concurrency=3))
    assert want(store, run, lambda wanted: replace(wanted, paused=True)) == Wanted(paused=True, concurrency=3)
    store.close()


class Run:
    """A run whose state is ``state``; notes what it is told."""

    def __init__(self) -> None:
        self.state = "0"
        self.told: list[Wanted] = []

    def snapshot(self) -> str:
        return self.state

    def heed(self, wanted: Wanted) -> None:
        self.told.append(wanted)
        self.state += "!"


class Noted(MemoryBoard):
    """A board that notes when something is said, and can be out of order."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[tuple[str, float]] = []
        self.broken = False

    def say(self, state: str, moment: float) -> None:
        if self.broken:
            raise StoreLocked("held by another process")
        super().say(state, moment)
        self.words.append((state, moment - 1_700_000_000.0))


async def _pass(steering: Steering, clock: SimulatedClock, seconds: float) -> None:
    for _ in range(int(seconds / LOOK)):
        clock.advance(LOOK)
        await steering.exchange()


async def test_it_speaks_when_something_changed_and_to_say_that_it_lives() -> None:
    """An unchanging state is said every two seconds, a changing one every second, whoever looks."""
    board, run, clock = Noted(), Run(), SimulatedClock()
    steering = Steering(board, run, clock=clock, trouble=pytest.fail)
    await _pass(steering, clock, 6)
    assert [moment for _, moment in board.words] == [0.5, 2.5, 4.5]
    assert BEAT == 2
    board.words.clear()
    for number in range(8):
        run.state = str(number)
        await _pass(steering, clock, LOOK)
    assert [moment for _, moment in board.words] == [6.5, 7.5, 8.5, 9.5]
    await steering.close()
    assert board.state is None


async def test_it_does_what_is_wanted_once_and_says_so_at_once() -> None:
    """An order is heeded at the next look, its effect published in the same; the same order again is none."""
    board, run, clock = Noted(), Run(), SimulatedClock()
    steering = Steering(board, run, clock=clock, trouble=pytest.fail)
    await _pass(steering, clock, 1)
    board.want = Wanted(paused=True)
    await _pass(steering, clock, 2)
    board.want = Wanted(concurrency=3)
    await _pass(steering, clock, LOOK)
    assert run.told == [Wanted(paused=True), Wanted(concurrency=3)]
    assert board.state == "0!!"
    await steering.close()


async def test_trouble_with_the_board_hurts_nobody() -> None:
    """It is said once; the run is steered again as soon as the board is back."""
    board, run, clock = Noted(), Run(), SimulatedClock()
    troubles: list[str] = []
    steering = Steering(board, run, clock=clock, trouble=troubles.append)
    board.broken = True
    await _pass(steering, clock, 5)
    assert troubles == ["ctl cannot reach this run: held by another process"]
    board.broken, board.want = False, Wanted(paused=True)
    await _pass(steering, clock, LOOK)
    assert run.told == [Wanted(paused=True)]
    await steering.close()


async def test_a_board_that_breaks_at_the_end_is_said() -> None:
    """The run has ended well; that its last word stays behind is no reason to fail."""

    class Stuck(MemoryBoard):
        def end(self) -> None:
            raise StoreError("gone")

    troubles: list[str] = []
    steering = Steering(Stuck(), Run(), clock=SimulatedClock(), trouble=troubles.append)
    await steering.exchange()
    await steering.close()
    assert troubles == ["what ctl says of this run is out of date: gone"]


async def test_a_short_run_never_touches_the_board() -> None:
    """Before the first look nothing is read or written."""
    board = Noted()
    steering = Steering(board, Run(), clock=SimulatedClock(), trouble=pytest.fail)
    board.want = Wanted(paused=True)
    task = asyncio.create_task(steering.serve())
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await steering.close()
    assert board.want == Wanted(paused=True)
    assert not board.words
