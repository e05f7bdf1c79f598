"""Carrying a step out: by the shell, heard line by line with secrets hidden, and written into the incident."""

from __future__ import annotations

import hashlib
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from causal_eval.errors import UsageError
from causal_eval.incidents.runbook import Runbook, Step
from causal_eval.incidents.timeline import Data, Happened, Kind

FIRST_LINES = 20
"""Of its output, that the timeline keeps."""
LONGEST = 400
"""Characters of each."""
INTERRUPTED = 130
_SHELL = ("bash", "-euo", "pipefail", "-c")
Words = Callable[[str], str]
"""A text with secrets hidden."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a step went."""

    code: int
    lines: int
    digest: str
    """SHA-256 of its output as it was shown: every line, secrets hidden, each with its end."""
    first: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where and as whom a step is carried out."""

    folder: Path
    environment: Mapping[str, str]
    clean: Words
    show: Callable[[str], None]


def sound_step(runbook: Runbook, name: str) -> Step:
    """The step with that id, of which it is clear what it may do.

    Raises:
        UnknownName: there is none. UsageError: it stands twice, or says no risk, no expected end or nothing to do.
    """
    step = runbook.step(name)
    same = [one for one in runbook.steps if one.id == name]
    if len(same) > 1 or step.risk is None or not step.codes or not step.code:
        raise UsageError(f"step {name} is not whole (line {step.line}): `causal-eval runbook lint` says what lacks")
    return step


def check_incident(step: Step, incident: str) -> None:
    """What may be noticed is done for an incident alone.

    Raises:
        UsageError: none is named.
    """
    if step.risk is not None and step.risk.wants_incident and not incident:
        raise UsageError(f"step {step.id} is {step.risk}: name the incident that it is for (--incident INC-7)")


def carry_out(code: str, place: Place) -> Outcome:
    """Have the shell do it; it gets no input, and what it says is shown as it comes.

    Raises:
        UsageError: there is no shell.
    """
    digest, lines, first = hashlib.sha256(), 0, list[str]()
    try:
        process = subprocess.Popen(  # noqa: S603 - a step of the runbook, with quoted values
            (*_SHELL, code), cwd=place.folder, env=dict(place.environment), stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, encoding="utf-8", errors="replace",
        )  # fmt: skip
    except OSError as error:
        raise UsageError(f"bash cannot be started in {place.folder}: {error.strerror}") from error
    with process:
        try:
            for raw in process.stdout or ():
                line = place.clean(raw.rstrip("\n"))
                place.show(line)
                digest.update(f"{line}\n".encode())
                lines += 1
                first += [line[:LONGEST]] if lines <= FIRST_LINES else []
            code_of = process.wait()
        except KeyboardInterrupt:  # the shell has heard it too
            process.wait()
            code_of = INTERRUPTED
    kept = place.clean("\n".join(first)).splitlines()  # a key of several lines shows in their company alone
    return Outcome(code_of, lines, digest.hexdigest(), tuple(kept))


def begun(step: Step, code: str, *, who: str, clean: Words) -> Happened:
    """That *who* carries it out, for the timeline."""
    data: Data = {"step": step.id, "risk": str(step.risk), "command": clean(code)}
    return Happened(Kind.RUNBOOK, f"step {step.id} is carried out", who=who, data=data)


def ended(step: Step, outcome: Outcome, *, who: str) -> Happened:
    """How it went, for the timeline."""
    data: Data = {
        "step": step.id, "exit_code": outcome.code, "expected": outcome.code in step.codes, "lines": outcome.lines,
        "sha256": outcome.digest, "output": "\n".join(outcome.first),
    }  # fmt: skip
    return Happened(Kind.RUNBOOK, f"step {step.id} ended with exit code {outcome.code}", who=who, data=data)
