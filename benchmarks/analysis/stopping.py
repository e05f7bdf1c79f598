"""What stopping by the results saves, beside a number of clusters that was planned; and how often it errs.

``python benchmarks/analysis/stopping.py [GAMES]``: pairs of models on clusters of three questions, how hard a cluster
is is shared by both; a line for each true gap.
"""

from __future__ import annotations

import math
import sys

import numpy as np

from causal_eval.analysis.quantiles import normal_quantile
from causal_eval.analysis.sequential.betting import SCORE_STEPS, Betting, candidates

QUESTIONS, LONGEST = 3, 6000
GAPS = (0.0, 0.03, 0.05, 0.1, 0.2)
PLANNED = 0.03
Array = np.ndarray[tuple[int, ...], np.dtype[np.float64]]


def score(skill: float, hard: Array, rng: np.random.Generator) -> Array:
    """Mean scores of clusters, of a model that is right with probability about *skill*."""
    logit = math.log(skill / (1 - skill)) * math.sqrt(1 + 1 / 2.9)
    return rng.binomial(QUESTIONS, 1 / (1 + np.exp(-(logit + hard)))) / QUESTIONS


def fixed(spread: float, gap: float, power: float = 0.8) -> int:
    """Clusters that show a difference of *gap* with that power at 5 %, two-sided."""
    z = normal_quantile(0.975) + normal_quantile(power)
    return math.ceil((z * spread / gap) ** 2)


def decided(gap: float, games: int) -> None:
    """When it is known who is better, if the true difference is *gap*."""
    rng = np.random.default_rng(1)
    play = Betting(np.array(0.5))
    when, sample = np.full(games, LONGEST + 1), []
    for place in range(1, LONGEST + 1):
        hard = rng.normal(size=games)
        difference = score(0.5 + gap / 2, hard, rng) - score(0.5 - gap / 2, hard, rng)
        sample.append(difference[:50])
        play.bet((1 + difference) / 2, (1 + difference) / 2)
        when[(play.above | play.below) & (when > LONGEST)] = place
        if gap >= PLANNED and np.all(when <= LONGEST):
            break
    drawn = np.concatenate(sample)
    spread, mean = float(drawn.std()), float(drawn.mean())
    three = fixed(spread, PLANNED)
    wrong = float(np.mean(play.below)) if gap else float(np.mean(play.above | play.below))
    stopped = np.minimum(when, three)
    print(
        f"true gap {100 * gap:4.1f} (seen {100 * mean:+5.1f}): decided {100 * np.mean(when <= LONGEST):5.1f} %, "
        f"clusters median {np.median(when):5.0f}, four in five by {np.quantile(when, 0.8):5.0f}; planned for 3 points "
        f"{three}: {three / np.median(stopped):4.1f} times fewer; planned for the gap "
        f"{fixed(spread, gap) if gap else 0}; wrongly decided {100 * wrong:.2f} %"
    )


def narrow(skill: float, width: float, games: int) -> None:
    """When a score is known to *width* on either side."""
    rng = np.random.default_rng(2)
    when, spreads = [], []
    for _ in range(games):
        count = 0
        data = score(skill, rng.normal(size=LONGEST), rng)
        play = Betting(candidates(SCORE_STEPS))
        for value in data:
            count += 1
            play.bet(value, value)
            low, high = play.ends()
            if high - low <= 2 * width + 1e-9:
                break
        when.append(count)
        spreads.append(float(data.std()))
    planned = math.ceil((normal_quantile(0.975) * float(np.mean(spreads)) / width) ** 2)
    print(f"score {skill:.1f} to {100 * width:g} points: clusters median {np.median(when):.0f}; planned {planned}")


if __name__ == "__main__":
    games = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    for gap in GAPS:
        decided(gap, games)
    for skill in (0.1, 0.5, 0.8):
        narrow(skill, 0.03, max(10, games // 100))
