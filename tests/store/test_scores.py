"""Scores of an evaluation as they are kept: one row a scope, whoever computed it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from causal_eval.analysis.chance import Against
from causal_eval.evaluation.spec import RunSpec
from causal_eval.questions.question import Question
from causal_eval.store.database import Store
from causal_eval.store.evaluations import begin
from causal_eval.store.scores import StoredScore, load_scores, save_scores
from causal_eval.store.suites import keep_set


def _score(evaluation: str, *, place: int, by: int, against: str = "chance") -> StoredScore:
    return StoredScore(
        evaluation, f"scope {place}", place, score=by / 10, low=None, high=None, chance=None, against=against,
        units=by, clusters=1, strict=None, unparsed=0, abstained=0, missing=0, ungraded=0, excluded=0, exempt=0,
        alarm=False, cost=None, time_ms=None, cached=0, kept=by, verdicts=by, computed_at=0.0,
    )  # fmt: skip


def test_two_that_score_at_once_leave_the_scores_of_one(store: Store, make_question: Callable[..., Question]) -> None:
    """Several processes put their scores in place together: none fails, and the rows that stay are all of one."""
    found = begin(store, RunSpec("openai/x", keep_set(store, [make_question(1)], name="one").digest)).id
    start = Barrier(4)

    def keep(by: int) -> None:
        stored = [_score(found, place=place, by=by) for place in range(20)]
        start.wait()
        for _ in range(10):
            with store.writing() as connection:
                save_scores(connection, found, stored=stored)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(keep, range(1, 5)))
    with store.reading() as connection:
        kept = load_scores(connection, found)
    assert len(kept) == 20
    assert len({one.units for one in kept}) == 1


def test_every_word_against_chance_is_kept(store: Store, make_question: Callable[..., Question]) -> None:
    """Whatever is found against chance comes back as it was, on each kind of database."""
    found = begin(store, RunSpec("openai/x", keep_set(store, [make_question(1)], name="one").digest)).id
    stored = [_score(found, place=place, by=1, against=word) for place, word in enumerate(Against)]
    with store.writing() as connection:
        save_scores(connection, found, stored=stored)
    with store.reading() as connection:
        assert [one.against for one in load_scores(connection, found)] == list(Against)
