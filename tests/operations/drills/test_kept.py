"""What must hold after a drill is seen where it does not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from causal_eval.errors import OperationFailed
from causal_eval.operations.drills.asking import Answer
from causal_eval.operations.drills.kept import Bound, found_after, undisturbed
from causal_eval.operations.drills.provider import Books

SCORE = {"scope": "overall", "score": 0.7, "low": 0.6, "high": 0.8, "units": 9, "strict": 0.7, "unparsed": 0}
SCORES = [{**SCORE, "abstained": 0, "missing": 0, "ungraded": 0, "cached": 0}]
BEFORE = Books(100, 100)


@dataclass
class _Api:
    calls: int = 110
    paid: int = 110

    def books(self) -> Books:
        return Books(self.calls, self.paid)


@dataclass
class _Ground:
    """Says of an evaluation of ten questions that all is well, but for what a test changes."""

    api: _Api = field(default_factory=_Api)
    status: str = "done"
    kept: int = 10
    scores: list[dict[str, object]] = field(default_factory=lambda: SCORES)
    said: Mapping[str, list[tuple[object, ...]]] = field(default_factory=dict)
    """By a word of the query."""
    violated: bool = False

    def ask(self, method: str, path: str) -> Answer:
        assert method == "GET"
        told: dict[str, Any] = {"items": self.scores} if path.endswith("/scores") else {"status": self.status}
        return Answer(200, {**told, "progress": {"kept": self.kept, "wanted": 10}})

    def rows(self, query: str, *values: object) -> list[tuple[object, ...]]:
        assert values
        for word, rows in self.said.items():
            if word in query:
                return rows
        if "served" in query:
            return [("gpt-x", False, "reply")]
        if "sum(calls)" in query:
            return [(10, 10)]
        return [(0,)] if "count(*) FROM failures" in query else []

    def command(self, *words: str) -> str:
        if self.violated:
            raise OperationFailed(f"{words} exits 8")
        return ""


def problems(ground: _Ground, *, unused: int = 0, exact: bool = True) -> tuple[str, ...]:
    """What is found after a drill on *ground*."""
    wanted = undisturbed(_Ground(), "ev-1")  # type: ignore[arg-type]  # all that is asked of a ground
    return found_after(ground, "ev-2", wanted=wanted, bound=Bound(BEFORE, unused, exact=exact)).problems  # type: ignore[arg-type]  # all that is asked of a ground


def test_nothing_is_found_where_all_is_well() -> None:
    """Not even with fewer lost than may be."""
    assert problems(_Ground()) == problems(_Ground(), unused=5) == ()


@pytest.mark.parametrize(
    ("ground", "named"),
    [
        (_Ground(status="halted"), "I1"),
        (_Ground(kept=9), "I1"),
        (_Ground(said={"status <> 'done'": [("ev-2-00001", "open")]}), "I1"),
        (_Ground(said={"HAVING": [(7,)]}), "I2"),
        (_Ground(violated=True), "I2, I3"),
        (_Ground(scores=[{**SCORES[0], "score": 0.6}]), "I3"),
        (_Ground(scores=[]), "I3"),
        (_Ground(said={"served": [("gpt-y", False, "reply")]}), "I4"),
        (_Ground(said={"served": [("gpt-x", True, "reply")]}), "I4"),
        (_Ground(api=_Api(paid=113)), "I5"),
        (_Ground(api=_Api(paid=109)), "I5"),
        (_Ground(api=_Api(calls=113)), "I5"),
        (_Ground(api=_Api(calls=109)), "I5"),
        (_Ground(said={"served": [("gpt-x", False, "refusal")]}), "I6"),
        (_Ground(said={"count(*) FROM failures": [(2,)], "NOT EXISTS": [("q-1",)]}), "I6"),
    ],
)
def test_what_does_not_hold_is_named(ground: _Ground, named: str) -> None:
    """By the number of the invariant."""
    assert [one.partition(":")[0] for one in problems(ground)] == [named]


def test_failures_that_were_made_good_are_none() -> None:
    """A question whose call failed has its answer since; calls that never arrived are not compared."""
    ground = _Ground(said={"count(*) FROM failures": [(2,)], "NOT EXISTS": []}, api=_Api(calls=150))
    assert problems(ground, exact=False) == ()
