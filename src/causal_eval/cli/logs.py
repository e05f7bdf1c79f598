"""``causal-eval logs``: what the service's processes wrote, read back."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, TextIO

import typer

from causal_eval.cli import output
from causal_eval.errors import UsageError, VerificationMismatch

Json = Annotated[bool, typer.Option("--json", help="JSON lines on stdout.")]
SHOWN = 4
"""Characters of a secret that are shown, so that it can be told apart."""

logs_app = typer.Typer(help="Look into what the service's processes wrote.", no_args_is_help=True)


def add_to(app: typer.Typer) -> None:
    """Give *app* these commands."""
    app.add_typer(logs_app, name="logs")


@logs_app.command()
def slow(
    file: Annotated[str, typer.Argument(help="A log, as text or JSON lines; - for standard input.")] = "-",
    n: Annotated[int, typer.Option("--n", "-n", min=1, help="How many.")] = 10,
    json: Json = False,
) -> int:
    """Show the slowest requests."""
    from causal_eval.operations.slow import slowest

    with _reading(file) as lines:
        found = slowest(lines, n)
    for one in found:
        if json:
            output.emit({"event": "slow", **asdict(one)})
        else:
            status, request = one.status or "-", one.request_id or "-"
            output.say(f"{one.duration_ms:>10.1f}ms  {status}  {one.event}  {one.time}  request_id={request}")
    if not found and not json:
        output.say("no line there says how long a request took")
    return 0


@logs_app.command()
def scan(
    files: Annotated[list[Path], typer.Argument(help="Logs, exports, any text.")],
    json: Json = False,
) -> int:
    """Find keys and passwords that were written where they can be read; exit 8 where there is any."""
    from causal_eval.operations.redaction import SHORTEST, find_secrets, secrets_of
    from causal_eval.settings import read_settings

    known = [value for value in secrets_of(read_settings(os.environ), os.environ) if len(value) >= SHORTEST]
    count = 0
    for file, number, line in _lines(files):
        for one in find_secrets(line, known):
            count += 1
            ends = line[max(one.start, one.stop - SHOWN) : one.stop]
            place = {"file": str(file), "line": number, "column": one.start + 1}
            if json:
                output.emit({"event": "secret", **place, "what": one.what, "ends": ends})
            else:
                output.say(f"{file}:{number}:{one.start + 1}: {one.what} that ends in {ends}")
    if count:
        raise VerificationMismatch(f"{count} places show a secret: revoke what they show, then remove it there")
    if not json:
        output.say("no secret was found")
    return 0


def _lines(files: list[Path]) -> Iterator[tuple[Path, int, str]]:
    for file in files:
        with _reading(str(file)) as lines:
            for number, line in enumerate(lines, 1):
                yield file, number, line


@contextmanager
def _reading(file: str) -> Iterator[TextIO]:
    if file == "-":
        yield sys.stdin
        return
    try:
        with Path(file).open(encoding="utf-8", errors="replace") as lines:
            yield lines
    except OSError as error:
        raise UsageError(f"{file} cannot be read ({error.strerror or error}): give the path of a log, or -") from error
