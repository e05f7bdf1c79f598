"""Faults of backups, of disks, and of what may be read by whom."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
from pathlib import Path

from causal_eval.errors import OperationFailed
from causal_eval.operations.drills.asking import OK
from causal_eval.operations.drills.ground import Ground
from causal_eval.operations.stack.raising import wait_for

CANARY = "sk-canary-" + "0123456789abcdef" * 2
VOLUME = "64m"
BALLAST = 62 * 2**20
_REFUSED = 503
_DAY = 86_400.0
_LONG_AGO = 1_000_000_000.0


# ---- backups --------------------------------------------------------------------------------------------------------


def back_up(ground: Ground) -> None:
    """`make backup`; the key is made once."""
    key = ground.plan.secret("backup.key")
    if not key.exists():
        ground.command("backup", "key", str(key))
    ground.as_superuser("backup", "--kind", "dump")


def truncate_backup(ground: Ground) -> None:
    """The largest file of the newest backup loses its second half, and the round of tests comes by."""
    newest = max(path for path in _backups(ground).iterdir() if path.is_dir() and (path / "manifest.json").exists())
    largest = max((path for path in newest.rglob("*") if path.is_file()), key=lambda path: path.stat().st_size)
    os.truncate(largest, largest.stat().st_size // 2)
    with contextlib.suppress(OperationFailed):
        ground.as_superuser("backup", "test")


def back_up_anew(ground: Ground) -> None:
    """`make backup`, and `causal-eval backup test`."""
    back_up(ground)
    ground.as_superuser("backup", "test")


def age_backup(ground: Ground) -> None:
    """The last backup is two days old."""
    path = _backups(ground) / "backup-state.json"
    state = json.loads(path.read_text("utf-8"))
    state["last_success_at"] -= 2 * _DAY
    path.write_text(json.dumps(state), "utf-8")


def _backups(ground: Ground) -> Path:
    return ground.plan.root / "backups"


# ---- disks ----------------------------------------------------------------------------------------------------------


def watched(root: Path) -> Path:
    """The folder of a stack in *root* that workers watch, and that drills make small."""
    return root / "volume"


def no_mount(ground: Ground) -> str:
    """Whether a small disk can be made here."""
    if os.geteuid() != 0:
        return "only root can mount a small disk"
    try:
        _mount(ground)
    except OperationFailed as error:
        return str(error)
    unmount(ground)
    return ""


def _mount(ground: Ground) -> None:
    volume = watched(ground.plan.root)
    _run("mount", "-t", "tmpfs", "-o", f"size={VOLUME}", "tmpfs", str(volume))
    (volume / "reports").mkdir()
    _run("mount", "--bind", str(volume / "reports"), str(ground.plan.root / "reports"))


def mount(ground: Ground) -> None:
    """Reports lie on a small disk of their own."""
    _mount(ground)


def unmount(ground: Ground) -> None:
    """It goes, if it is there."""
    for path in (ground.plan.root / "reports", watched(ground.plan.root)):
        while path.is_mount():
            _run("umount", "-l", str(path))


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - as root, on our own folders
    if done.returncode:
        raise OperationFailed(f"{command[0]} fails: {done.stderr.strip()}")


def fill_disk(ground: Ground) -> None:
    """Old reports fill it but for 3 %."""
    path = ground.plan.root / "reports" / "old.html"
    path.write_bytes(b"\0" * BALLAST)
    os.utime(path, (_LONG_AGO, _LONG_AGO))


def only_reads(ground: Ground) -> str:
    """Soon orders are answered 503, not 500, and who reads is answered."""
    if not wait_for(lambda: ground.value("max(read_only_mode)") == 1, 30.0):
        return "the service does not become read-only"
    written = ground.ask("POST", "/api/v1/evaluations", body=ground.wanted(1)).status
    read = ground.ask("GET", "/api/v1/evaluations?limit=1").status
    return "" if (written, read) == (_REFUSED, OK) else f"writing is answered {written}, reading {read}"


def reclaim(ground: Ground) -> None:
    """`causal-eval disk reclaim --yes`."""
    ground.command("disk", "reclaim", "--yes")


# ---- secrets --------------------------------------------------------------------------------------------------------


def leak_key(ground: Ground) -> None:
    """Somebody pastes a key where an id belongs: it is about to stand in the log."""
    ground.ask("GET", f"/api/v1/evaluations/{CANARY}")


def scanned(ground: Ground) -> str:
    """`causal-eval logs scan` finds no secret in any log."""
    done = ground.tried("logs", "scan", *(str(path) for path in sorted(ground.plan.logs.glob("app-*.log"))))
    return "" if done.returncode == 0 else f"`causal-eval logs scan` exits {done.returncode}: {done.stdout[-200:]}"
