"""How many distinct questions there are: estimated from below, and refused beyond."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from causal_eval.errors import UsageError
from causal_eval.questions.catalog import family
from causal_eval.questions.distinct import at_least, of_kinds, published
from causal_eval.questions.generate import Plan, check_plan, generate
from causal_eval.seeds import Stream


@pytest.mark.parametrize("size", [20, 100, 1000])
def test_the_bound_is_one_and_is_no_less_than_what_was_counted(size: int) -> None:
    """Of 400 uniform draws from so many shapes; with few shapes it is what there is."""
    stream = Stream("distinct tests", size)
    shapes = [str(stream.below(size)) for _ in range(400)]
    assert len(set(shapes)) <= at_least(shapes) <= size
    assert size > 100 or at_least(shapes) >= size * 0.95


def test_the_bound_holds_where_shapes_come_unequally_often() -> None:
    """Half of a hundred shapes ten times as often: in no more than 5 % of samples does it say too many."""
    stream = Stream("distinct tests", "unequal")
    over = 0
    for _ in range(60):
        drawn = [stream.below(50) if stream.chance(10, 11) else 50 + stream.below(50) for _ in range(120)]
        over += at_least(list(map(str, drawn))) > 100
    assert over <= 3


def test_without_a_repetition_so_many_are_refuted_at_95_percent() -> None:
    """Fewer equal shapes would have shown one in 400 draws with a chance of 95 %, by the product of all draws."""
    bound = at_least([str(number) for number in range(400)])
    below = math.prod((bound - 1 - seen) / (bound - 1) for seen in range(400))
    assert below == pytest.approx(0.05, abs=1e-4)
    assert bound == 26_772


def test_a_plan_beyond_what_there_is_is_refused_before_any_work() -> None:
    """The message names family, difficulty, what there is and what would be needed."""
    (name, level), most = min(published().items(), key=lambda item: item[1])
    with pytest.raises(UsageError, match=f"'{name}.* is known to make .* difficulty {level}"):
        next(generate(Plan(n=most * 30, seed="many", families=(name,), difficulties=(level, level))))


def test_a_kind_with_few_questions_is_asked_for_all_of_them_and_no_more() -> None:
    """A plan within what is published is made; one question more is refused, by the kind."""
    (name, level), most = min(of_kinds().items(), key=lambda item: item[1])
    size = family(name.partition("/")[0]).kind(name.partition("/")[2]).size
    plan = Plan(n=most * size, seed="all", kinds=(name,), difficulties=(level, level))
    assert len({question.id for question in generate(plan)}) == most * size
    with pytest.raises(
        UsageError, match=f"'{name}' is known to make {most:,} distinct .* {most + 1:,} would be needed"
    ):
        check_plan(replace(plan, n=(most + 1) * size))
