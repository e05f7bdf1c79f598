"""``causal-eval up``, ``down`` and ``stack``: the whole service on this machine, brought up, looked after, ended."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from causal_eval.cli import output
from causal_eval.errors import CausalEvalError, UsageError
from causal_eval.operations.stack import files
from causal_eval.operations.stack.plan import Plan, Wanted, changed, find_plan, load_plan, new_plan
from causal_eval.operations.stack.programs import find_programs, may_enter
from causal_eval.operations.stack.raising import Help, bring_up, supervisor_of, take_down
from causal_eval.operations.stack.versions import keep_version
from causal_eval.service import accounts
from causal_eval.service.vault import make_master
from causal_eval.service.wiring import close_service, open_service
from causal_eval.settings import read_settings
from causal_eval.store.database import migrate_store

LOOK_SECONDS = 1.0
"""Between two looks whether the supervisor lives."""


def up(folder: Path | None, wanted: Wanted, *, detach: bool, json: bool) -> int:
    """Bring the stack up; unless *detach*, stay until told to end, and end it."""
    plan = _planned(folder_of(folder), wanted)
    helping = Help(preparing(plan), lambda: secrets.token_hex(24), output.note)
    if detach:
        bring_up(plan, helping)
        _tell(plan, json=json)
        return 0
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    try:
        bring_up(plan, helping)
        _tell(plan, json=json)
        _stay(plan, helping)
    except KeyboardInterrupt:
        output.note("stopping ...")
    finally:
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN)
        _down(plan, json=json)
    return 0


def down(folder: Path | None, *, json: bool) -> int:
    """End every process of the stack; what it keeps stays."""
    return _down(find_plan(folder_of(folder)), json=json)


def folder_of(folder: Path | None) -> Path:
    """Where the stack lies: as the flag says, or the setting."""
    settings = read_settings(os.environ)
    return folder.absolute() if folder is not None else settings.stack_dir


def _planned(folder: Path, wanted: Wanted) -> Plan:
    programs = find_programs(command())
    there = load_plan(folder)
    if there is not None and (there.pace, there.haste) != (1, 1):
        raise UsageError(f"{folder} is of a drill or a game, whose rules do not wait: start in another --dir")
    made = (
        replace(there, programs=there.programs.watched_as(programs))
        if there is not None
        else replace(new_plan(folder, programs, token=secrets.token_hex(8)), backups=True)
    )
    _make(folder)
    if programs.servant and not may_enter(folder, programs.servant):
        raise UsageError(
            f"PostgreSQL runs as the account {programs.servant!r}, which may not enter {folder}: give --dir (or "
            "CEB_STACK_DIR) a folder that everybody may enter, or start the stack as another account than root"
        )
    if not made.version:
        made = replace(made, version=keep_version(folder).name)
    return changed(made, wanted)


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o711)
    except OSError as error:
        raise UsageError(
            f"the stack's folder {folder} cannot be made ({error.strerror}): give --dir (or CEB_STACK_DIR) a folder "
            "that this account may write to"
        ) from error


def command() -> list[str]:
    """How this program is started."""
    beside = Path(sys.executable).with_name("causal-eval")
    found = str(beside) if beside.exists() else shutil.which("causal-eval")
    return [found] if found else [sys.executable, "-c", "from causal_eval.cli.main import main; main()"]


def preparing(plan: Plan) -> Callable[[str], None]:
    """What brings the database of *plan* to what this program needs."""

    def prepare(url: str) -> None:
        """Bring the database up to date, and make keys and the first admin where there are none."""
        migrate_store(url)
        if not plan.secret("master.key").exists():
            make_master(plan.secret("master.key"))
        env = {**plan.environment(), "DATABASE_URL": url, "PATH": os.environ.get("PATH", "")}
        service = open_service(read_settings(env, cwd=plan.home))
        try:
            service.engine.prepare()
            first = accounts.bootstrap(service) if plan.login else None
        finally:
            close_service(service)
        if first is not None:
            files.write_secret(plan.secret("admin"), f"{first.email}\n{first.password}\n")
            output.note(f"the first admin: {first.email}, password in {plan.secret('admin')} (change it)")

    return prepare


def _stay(plan: Plan, helping: Help) -> None:
    """Until `down` says so; a supervisor that dies is started again, with all that it looked after."""
    while (plan.root / files.RUNNING).exists():
        time.sleep(LOOK_SECONDS)
        if supervisor_of(plan).states() is not None or not (plan.root / files.RUNNING).exists():
            continue
        output.note("the supervisor is gone: starting all again")
        try:
            bring_up(find_plan(plan.root), helping)  # it may have been scaled meanwhile
        except CausalEvalError as error:
            output.note(f"{error}; trying again")


def _down(plan: Plan, *, json: bool) -> int:
    left = take_down(plan)
    if json:
        output.emit({"event": "down", "folder": plan.folder, "lost": left})
    else:
        output.say(f"the stack of {plan.folder} is down")
    return 0


def _tell(plan: Plan, *, json: bool) -> None:
    addresses = {
        name: plan.url(name)
        for name in ("lb", *plan.replicas("app"), "sentinel", *plan.programs.monitoring)
        if name in plan.ports
    }
    if json:
        output.emit({"event": "up", "id": plan.id, "folder": plan.folder, "addresses": addresses})
        return
    output.say(f"Causal Eval Bench at {plan.url('lb')}")
    for name, url in addresses.items():
        if name != "lb" and name in plan.names:
            output.say(f"  {name}: {url}")
    output.say(f"logs and data in {plan.folder}; end it by `causal-eval down`, or here by Ctrl-C")
    output.flush()
