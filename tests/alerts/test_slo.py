"""Rules of objectives are what their file says, and fire when the budget is used up too fast over both windows."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
from tests.alerts import promtool
from tests.alerts.promtool import Suite

from causal_eval.operations.monitoring.slo import FOLDER, Burn, Objective, read_promises, slo_rules

PROMISES = read_promises()
SERIES = {
    "api_availability": (
        'http_requests_total{job="causal-eval-api",status="200"}',
        'http_requests_total{job="causal-eval-api",status="503"}',
    ),
    "evaluation_completion": ('evaluation_items_total{outcome="scored"}', 'evaluation_items_total{outcome="error"}'),
}
"""Objective -> a series of good events, and one of bad ones."""
EVENTS = 1000
"""In each step of five minutes."""
_STEP = 5


def steps(window: str) -> int:
    """How many steps of five minutes *window* has."""
    return int(window[:-1]) * {"m": 1, "h": 60, "d": 1440}[window[-1]] // _STEP


def cases_of(slo: Objective, burn: Burn) -> dict[str, Any]:
    """Cases of one alert: a burst that is long enough, one step before, after the short window, and at the floor.

    With n steps in the long window and m in the short one, a burst of k steps lifts the share over the long window
    above the threshold with its last step; the alert is over m steps after it, long before the long window is clean.
    """
    n, m, threshold = steps(burn.long), steps(burn.short), burn.rate * (1 - slo.objective)
    k = math.ceil(threshold * n) + 2
    bad = round(threshold * n * EVENTS / (k - 0.5))
    good, failed = SERIES[slo.name]
    start, end = n + 1, n + 1 + k
    return {
        "labels": {"severity": burn.severity, "component": slo.component, "window": burn.long},
        "cases": {
            "fires with the last step of a burst, until the short window is clean": {
                "series": {
                    good: f"0+{EVENTS}x{start} {EVENTS * start + EVENTS - bad}+{EVENTS - bad}x{k - 1} "
                    f"{EVENTS * end - bad * k + EVENTS}+{EVENTS}x{m + 2}",
                    failed: f"0+0x{start} {bad}+{bad}x{k - 1} {bad * k}+0x{m + 2}",
                },
                "quiet": [f"{(end - 1) * _STEP}m", f"{(end + m) * _STEP}m"],
                "fires": [f"{end * _STEP}m", f"{(end + m - 1) * _STEP}m"],
            },
            "is quiet at the floor": {
                "series": {failed: f"0+0x{start} {slo.floor}x2"}, "quiet": [f"{(start + 1) * _STEP}m"],
            },
            "fires above the floor": {
                "series": {failed: f"0+0x{start} {slo.floor + 1}x2"}, "fires": [f"{(start + 1) * _STEP}m"],
            },
        },
    }  # fmt: skip


def test_the_rules_of_objectives_are_generated() -> None:
    """``python -m causal_eval.operations.monitoring.slo > .../slo.yml`` was run after the last change."""
    assert Path(FOLDER / "slo.yml").read_text("utf-8") == slo_rules(PROMISES)


BURNS = [
    pytest.param(one, marks=pytest.mark.full if one.long.endswith("d") else [], id=one.long) for one in PROMISES.burn
]
"""Days of samples take promtool some ten seconds."""


@pytest.mark.usefixtures("prometheus")
@pytest.mark.parametrize("burn", BURNS)
def test_a_pair_of_windows_fires_and_is_quiet(burn: Burn, tmp_path: Path) -> None:
    """Each alert of each objective, at its own windows, thresholds and floor."""
    rules = promtool.read_rules(FOLDER / "slo.yml")
    cases = {f"{slo.alert}:{burn.long}": cases_of(slo, burn) for slo in PROMISES.slo}
    suite = Suite(rules, cases, "5m")
    files = {
        name: (
            promtool.rules_file([*(rules[one] for one in promtool.needed(rules[name], rules)), rules[name]]),
            promtool.unit_tests(name, suite),
        )
        for name in cases
    }
    tried = promtool.run(files, tmp_path)
    assert not [one for one in tried if not one.passed], "\n".join(one.said for one in tried if not one.passed)
