"""The order of a run: seeded, fair in every prefix, never splitting what is scored together."""

from __future__ import annotations

from collections.abc import Callable
from itertools import groupby

from hypothesis import given
from hypothesis import strategies as st
from tests.asked import asked

from causal_eval.evaluation.order import cluster_rank, fair_cut, fair_order
from causal_eval.questions.question import Question

Make = Callable[..., Question]


def _question(number: int, cluster: int, twin: int | None, *, joint: bool) -> Question:
    return asked(
        f"q{number}", cluster=f"c{cluster}", twin=None if twin is None else f"t{cluster}-{twin}",
        joint=joint and twin is not None,
    )  # fmt: skip


@st.composite
def _questions(draw: st.DrawFn) -> list[Question]:
    marks = draw(st.lists(st.tuples(st.integers(0, 4), st.none() | st.integers(0, 2)), min_size=1, max_size=25))
    return [_question(number, cluster, twin, joint=True) for number, (cluster, twin) in enumerate(marks)]


def _runs(keys: list[str]) -> list[str]:
    return [key for key, _ in groupby(keys)]


@given(_questions(), st.text(max_size=3))
def test_clusters_and_their_twin_groups_are_contiguous(questions: list[Question], seed: str) -> None:
    """Every question stands once, every cluster in one piece, every twin group in one piece within it."""
    ordered = fair_order(questions, seed)
    assert sorted(q.id for q in ordered) == sorted(q.id for q in questions)
    clusters = _runs([q.cluster for q in ordered])
    assert len(clusters) == len(set(clusters))
    groups = _runs([q.twin or q.id for q in ordered])
    assert len(groups) == len(set(groups))


@given(_questions(), st.integers(1, 30))
def test_a_limit_takes_a_prefix_and_splits_no_joint_group(questions: list[Question], limit: int) -> None:
    """A limited run is a prefix of the full one, holds whole groups, and is larger than the limit only at the start."""
    full = fair_order(questions, "s")
    cut = fair_order(questions, "s", limit=limit)
    assert cut == full[: len(cut)]
    assert cut
    rest = {q.twin for q in full[len(cut) :] if q.joint}
    assert not rest & {q.twin for q in cut if q.joint}
    if len(cut) > limit:
        assert len({q.twin for q in cut}) == 1


def test_the_order_follows_from_the_seed_alone(make_question: Make) -> None:
    """Same seed, same order whatever the file's order of clusters; another seed, another order."""
    questions = [make_question(number) for number in range(60)]
    turned = [q for start in range(57, -1, -3) for q in questions[start : start + 3]]
    assert fair_order(questions, "1") == fair_order(turned, "1")
    assert fair_order(questions, "1") != fair_order(questions, "2")


def test_every_cluster_is_equally_likely_to_come_first() -> None:
    """Over 3,000 seeds each of five clusters comes first about 600 times: any prefix is a fair sample."""
    first = [min((cluster_rank(str(seed), f"c{c}"), c) for c in range(5))[1] for seed in range(3000)]
    counts = [first.count(cluster) for cluster in range(5)]
    assert min(counts) > 500
    assert max(counts) < 700


def test_the_cut_moves_down_unless_nothing_would_be_left() -> None:
    """A group that would be split is left out; the very first group is taken whole."""
    assert fair_cut(5, None) == 5
    assert fair_cut(5, range(4, 8)) == 4
    assert fair_cut(1, range(3)) == 3
