"""Bad versions of the program, deployed as good ones are: what is bad stands here, and in nothing that is shipped."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from causal_eval.errors import OperationFailed
from causal_eval.operations.drills.asking import Answer, Question, Visitors, ask
from causal_eval.operations.drills.drill import Drill
from causal_eval.operations.drills.ground import PATIENCE, Ground
from causal_eval.operations.drills.matrix import EVERY
from causal_eval.operations.stack.plan import find_plan
from causal_eval.operations.stack.raising import wait_for
from causal_eval.store.database import HEAD

CROWD = 4
_LISTING = Question("GET", "/api/v1/evaluations?limit=5")
_DOOR = '        """Pass the request on, or answer why not."""\n'
_FAILS = """        import random
        if scope.get("path") == "/api/v1/evaluations" and random.random() < 0.2:
            raise RuntimeError("bad version")
"""
_NEXT = f"{int(HEAD) + 1:04}"
_MIGRATION = f'''"""A change that rows which are there do not allow."""

from alembic import op
import sqlalchemy as sa

revision, down_revision, branch_labels, depends_on = "{_NEXT}", "{HEAD}", None, None


def upgrade() -> None:
    op.create_table("half_done", sa.Column("id", sa.Integer()))
    op.add_column("projects", sa.Column("needed", sa.Integer(), nullable=False))
'''


class Change(NamedTuple):
    """In a file of the program: *new* stands in the place of *old*, or is all there is."""

    path: str
    old: str
    new: str


def base(ground: Ground) -> None:
    """`causal-eval stack deploy`: the version that is to be gone back to."""
    ground.command("stack", "deploy")


def _bad(ground: Ground, *changes: Change) -> tuple[str, ...]:
    """How a program like the one that runs, with *changes*, is started."""
    running = ground.plan.root / "versions" / find_plan(ground.plan.root).version
    place = ground.plan.root / "bad-version"
    shutil.rmtree(place, ignore_errors=True)
    shutil.copytree(running, place, symlinks=True, copy_function=os.link)
    package = next(place.glob("lib/*/site-packages/causal_eval"))
    for change in changes:
        _apply(package / change.path, change)
    return (str(place / "bin/python"), "-m", "causal_eval.cli")


def _apply(path: Path, change: Change) -> None:
    said = path.read_text("utf-8") if change.old else ""
    if change.old not in said:
        raise OperationFailed(f"{path}: {change.old!r} stands there no more: write this drill anew")
    path.unlink(missing_ok=True)  # the file itself is the running version's too
    path.write_text(said.replace(change.old, change.new, 1) if change.old else change.new, "utf-8")


def _deploy(ground: Ground, *changes: Change) -> subprocess.CompletedProcess[str]:
    """`causal-eval stack deploy`, of that version."""
    command = (*_bad(ground, *changes), "stack", "deploy")
    environment: Mapping[str, str] = {**os.environ, **ground.plan.environment()}
    done = subprocess.run(
        command, env=environment, cwd=ground.plan.home, capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    ground.held["deployed"] = find_plan(ground.plan.root).version
    return done


def deployed(ground: Ground, *changes: Change) -> None:
    """The same, which must be taken."""
    done = _deploy(ground, *changes)
    if done.returncode:
        raise OperationFailed(f"the bad version is refused: {done.stderr[-400:]}")


def roll_back(ground: Ground) -> None:
    """`make rollback`."""
    ground.command("stack", "rollback")
    _send_away(ground)


def good_again(ground: Ground) -> None:
    """The crowd goes, and so does the bad version where it still runs."""
    _send_away(ground)
    plan = find_plan(ground.plan.root)
    if plan.version and plan.version == ground.held.pop("deployed", ""):
        ground.command("stack", "rollback")


def _send_away(ground: Ground) -> None:
    crowd = ground.held.pop("crowd", None)
    if isinstance(crowd, contextlib.ExitStack):
        crowd.close()


def gone_back(ground: Ground) -> str:
    """Every replica says that it is another version than the bad one."""
    bad = str(ground.held.get("deployed", "")).partition("+")[2]
    found = {str(ground.ask("GET", "/version").body.get("sha", "")) for _ in range(10)}
    return f"the bad version answers still: {found}" if any(sha and sha in bad for sha in found) else ""


# ---- one request in five fails --------------------------------------------------------------------------------------


def deploy_failing(ground: Ground) -> None:
    """A version is deployed that fails one request in five where the gate does not ask, and people come."""
    deployed(ground, Change("api/guard.py", _DOOR, _DOOR + _FAILS))
    crowd = contextlib.ExitStack()
    ground.held["crowd"] = crowd
    for _ in range(CROWD):
        crowd.enter_context(Visitors(ground.plan.ports["lb"], _LISTING, tell=_forget))


def _forget(answer: Answer) -> None:
    del answer


def named(ground: Ground) -> str:
    """SuspectDeployment names the version, HighErrorRate fires beside it, and `causal-eval deploys` begins with it."""
    bad = str(ground.held["deployed"])
    if not wait_for(lambda: "HighErrorRate" in ground.firing(), PATIENCE):
        return "HighErrorRate does not fire"
    told = ask(ground.plan.ports["prometheus"], Question("GET", "/api/v1/alerts")).body
    alerts = [one["labels"] for one in told["data"]["alerts"] if one["labels"]["alertname"] == "SuspectDeployment"]
    if [one["version"] for one in alerts] != [bad]:
        return f"SuspectDeployment names {alerts}, not {bad}"
    first = ground.command("stack", "run", "--", "deploys").splitlines()[0]
    return "" if bad in first else f"`causal-eval deploys` begins with {first}"


# ---- a migration that fails -----------------------------------------------------------------------------------------


def deploy_unmigratable(ground: Ground) -> None:
    """A version is deployed whose migration the rows do not allow."""
    changes = (
        Change("store/database.py", f'HEAD = "{HEAD}"', f'HEAD = "{_NEXT}"'),
        Change(f"store/migrations/versions/{_NEXT}_bad.py", "", _MIGRATION),
    )
    before = find_plan(ground.plan.root).version
    ground.held["refused"] = _deploy(ground, *changes)
    ground.held["before"] = before


def refused(ground: Ground) -> str:
    """It is refused, what ran runs, and of the migration nothing is left."""
    done = ground.held["refused"]
    assert isinstance(done, subprocess.CompletedProcess)
    plan = find_plan(ground.plan.root)
    if done.returncode == 0 or plan.version != ground.held["before"] or plan.moved:
        return f"it exits {done.returncode}, and {plan.version} runs, {dict(plan.moved)} moved"
    if "Traceback" in done.stderr or "needed" not in done.stderr:
        return f"it does not say why: {done.stderr[-300:]}"
    revision = ground.rows("SELECT version_num, to_regclass('half_done')::text FROM alembic_version")
    return "" if revision == [(HEAD, None)] else f"of the migration is left: {revision}"


_ROWS = (
    Drill(
        "version-fails", "a version is deployed that fails one request in five", deploy_failing, roll_back,
        "SuspectDeployment", prepare=base, seen=named, told=gone_back, clear=good_again, unused=EVERY, full=True,
    ),
    Drill(
        "version-unmigratable", "a version is deployed whose migration fails", deploy_unmigratable, health=200,
        never_refused=True, prepare=base, seen=refused, full=True,
    ),
)  # fmt: skip

VERSIONS = MappingProxyType({row.name: row for row in _ROWS})
