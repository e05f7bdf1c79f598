"""An answer with its question: what metrics of linked questions look at."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import attrgetter
from typing import Any, NamedTuple

from causal_eval.analysis.observation import Observation
from causal_eval.analysis.units import UNSCORED
from causal_eval.questions.question import Question
from causal_eval.scoring.verdict import Mark


class Seen(NamedTuple):
    """One sample of one question."""

    row: Observation
    question: Question
    answer: Any
    """As JSON, in the shape of a gold answer; None where nothing could be read."""

    @property
    def name(self) -> str:
        """``family/kind``."""
        return f"{self.row.family}/{self.row.kind}"

    @property
    def right(self) -> int:
        """1 if the headline reading is right."""
        return int(self.row.mark is Mark.CORRECT)


def clusters(rows: Iterable[Seen]) -> Iterator[list[Seen]]:
    """The scored rows of each cluster; those of one answerer's cluster stand together.

    Raises:
        ValueError: a cluster comes in pieces.
    """
    known: set[tuple[str, str]] = set()
    for key, group in groupby(rows, key=lambda seen: attrgetter("answerer", "cluster")(seen.row)):
        if key in known:
            raise ValueError(f"cluster {key[1]!r} of {key[0]!r} comes in pieces: order the rows by cluster")
        known.add(key)
        if scored := [seen for seen in group if seen.row.mark not in UNSCORED]:
            yield scored


def whole_groups(cluster: Iterable[Seen]) -> Iterator[list[Seen]]:
    """The rows of each twin group and sample of *cluster* that has two members or more."""
    found: dict[tuple[str, int], list[Seen]] = {}
    for seen in cluster:
        if seen.row.twin:
            found.setdefault((seen.row.twin, seen.row.sample), []).append(seen)
    return (members for members in found.values() if len(members) > 1)
