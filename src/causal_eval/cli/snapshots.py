"""``causal-eval incident snapshot``: how everything is at this moment, kept beside the incident."""

from __future__ import annotations

import os
import time
from contextlib import closing
from dataclasses import asdict

from causal_eval.cli import incidents, output, wellbeing
from causal_eval.errors import StoreError
from causal_eval.incidents import snapshots
from causal_eval.incidents.book import find
from causal_eval.operations.deployments import deployed
from causal_eval.operations.health import overall
from causal_eval.operations.stack.plan import load_plan
from causal_eval.settings import read_settings
from causal_eval.store.database import bare_store

NEWEST = 10
"""Deployments that are kept with it."""


def snapshot(incident: str, *, json: bool) -> int:
    """Keep what can be asked now: it may be gone when somebody looks for the cause."""
    with incidents.kept_book() as book:
        with book.reading() as rows:
            found = find(rows, incident)
        parts = wellbeing.look(None, ())
        whole = overall(parts).value
        seen = {"parts": [asdict(one) for one in parts], "deployments": _deployments()}
        with book.writing() as rows:
            now = snapshots.Snapshot(seen, whole, incidents.who())
            kept = snapshots.keep(rows, found.id, snapshot=now, book=book.path, at=time.time())
    if json:
        output.emit({"event": "snapshot", "incident": found.id, "file": str(kept.path), "sha256": kept.sha256})
    else:
        output.say(f"health is {whole}; kept in {kept.path}")
    return 0


def _deployments() -> list[dict[str, object]] | str:
    """The newest ones; a line, where the database cannot be asked: a snapshot is made of what can be had."""
    settings = read_settings(os.environ)
    plan = load_plan(settings.stack_dir)
    url = settings.database_url if plan is None else plan.database_url()
    try:
        with closing(bare_store(url)) as store:
            return [asdict(one) for one in deployed(store)[:NEWEST]]
    except StoreError as error:
        return f"not known: {error}"
