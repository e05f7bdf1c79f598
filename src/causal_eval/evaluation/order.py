"""The order in which a run asks: clusters at random by the run's seed, each in one piece, so any prefix is fair."""

from __future__ import annotations

from collections.abc import Iterable

from causal_eval.questions.question import Question
from causal_eval.seeds import Stream


def cluster_rank(seed: str, cluster: str) -> int:
    """The place of a cluster among all others under *seed*: uniform, 62 bits, independent of what else is there."""
    return Stream("cluster order", seed, cluster).bits(62)


def twin_group(question: Question) -> str:
    """The group that a question is scored with; a question without twins is a group of its own."""
    return question.id if question.twin is None else question.twin


def fair_order(questions: Iterable[Question], seed: str, *, limit: int | None = None) -> list[Question]:
    """*questions* in seeded cluster order, at most about *limit* of them (see :func:`fair_cut`).

    Clusters are contiguous and so are the twin groups in them; within a group the given order stays.
    """
    listed = list(enumerate(questions))
    first: dict[tuple[str, str], int] = {}
    for place, question in listed:
        first.setdefault((question.cluster, twin_group(question)), place)

    def key(entry: tuple[int, Question]) -> tuple[int, str, int, int]:
        place, question = entry
        start = first[question.cluster, twin_group(question)]
        return cluster_rank(seed, question.cluster), question.cluster, start, place

    ordered = [question for _, question in sorted(listed, key=key)]
    if limit is None or limit >= len(ordered):
        return ordered
    return ordered[: fair_cut(limit, _split_group(ordered, limit))]


def fair_cut(limit: int, split: range | None) -> int:
    """How many questions a run with *limit* asks: never a part of a group that is scored as one.

    *split* holds the places of the jointly scored group that the cut at *limit* would split, None if there is none.
    The cut moves down to the start of that group; only if nothing would be left it moves up to its end.
    """
    if split is None:
        return limit
    return split.start or split.stop


def _split_group(ordered: list[Question], limit: int) -> range | None:
    last, following = ordered[limit - 1], ordered[limit]
    group = twin_group(last)
    if not last.joint or twin_group(following) != group or last.cluster != following.cluster:
        return None
    places = [place for place, question in enumerate(ordered) if twin_group(question) == group]
    return range(places[0], places[-1] + 1)
