"""What is lost with a whole machine: ``python -m benchmarks.operations.outage [SECONDS ...]``, 45 and 75 by default.

A stack of `causal-eval up` with two workers, under load; its backups are copied to a second place. So many seconds
after the first backup all its processes are killed and its folder is removed. Then what docs/runbooks/restore.md says
is done with nothing but the second place and the copy of its secrets. Recovery point: seconds from the last result
that came back to the loss. Recovery time: seconds from the loss until an evaluation that was under way has a new one.
"""

from __future__ import annotations

import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests import servers

from causal_eval.backups.state import read_state
from causal_eval.operations.drills.ground import Ground, seconds_until
from causal_eval.operations.drills.provider import Provider
from causal_eval.operations.stack.marked import marked
from causal_eval.operations.stack.plan import find_plan

COMMAND = str(Path(sys.executable).with_name("causal-eval"))
UP = ("up", "--detach", "--free-ports", "--no-login", "--no-monitoring", "--app", "1", "--worker", "2")
LATENCY, OPEN, QUESTIONS, EPOCHS = 1.0, 4, 60, 100
"""Some results a second, for longer than it is looked at."""
LAST = "SELECT count(*), max(started_at)::text FROM attempts"


def main() -> None:
    """Lose it some times; print each, and the middle."""
    waits = [float(word) for word in sys.argv[1:]] or [45.0, 75.0]
    found = [_measured(wait) for wait in waits]
    if len(found) > 1:
        points, times = zip(*found, strict=True)
        _say(f"recovery point {statistics.median(points):.1f} s, time {statistics.median(times):.1f} s (medians)")


def _measured(wait: float) -> tuple[float, float]:
    root = Path(tempfile.mkdtemp(prefix="ceb-outage-"))
    root.chmod(0o711)
    port = servers.free_port()
    os.environ |= {
        "OPENAI_BASE_URL": f"http://127.0.0.1:{port}",
        "OPENAI_API_KEY": "any",
        "CEB_BACKUP_COPY_DIR": str(root / "elsewhere"),
    }
    api = Provider(port, root, command=(COMMAND,), environment={})
    try:
        return _lost(root, api, wait=wait)
    finally:
        api.end()
        for name in ("stack", "again"):
            if (root / name / "stack.json").exists():
                _typed("down", "--dir", str(root / name))
        shutil.rmtree(root)


def _lost(root: Path, api: Provider, *, wait: float) -> tuple[float, float]:
    old, new = root / "stack", root / "again"
    _typed(*UP, "--dir", str(old))
    shutil.copytree(old / "secrets", root / "safe")
    ground = Ground(find_plan(old), api)
    api.weather(latency=LATENCY)
    seconds_until(lambda: ground.ask("GET", "/health").is_good)
    ground.held["questions"] = _asked(ground, "question-sets", {"suite": "quick", "seed": "outage"})["digest"]
    wanted = {**ground.wanted(QUESTIONS, open_calls=OPEN), "epochs": EPOCHS}
    evaluation = _asked(ground, "evaluations", wanted)["id"]
    seconds_until(lambda: read_state(old / "backups").restore_test_at is not None)
    time.sleep(wait)
    (before,) = ground.rows(LAST)
    for pid in marked(ground.plan.id):
        os.kill(pid, signal.SIGKILL)
    lost, began = datetime.now(UTC), time.monotonic()
    shutil.rmtree(old)

    (new / "postgres").mkdir(parents=True)
    shutil.copytree(root / "safe", new / "secrets")
    os.environ["CEB_BACKUP_KEY_FILE"] = str(new / "secrets" / "backup.key")
    os.environ["CEB_BACKUP_DIR"] = str(root / "elsewhere")
    _typed("restore", "latest", "--beside", str(new / "postgres" / "data"))
    restored = time.monotonic() - began
    _typed(*UP, "--dir", str(new))
    up = time.monotonic() - began
    again = Ground(find_plan(new), api, dict(ground.held))
    (back,) = again.rows("SELECT count(*), max(started_at)::text FROM attempts WHERE started_at < %s", _text(lost))
    took = seconds_until(
        lambda: bool(again.rows("SELECT 1 FROM attempts WHERE started_at > %s LIMIT 1", _text(lost))), 120.0
    )
    if took is None:
        said = again.ask("GET", f"/api/v1/evaluations/{evaluation}").body
        raise SystemExit(f"no evaluation goes on, of {back[0]} results until {back[1]}: {said}")
    whole = time.monotonic() - began
    point = (lost - datetime.fromisoformat(str(back[1]))).total_seconds()
    _typed("stack", "run", "--dir", str(new), "--", "invariants")
    _say(
        f"{wait:5.0f} s after a backup: {before[0]} results, {back[0]} came back, the last of {point:.1f} s before; "
        f"restored after {restored:.1f} s, up after {up:.1f} s, a new result after {whole:.1f} s"
    )
    return point, whole


def _asked(ground: Ground, what: str, body: object) -> Mapping[str, Any]:
    told = ground.ask("POST", f"/api/v1/{what}", body=body)
    if not told.is_good:
        raise SystemExit(f"the service makes no {what}: {told.status} {told.body}")
    return told.body


def _text(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _typed(*words: str) -> None:
    done = subprocess.run((COMMAND, *words), capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"causal-eval {' '.join(words)} exits {done.returncode}: {done.stdout}{done.stderr}")


def _say(said: str) -> None:
    sys.stdout.write(f"{said}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
