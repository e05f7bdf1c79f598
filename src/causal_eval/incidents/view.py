"""An incident as others are told of it, over HTTP: one form for routes, pages, the client and the copy elsewhere."""

from __future__ import annotations

import msgspec

from causal_eval.incidents import keeping, timers
from causal_eval.incidents.book import Rows, number_of
from causal_eval.incidents.incident import Incident, Severity, State


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """An incident as it is now; moments in seconds since 1970, None: not yet."""

    id: str
    """``INC-7``."""
    component: str
    family: str
    severity: Severity
    state: State
    title: str
    impact: str
    private: bool
    """It concerns security: for operators alone."""
    began_at: float
    """When the first signal of it began, as who raised that says; at the latest when it was opened."""
    opened_at: float
    published_at: float | None
    acknowledged_at: float | None
    responder: str
    mitigated_at: float | None
    quiet_until: float | None
    resolved_at: float | None
    reviewed_at: float | None
    root_cause: str
    resolution: str
    firing: tuple[str, ...]
    """Names of what fires of it."""
    due: dict[str, float]
    """What is due, and when: the next first."""
    seq: int
    """Grows whenever anything happens to it: greater than that of all that changed before."""


def told(rows: Rows, incident: Incident) -> Told:
    """*incident* as others are told of it."""
    number = number_of(incident.id)
    row = rows.execute(
        "SELECT max(id) AS seq, min(json_extract(data, '$.began_at')) AS began_at FROM timeline WHERE incident = ?",
        (number,),
    ).fetchone()
    return Told(
        id=incident.id, component=incident.key.component, family=incident.key.family, severity=incident.severity,
        state=incident.state, title=incident.title, impact=incident.impact, private=incident.private,
        began_at=min(incident.opened_at, row["began_at"] or incident.opened_at), opened_at=incident.opened_at,
        published_at=incident.published_at, acknowledged_at=incident.acknowledged_at, responder=incident.responder,
        mitigated_at=incident.mitigated_at, quiet_until=incident.quiet_until, resolved_at=incident.resolved_at,
        reviewed_at=incident.reviewed_at, root_cause=incident.root_cause, resolution=incident.resolution,
        firing=tuple(keeping.firing(rows, incident.id)),
        due={deadline.value: at for deadline, at in timers.pending(rows, incident.id).items()}, seq=row["seq"] or 0,
    )  # fmt: skip
