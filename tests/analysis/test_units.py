"""Rows become scoring units: questions, or whole twin groups."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import pytest

from causal_eval.analysis.observation import Observation
from causal_eval.analysis.units import units_of
from causal_eval.scoring.verdict import Mark

Make = Callable[..., Observation]
PAIR = {"cluster": "c", "twin": "t", "joint": True}


def test_a_question_scores_one_only_if_correct(observation: Make) -> None:
    """Only CORRECT scores; PARTIAL, UNPARSED and ABSTAINED are answers that score nothing."""
    marks = [Mark.CORRECT, Mark.WRONG, Mark.PARTIAL, Mark.UNPARSED, Mark.ABSTAINED]
    units = units_of(observation(mark.value, mark) for mark in marks)
    assert [unit.lenient for unit in units] == [1, 0, 0, 0, 0]
    assert [unit.upper for unit in units] == [1, 0, 0, 1, 0]


@pytest.mark.parametrize("mark", [Mark.MISSING, Mark.UNGRADED])
def test_what_is_our_doing_has_no_score(observation: Make, mark: Mark) -> None:
    """A missing or ungraded answer leaves the unit without a trial."""
    assert units_of([observation("q", mark)])[0].trials == {}


@pytest.mark.parametrize(
    ("first", "second", "score"),
    [
        (Mark.CORRECT, Mark.CORRECT, 1),
        (Mark.CORRECT, Mark.WRONG, 0),
        (Mark.UNPARSED, Mark.CORRECT, 0),
        (Mark.CORRECT, Mark.MISSING, None),
        (Mark.WRONG, Mark.UNGRADED, None),
    ],
)
def test_a_joint_group_is_right_only_as_a_whole(
    observation: Make, first: Mark, second: Mark, score: int | None
) -> None:
    """A joint twin group is one unit, right iff all members are, unscored if any member is."""
    (unit,) = units_of([observation("q1", first, **PAIR), observation("q2", second, **PAIR)])
    assert unit.id == "t"
    assert (unit.lenient if unit.trials else None) == score


def test_twins_that_are_not_joint_stay_questions(observation: Make) -> None:
    """A twin group only counts as one where the questions say joint."""
    rows = [observation(name, Mark.CORRECT, cluster="c", twin="t") for name in ("q1", "q2")]
    assert [unit.id for unit in units_of(rows)] == ["q1", "q2"]


def test_a_cut_twin_group_is_not_scored(observation: Make) -> None:
    """Half of a flipped pair alone would be a coin toss; it is excluded."""
    assert units_of([observation("q1", Mark.CORRECT, **PAIR)])[0].trials == {}


def test_samples_average_within_the_unit(observation: Make) -> None:
    """Samples of a question average to one score; a sample that is missing does not count."""
    marks = [Mark.CORRECT, Mark.WRONG, Mark.CORRECT, Mark.MISSING]
    (unit,) = units_of(observation("q", mark, sample=number) for number, mark in enumerate(marks))
    assert unit.lenient == Fraction(2, 3)


def test_samples_of_a_joint_group_are_joined_sample_by_sample(observation: Make) -> None:
    """Two half-right samples of a pair are no right sample; a sample lacking a member is left out."""
    table = [("q1", 0, Mark.CORRECT), ("q2", 0, Mark.WRONG), ("q1", 1, Mark.CORRECT), ("q2", 1, Mark.CORRECT)]
    table += [("q1", 2, Mark.CORRECT)]
    (unit,) = units_of(observation(name, mark, sample=sample, **PAIR) for name, sample, mark in table)
    assert unit.lenient == Fraction(1, 2)
    assert sorted(unit.trials) == [0, 1]


def test_the_same_sample_twice_is_refused(observation: Make) -> None:
    """A doubled row would count an answer twice; the message names it."""
    with pytest.raises(ValueError, match="question 'q', sample 0"):
        units_of([observation("q", Mark.CORRECT), observation("q", Mark.WRONG)])


def test_a_baseline_is_exempt_on_questions_made_for_its_method(observation: Make) -> None:
    """The association is the right method on rung 1, so that baseline's unit is marked, and nobody else's."""
    rows = [observation("q", Mark.CORRECT, exempt=("association",))]
    assert not units_of(rows)[0].exempt
    rows = [observation("q", Mark.CORRECT, answerer="baseline/association", exempt=("association",))]
    assert units_of(rows)[0].exempt
