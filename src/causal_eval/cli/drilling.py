"""``causal-eval drill``: a stack of its own, broken on purpose and seen to recover."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import signal
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path

from causal_eval.cli import output, stack
from causal_eval.errors import OperationFailed, UnknownName, UsageError
from causal_eval.operations.drills import scorecard
from causal_eval.operations.drills.drill import Drill, Result, run
from causal_eval.operations.drills.ground import Ground
from causal_eval.operations.drills.matrix import DRILLS
from causal_eval.operations.stack.plan import Wanted, changed, new_plan
from causal_eval.operations.stack.programs import Programs, find_programs
from causal_eval.operations.stack.raising import Help, bring_up, take_down

PACE = 60
KEY = "sk-drill-no-key-of-anybody"


def show(*, json: bool) -> int:
    """Every drill."""
    for drill in DRILLS.values():
        if json:
            output.emit({"name": drill.name, "says": drill.says, "alert": drill.alert, "full": drill.full})
        else:
            output.say(f"{drill.name:<18}{drill.alert or '-':<28}{drill.says}")
    return 0


def drill(names: list[str], card: Path | None, *, json: bool) -> int:
    """Carry drills out on one stack, which is ended and removed afterwards; 1 where one did not pass."""
    chosen = _chosen(names)
    results: list[Result] = []
    with _ground() as ground:
        for one in chosen:
            results.append(run(one, ground, say=output.note))
            output.emit(asdict(results[-1])) if json else output.say(_line(results[-1]))
            output.flush()
            if card is not None:
                scorecard.write_card(card, DRILLS, results=results, date=f"{datetime.now(UTC):%Y-%m-%d}", pace=PACE)
    failed = [result.name for result in results if result.problems]
    if failed:
        raise OperationFailed(f"{len(failed)} of {len(results)} drills did not pass: {', '.join(failed)}")
    return 0


def _chosen(names: list[str]) -> list[Drill]:
    if names == ["all"]:
        return list(DRILLS.values())
    if unknown := [name for name in names if name not in DRILLS]:
        raise UnknownName("drill", unknown[0], DRILLS)
    return [DRILLS[name] for name in names]


@contextlib.contextmanager
def _ground() -> Iterator[Ground]:
    """A stack for drills, in a folder that nobody had before."""
    programs = find_programs(stack.command())
    if set(programs.monitoring) != {"prometheus", "alertmanager"}:
        raise UsageError(
            "drills need Prometheus and Alertmanager: install both (Debian: prometheus prometheus-alertmanager)"
        )
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    folder = Path(tempfile.mkdtemp(prefix="causal-eval-drill-"))
    folder.chmod(0o711)  # PostgreSQL's account goes through
    try:
        with _started(folder / "stack", programs) as ground:
            yield ground
    finally:
        shutil.rmtree(folder)


@contextlib.contextmanager
def _started(folder: Path, programs: Programs) -> Iterator[Ground]:
    folder.mkdir()
    made = changed(new_plan(folder, programs, token=secrets.token_hex(8)), Wanted(free_ports=True, login=False))
    api = max(made.ports.values()) + 1
    plan = replace(made, pace=PACE)
    os.environ |= {"OPENAI_BASE_URL": f"http://127.0.0.1:{api}", "OPENAI_API_KEY": KEY}
    ground = Ground(plan, api)
    try:
        output.note(f"starting a stack in {folder} ...")
        bring_up(plan, Help(stack.preparing(plan), lambda: secrets.token_hex(24), output.note))
        ground.claim()
        ground.weather()
        yield ground
    finally:
        ground.end_api()
        take_down(plan)


def _line(result: Result) -> str:
    told = "" if result.detected is None else f"{result.alert} after {result.detected:.1f} s, "
    said = f"NOT PASSED: {'; '.join(result.problems)}" if result.problems else "passed"
    return f"{result.name:<18}{told}well after {result.recovered:.1f} s: {said}"
