"""A row in which the runbook itself is carried out: each step that changes little, by the command that people type."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import time
from collections.abc import Iterable
from pathlib import Path
from types import MappingProxyType

from causal_eval.errors import OperationFailed
from causal_eval.incidents.book import open_book
from causal_eval.incidents.naming import RUNBOOK
from causal_eval.incidents.runbook import Step, read_runbook
from causal_eval.operations.drills.drill import Drill
from causal_eval.operations.drills.faults import keeping
from causal_eval.operations.drills.ground import Ground
from causal_eval.operations.drills.matrix import MANY

NAME = "runbook-steps"
ROOT = Path(__file__).resolve().parents[2]
VALUES = MappingProxyType(
    {
        "AGE": "10m", "COUNT": "3", "DESCRIPTION": "a drill's incident", "INCIDENT": "INC-1", "REASON": "carried out",
        "RESOLUTION": "it was a drill", "SEVERITY": "P3", "WHO": "nobody", "WORDS": "each step is carried out",
        "QUERY": "SELECT count(*) FROM evaluations",
    }
)  # fmt: skip
"""What stands in place of words in capitals."""
FIRST, LAST = ("incident-list", "incident-open"), "incident-resolve"
"""Nothing can be written into an incident before there is one, nor into one that is over."""
SLOWEST = 600.0


def steps() -> list[Step]:
    """Those that this row carries out, in order."""
    found = [one for one in read_runbook(ROOT / RUNBOOK).steps if one.drill == NAME]
    return sorted(found, key=lambda one: one.id == LAST)


def digest(of: Iterable[Step]) -> str:
    """Of what is carried out and how it must end: a line of the scorecard belongs to one version of the steps."""
    said = [(one.id, one.code, sorted(one.codes)) for one in of]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()[:12]


def carry_out(ground: Ground) -> None:
    """Every one, for an incident that the first of them opens; then as many replicas and workers as before.

    Raises:
        OperationFailed: one does not end as the runbook says.
    """
    begun = time.monotonic()
    for step in steps():
        _carry_out(ground, step)
    ground.command("stack", "scale", "app", "2")
    ground.command("stack", "scale", "worker", "2")
    ground.held["seconds"] = time.monotonic() - begun


def _carry_out(ground: Ground, step: Step) -> None:
    there = ground.held.setdefault("incidents", ground.plan.root / f"incidents-{time.time_ns()}.db")
    open_book(Path(str(there))).close()  # as a sentinel would have made it
    values = [word for name in step.placeholders for word in ("--set", f"{name}={VALUES[name]}")]
    named = [] if step.id in {*FIRST, LAST} else ["--incident", VALUES["INCIDENT"]]
    done = subprocess.run(
        (*ground.plan.programs.command, "runbook", "run", step.id, *named, *values), cwd=ROOT, text=True,
        env={**os.environ, "CEB_STACK_DIR": ground.plan.folder, "CEB_INCIDENTS": str(there)},
        capture_output=True, timeout=SLOWEST, check=False,
    )  # fmt: skip
    if done.returncode:
        raise OperationFailed(f"step {step.id}: {done.stderr.strip()[-300:]} {done.stdout.strip()[-300:]}")


def written(ground: Ground) -> str:
    """Each that was carried out for the incident stands in its timeline twice, and ended as expected."""
    env = {**os.environ, "CEB_INCIDENTS": str(ground.held.pop("incidents"))}
    command = (*ground.plan.programs.command, "incident", "show", "INC-1", "--json")
    told = json.loads(subprocess.run(command, env=env, capture_output=True, text=True, check=True).stdout)
    ended = [one["data"] for one in told["timeline"] if one["kind"] == "runbook" and "exit_code" in one["data"]]
    lacking = {one.id for one in steps()} - {one["step"] for one in ended} - {*FIRST, LAST}
    unexpected = [one["step"] for one in ended if not one["expected"]]
    return f"not in the timeline: {sorted(lacking)}; unexpected: {unexpected}" if lacking or unexpected else ""


def how_many(ground: Ground) -> str:
    """Which version of the steps, and how long they took."""
    return f"{len(steps())} steps of version {digest(steps())} in {float(str(ground.held['seconds'])):.0f} s"


RUNBOOKS = MappingProxyType(
    {
        NAME: Drill(
            NAME, "the steps of the runbook are carried out one after another", carry_out, prepare=keeping.back_up,
            told=written, measured=how_many, unused=MANY, calls_fail=True, full=True,
        )
    }
)  # fmt: skip
