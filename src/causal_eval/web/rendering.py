"""Templates and what they are given to show numbers, times and foreign text with."""

from __future__ import annotations

import functools
import hashlib
from importlib import resources

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup

from causal_eval.analysis.charts.dag import graph_picture
from causal_eval.analysis.plain import one_line, pieces, plain
from causal_eval.questions.card import shown
from causal_eval.web import pictures
from causal_eval.web.language import texts
from causal_eval.web.messages import told
from causal_eval.web.numerals import numerals

_LONGEST = 24
"""Columns of an unbroken part of a name."""


def template(name: str, code: str) -> Template:
    """The compiled template ``<name>.html.j2``, with numbers and messages in the language with that code."""
    return _environment(code).get_template(f"{name}.html.j2")


@functools.cache
def _environment(code: str) -> Environment:
    environment = Environment(
        loader=PackageLoader("causal_eval.web"), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True, auto_reload=False,
    )  # fmt: skip
    environment.filters |= {
        "breakable": _breakable,
        "name": one_line,
        "plain": plain,
        "shown": _shown,
        "told": functools.partial(told, code=code),
        **numerals(texts(code)),
    }
    environment.globals |= {
        "difference_picture": pictures.difference,
        "graph_picture": graph_picture,
        "interval_picture": pictures.interval,
        "path_picture": pictures.path,
        "reliability_picture": pictures.reliability,
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


def _breakable(text: str) -> Markup:
    """A name that may be broken between its parts, so that narrow tables neither cut it nor grow by it."""
    return Markup("<wbr>").join(pieces(text, _LONGEST))


def _shown(value: object) -> str:
    """An answer as a person would write it, foreign text in it made visible."""
    return one_line(shown(value))
