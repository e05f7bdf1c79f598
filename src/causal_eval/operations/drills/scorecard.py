"""The scorecard of drills: a line each, written by whoever ran it; a line belongs to one version of its drill."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from causal_eval.operations.drills.drill import PACE, Drill, Result

_HEAD = """# Drills

`causal-eval drill NAME` starts a stack of its own, breaks it, sees the alert, mends it as the runbook says, and
looks whether all that must hold does (below). Waits of rules are divided by {pace}, and values are taken every second,
but for drills that say otherwise. `causal-eval drill all --scorecard FILE` writes this table; those that begin with
`network-`, `clock-`, `version-`, `page-`, `runbook-` or `alert-` need what is never shipped: `make gameday D=all` in a
checkout runs them too. A test fails where a drill has no line, and where its code has changed since.

The stack of drills is watched as any that `causal-eval up` starts: by Prometheus and Alertmanager, without which there
is no drill; by the exporters of PostgreSQL and Redis, without which some are not possible; and by the blackbox probe,
which asks `/health` through the load balancer as users do: CausalEvalAPIProbeFailing fires where it answers 503 too.

What must hold after each, of an evaluation that was under way: every question has one outcome, and every shard has
ended (I1); at most one result counts (I2); stored aggregates are those of the rows, and the scores are those of an
evaluation that nothing disturbed (I3); no answer is another model's or a copy (I4); replies that the model API was
paid for have a result each, but for those that were open when something died (I5, told beside the drill); no call that
failed is scored (I6).

Alerts that fire beside the one of a drill: {beside}.

Alerts without a drill: {without}.

| drill | what happens | alert | seconds to the alert | seconds until all is well | measured | date | result | code |
|---|---|---|---|---|---|---|---|---|
"""
WITHOUT: Mapping[str, str] = MappingProxyType(
    {
        "CertificateExpiring": "no TLS in a stack of processes: tests/alerts/test_certificate.py has one that ends",
        "StatusPageStale": "its five minutes are real ones: tests/alerts/test_stale_page.py waits for them",
        "Watchdog": "it always fires; tests/alerts/test_dead_man.py ends who sends it, and the sentinel misses it",
    }
)  # fmt: skip
"""Why no drill raises an alert; every other one has a drill (tests/operations/drills)."""
_LINE = re.compile(r"^\| (?P<name>[a-z0-9-]+) \|.*\| (?P<result>[^|]+) \| `(?P<digest>[0-9a-f]{12})` \|$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Line:
    """What the scorecard says of a drill."""

    text: str
    result: str
    digest: str


def read_card(path: Path) -> dict[str, Line]:
    """The lines of the scorecard by drill; none where there is none."""
    text = path.read_text("utf-8") if path.exists() else ""
    return {found["name"]: Line(found[0], found["result"], found["digest"]) for found in _LINE.finditer(text)}


def write_card(path: Path, drills: Mapping[str, Drill], *, results: Iterable[Result], date: str) -> None:
    """Put *results* of *date* into the scorecard; drills that were not run keep their line."""
    kept = {name: line.text for name, line in read_card(path).items()}
    kept |= {result.name: _line(drills[result.name], result, date=date) for result in results}
    lines = [kept[name] for name in drills if name in kept]
    beside = ", ".join(f"{alert} (`{name}`)" for name, drill in drills.items() for alert in drill.beside)
    without = ", ".join(f"{alert} ({reason})" for alert, reason in WITHOUT.items())
    head = _HEAD.format(pace=PACE, beside=beside, without=without)
    path.write_text(head + "\n".join([*lines, ""]), "utf-8")


def faults_of(path: Path, drills: Mapping[str, Drill]) -> list[str]:
    """What is wrong with the scorecard: a drill that was never run, changed since, or did not pass."""
    card = read_card(path)
    faults = [f"{name}: no line: run `make gameday D={name}`" for name in drills if name not in card]
    for name, line in card.items():
        if name not in drills:
            faults.append(f"{name}: no such drill")
        elif line.digest != drills[name].digest:
            faults.append(f"{name}: its code has changed since: run it again")
        elif line.result != "passed":
            faults.append(f"{name}: {line.result}")
    return faults


def _line(drill: Drill, result: Result, *, date: str) -> str:
    detected = "-" if result.detected is None else f"{result.detected:.1f}"
    alert = f"[{drill.alert}](alerts/{drill.alert}.md)" if drill.alert else "none"
    said = "; ".join(result.problems).replace("|", "/").replace("\n", " ") or "passed"
    numbers = (detected, f"{result.recovered:.1f}", result.measured)
    cells = (drill.name, drill.says, alert, *numbers, date, said, f"`{drill.digest}`")
    return f"| {' | '.join(cells)} |"
