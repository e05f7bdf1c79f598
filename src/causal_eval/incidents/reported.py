"""What users report: one P3 for each kind, filled with their words; nothing of it is public before somebody says so."""

from __future__ import annotations

from enum import StrEnum
from types import MappingProxyType
from typing import Annotated

import msgspec

from causal_eval.errors import TooSoon, UsageError
from causal_eval.incidents import keeping, timeline
from causal_eval.incidents.book import Rows, live_with, number_of
from causal_eval.incidents.deeds import Who
from causal_eval.incidents.incident import REPORTS, Incident, Key, Severity, Signal, Source
from causal_eval.incidents.rules import rules_of
from causal_eval.incidents.timeline import Data, Happened, Kind

MOST, WITHIN = 5, 600.0
"""Reports of one person in so many seconds."""
MOST_KEPT = 500
"""Of one incident: what is reported after that is known well enough."""
LONGEST = 2000


class Trouble(StrEnum):
    """What kind of thing a user reports."""

    PAGE = "page"
    SLOW = "slow"
    EVALUATION = "evaluation"
    SCORE = "score"
    ACCOUNT = "account"
    OTHER = "other"


TITLES = MappingProxyType(
    {
        Trouble.PAGE: "Users report that a page does not work as it should",
        Trouble.SLOW: "Users report that it is slow",
        Trouble.EVALUATION: "Users report that an evaluation does not go on",
        Trouble.SCORE: "Users report that a score looks wrong",
        Trouble.ACCOUNT: "Users report trouble with accounts or keys",
        Trouble.OTHER: "Users report a problem",
    }
)


class Report(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What somebody reports."""

    by: Who
    text: Annotated[str, msgspec.Meta(max_length=LONGEST)]
    trouble: Trouble = Trouble.OTHER
    page: Annotated[str, msgspec.Meta(max_length=300)] = ""
    """Where it was."""

    def do(self, rows: Rows, *, at: float) -> Incident:
        """The incident that it is part of.

        Raises:
            UsageError: nothing is said. TooSoon: the same person has reported much within minutes.
        """
        if not self.text.strip():
            raise UsageError("text is empty: say what you did, and what you saw")
        key = Key(REPORTS, self.trouble.value)
        data: Data = {"page": self.page, "report": True}
        there = live_with(rows, key)
        if there is not None and _is_known(rows, there, report=self, since=at - WITHIN):
            return there
        _check(rows, self.by, at=at)
        signal = Signal(
            name="report", key=key, severity=Severity.P3, firing=True, started_at=at, fingerprint="",
            source=Source.PERSON, summary=TITLES[self.trouble],
        )  # fmt: skip
        incident = keeping.home(rows, signal, at=at, rules=rules_of(rows))
        text = f"{self.page}: {self.text}" if self.page else self.text
        timeline.add(rows, incident.id, Happened(Kind.SIGNAL, text, who=self.by, data=data), at=at)
        return incident


def _is_known(rows: Rows, incident: Incident, *, report: Report, since: float) -> bool:
    """Whether the same was said before, or so much that it makes no difference."""
    query = (
        "SELECT count(*) AS count, coalesce(sum(who = ? AND at >= ? AND text IN (?, ?)), 0) AS same FROM timeline "
        "WHERE incident = ? AND kind = 'signal'"
    )
    texts = (report.text, f"{report.page}: {report.text}")
    row = rows.execute(query, (report.by, since, *texts, number_of(incident.id))).fetchone()
    return bool(row["same"]) or row["count"] >= MOST_KEPT


def _check(rows: Rows, who: str, *, at: float) -> None:
    query = (
        "SELECT count(*) AS count, min(t.at) AS first FROM timeline t JOIN incidents i ON i.number = t.incident "
        "WHERE i.component = ? AND i.opened_at >= ? AND t.kind = 'signal' AND t.who = ? AND t.at >= ?"
    )
    row = rows.execute(query, (REPORTS, at - 30 * 86_400.0, who, at - WITHIN)).fetchone()
    if row["count"] >= MOST:
        raise TooSoon(f"more than {MOST} reports in {WITHIN / 60:.0f} minutes", wait=row["first"] + WITHIN - at)
