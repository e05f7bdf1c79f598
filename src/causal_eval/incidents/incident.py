"""An incident, what it is known by, and what it can be."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

REPORTS = "reports"
"""The component of what users report: which part of the service it is, has to be found out."""


class Severity(StrEnum):
    """How bad it is; P0 is the worst."""

    P0 = "P0"
    P1 = "P1"
    P2 = "P2"
    P3 = "P3"

    def is_worse_than(self, other: Severity) -> bool:
        """Whether it comes before *other*."""
        return self.value < other.value


class State(StrEnum):
    """How far it is; a machine opens it as detected, and goes to monitoring by itself alone."""

    DETECTED = "detected"
    """A machine has opened it, nobody has said that he saw it."""
    INVESTIGATING = "investigating"
    MITIGATING = "mitigating"
    MONITORING = "monitoring"
    """Nothing fires any more; it is over when that stays so."""
    RESOLVED = "resolved"
    REVIEWED = "reviewed"

    @property
    def is_live(self) -> bool:
        """Whether it is not over."""
        return self not in {State.RESOLVED, State.REVIEWED}


class Source(StrEnum):
    """Who said it."""

    ALERTMANAGER = "alertmanager"
    PROBE = "probe"
    """The sentinel asked by itself."""
    SENTINEL = "sentinel"
    """The sentinel noticed something of itself or of monitoring."""
    PERSON = "person"


@dataclass(frozen=True, slots=True, order=True)
class Key:
    """What an incident is known by: never a fingerprint, which changes with a restart or a label."""

    component: str
    """As the labels of alerts name it: ``api``, ``database``."""
    family: str
    """Of rules that tell the same cause: ``down``, ``latency``."""

    def __str__(self) -> str:
        return f"{self.component}/{self.family}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """Something that says that all is not well, or that it is again."""

    name: str
    """Of the alert or probe."""
    key: Key
    severity: Severity
    firing: bool
    started_at: float
    """Seconds since 1970, by who raised it."""
    fingerprint: str
    """Which of several with one name."""
    source: Source
    summary: str
    security: bool = False
    """Nothing of it is for the public."""

    @property
    def is_private(self) -> bool:
        """Whether an incident of it is kept from the public."""
        return self.security


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """Something that went wrong; moments in seconds since 1970, None: not yet."""

    id: str
    """``INC-7``."""
    key: Key
    severity: Severity
    state: State
    title: str
    impact: str
    opened_at: float
    private: bool
    published_at: float | None
    """When the public was told its text; the colour of the component needs none."""
    acknowledged_at: float | None
    responder: str
    mitigated_at: float | None
    """When the last signal ended."""
    quiet_until: float | None
    """While it is watched: when it counts as over."""
    resolved_at: float | None
    reviewed_at: float | None
    root_cause: str
    resolution: str
    monitoring: str
    """Who keeps an eye on what afterwards."""

    @property
    def is_reported(self) -> bool:
        """Whether users say so alone: nothing of it is public before a person publishes something."""
        return self.key.component == REPORTS
