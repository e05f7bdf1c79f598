"""Dashboards are what their table says, and keep the rules of Grafana's own linter."""

from __future__ import annotations

import itertools
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import promql_parser
import pytest
from tests.alerts import promql

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "deploy/grafana/dashboards"
BOARDS = {path.stem: json.loads(path.read_text("utf-8")) for path in sorted(FOLDER.glob("*.json"))}
TITLES = {
    "API Overview", "Cache Hit Rate", "Model API Performance", "Evaluations", "Database", "Queue and Workers",
    "Incidents",
}  # fmt: skip
JOBS = re.compile(r"causal-eval-(api|worker|probe|sentinel|\.\*)|postgres|redis|node|prometheus|alertmanager")
"""The jobs that Prometheus is told of."""


def expressions(board: dict[str, Any]) -> list[str]:
    """Every expression of a dashboard, as Prometheus gets it."""
    return [
        target["expr"].replace("$__rate_interval", "1m") for panel in board["panels"] for target in panel["targets"]
    ]


def faults(board: dict[str, Any]) -> Iterator[str]:
    """What a dashboard does against the rules."""
    if [one["type"] for one in board["templating"]["list"]] != ["datasource"]:
        yield "no variable for the data source"
    if not (board.get("description") and board["tags"] and board["timezone"] == "utc" and board["editable"] is False):
        yield "no description, tag or time zone, or editable"
    if len({panel["id"] for panel in board["panels"]}) < len(board["panels"]):
        yield "two panels of one id"
    for one, other in itertools.combinations(board["panels"], 2):
        if overlap(one["gridPos"], other["gridPos"]):
            yield f"{one['title']} lies on {other['title']}"
    for panel in board["panels"]:
        yield from (f"{panel['title']}: {fault}" for fault in of_a_panel(panel))


def overlap(one: dict[str, int], other: dict[str, int]) -> bool:
    """Whether two panels share a place, or one reaches beyond the edge."""
    across = one["x"] < other["x"] + other["w"] and other["x"] < one["x"] + one["w"]
    down = one["y"] < other["y"] + other["h"] and other["y"] < one["y"] + one["h"]
    return (across and down) or one["x"] + one["w"] > 24


def of_a_panel(panel: dict[str, Any]) -> Iterator[str]:
    """What a panel does against the rules."""
    if not (panel.get("title") and panel.get("description")):
        yield "no title or description"
    if not panel["fieldConfig"]["defaults"].get("unit"):
        yield "no unit"
    if panel["datasource"] != {"type": "prometheus", "uid": "$datasource"}:
        yield "a data source of its own"
    letters = [target["refId"] for target in panel["targets"]]
    if not letters or len(set(letters)) < len(letters):
        yield "no target, or two of one letter"
    for target in panel["targets"]:
        yield from of_a_target(target)


def of_a_target(target: dict[str, Any]) -> Iterator[str]:
    """What an expression of a dashboard does against the rules."""
    expr = target["expr"]
    if not target.get("legendFormat"):
        yield "lines without a name"
    if re.search(r"(rate|increase)\([^)]*\[[0-4]m\]", expr):
        yield "a rate whose range does not grow with what is looked at"
    try:
        node = promql_parser.parse(expr.replace("$__rate_interval", "1m"))
    except ValueError as error:
        yield f"no PromQL: {error}"
        return
    named = set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]))
    if named - set(re.findall(r"\w+", " ".join(re.findall(r"by \(([^)]*)\)", expr)) + " mount provider")):
        yield "names a label that the expression does not keep"
    for selector in promql.selectors(node):
        for matcher in selector.matchers.matchers:
            if matcher.name == "job" and not JOBS.fullmatch(matcher.value):
                yield f"nobody is called {matcher.value}"


def test_dashboards_are_generated(tmp_path: Path) -> None:
    """``python deploy/grafana/boards.py`` was run after the last change; every dashboard of the runbook is there."""
    code = f"import boards, pathlib; boards.FOLDER = pathlib.Path({str(tmp_path)!r}); boards.main()"
    subprocess.run([sys.executable, "-c", code], cwd=FOLDER.parent, check=True, timeout=120)
    assert {path.name: path.read_text("utf-8") for path in tmp_path.glob("*.json")} == {
        path.name: path.read_text("utf-8") for path in FOLDER.glob("*.json")
    }
    assert {board["title"] for board in BOARDS.values()} == TITLES


@pytest.mark.parametrize("name", BOARDS)
def test_a_dashboard_keeps_the_rules(name: str) -> None:
    """Titles, units, names of lines, data source, places, expressions."""
    assert not list(faults(BOARDS[name]))
    assert BOARDS[name]["uid"] == name


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"title": ""}, "no title"),
        ({"datasource": None}, "data source"),
        ({"fieldConfig": {"defaults": {}}}, "no unit"),
        ({"targets": []}, "no target"),
        ({"targets": [{"refId": "A", "expr": "sum(up", "legendFormat": "x"}]}, "no PromQL"),
        ({"targets": [{"refId": "A", "expr": "sum(rate(a_total[1m]))", "legendFormat": "x"}]}, "range"),
        ({"targets": [{"refId": "A", "expr": "sum(up)", "legendFormat": "{{job}}"}]}, "does not keep"),
        ({"targets": [{"refId": "A", "expr": 'up{job="x"}', "legendFormat": "x"}]}, "nobody is called"),
        ({"targets": [{"refId": "A", "expr": "up", "legendFormat": ""}]}, "without a name"),
        ({"gridPos": {"x": 18, "y": 0, "w": 12, "h": 4}}, "lies on"),
    ],
)
def test_a_planted_fault_is_found(change: dict[str, Any], fault: str) -> None:
    """The linter finds what it looks for."""
    board = json.loads((FOLDER / "ceb-api.json").read_text("utf-8"))
    board["panels"][0] |= change
    assert any(fault in one for one in faults(board))
