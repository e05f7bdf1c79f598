"""Fields of forms: read, and where one cannot be taken, said beside it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

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
