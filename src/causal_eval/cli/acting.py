"""``causal-eval stack ...``: what is done to the stack that runs here, of processes or of containers alike."""

from __future__ import annotations

import secrets
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from causal_eval.cli import output, stack, wellbeing
from causal_eval.errors import UsageError
from causal_eval.operations.stack import acts
from causal_eval.operations.stack.acts import Containers, Step
from causal_eval.operations.stack.cluster import url_with_password
from causal_eval.operations.stack.plan import Plan, Wanted, changed, find_plan
from causal_eval.operations.stack.raising import Help, bring_up, supervisor_of, wait_ready, wait_running
from causal_eval.operations.stack.rolling import roll
from causal_eval.operations.stack.versions import KEPT, keep_version, named, this_version, versions


@dataclass(frozen=True, slots=True)
class Where:
    """Which stack is meant, and whether anything is done to it."""

    folder: Path | None = None
    mode: str = ""
    """``proc`` or ``compose``; empty: whichever runs."""
    dry: bool = False


def logs(where: Where, service: str, *, follow: bool) -> int:
    """What a service said, by time, and an end; with *follow* what it says from now on."""
    found = _found(where)
    if isinstance(found, Containers):
        return _take(where, found.logs(service, follow=follow))
    paths = acts.log_paths(found, service)
    if follow or where.dry:
        shape = ("--lines=20", "--follow=name", "--retry") if follow else ("--lines=+1",)
        return _take(where, [Step(("tail", "--quiet", *shape, *map(str, paths)))])
    for line in acts.merged(paths):
        output.say(line)
    return 0


def psql(where: Where, words: Sequence[str]) -> int:
    """The database as its superuser: a prompt, what stands in standard input, or one query."""
    found = _found(where)
    said = ["-c", " ".join(words)] if words else []
    if isinstance(found, Containers):
        return _take(where, found.psql(said, terminal=sys.stdin.isatty() and not words))
    return _take(where, [acts.psql(found, said)])


def shell(where: Where) -> int:
    """A shell that is set up as app and workers are."""
    found = _found(where)
    if isinstance(found, Containers):
        return _take(where, found.shell(terminal=sys.stdin.isatty()))
    return _take(where, [acts.shell(found)])


def run(where: Where, words: Sequence[str], *, superuser: bool) -> int:
    """One of our commands, set up as app and workers are."""
    found = _found(where)
    if isinstance(found, Containers):
        return _take(where, found.run(words, superuser=superuser))
    return _take(where, [acts.run(found, words, superuser=superuser)])


def restart(where: Where, service: str) -> int:
    """One replica after another, each ready before the next is stopped."""
    found = _found(where)
    if isinstance(found, Containers):
        return _take(where, found.restart(service))
    return _take(where, [_restarting(found, name) for name in found.of(service)])


def scale(where: Where, service: str, *, count: int) -> int:
    """As many replicas from now on, also after the next start."""
    if service not in acts.SCALED:
        raise UsageError(f"{service} cannot be scaled: app and worker can")
    found = _found(where)
    if isinstance(found, Containers):
        return _take(where, found.scale(service, count))
    wanted = Wanted(apps=count) if service == "app" else Wanted(workers=count)
    plan = changed(found, wanted)

    def act() -> None:
        bring_up(plan, Help(stack.preparing(plan), lambda: secrets.token_hex(24), output.note))
        output.say(f"{count} of {service} run")

    return _take(where, [Step(act=act, said=f"run {count} of {service} in {plan.folder}, and keep it so")])


def deploy(where: Where) -> int:
    """This version of the program, one replica after another; back where it does not get well."""
    found = _found(where)
    if isinstance(found, Containers):
        raise UsageError("containers get another version by: bash docker/build.sh && docker-compose up -d")
    name = this_version()
    if name == found.version and not found.moved:
        output.say(f"{name} is what runs")
        return 0

    def act() -> None:
        made = keep_version(found.root)
        own = made.own_bytes() / 2**20
        output.note(f"{made.folder} takes {own:.0f} MB of its own; {KEPT} are kept beside those in use")
        stack.preparing(found)(url_with_password(found))  # the version that runs works on the schema of the next
        roll(found, name, say=output.note)
        output.say(f"{name} runs, and is well; back again: causal-eval stack rollback")

    return _take(where, [Step(act=act, said=f"keep {name} in {found.root}, migrate, and {_rolling(found, name)}")])


