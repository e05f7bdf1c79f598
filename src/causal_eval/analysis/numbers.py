"""Numbers as people read them, the same in tables, charts and sentences."""

from __future__ import annotations

from fractions import Fraction

from causal_eval.analysis.intervals import Interval

NONE = "–"
"""Stands where there is no number."""
_NBSP = "\u00a0"
_MINUS = "\u2212"
_SECOND_MS = 1000.0
_MINUTE_MS = 60_000.0
_HOUR_MINUTES = 60
_LEAST_P = 0.001
_CENT = Fraction(1, 100)


def hundredths(share: float | None, *, signed: bool = False) -> str:
    """A share in per cent without the sign for it: 0.0312 is ``3.1``; *signed* adds a plus."""
    if share is None:
        return NONE
    text = f"{100.0 * share:+.1f}" if signed else f"{100.0 * share:.1f}"
    if float(text) == 0.0:
        return "0.0"
    return text.replace("-", _MINUS)


def percent(share: float | None) -> str:
    """A share in per cent: 0.0312 is ``3.1 %``."""
    return NONE if share is None else f"{hundredths(share)}{_NBSP}%"


def ends(interval: Interval) -> str:
    """The ends of an interval of a share, in per cent: ``[0.4, 9.0]``."""
    if interval.low is None or interval.high is None:
        return NONE
    return f"[{hundredths(interval.low)},{_NBSP}{hundredths(interval.high)}]"


def points(difference: float | None) -> str:
    """A difference of shares in percentage points: ``+12.3 points``."""
    return NONE if difference is None else f"{hundredths(difference, signed=True)}{_NBSP}points"


def level(share: float) -> str:
    """A confidence level or power: ``95 %``."""
    return f"{100.0 * share:g}{_NBSP}%"


def p_value(p: float | None) -> str:
    """A p value to the digits that mean something: ``0.031``, ``< 0.001``."""
    if p is None:
        return NONE
    return f"<{_NBSP}{_LEAST_P:g}" if p < _LEAST_P else f"{p:.3f}"


def count(number: int) -> str:
    """A whole number with thousands apart: ``12,345``."""
    return f"{number:,}"


def counted(number: int, noun: str) -> str:
    """``1 unit``, ``1,200 units``."""
    return f"{count(number)} {noun if number == 1 else noun + 's'}"


def money(dollars: Fraction | None) -> str:
    """US dollars: ``$1.20``, ``$0.0012``, ``unknown``."""
    if dollars is None:
        return "unknown"
    return f"${float(dollars):.4f}" if 0 < dollars < _CENT else f"${float(dollars):,.2f}"


def duration(milliseconds: float | None) -> str:
    """A time: ``850 ms``, ``12.3 s``, ``4 min 05 s``, ``2 h 07 min``."""
    if milliseconds is None:
        return NONE
    if milliseconds < _SECOND_MS:
        return (
            f"{milliseconds:.2g}{_NBSP}ms" if milliseconds < 1 else f"{milliseconds:.0f}{_NBSP}ms"
        )  # baselines: microseconds
    if milliseconds < _MINUTE_MS:
        return f"{milliseconds / _SECOND_MS:.1f}{_NBSP}s"
    minutes, seconds = divmod(round(milliseconds / _SECOND_MS), 60)
    if minutes < _HOUR_MINUTES:
        return f"{minutes}{_NBSP}min{_NBSP}{seconds:02d}{_NBSP}s"
    return f"{minutes // 60}{_NBSP}h{_NBSP}{minutes % 60:02d}{_NBSP}min"
