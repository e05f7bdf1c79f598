"""Every alert fires when it must, after the time that it must, and is quiet on the other side of every boundary."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest
from tests.alerts import promtool
from tests.alerts.promtool import Suite

pytestmark = pytest.mark.usefixtures("prometheus")


def test_every_alert_fires_and_is_quiet_as_its_cases_say(rules: Suite, tmp_path: Path) -> None:
    """All cases of all rules pass, each with nothing but its rule and what that stands on."""
    files = {name: (_alone(name, rules), promtool.unit_tests(name, rules)) for name in rules.cases}
    assert not [one for one in promtool.run(files, tmp_path) if not one.passed]


def test_every_alert_says_what_happened(rules: Suite, tmp_path: Path) -> None:
    """The summary of an alert is that of its case file, with its labels filled in."""
    alerts = [name for name in rules.cases if "alert" in rules.rules[name]]
    files = {
        name: (_alone(name, rules, keep="summary"), promtool.unit_tests(name, rules, said=True)) for name in alerts
    }
    assert not [one for one in promtool.run(files, tmp_path) if not one.passed]


def test_every_alert_has_a_case_that_fires_and_one_that_is_quiet(rules: Suite) -> None:
    """No alert without both, but the one that always fires."""
    alerts = [name for name, rule in rules.rules.items() if "alert" in rule]
    assert "Watchdog" in alerts
    for name in alerts:
        cases = rules.cases[name]["cases"].values()
        assert any("fires" in case for case in cases), name
        assert any("quiet" in case for case in cases) or name == "Watchdog", name


def test_promtool_finds_no_fault_in_the_rules(root: Path) -> None:
    """Prometheus' own check passes."""
    folder = root / "src/causal_eval/operations/monitoring"
    command = [
        "promtool",
        "check",
        "rules",
        "--lint=all",
        "--lint-fatal",
        *(str(folder / name) for name in ("rules.yml", "slo.yml")),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def _alone(name: str, suite: Suite, *, keep: str = "") -> dict[str, Any]:
    names = [*promtool.needed(suite.rules[name], suite.rules), name]
    return promtool.rules_file([suite.rules[one] for one in names], keep=keep)
