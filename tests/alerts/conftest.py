"""The rules of the product, and the cases that they must satisfy."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests import lacking
from tests.alerts import promtool

MONITORING = Path("src/causal_eval/operations/monitoring")


@pytest.fixture(scope="session")
def rules(root: Path) -> promtool.Suite:
    """The rules that are written by hand, with their cases."""
    cases = sorted((root / "tests/alerts/cases").glob("*.yml"))
    return promtool.Suite(promtool.read_rules(root / MONITORING / "rules.yml"), promtool.read_cases(*cases), "15s")


@pytest.fixture(scope="session")
def prometheus() -> None:
    """Prometheus' programs are here."""
    lacking.program("prometheus")
    lacking.program("promtool")


@pytest.fixture(scope="session")
def alertmanager() -> None:
    """Alertmanager's programs are here."""
    lacking.program("prometheus-alertmanager")
    lacking.program("amtool")
