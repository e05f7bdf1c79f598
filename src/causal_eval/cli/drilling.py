"""``causal-eval drill``: a stack of its own, broken on purpose and seen to recover."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path

from causal_eval.cli import output, stack
from causal_eval.errors import OperationFailed, UnknownName, UsageError
from causal_eval.operations.drills import scorecard
from causal_eval.operations.drills.drill import Drill, Result, run, undisturbed_by
from causal_eval.operations.drills.faults.keeping import watched
from causal_eval.operations.drills.faults.providers import key_file
from causal_eval.operations.drills.ground import Ground
from causal_eval.operations.drills.matrix import DRILLS
from causal_eval.operations.drills.provider import Provider
from causal_eval.operations.stack.plan import Plan, Wanted, changed, new_plan
from causal_eval.operations.stack.programs import find_programs
from causal_eval.operations.stack.raising import Help, bring_up, take_down

KEY = "sk-drill-no-key-of-anybody"
MANY = 100_000
"""Requests a minute: a drill asks twenty times a second, and is nobody to be limited."""
CHECKED = "10s"
"""How often workers go through what is kept; usually an hour."""
_GUARD = """cat >/dev/null; "$@"; umount -l "$0/stack/reports" "$0/stack/volume"; rm -rf "$0\""""
"""Of a shell: its input ends when we do."""


def show(*, json: bool) -> int:
    """Every drill."""
    for drill in DRILLS.values():
        if json:
            output.emit({"name": drill.name, "says": drill.says, "alert": drill.alert, "full": drill.full})
        else:
            output.say(f"{drill.name:<27}{drill.alert or '-':<36}{drill.says}")
    return 0


def drill(names: list[str], card: Path | None, *, json: bool, known: Mapping[str, Drill] = DRILLS) -> int:
    """Carry drills out, one stack for all of a pace, which is ended and removed afterwards; 1: one did not pass."""
    results: list[Result] = []
    for result in _results(_chosen(names, known)):
        results.append(result)
        output.emit(asdict(result)) if json else output.say(_line(result))
        output.flush()
        if card is not None:
            scorecard.write_card(card, known, results=results, date=f"{datetime.now(UTC):%Y-%m-%d}")
    failed = [result.name for result in results if result.problems]
    if failed:
        raise OperationFailed(f"{len(failed)} of {len(results)} drills did not pass: {', '.join(failed)}")
    return 0


def _results(chosen: list[Drill]) -> Iterator[Result]:
    for pace in sorted({one.pace for one in chosen}, reverse=True):
        left = [one for one in chosen if one.pace == pace]
        while left:
            yield from _on_one_ground(left, pace)


def _on_one_ground(left: list[Drill], pace: int) -> Iterator[Result]:
    """Those of *left* in turn, until none is or one did not pass: what that leaves behind is no ground for others."""
    with ground(pace) as place:
        wanted = undisturbed_by(place)
        while left:
            result = run(left.pop(0), place, wanted=wanted, say=output.note)
            yield result
            if result.problems:
                return


def _chosen(names: list[str], known: Mapping[str, Drill]) -> list[Drill]:
    if names == ["all"]:
        return list(known.values())
    if unknown := [name for name in names if name not in known]:
        raise UnknownName("drill", unknown[0], known)
    return [known[name] for name in names]


def nothing_more(folder: Path) -> Mapping[str, str]:
    """The stack in *folder* is told nothing else."""
    del folder
    return {}


@contextlib.contextmanager
def ground(pace: int, *, haste: int = 1, more: Callable[[Path], Mapping[str, str]] = nothing_more) -> Iterator[Ground]:
    """A stack for drills, so many times quicker than usual, in a folder that nobody had before.

    In *haste* its sentinel is quicker too, and *more* says what it finds in its environment.
    """
    programs = find_programs(stack.command())
    if not {"prometheus", "alertmanager"} <= set(programs.monitoring):
        raise UsageError(
            "drills need Prometheus and Alertmanager: install both (Debian: prometheus prometheus-alertmanager)"
        )
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    folder = Path(tempfile.mkdtemp(prefix="causal-eval-drill-"))
    folder.chmod(0o711)  # PostgreSQL's account goes through
    try:
        made = new_plan(folder / "stack", programs, token=secrets.token_hex(8))
        wanted = changed(made, Wanted(free_ports=True, login=False))
        with _guarded(folder), _started(replace(wanted, pace=pace, haste=haste), more) as place:
            yield place
    finally:
        shutil.rmtree(folder, ignore_errors=True)  # gone already, but for what the guard could not start with


@contextlib.contextmanager
def _guarded(folder: Path) -> Iterator[None]:
    """Whatever ends us, be it a ``kill -9``: somebody else hears of it, ends the stack in *folder* and removes it."""
    said = ("/bin/sh", "-c", _GUARD, str(folder), *stack.command(), "down", "--dir", str(folder / "stack"))
    guard = subprocess.Popen(  # noqa: S603 - this program
        said, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    try:
        yield
    finally:
        guard.communicate()  # which ends its input; it goes on by itself where somebody cannot wait


@contextlib.contextmanager
def _started(plan: Plan, more: Callable[[Path], Mapping[str, str]]) -> Iterator[Ground]:
    plan.root.mkdir()
    port = max(plan.ports.values()) + 1
    api = Provider(port, plan.root, command=plan.programs.command, environment=plan.environment())
    os.environ |= {**_settings(api), **more(plan.root)}
    place = Ground(plan, api)
    try:
        output.note(f"starting a stack in {plan.folder} ...")
        bring_up(plan, Help(stack.preparing(plan), lambda: secrets.token_hex(24), output.note))
        place.claim()
        yield place
    finally:
        api.end()
        take_down(plan)


def _settings(api: Provider) -> dict[str, str]:
    """What the stack is told beside the usual: keys and backups lie in its own folder."""
    key, small = key_file(api), watched(api.folder)
    for folder in (key.parent, small):
        folder.mkdir(mode=0o700)
    key.touch(0o600)
    key.write_text(f"{KEY}\n", "utf-8")
    return {
        "OPENAI_BASE_URL": f"http://127.0.0.1:{api.port}",
        "OPENAI_API_KEY_FILE": str(key),
        "CEB_CHECK_EVERY": CHECKED,
        "CEB_REQUESTS_PER_MINUTE": str(MANY),
        "CEB_WATCHED_FOLDERS": str(small),
        "CEB_BACKUP_DIR": str(api.folder / "backups"),
        "CEB_BACKUP_KEY_FILE": str(key.with_name("backup.key")),
    }


def _line(result: Result) -> str:
    told = "" if result.detected is None else f"{result.alert} after {result.detected:.1f} s, "
    said = f"NOT PASSED: {'; '.join(result.problems)}" if result.problems else "passed"
    beside = f" ({result.measured})" if result.measured else ""
    return f"{result.name:<27}{told}well after {result.recovered:.1f} s: {said}{beside}"
