"""What ``causal-eval runbook`` does, for who stands before a broken service."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from causal_eval.cli import incidents, output
from causal_eval.errors import Conflict, OperationFailed, UsageError, VerificationMismatch
from causal_eval.incidents import carrying, timeline
from causal_eval.incidents.book import find
from causal_eval.incidents.covering import Proof, carried, proofs
from causal_eval.incidents.linting import Known
from causal_eval.incidents.linting import lint as faults_of
from causal_eval.incidents.naming import CARD, RUNBOOK, known_in
from causal_eval.incidents.runbook import Risk, Step, filled, read_runbook
from causal_eval.incidents.timeline import Happened
from causal_eval.operations.redaction import Redactor, secrets_of
from causal_eval.providers.catalog import read_catalog
from causal_eval.settings import SETTINGS, read_settings
from causal_eval.settings.read import FROM_FILES, find_upward
from causal_eval.store.schema import metadata

_OF_PROVIDERS = ("API_KEY", "API_KEY_FILE", "BASE_URL", "ENABLED")
_SWITCHES = frozenset({"READ_ONLY"})
"""What can be switched, and is no setting."""


def lint(program: object, file: Path | None, *, json: bool) -> int:
    """Tell what is wrong with the runbook; *program* has our commands."""
    path = _runbook(file)
    found = faults_of(read_runbook(path), known_of(_root(path), program))
    for fault in found:
        if json:
            output.emit({"event": "fault", "line": fault.line, "what": fault.what})
        else:
            output.say(f"{path}:{fault.line}: {fault.what}")
    if found:
        raise VerificationMismatch(f"{len(found)} faults in {path}: correct each")
    if not json:
        output.say(f"{path}: everything that it names is there")
    return 0


def known_of(root: Path, program: object) -> Known:
    """What the runbook of the checkout at *root* may name; *program* has our commands."""
    providers = {f"{name.upper().replace('-', '_')}_{what}" for name in read_catalog() for what in _OF_PROVIDERS}
    variables = {setting.variable for setting in SETTINGS} | {f"{name}_FILE" for name in FROM_FILES}
    return known_in(
        root, dict(_commands(program, "")), tables=frozenset(metadata.tables),
        variables=frozenset(variables | providers | _SWITCHES),
    )  # fmt: skip


def _commands(command: object, path: str) -> Iterator[tuple[str, frozenset[str]]]:
    """Every command below *command* by its words, with its flags."""
    flags = {flag for one in getattr(command, "params", ()) for flag in (*one.opts, *one.secondary_opts)}
    yield path, frozenset(flags | {"--help", "-h"})
    for name, below in getattr(command, "commands", {}).items():
        yield from _commands(below, f"{path} {name}".strip())


# ---- carrying out ---------------------------------------------------------------------------------------------------


def run(name: str, incident: str, *, values: list[str], dry: bool, file: Path | None) -> int:
    """Carry out a step: refused, shown, or done and written into the incident."""
    path = _runbook(file)
    step = carrying.sound_step(read_runbook(path), name)
    code = filled(step, dict(_pair(text) for text in values))
    if dry:
        output.say(f"{step.risk} step {step.id} of {path}:{step.line}, for an exit code of {_codes(step)}:\n{code}")
        return 0
    carrying.check_incident(step, incident)
    redactor = Redactor(secrets_of(read_settings(os.environ), os.environ))
    place = carrying.Place(
        folder=_root(path), environment=_environment(), clean=redactor.clean, show=_show,
    )  # fmt: skip
    _confirm(step, code)
    who = incidents.who()
    _write(incident, carrying.begun(step, code, who=who, clean=redactor.clean))
    outcome = carrying.carry_out(code, place)
    _write(incident, carrying.ended(step, outcome, who=who))
    if outcome.code == carrying.INTERRUPTED:
        raise KeyboardInterrupt
    if outcome.code not in step.codes:
        raise OperationFailed(f"step {step.id} ended with exit code {outcome.code} in place of {_codes(step)}")
    return 0


def _confirm(step: Step, code: str) -> None:
    """Have its id typed where what it takes away does not come back."""
    if step.risk is not Risk.DESTRUCTIVE:
        return
    output.note(f"{code}\nstep {step.id} is destructive: type its id to carry it out")
    if sys.stdin.readline().strip() != step.id:
        raise Conflict(f"step {step.id} was not carried out: its id was not typed")


def _write(incident: str, happened: Happened) -> None:
    """Into the timeline of *incident*, if one is named.

    Raises:
        UnknownName: there is no such incident.
    """
    if incident:
        with incidents.kept_book() as book, book.writing() as rows:
            timeline.add(rows, find(rows, incident).id, happened, at=time.time())


def _show(line: str) -> None:
    output.say(line)
    output.flush()


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise UsageError(f"--set {text!r}: give NAME=VALUE")
    return name, value


def _environment() -> dict[str, str]:
    """Ours, in which `causal-eval` is this one."""
    return {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"}


def _codes(step: Step) -> str:
    return " or ".join(map(str, sorted(step.codes)))


# ---- what proves it -------------------------------------------------------------------------------------------------


def coverage(file: Path | None, *, json: bool) -> int:
    """Show what proves each step."""
    path = _runbook(file)
    found = proofs(read_runbook(path), carried(_root(path) / CARD))
    for one in found:
        if json:
            output.emit(_told(one))
        else:
            proven = one.fault or (f"{one.step.drill}, {one.date}" if one.date else f"none: {one.step.reason}")
            output.say(f"{one.step.id:<24}{one.step.risk or '?':<13}{proven}")
    lines = sum(len(one.step.code) for one in found)
    proven_lines = sum(len(one.step.code) for one in found if one.date and not one.fault)
    unproven = [one.step.id or "?" for one in found if one.fault]
    if json:
        output.emit({"event": "coverage", "lines": lines, "proven": proven_lines, "unproven": unproven})
    else:
        said = f"{proven_lines} of {lines} lines are proven by drills"
        output.say(f"{said}, the others are not, for the reason that they give" if proven_lines < lines else said)
    if unproven:
        raise VerificationMismatch(f"{', '.join(unproven)}: neither a drill that passed nor a reason")
    return 0


def _told(one: Proof) -> dict[str, object]:
    step = one.step
    return {
        "event": "step", "id": step.id, "risk": step.risk, "drill": step.drill, "date": one.date or None,
        "reason": step.reason, "fault": one.fault,
    }  # fmt: skip


def _runbook(file: Path | None) -> Path:
    """The file that is named, or that of the checkout around here.

    Raises:
        UsageError: there is none.
    """
    found = file.absolute() if file else find_upward(str(RUNBOOK), Path.cwd())
    if found is None:
        raise UsageError(f"there is no {RUNBOOK} here or above: name the runbook by --file")
    return found


def _root(path: Path) -> Path:
    """The checkout that a runbook belongs to; its folder, where it belongs to none."""
    return next((folder for folder in path.parents if (folder / "Makefile").is_file()), path.parent)
