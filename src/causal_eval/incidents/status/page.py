"""What the public is told: values that hold nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from causal_eval.incidents.incident import Severity
from causal_eval.incidents.maintenance import Window
from causal_eval.incidents.uptime import Day, overall


class Level(Enum):
    """How well a component is; the last is the worst."""

    OPERATIONAL = "operational"
    NOTED = "noted"
    """It works, with something to say about it."""
    MAINTENANCE = "maintenance"
    DEGRADED = "degraded"
    PARTIAL = "partial"
    MAJOR = "major"

    @property
    def rank(self) -> int:
        """Greater is worse."""
        return _RANKS[self]


_RANKS = {level: rank for rank, level in enumerate(Level)}
BY_SEVERITY = {
    Severity.P0: Level.MAJOR,
    Severity.P1: Level.PARTIAL,
    Severity.P2: Level.DEGRADED,
    Severity.P3: Level.NOTED,
}


@dataclass(frozen=True, slots=True)
class Component:
    """A part of the service that people know by name."""

    id: str
    name: str
    about: str
    level: Level
    days: tuple[Day, ...]
    """What probes found; empty: nothing probes it."""
    notes: tuple[str, ...] = ()
    """What others say of themselves."""

    @property
    def uptime(self) -> float | None:
        """The share of all probes that was answered."""
        return overall(self.days)

    @property
    def probed_days(self) -> int:
        """How many days have data."""
        return sum(day.probes > 0 for day in self.days)


@dataclass(frozen=True, slots=True)
class Update:
    """Something that the public is told of an incident."""

    number: int
    """Greater than that of every update that was written before."""
    at: float
    state: str
    """``investigating``, ``identified``, ``monitoring``, ``resolved``: the names that readers of such pages know."""
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """An incident, as far as the public knows it; moments in seconds since 1970."""

    id: str
    component: str
    """The id of a component."""
    name: str
    level: Level
    """How bad it was at last."""
    state: str
    began_at: float
    ended_at: float | None
    updates: tuple[Update, ...]
    """The oldest first."""
    review: str
    """What was published of its review; empty: nothing."""

    @property
    def updated_at(self) -> float:
        """When the public was told something last."""
        return max((update.at for update in self.updates), default=self.began_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusPage:
    """Everything that is public at one moment."""

    at: float
    address: str
    """Where it is found, with ``/`` at its end; empty: nobody said."""
    components: tuple[Component, ...]
    current: tuple[Shown, ...]
    """Incidents that are not over, the worst first."""
    past: tuple[Shown, ...]
    """Those that ended within 90 days, the newest first."""
    older: tuple[Shown, ...]
    """Those that ended within a year, the newest first: each still has its page."""
    maintenance: tuple[Window, ...]
    upcoming: tuple[Window, ...]
    ways: tuple[str, ...] = ()
    """How people can have changes told to them: ``email``, ``webhook``."""

    @property
    def level(self) -> Level:
        """That of the component that is worst."""
        return max((one.level for one in self.components), key=lambda level: level.rank, default=Level.OPERATIONAL)

    @property
    def incidents(self) -> tuple[Shown, ...]:
        """All of them."""
        return (*self.current, *self.past, *self.older)
