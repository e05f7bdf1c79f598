"""How often a component answered, by what probes found: no probe, no claim."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from causal_eval.incidents.book import Rows

DAY = 86_400


@dataclass(frozen=True, slots=True)
class Day:
    """What probes found on a day of UTC."""

    day: str
    """``2026-11-29``."""
    up: int
    """Probes that were answered."""
    down: int
    maintenance: float = 0.0
    """Seconds of it for which maintenance was announced; its probes are counted like any other."""

    @property
    def probes(self) -> int:
        """How many there were."""
        return self.up + self.down

    @property
    def uptime(self) -> float | None:
        """The share that was answered; None: there are no data, which is not 1."""
        return self.up / self.probes if self.probes else None


def count(rows: Rows, component: str, *, at: float, up: bool) -> None:
    """Add what a probe of *component* found to the sums of its day."""
    rows.execute(
        "INSERT INTO days (component, day, up, down) VALUES (?, ?, ?, ?) "
        "ON CONFLICT (component, day) DO UPDATE SET up = up + excluded.up, down = down + excluded.down",
        (component, _name(at), int(up), int(not up)),
    )


def history(rows: Rows, component: str, *, at: float, days: int = 90) -> tuple[Day, ...]:
    """The last *days* days of *component*, today last; days without probes are among them."""
    return histories(rows, at=at, days=days).get(component) or _filled(_span(at, days), probes={}, maintained={})


def histories(rows: Rows, *, at: float, days: int = 90) -> Mapping[str, tuple[Day, ...]]:
    """The last *days* days of every component that was ever probed or maintained."""
    span = _span(at, days)
    found = _probes(rows, span)
    maintained = _maintained(rows, span)
    return {
        name: _filled(span, probes=found.get(name, {}), maintained=maintained.get(name, {}))
        for name in sorted({*found, *maintained})
    }


def together(several: Sequence[Sequence[Day]]) -> tuple[Day, ...]:
    """Histories of parts of one thing, over the same days, as its own."""
    return tuple(
        Day(of[0].day, sum(d.up for d in of), sum(d.down for d in of), max(d.maintenance for d in of))
        for of in zip(*several, strict=True)
    )


def overall(days: Iterable[Day]) -> float | None:
    """The share of all their probes that was answered; None: there was none."""
    counted = list(days)
    return Day("", sum(day.up for day in counted), sum(day.down for day in counted)).uptime


def _probes(rows: Rows, span: Sequence[str]) -> dict[str, dict[str, tuple[int, int]]]:
    """Those that were answered and those that were not, by component and day."""
    found: dict[str, dict[str, tuple[int, int]]] = {}
    for row in rows.execute("SELECT * FROM days WHERE day BETWEEN ? AND ?", (span[0], span[-1])):
        found.setdefault(row["component"], {})[row["day"]] = (row["up"], row["down"])
    return found


def _maintained(rows: Rows, span: Sequence[str]) -> dict[str, dict[str, float]]:
    """Seconds of announced maintenance, by component and day; what overlaps counts once."""
    first, last = _midnight(span[0]), _midnight(span[-1]) + DAY
    found: dict[str, dict[str, float]] = {}
    done: dict[str, float] = {}
    query = (
        "SELECT component, starts_at, ends_at FROM maintenance "
        "WHERE cancelled = 0 AND ends_at > ? AND starts_at < ? ORDER BY starts_at, id"
    )
    for row in rows.execute(query, (first, last)):
        begin = max(row["starts_at"], done.get(row["component"], first))
        end = min(row["ends_at"], last)
        done[row["component"]] = max(end, begin)
        days = found.setdefault(row["component"], {})
        while begin < end:
            midnight = (math.floor(begin / DAY) + 1) * DAY
            day = _name(begin)
            days[day] = days.get(day, 0.0) + min(end, midnight) - begin
            begin = midnight
    return found


def _filled(
    span: Sequence[str], *, probes: Mapping[str, tuple[int, int]], maintained: Mapping[str, float]
) -> tuple[Day, ...]:
    return tuple(Day(day, *probes.get(day, (0, 0)), maintained.get(day, 0.0)) for day in span)


def _span(at: float, days: int) -> list[str]:
    last = datetime.fromtimestamp(at, UTC).date()
    return [(last - timedelta(days=back)).isoformat() for back in reversed(range(days))]


def _name(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).date().isoformat()


def _midnight(day: str) -> float:
    return datetime.combine(date.fromisoformat(day), datetime.min.time(), UTC).timestamp()
