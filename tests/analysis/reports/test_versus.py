"""A comparison as text: columns stand under each other, and no foreign name breaks a line."""

from __future__ import annotations

from collections.abc import Callable

from causal_eval.analysis.columns import table
from causal_eval.analysis.compare import compare
from causal_eval.analysis.observation import Observation
from causal_eval.analysis.ranks import jointly, rank_sets
from causal_eval.analysis.reports.versus import rank_lines, versus_lines
from causal_eval.scoring.verdict import Mark

Make = Callable[..., Observation]
MARKS = {True: Mark.CORRECT, False: Mark.WRONG}


def _rows(make: Make, name: str, right: int, size: int = 1) -> list[Observation]:
    return [
        make(f"q{n}", MARKS[n < right], answerer=name, cluster=f"c{n // size}", kind="ate", rung=2) for n in range(30)
    ]


def test_mcnemars_test_is_given_only_where_it_holds(observation: Make) -> None:
    """One question a cluster: its mid-p value stands there; two a cluster: why it does not."""
    single = "\n".join(versus_lines(compare(_rows(observation, "a", 20), _rows(observation, "b", 8))))
    paired = "\n".join(versus_lines(compare(_rows(observation, "a", 20, 2), _rows(observation, "b", 8, 2))))
    assert "McNemar's test, mid-p: <\u00a00.001" in single
    assert "is not given" in paired


def test_left_out_units_are_counted_by_why(observation: Make) -> None:
    """What one side lacks is told."""
    b = [*_rows(observation, "b", 8)[:-2], observation("q28", Mark.MISSING, answerer="b", cluster="c28")]
    said = "\n".join(versus_lines(compare(_rows(observation, "a", 20), b)))
    assert "Left out: 2 missing b" in said


def test_ranks_come_first_and_every_pair_after(observation: Make) -> None:
    """Three answerers: three rank sets, three pairs, names on one line."""
    sides = [_rows(observation, name, right) for name, right in (("a", 29), ("b\nb", 15), ("c", 1))]
    pairs = jointly([compare(sides[i], sides[j]) for i, j in ((0, 1), (0, 2), (1, 2))])
    said = list(rank_lines(rank_sets(pairs), pairs))
    assert [line.split() for line in said[:4]] == [["ranks"], ["1", "a"], ["2", "b", "b"], ["3", "c"]]
    assert len(said) == 4 + 1 + 4


def test_columns_are_as_wide_as_their_widest_cell() -> None:
    """Wide characters count twice, so columns stand under each other."""
    assert list(table([("x", "y")], [("日本", "1"), ("a", "2")])) == ["x     y", "日本  1", "a     2"]
