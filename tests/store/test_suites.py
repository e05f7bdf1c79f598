"""Question sets: the same set once, anything wrong leaves nothing behind, and the order is the library's own."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from causal_eval.errors import MalformedFile, UnknownName, UsageError
from causal_eval.evaluation.order import fair_order
from causal_eval.questions.file import SetHash
from causal_eval.questions.question import GENERATOR, Question
from causal_eval.store.database import Store, open_store
from causal_eval.store.rows import question_from
from causal_eval.store.suites import ensure_order, find_question, keep_set, load_set, set_questions

Make = Callable[..., Question]


def _counts(store: Store) -> list[int]:
    tables = ("questions", "question_sets", "set_members")
    with store.reading() as connection:
        return [connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one() for table in tables]


def _order(store: Store, digest: str, seed: str) -> list[Question]:
    query = text(
        "SELECT q.body FROM set_orders o JOIN questions q ON q.digest = o.question "
        "WHERE o.set_digest = :digest AND o.seed = :seed ORDER BY o.position"
    )
    with store.writing() as connection:
        ensure_order(connection, digest, seed=seed)
        ensure_order(connection, digest, seed=seed)
        return [question_from(body) for (body,) in connection.execute(query, {"digest": digest, "seed": seed})]


def test_a_set_comes_back_whole_and_in_file_order(store: Store, make_question: Make) -> None:
    """Every field of every question, proofs and fractions included, over several pages."""
    questions = [make_question(number) for number in range(1203)]
    stored = keep_set(store, iter(questions), name="fresh")
    assert list(set_questions(store, stored.digest)) == questions
    assert (stored.count, stored.name, stored.generator) == (1203, "fresh", GENERATOR)
    shown = SetHash()
    for question in questions:
        shown.add(question)
    assert stored.hash == shown.hexdigest()
    assert load_set(store, stored.digest) == load_set(store, stored.hash) == stored


def test_the_same_set_is_stored_once(store: Store, make_question: Make) -> None:
    """Keeping a set again finds it; a set that shares questions stores them once."""
    ten = [make_question(number) for number in range(10)]
    first = keep_set(store, ten, name="a")
    assert keep_set(store, ten, name="b") == first
    keep_set(store, ten[:4], name="part")
    assert _counts(store) == [10, 2, 14]


def test_connections_that_are_kept_open_keep_nothing_of_a_set(database_url: str, make_question: Make) -> None:
    """Where each connection is used again, as in a service, a second and a third set are stored like the first."""
    store = open_store(database_url, kept=1)
    sets = [keep_set(store, [make_question(number)], name="one") for number in (1, 2, 2)]
    assert [load_set(store, one.digest) for one in sets] == sets
    assert _counts(store) == [2, 2, 2]
    store.close()


def test_a_corrected_answer_is_another_set(store: Store, make_question: Make) -> None:
    """A user who corrects a gold answer under the same id and wording gets a new set, not the old answers."""
    question = make_question(1)
    old = keep_set(store, [question], name="mine")
    new = keep_set(store, [replace(question, gold="2/5")], name="mine")
    assert old.digest != new.digest
    assert [q.gold for q in set_questions(store, new.digest)] == ["2/5"]
    assert [q.gold for q in set_questions(store, old.digest)] == ["3/10"]
    assert find_question(store, question.id).gold == "2/5"


def test_an_error_while_reading_leaves_nothing(store: Store, make_question: Make) -> None:
    """A malformed line after a thousand good ones: no set, no members, no questions."""

    def broken() -> Iterator[Question]:
        yield from (make_question(number) for number in range(1000))
        raise MalformedFile("f.jsonl", "not a JSON object", line=1001)

    with pytest.raises(MalformedFile, match=r"f\.jsonl:1001"):
        keep_set(store, broken(), name="broken")
    assert _counts(store) == [0, 0, 0]


def test_other_writers_need_not_wait_while_a_set_is_read(store: Store, make_question: Make) -> None:
    """Making questions can take minutes: the write lock is taken only when all are there."""

    def slow() -> Iterator[Question]:
        for number in range(600):
            yield make_question(number)
        with store.writing() as connection:
            connection.execute(text("UPDATE projects SET name = 'written meanwhile'"))

    assert keep_set(store, slow(), name="slow").count == 600


def test_empty_and_doubled_sets_are_refused(store: Store, make_question: Make) -> None:
    """A set without questions, or with one twice, is a mistake."""
    with pytest.raises(UsageError, match="empty"):
        keep_set(store, [], name="none")
    with pytest.raises(UsageError, match="1 questions twice"):
        keep_set(store, [make_question(1), make_question(2), make_question(1)], name="twice")
    assert _counts(store) == [0, 0, 0]


def test_unknown_sets_and_questions_are_named(store: Store, make_question: Make) -> None:
    """What is not there is refused with what is near; several matches ask for more of the id."""
    stored = keep_set(store, [make_question(10), make_question(11)], name="two")
    with pytest.raises(UnknownName, match=stored.hash):
        load_set(store, stored.hash[:-2] + "zz")
    with pytest.raises(UnknownName, match="q00010"):
        find_question(store, "q00019")
    with pytest.raises(UsageError, match="q00010, q00011"):
        find_question(store, "q0001")
    assert find_question(store, "q00011") == make_question(11)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    marks=st.lists(st.tuples(st.integers(0, 5), st.none() | st.integers(0, 2)), min_size=1, max_size=20),
    seed=st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=4),
)
def test_the_stored_order_is_the_librarys(
    store: Store, make_question: Make, marks: list[tuple[int, int | None]], seed: str
) -> None:
    """The order that SQL writes down equals ``fair_order`` for any clusters, twins and seed."""
    questions = [
        make_question(number, cluster=f"ç{cluster}", twin=None if twin is None else f"t{cluster}-{twin}")
        for number, (cluster, twin) in enumerate(marks)
    ]
    stored = keep_set(store, questions, name="order")
    assert _order(store, stored.digest, seed) == fair_order(questions, seed)


def test_questions_may_take_long_to_make(
    database_url: str, make_question: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a busy machine a page is made more slowly than a server waits: the set is kept all the same."""
    monkeypatch.setattr("causal_eval.store.postgresql.STALLED_SECONDS", 0.3)
    store = open_store(database_url)

    def slowly() -> Iterator[Question]:
        for number in range(3):
            time.sleep(0.3)
            yield make_question(number)

    assert keep_set(store, slowly(), name="slow").count == 3
    if store.is_postgresql:
        with store.reading() as connection:
            assert connection.execute(text("SHOW idle_in_transaction_session_timeout")).scalar_one() == "300ms"
    store.close()
