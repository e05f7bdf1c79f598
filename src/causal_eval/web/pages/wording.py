"""Somebody's own words for stories: pasted, checked and read aloud."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.responses import Response

from causal_eval.errors import TooLarge, UsageError
from causal_eval.service.access import Permission, require
from causal_eval.service.wording import CheckedWords, checked_words
from causal_eval.web.asked import Asked
from causal_eval.web.forms import faults

FIELDS = ("name", "text", "seed")
USUAL = {"name": "", "text": "", "seed": "0"}


def form(asked: Asked) -> Response:
    """The empty form."""
    require(asked.visit.caller, Permission.READ)
    return _page(asked, USUAL, {}, found=None)


def checked(asked: Asked) -> Response:
    """The rule that they break, or what grates and sample questions, over the form with the words in it."""
    given = {name: asked.form.get(name, "") for name in FIELDS}
    name, seed = given["name"].strip().removesuffix(".toml"), given["seed"].strip() or USUAL["seed"]
    if not name:
        return _page(asked, given, {"name": "name is empty: name one"}, found=None)
    try:
        found = checked_words(asked.visit, given["text"], name=name, seed=seed)
    except (UsageError, TooLarge) as error:
        return _page(asked, given, faults(error, ("text",)), found=None)
    return _page(asked, given, {}, found=found)


def _page(asked: Asked, given: Mapping[str, str], wrong: dict[str, str], *, found: CheckedWords | None) -> Response:
    values = {"given": given, "wrong": dict.fromkeys(("", *FIELDS), "") | wrong, "found": found}
    return asked.page("domain", values, status=422 if wrong else 200)
