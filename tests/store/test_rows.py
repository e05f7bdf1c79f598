"""Values and rows: nothing is lost on the way, and a changed row is noticed."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from causal_eval.errors import VerificationMismatch
from causal_eval.evaluation.attempt import Attempt
from causal_eval.evaluation.spec import RunSpec
from causal_eval.providers.provider import Refusal, Reply, Usage
from causal_eval.questions.question import Question, canonical
from causal_eval.store.database import Store
from causal_eval.store.evaluations import Evaluation, begin
from causal_eval.store.ledger import SqlLedger
from causal_eval.store.rows import attempt_values, content_hash, outcome_values, question_digest, question_values
from causal_eval.store.suites import keep_set

Make = Callable[..., Question]


def test_a_question_row_repeats_the_body(make_question: Make) -> None:
    """The columns for queries say what the body says, and the key is the body's hash."""
    question = make_question(4, twin="t", joint=True)
    row = question_values(question)
    assert row["body"] == canonical(question)
    assert row["digest"] == question_digest(row["body"])
    assert (row["twin"], row["joint"], row["exempt"]) == ("t", True, '["association"]')


@given(st.text(), st.none() | st.integers(0, 10**6))
def test_every_column_is_under_the_content_hash(said: str, tokens: int | None) -> None:
    """Two outcomes that differ in anything have different hashes; equal ones have equal hashes."""
    asked = {"evaluation_id": "ev-1", "question": "q", "answerer": "a/b", "sample": 0}
    reply = Reply(said, usage=Usage(tokens))
    row = attempt_values(asked, reply, started_at="t")
    assert row["content_hash"] == attempt_values(asked, reply, started_at="t")["content_hash"]
    for name in row:
        if name != "content_hash":
            other = {key: value for key, value in row.items() if key != "content_hash"}
            assert content_hash({**other, name: "something else"}) != row["content_hash"]


def test_what_came_later_leaves_older_hashes_as_they_were() -> None:
    """A row of a time before a column was there is the row that says nothing in it."""
    asked = {"evaluation_id": "ev-1", "question": "q", "answerer": "a/b", "sample": 0}
    row = attempt_values(asked, Reply("yes"), started_at="t")
    later = {"written_tokens", "source", "asked_at", "batch", "key", "route"}
    before = {name: value for name, value in row.items() if name not in {*later, "content_hash"}}
    assert content_hash(before) == row["content_hash"]


@given(st.text(st.characters(exclude_categories=[])))
def test_any_text_can_be_stored(said: str) -> None:
    """Whatever a model produces can be encoded, and sound text is not touched."""
    for outcome in (Reply(said, reasoning=said), Refusal(said)):
        stored = outcome_values(outcome)["text"]
        stored.encode()
        assert "\x00" not in stored
        if "\x00" not in said and not any("\ud800" <= char <= "\udfff" for char in said):
            assert stored == said


@pytest.fixture
def evaluation(store: Store, make_question: Make) -> Evaluation:
    """A run over three questions."""
    stored = keep_set(store, [make_question(number) for number in range(3)], name="three")
    return begin(store, RunSpec("a/b", stored.digest))


@pytest.mark.anyio
@pytest.mark.parametrize(
    "change", ["text = 'ANSWER: 3/10'", "served = 'other'", "input_tokens = 5", "sample = 1", "key = 'x'"]
)
async def test_a_changed_row_is_noticed(store: Store, evaluation: Evaluation, change: str) -> None:
    """A reply edited behind the program's back is refused when it is read."""
    async with SqlLedger(store, evaluation) as ledger:
        ask = await anext(ledger.missing())
        await ledger.keep([Attempt(ask, Reply("ANSWER: 1/2"))])
        assert len(await ledger.unjudged()) == 1
        with store.writing() as connection:
            connection.execute(text(f"UPDATE attempts SET {change}"))
        with pytest.raises(VerificationMismatch, match="was changed after it was written"):
            await ledger.unjudged()
