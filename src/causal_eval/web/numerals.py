"""Numbers and times in the form of a language: the one place where pages form them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from fractions import Fraction
from typing import TypeAlias

from markupsafe import Markup, escape

from causal_eval.analysis import numbers
from causal_eval.analysis.intervals import Interval
from causal_eval.web.language import Texts

Filter: TypeAlias = Callable[..., str]


def numerals(texts: Texts) -> Mapping[str, Filter]:
    """Name of a filter -> what writes a number as readers of *texts* do."""
    marks = str.maketrans({".": texts("number.decimal"), ",": texts("number.group")})

    def of(form: Callable[..., str]) -> Filter:
        return lambda number: form(number).translate(marks)

    share = of(numbers.hundredths)

    def points(difference: float | None) -> str:
        if difference is None:
            return numbers.NONE
        return texts("number.points", numbers.hundredths(difference, signed=True).translate(marks))

    def gap(size: float | None) -> str:
        return numbers.NONE if size is None else texts("number.points", share(size))

    def ends(interval: Interval) -> str:
        if interval.low is None or interval.high is None:
            return numbers.NONE
        return texts("number.ends", share(interval.low), share(interval.high))

    def between(low: float | None, high: float | None) -> str:
        return numbers.NONE if low is None or high is None else f"{share(low)}\u00a0–\u00a0{share(high)}"

    def money(dollars: Fraction | None) -> str:
        if dollars is None:
            return texts("evaluation.unknown")
        return texts("number.money", numbers.money(dollars).removeprefix("$").translate(marks))

    return {
        "count": of(numbers.count), "decimal": of(lambda value: f"{value:g}".replace("-", "−")),
        "duration": of(numbers.duration), "ends": ends, "gap": gap,
        "money": money, "moment": lambda at: moment(at, form=texts("number.moment")), "percent": of(numbers.percent),
        "p_value": of(numbers.p_value), "points": points, "range": between, "rounded": of("{:.3g}".format),
    }  # fmt: skip


def moment(at: float | datetime | None, *, form: str) -> Markup:
    """A point in time, UTC, to the minute."""
    if at is None:
        return escape(numbers.NONE)
    when = at if isinstance(at, datetime) else datetime.fromtimestamp(at, UTC)
    text = Markup('<time datetime="{}">{}</time>')
    return text.format(when.isoformat(timespec="seconds"), when.strftime(form).replace(" ", "\u00a0"))
