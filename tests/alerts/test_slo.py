"""Rules of objectives are what their file says."""

from __future__ import annotations

from pathlib import Path

from causal_eval.operations.monitoring.slo import FOLDER, read_promises, slo_rules


def test_the_rules_of_objectives_are_generated() -> None:
    """``python -m causal_eval.operations.monitoring.slo > .../slo.yml`` was run after the last change."""
    assert Path(FOLDER / "slo.yml").read_text("utf-8") == slo_rules(read_promises())
