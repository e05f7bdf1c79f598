"""What the numbers allow to say, in one sentence each; every sentence carries its interval."""

from __future__ import annotations

from causal_eval.analysis import numbers
from causal_eval.analysis.chance import Against, Chance, against_chance, chance_of
from causal_eval.analysis.compare import Comparison, Finding, finding
from causal_eval.analysis.plain import one_line
from causal_eval.analysis.profile import AnswererProfile
from causal_eval.scoring.verdict import Mark

FEW_CLUSTERS = 20
"""Below this many clusters intervals are wide and their level only approximate, which is said."""


def headline(answerer: AnswererProfile, chance: Chance) -> str:
    """The answerer's overall score against chance: ``m scores 3.1 % [0.4, 9.0], not distinguishable from chance``."""
    name, overall = one_line(answerer.answerer), answerer.overall
    if overall.score.estimate is None:
        asked = numbers.counted(overall.outcomes.asked, "answer")
        return f"{name} has no score: of {asked} asked for, none could be scored"
    score = f"{name} scores {numbers.percent(overall.score.estimate)}"
    if overall.score.low is None:
        return f"{score}; one cluster of questions allows no interval"
    guessing = chance_of(answerer, overall.scope, chance=chance)
    said = f"{score} {numbers.ends(overall.score)}"
    against = against_chance(overall.score, guessing)
    if against is Against.UNKNOWN:
        return f"{said}; what guessing is worth on this set is not known"
    return f"{said}, {against} ({numbers.percent(guessing)})"


def comparison(result: Comparison) -> str:
    """The verdict with the difference, its interval and what it rests on."""
    a, b = one_line(result.a), one_line(result.b)
    difference = result.difference
    if difference.estimate is None:
        return f"Cannot compare {a} with {b}: no question was scored for both"
    opening = {
        Finding.BETTER: f"{a} is better than {b}",
        Finding.WORSE: f"{a} is worse than {b}",
        Finding.CANNOT_TELL: f"Cannot tell {a} from {b}",
    }[result.finding]
    units, clusters = numbers.counted(difference.n, "unit"), numbers.counted(difference.clusters, "cluster")
    said = f"{opening}: {numbers.points(difference.estimate)} {numbers.ends(difference)}, {units} in {clusters}"
    return f"{said}. {enough(result)}" if enough(result) else said


def enough(result: Comparison) -> str:
    """How many units would show the observed gap, where this set cannot; else empty."""
    if result.finding is not Finding.CANNOT_TELL or result.needed is None:
        return ""
    need = result.needed
    if finding(result.difference) is not Finding.CANNOT_TELL:
        return "Among so many comparisons a gap like this one can be chance"
    if need.clusters <= result.difference.clusters:
        return "Too few clusters differ to tell"
    units, clusters = numbers.count(need.units), numbers.count(need.clusters)
    share = numbers.level(need.power)
    return f"If the gap is real, {units} units in {clusters} clusters would show it with {share} probability"


def warnings(answerer: AnswererProfile) -> tuple[str, ...]:
    """What must be known before the answerer's score is believed."""
    overall, name = answerer.overall, one_line(answerer.answerer)
    marks, said = overall.outcomes.marks, []
    if overall.outcomes.alarm:
        share = numbers.percent(marks[Mark.UNPARSED] / overall.outcomes.replies)
        low, high = numbers.hundredths(overall.bounds.low), numbers.percent(overall.bounds.high)
        said.append(
            f"{share} of the replies of {name} could not be parsed; its score lies between {low} and {high}, depending "
            "on what they mean"
        )
    if lost := marks[Mark.MISSING] + marks[Mark.UNGRADED]:
        said.append(
            f"{numbers.counted(lost, 'answer')} of {name} "
            f"({numbers.count(marks[Mark.MISSING])} missing, {numbers.count(marks[Mark.UNGRADED])} ungraded) "
            f"{'is' if lost == 1 else 'are'} not in its score"
        )
    if overall.score.n and overall.score.clusters < FEW_CLUSTERS:
        said.append(
            f"The score of {name} rests on only {numbers.counted(overall.score.clusters, 'cluster')} of questions: "
            "its interval is rough"
        )
    return tuple(said)
