"""Drills act on what they started themselves, and the scorecard says how the drills that there are went."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

import pytest
from tests import lacking, servers
from tests.gameday.rows import ALL

from causal_eval.errors import UsageError
from causal_eval.operations import monitoring
from causal_eval.operations.drills.drill import Drill, Result, nothing, run
from causal_eval.operations.drills.ground import SIGN, Ground
from causal_eval.operations.drills.kept import Undisturbed
from causal_eval.operations.drills.provider import Provider
from causal_eval.operations.drills.scorecard import WITHOUT, faults_of, read_card, write_card
from causal_eval.operations.stack.plan import Plan, Wanted, changed, new_plan
from causal_eval.operations.stack.programs import Programs
from causal_eval.settings import SETTINGS

ROOT = Path(__file__).resolve().parents[3]
CARD = ROOT / "docs" / "runbooks" / "drills.md"
PROGRAMS = Programs(("causal-eval",), "/bin/supervisord", "/bin", "/bin/valkey", "/bin/caddy")


def broken(ground: Ground) -> None:
    """What must never be reached."""
    raise AssertionError(ground)


DRILL = Drill("none", "nothing happens", broken, nothing, "Watchdog")
WANTED = Undisturbed((), ())


def ground_of(plan: Plan) -> Ground:
    """With a model API that does not run."""
    return Ground(plan, Provider(1, plan.root, command=(), environment={}))


@pytest.fixture
def ground(tmp_path: Path) -> Ground:
    """A stack that somebody else made, and that does not run."""
    plan = changed(new_plan(tmp_path, PROGRAMS, token="a1b2c3d4e5f60718"), Wanted(free_ports=True))
    return ground_of(plan)


@pytest.mark.parametrize("sign", [None, "", "[]", '{"id": "another"}'])
def test_a_stack_of_somebody_else_is_left_alone(ground: Ground, sign: str | None) -> None:
    """Without the sign of drills with its own id in its folder, nothing is done to it."""
    if sign is not None:
        (ground.plan.root / SIGN).write_text(sign)
    with pytest.raises(UsageError, match="no ground for drills"):
        run(DRILL, ground, wanted=WANTED, say=list[str]().append)


@pytest.fixture
def foreign_database(ground: Ground) -> Iterator[Ground]:
    """A stack whose sign was copied: the database that answers at its port is another."""
    (ground.plan.root / SIGN).write_text(json.dumps({"id": ground.plan.id, "database": "1"}))
    (ground.plan.root / "secrets").mkdir()
    folder = servers.new_folder()
    server = lacking.served(servers.own_postgres(folder), wheel=servers.POSTGRES)
    ground.plan.secret("postgres").write_text(server.password)
    yield ground_of(changed(ground.plan, Wanted(ports={"postgres": server.port})))
    server.stop()
    servers.stop_all(folder)


@pytest.mark.slow
def test_another_database_is_left_alone(foreign_database: Ground) -> None:
    """A copied sign does not make it the drills' own."""
    with pytest.raises(UsageError, match="another than the drills' own"):
        run(DRILL, foreign_database, wanted=WANTED, say=list[str]().append)


def test_what_the_scorecard_says_passed_in_this_version() -> None:
    """A drill that was changed since, did not pass or never ran is no proof."""
    assert faults_of(CARD, ALL) == []


def test_every_alert_has_a_drill_or_a_reason() -> None:
    """One that fires for it, or beside another; else the scorecard says why there is none."""
    rules = [Path(monitoring.__file__).with_name(name).read_text("utf-8") for name in ("rules.yml", "slo.yml")]
    alerts = {name for text in rules for name in re.findall(r"^  - alert: (\w+)$", text, re.MULTILINE)}
    raised = {name for drill in ALL.values() for name in (drill.alert, *drill.beside) if name}
    assert alerts - raised == set(WITHOUT)
    assert raised <= alerts
    said = CARD.read_text("utf-8")
    beside = [f"{alert} (`{name}`)" for name, drill in ALL.items() for alert in drill.beside]
    assert [one for one in [*beside, *(f"{name} ({why})" for name, why in WITHOUT.items())] if one not in said] == []


def test_a_line_is_stale_once_its_drill_changes(tmp_path: Path) -> None:
    """It belongs to the code that ran; what failed is a fault as well, and what is not there any more."""
    card = tmp_path / "drills.md"
    good, bad = DRILL, Drill("bad", "it fails", broken, nothing)
    drills = {"none": good, "bad": bad}
    assert len(faults_of(card, drills)) == 2
    results = [Result("none", "Watchdog", 1.5, 2.0, ()), Result("bad", "", None, 3.0, ("a | b",))]
    write_card(card, drills, results=results, date="2026-01-02")
    assert list(read_card(card)) == ["none", "bad"]
    assert faults_of(card, drills) == ["bad: a / b"]
    other = Drill("none", "nothing happens", nothing, nothing, "Watchdog")
    assert faults_of(card, {"none": other}) == ["none: its code has changed since: run it again", "bad: no such drill"]
    write_card(card, drills, results=[Result("bad", "", None, 1.0, ())], date="2026-01-03")
    assert faults_of(card, drills) == []


def test_alerts_of_drills_are_alerts_of_ours() -> None:
    """Each has its page."""
    assert {drill.alert for drill in ALL.values() if drill.alert} <= {
        page.stem for page in (ROOT / "docs" / "runbooks" / "alerts").glob("*.md")
    }


def test_there_are_thirty_drills_and_more() -> None:
    """Nine of them pass before every change, one takes as long as it would."""
    assert len(ALL) >= 30
    assert len([drill for drill in ALL.values() if not drill.full]) == 9
    assert [drill.name for drill in ALL.values() if drill.pace == 1] == ["app-crash-unhurried"]


def test_what_is_not_possible_here_is_not_done(ground: Ground) -> None:
    """It says why, and did not pass."""
    (ground.plan.root / SIGN).write_text(json.dumps({"id": ground.plan.id, "database": "1"}))
    refused = replace(DRILL, impossible=lambda _: "the moon is down")
    with patch.object(Ground, "check_own"):
        result = run(refused, ground, wanted=WANTED, say=list[str]().append)
    assert result.problems == ("not possible here: the moon is down",)


def test_nothing_that_serves_knows_drills() -> None:
    """No program but the commands of drills and games imports them, and no route and no setting is for them."""
    package = ROOT / "src" / "causal_eval"
    knowing = {
        path.relative_to(package).as_posix()
        for path in package.rglob("*.py")
        if "operations.drills" in (text := path.read_text("utf-8")) or "tests.gameday" in text
    }
    inside = {name for name in knowing if name.startswith(("operations/drills/", "gamedays/"))}
    assert knowing - inside == {"cli/drilling.py", "cli/gaming.py"}
    playing = [path for path in package.rglob("*.py") if "causal_eval.gamedays" in path.read_text("utf-8")]
    assert {path.relative_to(package).parts[0] for path in playing} == {"gamedays", "cli"}
    assert not [name for name in inside if "tests.gameday" in (package / name).read_text("utf-8")]
    copied = [line for line in (ROOT / "Dockerfile").read_text("utf-8").splitlines() if line.startswith("COPY")]
    assert copied
    assert not [line for line in copied if "tests" in line or line.split()[1] == "."]
    routes = json.loads((ROOT / "docs" / "reference" / "openapi.json").read_text("utf-8"))["paths"]
    words = ("drill", "fault", "chaos", "gameday", "inject")
    assert not [
        name for name in (*routes, *(setting.variable.lower() for setting in SETTINGS)) if any(w in name for w in words)
    ]
