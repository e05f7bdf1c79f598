"""Fields of forms and of addresses: read, and where one cannot be taken, said beside it."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation

from causal_eval.errors import CausalEvalError, UsageError


def whole(form: Mapping[str, str], name: str, *, usual: int | None = None) -> int | None:
    """The whole number in field *name*; *usual* where nothing is there.

    Raises:
        UsageError: it is none.
    """
    text = form.get(name, "").strip()
    if not text:
        return usual
    if not re.fullmatch(r"-?[0-9]{1,9}", text):
        raise UsageError(f"{name} is {text!r}: give a whole number")
    return int(text)


def faults(error: CausalEvalError, fields: Sequence[str]) -> dict[str, str]:
    """The field that the message of *error* names -> the message; "" if it names none."""
    said = str(error)
    places = {name: match.start() for name in fields if (match := re.search(rf"\b{re.escape(name)}\b", said))}
    return {min(places, key=lambda name: places[name]) if places else "": said}


def day(form: Mapping[str, str], name: str) -> float:
    """The beginning of the day (UTC) in field *name*, in seconds since 1970.

    Raises:
        UsageError: it is none.
    """
    text = form.get(name, "").strip()
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC).timestamp()
    except ValueError as error:
        raise UsageError(f"{name} is {text!r}: give a day such as 2026-12-24") from error


def positive(form: Mapping[str, str], name: str) -> float | None:
    """The number above 0 in field *name*; None where nothing is there.

    Raises:
        UsageError: it is none.
    """
    text = form.get(name, "").strip()
    if not text:
        return None
    try:
        number = float(text.replace(",", "."))
    except ValueError:
        number = math.nan
    if not 0 < number < math.inf:
        raise UsageError(f"{name} is {text!r}: give a number above 0, such as 7.5")
    return number


def dollars(form: Mapping[str, str], name: str, *, decimal: str) -> str | None:
    """The dollars in field *name*, written with *decimal* before the cents; None where nothing is there.

    Raises:
        UsageError: they are none.
    """
    text = form.get(name, "").strip().replace(decimal, ".")
    if not text:
        return None
    try:
        amount = Decimal(text)
    except InvalidOperation:
        amount = Decimal(-1)
    if not amount.is_finite() or not 0 < amount <= 10**9:
        raise UsageError(f"{name} is {text!r}: give dollars, such as 5 or 12.50, or nothing")
    return format(amount, "f")


def place(at: float, name: str) -> str:
    """Where the next page of a list begins that goes by time, then by name."""
    return f"{at!r}_{name}"


def before(query: Mapping[str, str]) -> tuple[float, str] | None:
    """What an address says by :func:`place`; None: the first page.

    Raises:
        UsageError: it is no such place.
    """
    text = query.get("before", "")
    if not text:
        return None
    at, _, name = text.partition("_")
    try:
        return float(at), name
    except ValueError as error:
        raise UsageError(f"before is {text!r}: follow the link of the page before") from error
