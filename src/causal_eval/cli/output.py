"""What a command prints: results on stdout, progress and errors on stderr, JSON lines on request."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from causal_eval.errors import CausalEvalError, UsageError

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

WIDEST = 10_000
"""Columns; no table of ours is as wide."""


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


@contextmanager
def writing(path: Path, *others: Path) -> Iterator[None]:
    """Explain what keeps *path* (and *others* with it) from being written; what was begun of them is removed.

    Raises:
        UsageError: the folder is read-only, the disk is full, a name is taken.
    """
    try:
        yield
    except OSError as error:
        for begun in (path, *others):
            with suppress(OSError):  # what keeps it there is what is told below
                begun.with_name(begun.name + ".part").unlink(missing_ok=True)
        raise UsageError(
            f"{str(path)!r} cannot be written ({error.strerror or error}): check the folder's rights and free space, "
            "or choose another place"
        ) from error


def save(text: str | bytes, path: Path) -> None:
    """The whole *text* under the name *path*, or nothing.

    Raises:
        UsageError: as :func:`writing`.
    """
    with writing(path):
        part = path.with_name(path.name + ".part")
        part.write_bytes(text if isinstance(text, bytes) else text.encode())
        part.replace(path)


def check_report(report: Path) -> None:
    """Make the folder of *report* (FILE.html or a folder) and see that a file can be made there, before a run begins.

    Raises:
        UsageError: it cannot.
    """
    folder = report.parent if report.suffix == ".html" else report
    if folder.is_file():
        raise UsageError(f"--report is {str(report)!r}: give a folder, or a file that ends in .html")
    with writing(report):
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=folder):
            pass


def note(text: str) -> None:
    """A line for the person at the terminal, on stderr."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def console(*, stderr: bool = False) -> Console:
    """A rich console that honours NO_COLOR and never wraps what is piped to a file."""
    from rich.console import Console  # start-up time

    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() or "COLUMNS" in os.environ else WIDEST
    colours: Literal["auto"] | None = None if os.environ.get("NO_COLOR") else "auto"  # None: no bold either
    return Console(stderr=stderr, width=width, highlight=False, color_system=colours)


def fits(table: Table, console: Console) -> bool:
    """True iff no cell of *table* is cut at the width of *console*."""
    return _width(table, console) <= console.width


def print_whole(table: Table, console: Console) -> None:
    """*table* with every cell whole: ids are there to be copied, so a line may be longer than the terminal is wide."""
    console.width = max(console.width, _width(table, console))
    console.print(table)


def _width(table: Table, console: Console) -> int:
    return table.__rich_measure__(console, console.options.update(max_width=WIDEST)).maximum


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
