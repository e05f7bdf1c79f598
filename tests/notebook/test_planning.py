"""Plans and variance budgets from Python are those of the command line, and render."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.acceptance.terminal import Terminal, lines

from causal_eval.errors import UsageError
from causal_eval.notebook import Run, plan, variance


def test_a_plan_is_that_of_the_command(home: Path, demonstrated: dict[str, Run]) -> None:
    """The same sizes as ``causal-eval plan`` gives for the same runs, and a table that says what it rests on."""
    other = demonstrated["demo/hasty"]
    found = plan("demo/careful", detect="5pts", baseline=other)
    [line] = lines(
        Terminal(home).run("plan", "-m", "demo/careful", "--detect", "5pts", "--baseline", other.id, "--json")
    )
    main = line["main"]
    assert isinstance(main, dict)
    assert (found.plan.main.size.calls, found.plan.main.size.clusters) == (main["calls"], main["clusters"])
    assert [row[0] for row in found.rows][:2] == ["planned", "cautious"]
    assert "asked the same questions" in found._repr_html_()
    with pytest.raises(UsageError, match="as in 2pts"):
        plan("demo/careful", detect="5")


def test_a_budget_is_that_of_the_command(home: Path, demonstrated: dict[str, Run]) -> None:
    """The same standard error as ``causal-eval variance`` gives; a row for each source of error."""
    run = demonstrated["demo/careful"]
    found = variance(run)
    [line] = lines(Terminal(home).run("variance", run.id, "--json"))
    assert found.budget.se == pytest.approx(line["se"])
    assert re.findall(r"causal model|wording|sampling", str(found))[:3] == ["causal model", "wording", "sampling"]
    assert len(found.rows) == 3
