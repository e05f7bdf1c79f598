"""How long what is waited for, as one value; the book of a game says how many times sooner all of it is due.

No setting shortens anything: only the sentinel of a stack that a game started (its ``stack.json`` says so) begins a
book that is in haste, and such a book is refused by every other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from causal_eval.errors import UsageError
from causal_eval.incidents.book import Rows
from causal_eval.incidents.incident import Severity

MINUTE, HOUR = 60.0, 3600.0
RESPONSE = MappingProxyType(
    {Severity.P0: 15 * MINUTE, Severity.P1: HOUR, Severity.P2: 4 * HOUR, Severity.P3: 24 * HOUR}
)
ESCALATION = MappingProxyType({Severity.P0: 30 * MINUTE, Severity.P1: 2 * HOUR})
UPDATES = MappingProxyType({Severity.P0: 30 * MINUTE, Severity.P1: 30 * MINUTE, Severity.P2: 4 * HOUR})
REVIEWED_WITHIN = 48 * HOUR
SHORTEST = 5.0
"""Seconds: no wait for people becomes shorter by haste."""
HEARD = 15.0
"""Seconds: none becomes shorter in which something has to be heard again that is said every second or two."""
_HASTE = "haste"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """In seconds; and what a person has to decide."""

    quiet: float = 300.0
    """Nothing fires for so long: it is over."""
    reopen: float = 900.0
    """What fires again within so long after it was over is the same incident."""
    publish: float = 600.0
    """The public is told an incident that nobody has acknowledged."""
    absent: float = 180.0
    """An alert that Alertmanager lists no longer, without having said that it ended, has ended."""
    silence: float = 60.0
    """Without a Watchdog for so long, alerts do not get through."""
    response: Mapping[Severity, float] = field(default_factory=lambda: RESPONSE)
    """Until somebody has acknowledged it."""
    escalation: Mapping[Severity, float] = field(default_factory=lambda: ESCALATION)
    """Until it is escalated, whoever has acknowledged it; others are when nobody has in time."""
    updates: Mapping[Severity, float] = field(default_factory=lambda: UPDATES)
    """Between two updates; of a P3 there are none that nobody wrote."""
    review: float = REVIEWED_WITHIN
    """From when it was over to its review."""
    by_hand: frozenset[Severity] = frozenset({Severity.P0, Severity.P1})
    """Only a person says that such an incident is over."""

    def quicker(self, times: int) -> Rules:
        """The same, due so many times sooner, but for what that would leave no time for."""
        if times == 1:
            return self
        return replace(
            self,
            quiet=_sooner(self.quiet, times, least=HEARD),
            publish=_sooner(self.publish, times),
            reopen=_sooner(self.reopen, times, least=HEARD),
            absent=_sooner(self.absent, times, least=HEARD),
            silence=_sooner(self.silence, times, least=HEARD),
            response=_all_sooner(self.response, times),
            escalation=_all_sooner(self.escalation, times),
            updates=_all_sooner(self.updates, times),
            review=_sooner(self.review, times),
        )


USUAL = Rules()


def rules_of(rows: Rows) -> Rules:
    """Those of the book: whoever writes into it waits as long."""
    return USUAL.quicker(_haste_of(rows))


def agree(rows: Rows, *, haste: int) -> Rules:
    """Those of the book, for a sentinel that is in so much *haste*; 1: none. A new book takes it on.

    Raises:
        UsageError: the book is in another haste: a game's is for no service, a service's for no game.
    """
    if (there := _haste_of(rows)) == haste:
        return USUAL.quicker(haste)
    if there != 1 or rows.execute("SELECT 1 FROM incidents LIMIT 1").fetchone() is not None:
        raise UsageError(
            f"this book of incidents waits {_said(there)}, and this sentinel would wait {_said(haste)}: what a game "
            "wrote belongs to no service; set CEB_INCIDENTS to another file"
        )
    rows.execute("INSERT INTO notes (name, value) VALUES (?, ?)", (_HASTE, str(haste)))
    return USUAL.quicker(haste)


def _haste_of(rows: Rows) -> int:
    row = rows.execute("SELECT value FROM notes WHERE name = ?", (_HASTE,)).fetchone()
    return 1 if row is None else int(row["value"])


def _said(haste: int) -> str:
    return "as long as the rules say" if haste == 1 else f"a {haste}th of that"


def _sooner(seconds: float, times: int, *, least: float = SHORTEST) -> float:
    return max(least, seconds / times)


def _all_sooner(waits: Mapping[Severity, float], times: int) -> Mapping[Severity, float]:
    return MappingProxyType({severity: _sooner(seconds, times) for severity, seconds in waits.items()})
