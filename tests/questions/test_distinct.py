"""How many distinct questions there are: estimated from below, and refused beyond."""

from __future__ import annotations

import pytest

from causal_eval.errors import UsageError
from causal_eval.questions.distinct import estimated, published
from causal_eval.questions.generate import Plan, generate
from causal_eval.seeds import Stream


@pytest.mark.parametrize("size", [20, 100, 1000])
def test_the_estimate_comes_near_to_what_there_is(size: int) -> None:
    """Of uniform draws from so many shapes it finds at least half and at most twice as many."""
    stream = Stream("distinct tests", size)
    found = estimated(str(stream.below(size)) for _ in range(400))
    assert size // 2 <= found <= size * 2


def test_without_a_repetition_there_are_at_least_the_pairs() -> None:
    """Where all draws differ, one repetition would be likely at d (d - 1) / 2."""
    assert estimated(map(str, range(400))) == 400 * 399 // 2


def test_a_plan_beyond_what_there_is_is_refused_before_any_work() -> None:
    """The message names family, difficulty, what there is and what would be needed."""
    (name, level), most = min(published().items(), key=lambda item: item[1])
    with pytest.raises(UsageError, match=f"'{name}' makes about {most:,} distinct .* difficulty {level}"):
        next(generate(Plan(n=most * 30, seed="many", families=(name,), difficulties=(level, level))))
