"""A run followed bet by bet: intervals of its score and of its difference to a baseline, valid whenever looked at."""

from __future__ import annotations

from dataclasses import dataclass

from causal_eval.analysis.sequential.betting import DIFFERENCE_STEPS, SCORE_STEPS, Betting, candidates
from causal_eval.analysis.sequential.clusters import Baseline, Bet, Over, score_bet
from causal_eval.analysis.sequential.rule import Reached, StopRule


@dataclass(frozen=True, slots=True)
class Step:
    """What is known after so many clusters."""

    clusters: int
    estimate: float
    """The middle of the bounds on the mean over clusters; where nothing is missing, the mean."""
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Followed:
    """A confidence sequence: at all times at once, its interval holds the mean over clusters with probability level."""

    steps: tuple[Step, ...]
    """One for every bet; empty where no cluster is over yet."""
    bounded: int
    """Clusters in which something is missing."""
    level: float
    reached: Reached | None = None
    """What the rule waited for; None: it is not there."""
    after: Step | None = None
    """Where that was first so."""

    @property
    def now(self) -> Step:
        """The last step; before any, the interval is everything that is possible, as the caller knows it."""
        return self.steps[-1] if self.steps else Step(0, 0.0, -1.0, 1.0)


@dataclass(frozen=True, slots=True)
class Sequential:
    """What a run's clusters allow to say so far."""

    answerer: str
    score: Followed
    difference: Followed | None
    """New run minus baseline; None: there is no baseline."""
    baseline: str = ""
    """The baseline's answerer."""

    @property
    def reached(self) -> Reached | None:
        """Why the run may stop; None: it may not."""
        first = self.stopped
        return None if first is None else first.reached

    @property
    def stopped(self) -> Followed | None:
        """Of score and difference, that whose rule was met first, by clusters."""
        met = [one for one in (self.difference, self.score) if one is not None and one.after is not None]
        return min(met, key=lambda one: one.after.clusters if one.after is not None else 0, default=None)


class Follower:
    """Follows a run's clusters in its order; a pure function of them, however they are handed in."""

    def __init__(self, rule: StopRule, baseline: Baseline | None = None) -> None:
        self._rule = rule
        self._baseline = baseline
        self._score = _Sequence(SCORE_STEPS, rule, is_difference=False)
        self._difference = None if baseline is None else _Sequence(DIFFERENCE_STEPS, rule, is_difference=True)
        self._answerer = ""

    def add(self, found: Over) -> None:
        """Bet on the next cluster."""
        self._answerer = found.rows[0].answerer
        if (bet := score_bet(found)) is not None:
            self._score.add(bet)
        if self._baseline is None or self._difference is None:
            return
        if (gap := self._baseline.difference_bet(found)) is not None:
            self._difference.add(gap)

    @property
    def is_met(self) -> bool:
        """Whether the rule is met."""
        return self._score.after is not None or (self._difference is not None and self._difference.after is not None)

    def followed(self) -> Sequential:
        """What is known now."""
        difference = None if self._difference is None else self._difference.followed()
        name = "" if self._baseline is None else self._baseline.answerer
        return Sequential(self._answerer, self._score.followed(), difference, name)


class _Sequence:
    """One confidence sequence as it grows."""

    def __init__(self, steps: int, rule: StopRule, *, is_difference: bool) -> None:
        self._betting = Betting(candidates(steps), level=rule.level)
        self._rule = rule
        self._is_difference = is_difference
        self._steps: list[Step] = []
        self._sum = 0.0
        self._bounded = 0
        self.reached: Reached | None = None
        self.after: Step | None = None

    def add(self, bet: Bet) -> None:
        """One more cluster."""
        low, high = (float((1 + end) / 2 if self._is_difference else end) for end in (bet.low, bet.high))
        self._betting.bet(low, high, learns=bet.learns)
        self._sum += float(bet.low + bet.high) / 2.0
        self._bounded += bet.low != bet.high
        ends = self._betting.ends()
        left, right = (2.0 * end - 1.0 for end in ends) if self._is_difference else ends
        count = len(self._steps) + 1
        step = Step(count, self._sum / count, left, right)
        self._steps.append(step)
        if self.after is None:
            self.reached = self._met(step)
            self.after = None if self.reached is None else step

    def followed(self) -> Followed:
        """What is known now."""
        return Followed(tuple(self._steps), self._bounded, self._rule.level, self.reached, self.after)

    def _met(self, step: Step) -> Reached | None:
        if self._is_difference:
            return self._rule.decided(step.low, step.high)
        return Reached.NARROW if self._rule.narrow(step.low, step.high) else None
