"""Makings as rows, on both kinds of database: one worker has one in hand, and parts come back in order."""

from __future__ import annotations

from collections.abc import Callable

from causal_eval.questions.question import Question
from causal_eval.store import makings
from causal_eval.store.database import Store
from causal_eval.store.makings import Making


def put(store: Store, name: str, *, at: float, after: str | None = None) -> None:
    """Put a making down."""
    with store.writing() as connection:
        makings.insert_making(connection, Making(name, "local", "set", name, "{}", "user:x", at, after=after))


def test_parts_are_kept_by_whoever_has_it_and_come_back_in_order(
    store: Store, make_question: Callable[..., Question]
) -> None:
    """A part and how far it is are kept together; at the end the parts are gone."""
    put(store, "one", at=1.0)
    with store.writing() as connection:
        hold = makings.claim(connection, "one", worker="w1", others=frozenset())
        assert hold is not None
        assert makings.claim(connection, "one", worker="w2", others=frozenset({"w1"})) is None
        assert makings.keep_part(connection, hold, questions=[make_question(n) for n in range(600)], made=0)
        assert makings.keep_part(connection, hold, questions=[make_question(600)], made=600)
    assert [one.id for one in makings.parts(store, "one")] == [make_question(n).id for n in range(601)]
    with store.writing() as connection:
        found = makings.find_making(connection, "one")
        assert found is not None
        assert (found.made, found.status) == (601, "open")
        assert makings.end(connection, hold, at=2.0, values={"question_set": "d" * 64})
        assert not makings.end(connection, hold, at=3.0, values={})
    assert list(makings.parts(store, "one")) == []


def test_the_oldest_that_waits_for_nothing_comes_first(store: Store) -> None:
    """What comes after another is left until that has ended, well or not; what is given back is free at once."""
    put(store, "second", at=2.0)
    put(store, "waits", at=1.0, after="second")

    def following(worker: str = "w1") -> str | None:
        with store.reading() as connection:
            return makings.next_open(connection, worker=worker, others=frozenset({"w1"}))

    assert following() == "second"
    with store.writing() as connection:
        hold = makings.claim(connection, "second", worker="w1", others=frozenset())
        assert hold is not None
    assert (following("w2"), following("w1")) == (None, "second")
    with store.writing() as connection:
        makings.release(connection, hold)
    assert following("w2") == "second"
    with store.writing() as connection:
        hold = makings.claim(connection, "second", worker="w2", others=frozenset({"w1"}))
        assert hold is not None
        assert hold.tries == 1
        makings.end(connection, hold, at=3.0, values={}, note="it cannot be")
    assert following() == "waits"


def test_what_has_ended_is_forgotten_and_what_waits_is_not(store: Store) -> None:
    """Only rows that ended and are old go."""
    for place, name in enumerate(("old", "open", "new")):
        put(store, name, at=float(place))
    with store.writing() as connection:
        for name in ("old", "new"):
            hold = makings.claim(connection, name, worker="w", others=frozenset())
            assert hold is not None
            makings.end(connection, hold, at=9.0, values={})
        assert makings.purge(connection, before=2.0) == 1
        left = makings.list_makings(connection, None, limit=10)
    assert [one.id for one in left] == ["new", "open"]
