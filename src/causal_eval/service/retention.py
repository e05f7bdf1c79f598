"""What a project keeps for longer than it wants to is deleted, a little at a time, and the log says so.

Evaluations under way stay, and so does what is published on the leaderboard until it is withdrawn.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from causal_eval.service.wiring import Service
from causal_eval.store import retention as rows
from causal_eval.store.audit import Entry, note
from causal_eval.store.projects import Project, list_projects

BATCH = 500
"""Rows of one transaction."""
MOST_AT_ONCE = 20
"""Transactions of one sweep: others want the database too."""


def sweep(service: Service) -> int:
    """Delete what is too old, as far as a sweep goes; how many rows. 0: nothing is left to do."""
    with service.store.reading() as connection:
        ruled = [one for one in list_projects(connection, None) if one.rules.retention_days is not None]
    gone, left = 0, MOST_AT_ONCE
    for project in ruled:
        while left and (deleted := _step(service, project)):
            gone, left = gone + deleted, left - 1
    return gone


def _step(service: Service, project: Project) -> int:
    """Delete a batch of the project's; how many rows."""
    now = service.clock()
    before = datetime.fromtimestamp(now, UTC) - timedelta(days=project.rules.retention_days or 0)
    with service.store.writing() as connection:
        evaluation = rows.oldest(connection, project.id, before=before)
        if evaluation is not None:
            if deleted := rows.delete_answers(connection, evaluation, limit=BATCH):
                return deleted
            deleted = rows.delete_rest(connection, evaluation)
            note(connection, Entry("system", "retention.delete", evaluation, project.id), at=now)
            return deleted
        if deleted := rows.delete_replies(connection, project.id, before=before, limit=BATCH):
            told = {"cached_replies": deleted}
            note(connection, Entry("system", "retention.delete", project.id, project.id, detail=told), at=now)
        return deleted
