"""Phases hit the requests that they mean, by number, by time and by who asks."""

from __future__ import annotations

import statistics

import pytest

from causal_eval.mock.faults import Fault, Mode
from causal_eval.mock.latency import FixedTime, LogNormal, Uniform
from causal_eval.mock.timeline import Phase, Timeline, Who
from causal_eval.seeds import Stream

CHAT = "/v1/chat/completions"
SOMEBODY = Who("a", "gpt-x", CHAT, "10")
STORM, FLAP = Fault(Mode.RATE_LIMIT), Fault(Mode.SERVER_ERROR, every=2)


def hit(timeline: Timeline, who: Who = SOMEBODY, *, times: int = 6, second: float = 0.0) -> list[bool]:
    """Which of the next requests are spoiled."""
    return [timeline.fate(who, second).fault is not None for _ in range(times)]


def test_a_phase_covers_numbers() -> None:
    """Both ends included, counted among the requests it means."""
    timeline = Timeline([Phase(STORM, model="gpt-*", from_request=2, to_request=3)])
    assert hit(timeline, Who("a", "claude-x", CHAT), times=3) == [False] * 3
    assert hit(timeline, times=4) == [False, True, True, False]


def test_a_phase_covers_seconds() -> None:
    """The beginning included, the end not."""
    timeline = Timeline([Phase(STORM, from_second=5, for_seconds=2)])
    seconds = (0.0, 4.9, 5.0, 6.9, 7.0)
    assert [timeline.fate(SOMEBODY, second).fault is not None for second in seconds] == [0, 0, 1, 1, 0]


@pytest.mark.parametrize(
    ("phase", "expected"),
    [
        (Phase(STORM, key="a"), [True, False, True]),
        (Phase(STORM, model="claude-*"), [False, True, False]),
        (Phase(STORM, path="/v1/messages"), [False, True, False]),
        (Phase(STORM, key="a", path="/v1/files*"), [False, False, True]),
        (Phase(STORM, prompts=3), [False, True, False]),
    ],
)
def test_a_phase_means_some(phase: Phase, expected: list[bool]) -> None:
    """By key, by model, by path, by the prompt's hash, or by several."""
    asking = [SOMEBODY, Who("b", "claude-x", "/v1/messages", "0f"), Who("a", "", "/v1/files/file-1/content")]
    assert [phase.means(who) for who in asking] == expected


def test_the_first_fault_and_the_first_latency_hold() -> None:
    """A phase without a fault slows what another one spoils; the server's own latency comes last."""
    phases = [Phase(FLAP), Phase(latency=FixedTime(2.0), to_request=3), Phase(STORM, latency=FixedTime(9.0))]
    timeline = Timeline(phases, latency=FixedTime(1.0))
    fates = [timeline.fate(SOMEBODY, 0.0) for _ in range(4)]
    assert [fate.fault for fate in fates] == [STORM, FLAP, STORM, FLAP]
    assert [fate.latency for fate in fates] == [2.0, 2.0, 2.0, 9.0]
    assert Timeline([], latency=FixedTime(1.0)).fate(SOMEBODY, 0.0).latency == 1.0


def test_chance_follows_the_seed() -> None:
    """The same seed spoils the same requests, another one others; a phase before it changes nothing in it."""
    rare = Phase(Fault(Mode.RESET, chance=0.3))
    one = hit(Timeline([rare], seed="7"), times=500)
    assert one == hit(Timeline([rare], seed="7"), times=500)
    assert one != hit(Timeline([rare], seed="8"), times=500)
    assert 110 < sum(one) < 190


def test_latency_has_the_shape_it_says() -> None:
    """Uniform within its bounds, lognormal around its median and never negative."""
    dice = Stream("latency")
    even = [Uniform(0.1, 0.3).draw(dice) for _ in range(2000)]
    assert 0.1 <= min(even) < 0.11
    assert 0.29 < max(even) < 0.3
    skewed = [LogNormal(0.2, 0.5).draw(dice) for _ in range(2000)]
    assert statistics.median(skewed) == pytest.approx(0.2, rel=0.05)
    assert statistics.fmean(skewed) == pytest.approx(0.2 * 2.718281828 ** (0.5**2 / 2), rel=0.05)
    assert min(skewed) > 0
