"""Templates and what they are given to show numbers, times and foreign text with."""

from __future__ import annotations

import functools
import hashlib
from datetime import UTC, datetime
from importlib import resources

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup

from causal_eval.analysis import numbers
from causal_eval.analysis.plain import one_line, pieces, plain
from causal_eval.questions.card import shown
from causal_eval.web import pictures
from causal_eval.web.dag import graph_picture

_LONGEST = 24
"""Columns of an unbroken part of a name."""


def template(name: str) -> Template:
    """The compiled template ``<name>.html.j2``."""
    return _environment().get_template(f"{name}.html.j2")


@functools.cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("causal_eval.web"), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True, auto_reload=False,
    )  # fmt: skip
    environment.filters |= {
        "breakable": _breakable,
        "count": numbers.count,
        "duration": numbers.duration,
        "ends": numbers.ends,
        "money": numbers.money,
        "moment": moment,
        "name": one_line,
        "percent": numbers.percent,
        "plain": plain,
        "points": numbers.points,
        "range": _range,
        "shown": _shown,
    }
    environment.globals |= {
        "difference_picture": pictures.difference,
        "graph_picture": graph_picture,
        "interval_picture": pictures.interval,
        "outcome_picture": pictures.outcomes,
        "static": static,
        "swatch": pictures.swatch,
    }
    return environment


@functools.cache
def static(name: str) -> str:
    """The address of a static file, which changes with its content."""
    content = resources.files(__package__).joinpath(f"static/{name}").read_bytes()
    return f"/static/{name}?v={hashlib.sha256(content).hexdigest()[:12]}"


def moment(at: float | datetime | None) -> Markup:
    """A point in time, UTC, to the minute."""
    if at is None:
        return Markup("–")
    when = at if isinstance(at, datetime) else datetime.fromtimestamp(at, UTC)
    text = Markup('<time datetime="{}">{}</time>')
    return text.format(when.isoformat(timespec="seconds"), when.strftime("%Y-%m-%d\u00a0%H:%M"))


def _breakable(text: str) -> Markup:
    """A name that may be broken between its parts, so that narrow tables neither cut it nor grow by it."""
    return Markup("<wbr>").join(pieces(text, _LONGEST))


def _range(low: float | None, high: float | None) -> str:
    if low is None or high is None:
        return numbers.NONE
    return f"{numbers.hundredths(low)}\u00a0–\u00a0{numbers.hundredths(high)}"


def _shown(value: object) -> str:
    """An answer as a person would write it, foreign text in it made visible."""
    return one_line(shown(value))