def rollback(where: Where, to: str) -> int:
    """An earlier version, one replica after another; back where it does not get well. The database stays as it is."""
    found = _found(where)
    if isinstance(found, Containers):
        return _take(where, found.rollback(to))
    current = "" if found.moved else found.version  # what was left half-way goes back to where it began
    wanted = to or (found.version if found.moved else found.before)
    if not wanted:
        others = [one for one in versions(found.root) if one != found.version]
        there = f"name one by TO: {', '.join(others)}" if others else "`causal-eval stack deploy` brings another"
        raise UsageError(f"no version ran before {found.version}: {there}")
    name = named(found.root, wanted, but=current)

    def act() -> None:
        roll(found, name, say=output.note)
        output.say(f"{name} runs again, and is well")

    return _take(where, [Step(act=act, said=_rolling(found, name))])


def _rolling(plan: Plan, name: str) -> str:
    replicas = ", ".join([*plan.replicas("worker"), *plan.replicas("app")])
    return f"put {name} into the place of {plan.version}: {replicas}, each well before the next"


def stats(where: Where, service: str = "") -> int:
    """Memory and processor of everything, or of *service*, once."""
    found = _found(where)
    if isinstance(found, Containers):
        return _take(where, found.stats(service))
    states = supervisor_of(found).states() or {}
    wanted = found.of(service) if service else states
    for line in acts.usage({name: state.pid for name, state in states.items() if state.pid and name in wanted}):
        output.say(line)
    return 0


def health(where: Where, *, json: bool) -> int:
    """How everything is; where nothing runs, that is what is told."""
    found = _sought(where)
    if isinstance(found, Containers):
        return _take(where, found.health(json=json))
    folder = stack.folder_of(where.folder)
    if where.dry:
        output.say(f"ask every process of {folder} how it is, and all below")
        return 0
    return wellbeing.health(None, [], folder=folder, json=json)


def status(where: Where, *, json: bool) -> int:
    """How every process is; 1 where one does not run."""
    found = _found(where)
    if isinstance(found, Containers):
        return _take(where, found.status())
    states = supervisor_of(found).states() or {}
    width = max(map(len, found.names)) + 2
    for name in found.names:
        state = states[name]
        age = time.time() - state.since if state.runs else 0.0
        address = found.url(name) if name in found.ports else ""
        if json:
            output.emit({"name": name, "state": state.state, "pid": state.pid, "seconds": round(age), "url": address})
        else:
            output.say(f"{name:<{width}}{state.state:<10}{state.pid:>8}  {age:>8.0f} s  {address}")
    return 0 if all(states[name].runs for name in found.names) else 1


def _restarting(plan: Plan, name: str) -> Step:
    def act() -> None:
        supervisor = supervisor_of(plan)
        supervisor.stop(name, wait=True)
        supervisor.start(name)
        if name.startswith("app-"):
            wait_ready(plan, name)
        wait_running(plan, [name])
        output.say(f"{name} was restarted, and is well")

    return Step(act=act, said=f"restart {name}, and wait until it is ready")


def _take(where: Where, steps: Sequence[Step]) -> int:
    """Take steps until one fails; where it is only to be shown, show them."""
    for step in steps:
        if where.dry:
            output.say(str(step))
            continue
        output.flush()
        if code := acts.take(step):
            return code
    return 0


def _found(where: Where) -> Plan | Containers:
    """What runs here.

    Raises:
        UsageError: nothing does.
    """
    found = _sought(where)
    if found is None:
        raise UsageError(
            f"nothing runs: neither in {stack.folder_of(where.folder)} (`causal-eval up`) nor containers of "
            f"{Path.cwd()} (`docker-compose up -d`)"
        )
    return found


def _sought(where: Where) -> Plan | Containers | None:
    """What runs here, or is said to by the flags; None: nothing does.

    Raises:
        UsageError: what the flags say is not there.
    """
    folder = stack.folder_of(where.folder)
    if where.mode == "proc":
        return find_plan(folder)
    here = Path.cwd()
    if where.mode == "compose":
        if (containers := acts.find_containers(here)) is None:
            raise UsageError(
                f"--mode compose: no {acts.COMPOSE_FILE} in {here}, or no docker-compose: go to its folder"
            )
        return containers
    return acts.running_plan(folder) or acts.running_containers(here)
