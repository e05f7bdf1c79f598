"""What drifted is named: questions, verdicts and scores apart; another version that changes nothing is no drift."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import text
from tests.acceptance.terminal import Terminal

from causal_eval.analysis.reports.reproduced import Reproduction
from causal_eval.errors import UnknownName, UsageError, VerificationMismatch
from causal_eval.scoring.grade import judge
from causal_eval.service.reproducing import claimed, reproduce, ticket_of
from causal_eval.store.database import Store, open_store
from causal_eval.store.evaluations import list_evaluations


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The database of ``causal-eval demo --n 40``."""
    home = tmp_path_factory.mktemp("reproducing")
    assert Terminal(home).run("demo", "--n", "40").returncode == 0
    return home / "data" / "causal-eval.db"


@contextmanager
def _store(original: Path, folder: Path) -> Iterator[Store]:
    """A copy, to be tampered with."""
    for file in original.parent.glob("causal-eval.db*"):
        shutil.copy(file, folder / file.name)
    store = open_store(f"sqlite:///{folder / 'causal-eval.db'}")
    try:
        yield store
    finally:
        store.close()


def _after(store: Store, *statements: str) -> Reproduction:
    """The newest run's reproduction, claimed as it was before *statements* changed the rows."""
    evaluation = list_evaluations(store)[0].evaluation
    name = ticket_of(store, evaluation).name
    with store.writing() as connection:
        for statement in statements:
            connection.execute(text(statement), {"run": evaluation.id})
    (claim,) = claimed(store, name)
    return reproduce(store, claim, judge=judge)


def _differing(found: Reproduction) -> list[str]:
    return [one.what for one in found.checks if not one.same]


OF_THE_RUN = "attempt_id IN (SELECT id FROM attempts WHERE evaluation_id = :run)"
LATER = (
    "INSERT INTO verdicts (attempt_id, scorer, mark, strict, share, answer, reason, evaluation_id) SELECT attempt_id, "
    f"'0', {{mark}}, {{mark}}, share, answer, reason, evaluation_id FROM verdicts WHERE {OF_THE_RUN}"
)


@pytest.mark.parametrize(
    ("statements", "differing", "match"),
    [
        ((), [], True),
        (("UPDATE question_sets SET generator = '2'",), ["generator"], True),
        (("UPDATE question_sets SET name = 'demo/39'",), ["questions"], False),
        (("UPDATE question_sets SET name = 'my own.jsonl', generator = ''",), [], True),
        ((LATER.format(mark="mark"),), ["scorer"], True),
        ((LATER.format(mark="'unparsed'"),), ["scorer", "verdicts"], False),
    ],
    ids=["nothing", "generator", "questions", "own file", "scorer", "verdicts"],
)
def test_what_drifted_is_named(
    original: Path, tmp_path: Path, statements: tuple[str, ...], differing: list[str], match: bool
) -> None:
    """Rows that were changed are found by what they say, and by nothing else; scores follow from the replies."""
    with _store(original, tmp_path) as store:
        found = _after(store, *statements)
    assert _differing(found) == differing
    assert found.match is match
    assert next(iter(found.lines())).startswith("MATCH" if match else "DRIFT")


def test_a_changed_reply_is_no_drift_but_a_mismatch(original: Path, tmp_path: Path) -> None:
    """A stored reply that is not what was written stops everything."""
    with _store(original, tmp_path) as store, pytest.raises(VerificationMismatch, match="was changed after"):
        _after(store, "UPDATE attempts SET text = 'ANSWER: yes' WHERE evaluation_id = :run")


def test_a_result_is_found_by_its_hash_alone(original: Path, tmp_path: Path) -> None:
    """The hash names the run that claims it; an unknown one and an empty run are refused."""
    with _store(original, tmp_path) as store:
        for summary in list_evaluations(store):
            ticket = ticket_of(store, summary.evaluation)
            (claim,) = claimed(store, ticket.hash)
            assert (claim.evaluation.id, claim.hash) == (summary.evaluation.id, ticket.hash)
        with pytest.raises(UnknownName):
            claimed(store, "res-0000000000000000")
        with pytest.raises(UsageError, match="RUN@HASH"):
            claimed(store, "@res-0000000000000000")
