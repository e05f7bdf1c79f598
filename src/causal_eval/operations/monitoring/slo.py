"""Rules for service level objectives, written by ``python -m causal_eval.operations.monitoring.slo``.

For each objective of ``slo.toml`` one recording rule a window, and one alert for each pair of windows: the share of bad
events must be above the burn rate times the budget over the long window and over the short one.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import msgspec

FOLDER = Path(__file__).parent
_HEAD = """\
# Generated from slo.toml by `python -m causal_eval.operations.monitoring.slo`: change that file, not this one.
groups:
- name: causal-eval-slo
  rules:
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Objective:
    """What is promised: the share of good events among *all*; *bad* are those that are not."""

    name: str
    alert: str
    objective: float
    all: str
    bad: str
    floor: int
    component: str
    summary: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Burn:
    """A pace at which the budget must not be used up, over both windows."""

    rate: float
    long: str
    short: str
    severity: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Promises:
    """What ``slo.toml`` holds."""

    slo: tuple[Objective, ...]
    burn: tuple[Burn, ...]


def read_promises(path: Path = FOLDER / "slo.toml") -> Promises:
    """The objectives and paces of *path*; msgspec's error names what is wrong in it."""
    return msgspec.toml.decode(path.read_bytes(), type=Promises)


def slo_rules(promises: Promises) -> str:
    """The rule file."""
    windows = tuple(dict.fromkeys(window for burn in promises.burn for window in (burn.short, burn.long)))
    parts = [_HEAD]
    for slo in promises.slo:
        parts += [_recording(slo, window) for window in windows]
        parts += [_alert(slo, burn) for burn in promises.burn]
    return "".join(parts)


def _series(slo: Objective, window: str) -> str:
    return f"causal_eval:slo_{slo.name}:bad_ratio{window}"


def _recording(slo: Objective, window: str) -> str:
    return f"""\
  - record: {_series(slo, window)}
    expr: |-
      sum(rate({slo.bad}[{window}]))
        / sum(rate({slo.all}[{window}]))
"""


def _alert(slo: Objective, burn: Burn) -> str:
    threshold = f"{burn.rate * (1 - slo.objective):.6g}"
    return f"""\
  - alert: {slo.alert}
    expr: |-
      {_series(slo, burn.long)} > {threshold}
        and on () {_series(slo, burn.short)} > {threshold}
        and on () sum(increase({slo.all}[{burn.long}])) > {slo.floor}
    labels: {{severity: {burn.severity}, component: {slo.component}, window: {burn.long}}}
    annotations:
      summary: {slo.summary}
      description: >-
        {{{{ $value | humanizePercentage }}}} of the events of {burn.long} were bad: {burn.rate:g} times as many as the
        objective of {slo.objective * 100:g} % has room for.
      runbook: docs/runbooks/alerts/{slo.alert}.md
"""


if __name__ == "__main__":
    sys.stdout.write(slo_rules(read_promises()))
