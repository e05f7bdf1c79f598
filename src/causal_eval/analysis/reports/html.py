"""One self-contained HTML page: no font, no image, no request; one script, of ours, and only to browse questions."""

from __future__ import annotations

import functools
from importlib import resources

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup

from causal_eval.analysis import numbers, statements
from causal_eval.analysis.charts.dag import graph_picture
from causal_eval.analysis.charts.palette import Theme, variables
from causal_eval.analysis.plain import one_line, pieces, plain
from causal_eval.analysis.reports import calibrating
from causal_eval.analysis.reports.browse import STATIC, clipped, drawing, packed, script, script_hash
from causal_eval.analysis.reports.data import QuestionCard, ReportData
from causal_eval.analysis.reports.diagnosing import HEAD, RULE, cause_rows, sentences
from causal_eval.analysis.reports.profiling import ADVICE_RULE, advice_lines, blocks
from causal_eval.analysis.reports.view import ORACLE, View
from causal_eval.scoring.verdict import Mark

_SYMBOLS = {
    "correct": "✓",
    "partial": "◐",
    "wrong": "✗",
    "unparsed": "?",
    "abstained": "–",
    "missing": "∅",
    "ungraded": "!",
}

_ITS_OWN = ("series-", "heat-", "on-light", "on-dark")
"""Beginnings of names of colours that only pictures have."""
_LONGEST = 24
"""Columns of an unbroken part of a name."""


def render(data: ReportData) -> str:
    """The report as HTML text; equal data give equal bytes. Foreign text in it is escaped and made visible."""
    return _template().render(data=data, view=View(data), oracle=ORACLE, style=_style() + _colours(data))


def compile_template() -> None:
    """Do now, once in a process, what the first report would wait a tenth of a second for."""
    _template()


@functools.cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("causal_eval.analysis.reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {
        "breakable": _breakable,
        "clipped": clipped,
        "count": numbers.count,
        "counted": numbers.counted,
        "drawn": Markup,
        "duration": numbers.duration,
        "ends": numbers.ends,
        "hundredths": numbers.hundredths,
        "level": numbers.level,
        "money": numbers.money,
        "name": one_line,
        "percent": numbers.percent,
        "plain": plain,
        "points": numbers.points,
        "symbol": _SYMBOLS.__getitem__,
    }
    environment.globals |= {
        "advice_of": advice_lines,
        "advice_rule": ADVICE_RULE,
        "bin_head": calibrating.HEAD,
        "bin_rows_of": calibrating.bin_rows,
        "blocks_of": blocks,
        "calibration_rule": calibrating.RULE,
        "calibration_said": calibrating.sentences,
        "cause_head": HEAD,
        "cause_rows_of": cause_rows,
        "sentences_of": sentences,
        "share_rule": RULE,
        "comparison_of": statements.comparison,
        "graph_of": _graph,
        "packed": packed,
        "script": script,
        "script_hash": script_hash,
        "static": STATIC,
        "few_clusters": statements.FEW_CLUSTERS,
        "headline_of": statements.headline,
        "none": numbers.NONE,
        "unparsed": Mark.UNPARSED,
        "warnings_of": statements.warnings,
    }
    return environment.get_template("report.html.j2")


def _colours(data: ReportData) -> str:
    """What pictures call their colours, light and dark; those that the page has by itself are its own."""
    if not data.pictures:
        return ""
    light, dark = (
        "".join(f"--{name}: {colour}; " for name, colour in variables(theme).items() if name.startswith(_ITS_OWN))
        for theme in (Theme.LIGHT, Theme.DARK)
    )
    return f":root {{ {light}}}\n@media screen and (prefers-color-scheme: dark) {{ :root {{ {dark}}} }}\n"


def _graph(card: QuestionCard, place: int) -> Markup:
    return graph_picture(drawing(card), name=f"graph-{place}", title=f"Causal graph of question {place}")


def _breakable(text: str) -> Markup:
    """A name that may be broken between its parts, so that narrow tables neither cut it nor grow by it."""
    return Markup("<wbr>").join(pieces(text, _LONGEST))


@functools.cache
def _style() -> Markup:
    """Our own style sheet, inlined."""
    text = resources.files(__package__).joinpath("templates/report.css").read_text("utf-8")
    return Markup(text)  # noqa: S704 - a file of this package
