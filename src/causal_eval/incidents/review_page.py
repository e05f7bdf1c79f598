"""The review as one HTML page that needs no other file; the same words as the document."""

from __future__ import annotations

import base64
import functools
import hashlib
from importlib import resources

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup

from causal_eval.incidents import impact as impacts
from causal_eval.incidents.impact import Impact
from causal_eval.incidents.review import Review, facts, moment, said, state


def page(review: Review, impact: Impact | None) -> str:
    """The review as a page."""
    css = _css()
    seal = base64.b64encode(hashlib.sha256(css.encode()).digest()).decode()
    text = _template().render(
        review=review, one=review.incident, facts_=facts(review), impact=impacts.rows(impact), words=said(review),
        moment=moment, state=state, css=Markup(css), seal=f"sha256-{seal}",  # noqa: S704 - our own file
    )  # fmt: skip
    return "\n".join(line.rstrip() for line in text.splitlines() if line.strip()) + "\n"


@functools.cache
def _css() -> str:
    return (resources.files("causal_eval.incidents.status") / "status.css").read_text("utf-8")


@functools.cache
def _template() -> Template:
    loader = PackageLoader("causal_eval.incidents", "templates")
    environment = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    return environment.get_template("review.html.j2")
