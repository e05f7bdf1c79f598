"""What was found of a set of questions, as one self-contained page with a picture and a question of each family."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from importlib import resources

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from causal_eval.analysis.charts.dag import drawing_of, graph_picture
from causal_eval.analysis.suites.validate import FamilyCheck
from causal_eval.questions.catalog import title_of
from causal_eval.questions.distinct import published
from causal_eval.questions.question import CANARY, Question

NONE = "–"


def page(checks: Sequence[FamilyCheck], questions: Iterable[Question], *, digest: str, title: str) -> str:
    """The page as HTML text; equal data give equal bytes."""
    shown: dict[str, Question] = {}
    for question in questions:
        shown.setdefault(question.family, question)
    bad = [one.family for one in checks if not one.sound]
    verdict = f"Not sound: {', '.join(bad)}." if bad else "Every question is proven, and nothing was found to be wrong."
    template = _environment().get_template("suite.html.j2")
    rows = [_row(one, shown) for one in checks]
    return template.render(checks=rows, digest=digest, title=title, verdict=verdict, style=_style(), canary=CANARY)


def share(value: float | Fraction | None) -> str:
    """A share in percent with one decimal; a dash for nothing."""
    return NONE if value is None else f"{float(value) * 100:.1f} %"


def decimal(value: Fraction | None) -> str:
    """Three decimals; a dash for nothing."""
    return NONE if value is None else f"{float(value):.3f}"


def _row(one: FamilyCheck, shown: Mapping[str, Question]) -> Mapping[str, object]:
    question = shown[one.family]
    certificate = question.certificate
    name = f"graph-{one.family}"
    return {
        "family": one.family, "title": title_of(one.family) or one.family, "questions": one.questions,
        "units": one.units, "clusters": one.clusters, "levels": one.levels,
        "distinct": {level: published().get((one.family, level)) for level in one.levels}, "mismatches": one.mismatches,
        "repeats": one.repeats,
        "nearest": one.nearest, "commonest": one.commonest or None, "chance": one.chance, "best": one.best,
        "shortcuts": one.shortcuts, "words": one.words, "grade": one.grade, "prompt": question.prompt,
        "picture": certificate
        and graph_picture(drawing_of(certificate), name=name, title=f"Causal graph of a question of {one.family}"),
    }  # fmt: skip


@functools.cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("causal_eval.analysis.suites"), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True,
    )  # fmt: skip
    environment.globals |= {"share": share, "decimal": decimal}
    return environment


@functools.cache
def _style() -> Markup:
    """The style sheet of reports, inlined."""
    text = resources.files("causal_eval.analysis.reports").joinpath("templates/report.css").read_text("utf-8")
    return Markup(text)  # noqa: S704 - a file of this package
