"""What is bet on: clusters in the run's order, only those that are over, what is missing within bounds."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from causal_eval.analysis.observation import Observation
from causal_eval.analysis.sequential.clusters import Baseline, Bet, over, score_bet
from causal_eval.scoring.verdict import Mark

Make = Callable[..., Observation]
SOON = "not judged yet"
C, W, M = Mark.CORRECT, Mark.WRONG, Mark.MISSING


def bets(rows: list[Observation], failed: frozenset[tuple[str, int]] = frozenset()) -> list[Bet | None]:
    """The score's bets."""
    return [score_bet(found) for found in over(rows, failed, unjudged=SOON)]


def test_bets_wait_at_the_first_cluster_that_is_not_over(observation: Make) -> None:
    """A later cluster that is answered already is not bet on before an earlier one: fast answers gain nothing."""
    rows = [observation("q1", C), observation("q2", M), observation("q3", W)]
    assert bets(rows) == [Bet("c-q1", Fraction(1), Fraction(1), learns=True)]
    kept = [observation("q1", C), observation("q2", Mark.UNGRADED, reason=SOON), observation("q3", W)]
    assert len(bets(kept)) == 1
    assert len(bets([observation("q1", C), observation("q2", W), observation("q3", W)])) == 3


def test_what_is_missing_for_good_is_bounded(observation: Make) -> None:
    """Of a cluster with one right, one wrong and one failed answer the mean is between 1/3 and 2/3; nobody learns."""
    rows = [observation(f"q{n}", mark, cluster="c") for n, mark in enumerate([C, W, M])]
    assert bets(rows, frozenset({("q2", 0)})) == [Bet("c", Fraction(1, 3), Fraction(2, 3), learns=False)]
    broken = [observation("q1", Mark.UNGRADED, reason="ValueError: x")]
    assert bets(broken) == [Bet("c-q1", Fraction(0), Fraction(1), learns=False)]


def test_a_cluster_that_failed_once_is_never_learned_from(observation: Make) -> None:
    """Answered at the second try it has one value, but the bets stay what they were before that."""
    assert bets([observation("q1", C)], frozenset({("q1", 0)})) == [Bet("c-q1", Fraction(1), Fraction(1), learns=False)]


def test_a_twin_group_counts_once_and_an_exempt_question_not_at_all(observation: Make) -> None:
    """A jointly scored group with one wrong member scores 0; a cluster of nothing but exempt questions makes no bet."""
    twins = [observation(f"q{n}", mark, cluster="c", twin="t", joint=True) for n, mark in enumerate([C, W])]
    (found,) = bets([*twins, observation("q9", C, cluster="c")])
    assert found is not None
    assert found.low == found.high == Fraction(1, 2)
    exempt = observation("q1", C, answerer="baseline/association", exempt=("association",))
    assert bets([exempt]) == [None]


def test_differences_are_of_the_same_samples(observation: Make) -> None:
    """Two samples of one question: the mean of what each differs by; a failed one reaches from -1 to what it may."""
    new = [observation("q1", C, sample=0), observation("q1", M, sample=1)]
    old = Baseline([observation("q1", W, sample=0), observation("q1", C, sample=1)])
    (found,) = over(new, frozenset({("q1", 1)}), unjudged=SOON)
    assert old.difference_bet(found) == Bet("c-q1", Fraction(0), Fraction(1, 2), learns=False)


def test_what_the_baseline_was_never_asked_or_shares_is_no_difference(observation: Make) -> None:
    """No bet on a cluster that only one side has, nor on one and the same cached reply; a hole in it is bounded."""
    (found,) = over([observation("q1", C, source="s")], frozenset(), unjudged=SOON)
    assert Baseline([observation("q1", M)]).difference_bet(found) is None
    assert Baseline([]).difference_bet(found) is None
    assert Baseline([observation("q1", C, source="s")]).difference_bet(found) is None
    both = [observation("q1", C, cluster="c"), observation("q2", C, cluster="c")]
    (whole,) = over(both, frozenset(), unjudged=SOON)
    hole = Baseline([observation("q1", C, cluster="c"), observation("q2", M, cluster="c")])
    assert hole.difference_bet(whole) == Bet("c", Fraction(0), Fraction(1, 2), learns=False)
