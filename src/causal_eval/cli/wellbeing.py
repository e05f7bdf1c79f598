"""``causal-eval health``: how every process and everything below it is, asked directly."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from rich.table import Table

from causal_eval.cli import output
from causal_eval.errors import UsageError
from causal_eval.operations.health import Part, Status, overall
from causal_eval.operations.probes import Address, addresses, bearing, probe
from causal_eval.operations.stack.plan import load_plan
from causal_eval.settings import read_settings

USUAL = "http://127.0.0.1:8000"
CODES = {Status.OK: 0, Status.DEGRADED: 1, Status.DOWN: 2}


def health(url: str | None, at: Sequence[str], *, folder: Path | None = None, json: bool) -> int:
    """Ask everything, and what *at* names (``NAME=URL``), and say how it is; 0: well, 1: degraded, 2: down."""
    found = look(url, at, folder=folder)
    whole = overall(found)
    if json:
        output.emit({"event": "health", "status": whole, "parts": [asdict(one) for one in found]})
    else:
        _show(found, whole)
    return CODES[whole]


def look(url: str | None, at: Sequence[str], *, folder: Path | None = None) -> list[Part]:
    """How everything is, and what *at* names."""
    settings = read_settings(os.environ)
    plan = None if url else load_plan(folder or settings.stack_dir)
    if plan is not None:
        settings = read_settings({**os.environ, **plan.environment()})
        os.environ["PGPASSFILE"] = plan.environment()["PGPASSFILE"]
    asked = addresses(plan, (url or (plan.url("lb") if plan else USUAL)).rstrip("/"))
    asked += [_address(said, settings.metrics_token_file) for said in at]
    return asyncio.run(probe(asked, settings, clock=time.time))


def _address(said: str, token_file: Path | None) -> Address:
    """Where *said* has something asked; metrics by the token that they are told to.

    Raises:
        UsageError: it is not of the form NAME=URL.
    """
    name, _, url = said.partition("=")
    if not name or not url.startswith(("http://", "https://")):
        raise UsageError(f"--at {said!r}: give NAME=URL, such as worker=http://10.0.0.2:9101/metrics")
    return Address(name, url, headers=bearing(token_file) if url.endswith("/metrics") else {})


def _show(found: list[Part], whole: Status) -> None:
    table = Table("part", "status", "seconds", "what it says", title=f"health: {whole}", title_justify="left")
    for one in found:
        name = f"{one.name} (critical)" if one.critical else one.name
        seconds = "" if one.seconds is None else f"{one.seconds:.3f}"
        table.add_row(name, one.status, seconds, one.said)
    output.print_whole(table, output.console())
