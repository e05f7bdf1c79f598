"""Other versions of the program, and what an operator types to have a stack run them."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from tests.stacks import Stack

from causal_eval.operations.stack.versions import Made

PATIENCE = 240.0
MARK = "from __future__ import annotations\n"
"""A line that every module has."""


def another_version(stack: Stack, place: Path, module: str, *, after: str = MARK, text: str) -> Made:
    """An environment in *place* with another version of the program: *text* stands behind *after* in a module of it."""
    shutil.copytree(stack.folder / "versions" / stack.plan.version, place, symlinks=True)
    path = next(place.glob(f"lib/*/site-packages/causal_eval/{module}"))
    said = path.read_text()
    assert after in said
    path.write_text(said.replace(after, after + text, 1))
    return Made("", place)


def deploy(stack: Stack, made: Made) -> subprocess.CompletedProcess[str]:
    """What an operator types in that environment."""
    command = [*made.command, "stack", "deploy"]
    return subprocess.run(command, env=dict(stack.env), capture_output=True, text=True, timeout=PATIENCE, check=False)


def version_of(stack: Stack, name: str) -> str:
    """The version that the process *name* runs."""
    place = Path(f"/proc/{stack.state(name).pid}/cmdline").read_text().split("\0")[0]
    return Path(place).parent.parent.name
