"""What a command prints: results on stdout, progress and errors on stderr, JSON lines on request."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from causal_eval.errors import CausalEvalError

if TYPE_CHECKING:
    from rich.console import Console


def emit(value: Mapping[str, Any]) -> None:
    """One JSON object as a line on stdout."""
    sys.stdout.write(msgspec.json.encode(value, enc_hook=str).decode() + "\n")
    sys.stdout.flush()


def say(text: str) -> None:
    """A line of a result on stdout."""
    sys.stdout.write(text + "\n")


def flush() -> None:
    """What was said is on its way, whoever reads stdout."""
    sys.stdout.flush()


def note(text: str) -> None:
    """A line for the person at the terminal, on stderr."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def console(*, stderr: bool = False) -> Console:
    """A rich console that honours NO_COLOR and never wraps what is piped to a file."""
    from rich.console import Console  # start-up time

    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() or "COLUMNS" in os.environ else 140
    return Console(stderr=stderr, width=width, highlight=False, no_color="NO_COLOR" in os.environ or None)


def live() -> bool:
    """True iff a live display makes sense: a terminal, and not a build server."""
    return sys.stderr.isatty() and "CI" not in os.environ


def fail(error: CausalEvalError, *, json: bool) -> int:
    """Show *error* in one line (or one JSON object) and return the exit code of its kind."""
    if json:
        emit({"error": {"kind": error.kind, "message": str(error), "exit_code": error.exit_code}})
    else:
        note(f"causal-eval: {error}")
    return error.exit_code
