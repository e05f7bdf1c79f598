"""The matrix: every unit in its family, its rung and both totals, once each."""

from __future__ import annotations

from tests.analysis.conftest import Make

from causal_eval.analysis.profiling.matrix import matrix
from causal_eval.scoring.verdict import Mark


def test_a_unit_counts_in_its_cell_and_in_every_total(observation: Make) -> None:
    """Two families on two rungs: cells, rows, columns and the whole."""
    rows = [
        observation("a", Mark.CORRECT), observation("b", Mark.WRONG), observation("c", Mark.CORRECT, rung=1),
        observation("d", Mark.CORRECT, family="chain", kind="values"),
    ]  # fmt: skip
    found = matrix(rows)
    assert found.cell("effect", 2).score.estimate == 0.5
    assert (found.cell("effect", 0).score.n, found.cell("", 2).score.n, found.overall.score.n) == (3, 3, 4)
    assert found.rungs == (1, 2)
    assert found.families == ("effect", "chain")


def test_what_was_not_asked_or_not_scored_has_no_score(observation: Make) -> None:
    """Missing answers and questions made for a baseline are left out."""
    rows = [
        observation("a", Mark.MISSING),
        observation("b", Mark.CORRECT, answerer="baseline/association", exempt=("association",)),
    ]
    found = matrix(rows)
    assert found.overall.score.estimate is None
    assert found.cell("chain", 3).score.n == 0


def test_a_cell_counts_clusters(observation: Make) -> None:
    """Questions of one causal model are one cluster in every cell."""
    rows = [observation(name, Mark.CORRECT, cluster="c") for name in "abc"]
    score = matrix(rows).cell("effect", 2).score
    assert (score.n, score.clusters, score.low) == (3, 1, None)
