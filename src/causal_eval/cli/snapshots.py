"""``causal-eval incident snapshot``: how everything is at this moment, kept beside the incident."""

from __future__ import annotations

import hashlib
import json as documents
import os
import time
from contextlib import closing
from dataclasses import asdict
from pathlib import Path

from causal_eval.cli import incidents, output, wellbeing
from causal_eval.errors import StoreError
from causal_eval.incidents import timeline
from causal_eval.incidents.book import find
from causal_eval.incidents.timeline import Happened, Kind
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
        at = time.time()
        parts = wellbeing.look(None, ())
        whole = overall(parts)
        bundle = {
            "incident": found.id, "at": at, "health": whole, "parts": [asdict(one) for one in parts],
            "deployments": _deployments(),
        }  # fmt: skip
        body = documents.dumps(bundle, indent=1, ensure_ascii=False).encode() + b"\n"
        path = book.path.parent / "snapshots" / f"{found.id}-{at:.0f}.json"
        _keep(path, body)
        digest = hashlib.sha256(body).hexdigest()
        data = {"file": path.name, "sha256": digest, "health": whole.value}
        happened = Happened(Kind.SNAPSHOT, f"health is {whole}: {path.name}", who=incidents.who(), data=data)
        with book.writing() as rows:
            timeline.add(rows, found.id, happened, at=at)
    if json:
        output.emit({"event": "snapshot", "incident": found.id, "file": str(path), "sha256": digest})
    else:
        output.say(f"health is {whole}; kept in {path}")
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


def _keep(path: Path, body: bytes) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    part.write_bytes(body)
    part.replace(path)
