"""Sentences say what the numbers allow, and no more."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction

import pytest

from causal_eval.analysis.compare import Comparison, compare
from causal_eval.analysis.observation import Observation
from causal_eval.analysis.profile import AnswererProfile, profile
from causal_eval.analysis.statements import comparison, enough, headline, warnings
from causal_eval.scoring.verdict import Mark

Make = Callable[..., Observation]
CHANCE = {("effect", "ate"): Fraction(29, 1000)}


def _profile(make: Make, marks: Sequence[Mark]) -> AnswererProfile:
    return profile(make(f"q{place}", mark) for place, mark in enumerate(marks)).answerers[0]


def _plain(text: str) -> str:
    return text.replace("\u00a0", " ")


@pytest.mark.parametrize(
    ("right", "words"),
    [
        (2, "lab/model scores 3.1 % [0.8, 11.0], not distinguishable from chance (2.9 %)"),
        (32, "lab/model scores 50.0 % [37.8, 62.2], above chance (2.9 %)"),
    ],
)
def test_headline_against_chance(observation: Make, right: int, words: str) -> None:
    """Near chance is said in so many words, with the interval and what guessing is worth."""
    one = _profile(observation, [Mark.CORRECT] * right + [Mark.WRONG] * (64 - right))
    assert _plain(headline(one, CHANCE)) == words


def test_headlines_without_what_they_would_need(observation: Make) -> None:
    """Unknown chance, a single cluster and nothing scored are said, not papered over."""
    both = _profile(observation, [Mark.CORRECT, Mark.WRONG])
    assert headline(both, {}).endswith("what guessing is worth on this set is not known")
    assert headline(_profile(observation, [Mark.WRONG]), CHANCE).endswith("one cluster of questions allows no interval")
    nothing = _profile(observation, [Mark.MISSING] * 3)
    assert headline(nothing, CHANCE) == "lab/model has no score: of 3 answers asked for, none could be scored"


def test_warnings_name_what_weakens_a_score(observation: Make) -> None:
    """Unparsed replies over the limit, lost answers and few clusters are warned of, each with its numbers."""
    marks = [Mark.UNPARSED] * 2 + [Mark.CORRECT] * 6 + [Mark.MISSING, Mark.UNGRADED]
    found = [_plain(words) for words in warnings(_profile(observation, marks))]
    assert found == [
        (
            "22.2 % of the replies of lab/model could not be parsed; its score lies between 75.0 and 100.0 %, "
            "depending on what they mean"
        ),
        "2 answers of lab/model (1 missing, 1 ungraded) are not in its score",
        "The score of lab/model rests on only 8 clusters of questions: its interval is rough",
    ]
    assert warnings(_profile(observation, [Mark.CORRECT] * 40)) == ()


def _compare(make: Make, a: str, b: str) -> Comparison:
    marks = {"1": Mark.CORRECT, "0": Mark.WRONG, "-": Mark.MISSING}
    return compare(
        *(
            [make(f"q{place}", marks[score], answerer=name) for place, score in enumerate(scores)]
            for name, scores in (("a", a), ("b", b))
        )
    )


def test_a_comparison_says_its_verdict_with_its_interval(observation: Make) -> None:
    """Better and worse name the first side; the difference and what it rests on follow."""
    found = _plain(comparison(_compare(observation, "1" * 30 + "0" * 10, "0" * 40)))
    assert found.startswith("a is better than b: +75.0 points [")
    assert found.endswith("], 40 units in 40 clusters")
    assert comparison(_compare(observation, "0" * 40, "1" * 30 + "0" * 10)).startswith("a is worse than b: −75.0")


def test_cannot_tell_says_how_many_units_would(observation: Make) -> None:
    """Where the set is too small for the gap, the number of units that would show it is given."""
    result = _compare(observation, "1111100000" * 4, "1110110000" * 4)
    assert comparison(result).startswith("Cannot tell a from b: 0.0")
    assert enough(result) == ""
    result = _compare(observation, "1111100000" * 4, "1110010000" * 4)
    need = result.needed
    assert need is not None
    assert f"{need.units} units in {need.clusters} clusters would show it with 80\u00a0% probability" in enough(result)


def test_few_differing_clusters_are_said_to_be_few(observation: Make) -> None:
    """Where the formula would be content but no exact test is, the reason is the number of differing clusters."""
    assert enough(_compare(observation, "11111" + "0" * 5, "0" * 10)) == "Too few clusters differ to tell"


def test_no_common_question(observation: Make) -> None:
    """Two runs without a common scored question are not compared."""
    assert comparison(_compare(observation, "1-", "-1")) == "Cannot compare a with b: no question was scored for both"
