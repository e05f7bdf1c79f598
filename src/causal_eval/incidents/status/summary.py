"""``summary.json``: the status in the shape of Statuspage's second version, which many programs read."""

from __future__ import annotations

from typing import Literal

from msgspec import UNSET, Struct, UnsetType

from causal_eval.incidents.maintenance import Window
from causal_eval.incidents.status.page import Level, Shown, StatusPage
from causal_eval.incidents.status.words import moment, words

INDICATORS = {
    Level.OPERATIONAL: "none",
    Level.NOTED: "none",
    Level.MAINTENANCE: "maintenance",
    Level.DEGRADED: "minor",
    Level.PARTIAL: "major",
    Level.MAJOR: "critical",
}
STATUSES = {
    Level.OPERATIONAL: "operational",
    Level.NOTED: "operational",
    Level.MAINTENANCE: "under_maintenance",
    Level.DEGRADED: "degraded_performance",
    Level.PARTIAL: "partial_outage",
    Level.MAJOR: "major_outage",
}


class Site(Struct):
    """Whose status it is."""

    id: str
    name: str
    url: str
    time_zone: str
    updated_at: str


class Overall(Struct):
    """All of it in a word."""

    indicator: str
    description: str


class Part(Struct):
    """A component; *uptime*, which Statuspage lacks, is absent where there are no data."""

    id: str
    name: str
    status: str
    description: str
    position: int
    uptime_90_days: float | UnsetType = UNSET


class Told(Struct):
    """An update."""

    id: str
    status: str
    body: str
    created_at: str


class Case(Struct):
    """An incident."""

    id: str
    name: str
    status: str
    impact: str
    created_at: str
    updated_at: str
    resolved_at: str | None
    shortlink: str
    component_ids: list[str]
    incident_updates: list[Told]


class Planned(Struct):
    """Maintenance."""

    id: str
    name: str
    status: Literal["scheduled", "in_progress"]
    scheduled_for: str
    scheduled_until: str
    component_ids: list[str]


class Summary(Struct):
    """The whole file."""

    page: Site
    status: Overall
    components: list[Part]
    incidents: list[Case]
    scheduled_maintenances: list[Planned]


def summary(page: StatusPage) -> Summary:
    """What *page* says, for programs; of incidents, like Statuspage, those that are not over."""
    text = words()
    return Summary(
        page=Site("causal-eval", text("page.site"), page.address, "Etc/UTC", moment(page.at)),
        status=Overall(INDICATORS[page.level], text(f"overall.{page.level.value}")),
        components=[
            Part(
                one.id, one.name, STATUSES[one.level], one.about, position,
                UNSET if one.uptime is None else int(one.uptime * 1_000_000) / 1_000_000,
            )
            for position, one in enumerate(page.components, start=1)
        ],
        incidents=[_case(page, one) for one in page.current],
        scheduled_maintenances=[
            *(_planned(one, "in_progress") for one in page.maintenance),
            *(_planned(one, "scheduled") for one in page.upcoming),
        ],
    )  # fmt: skip


def _case(page: StatusPage, one: Shown) -> Case:
    return Case(
        id=one.id, name=one.name, status=one.state, impact=INDICATORS[one.level], created_at=moment(one.began_at),
        updated_at=moment(one.updated_at), resolved_at=None, shortlink=f"{page.address}incidents/{one.id}.html",
        component_ids=[one.component],
        incident_updates=[
            Told(str(update.number), update.state, update.text, moment(update.at)) for update in reversed(one.updates)
        ],
    )  # fmt: skip


def _planned(window: Window, status: Literal["scheduled", "in_progress"]) -> Planned:
    begin, end = moment(window.starts_at), moment(window.ends_at)
    return Planned(f"M-{window.id}", window.text, status, begin, end, [window.component])
