"""What an incident did to evaluations, as whoever knows their database tells it: a review shows it."""

from __future__ import annotations

from dataclasses import dataclass

UNKNOWN = "not known: the database does not answer"


@dataclass(frozen=True, slots=True)
class Share:
    """A score between 0 and 1 with its interval; None: nothing was scored, or the data cannot give an end."""

    score: float | None
    low: float | None
    high: float | None

    def __str__(self) -> str:
        """In per cent."""
        if self.score is None:
            return "nothing was scored"
        ends = "" if self.low is None or self.high is None else f" ({100 * self.low:.1f} to {100 * self.high:.1f})"
        return f"{100 * self.score:.1f} %{ends}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Impact:
    """What it did."""

    evaluations: int
    users: int
    """Who ordered these; the command line counts as one."""
    results: int
    """Whose calls overlap it."""
    missing: int
    """Of these."""
    calls: int
    """That gave no reply: they were made again, or lost; most providers ask for money all the same."""
    given: Share | None
    """The score over all touched evaluations as it stands; None: it was not worked out, or nothing was touched."""
    without: Share | None
    """The same as if the results that overlap were missing."""


def rows(impact: Impact | None) -> list[tuple[str, str]]:
    """What a review says of it, name and value; None: nobody knows."""
    if impact is None:
        return [(name, UNKNOWN) for name in ("Evaluations", "Users", "Extra calls", "Score")]
    results = f"{impact.results:,}, of which {impact.missing:,} are missing" if impact.results else "none"
    told = [
        ("Evaluations", f"{impact.evaluations:,}"),
        ("Users", f"{impact.users:,}"),
        ("Results that overlap it", results),
        ("Extra calls", f"{impact.calls:,} that gave no reply: made again, or lost"),
    ]
    if impact.given is None or impact.without is None:
        return [*told, ("Score", "not worked out" if impact.results else "as it would have been")]
    return [*told, ("Score", str(impact.given)), ("Score without these results", f"{impact.without}{_change(impact)}")]


def _change(impact: Impact) -> str:
    assert impact.given is not None
    assert impact.without is not None
    if impact.given.score is None or impact.without.score is None:
        return ""
    return f": {100 * (impact.without.score - impact.given.score):+.1f} points"
