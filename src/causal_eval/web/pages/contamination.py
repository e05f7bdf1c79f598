"""Whether questions were known before they were asked, as pages."""

from __future__ import annotations

from starlette.responses import Response

from causal_eval.analysis.alike import RISK
from causal_eval.errors import TooLarge, UnknownName, UsageError
from causal_eval.service import contamination, questions
from causal_eval.service.access import Permission, require
from causal_eval.service.contamination import Revealed
from causal_eval.service.overview import overview
from causal_eval.web.asked import Asked
from causal_eval.web.forms import faults

FIELDS = ("commitment", "secret")
_LEAST_SPAN = 0.05


def memorisation(asked: Asked) -> Response:
    """The choice of two evaluations, and the gap once both are chosen."""
    chosen = {name: asked.query.get(name, "").strip() for name in ("published", "fresh")}
    found, wrong = None, ""
    if all(chosen.values()):
        try:
            found = contamination.memorised(asked.visit, chosen["published"], fresh=chosen["fresh"])
        except UnknownName:
            raise
        except UsageError as error:
            wrong = str(error)
    ends = () if found is None else (found.gap.low, found.gap.estimate, found.gap.high)
    values = {
        "chosen": chosen,
        "wrong": wrong,
        "found": found,
        "span": max([_LEAST_SPAN, *(abs(end) for end in ends if end is not None)]),
        "choices": overview(asked.visit),
    }
    return asked.page("memorisation", values, status=422 if wrong else 200)


def sets(asked: Asked) -> Response:
    """The choice of two sets, and every feature of both once they are chosen."""
    chosen = {name: asked.query.get(name, "").strip() for name in ("one", "other")}
    found, wrong = None, ""
    if all(chosen.values()):
        try:
            found = contamination.likened(asked.visit, chosen["one"], other=chosen["other"])
        except UnknownName:
            raise
        except (UsageError, TooLarge) as error:
            wrong = str(error)
    values = {
        "chosen": chosen,
        "wrong": wrong,
        "found": found,
        "risk": RISK,
        "choices": questions.listed(asked.visit),
    }
    return asked.page("set_comparison", values, status=422 if wrong else 200)


def reveal(asked: Asked) -> Response:
    """The empty form."""
    require(asked.visit.caller, Permission.READ)
    return _revealing(asked, "", {}, found=None)


def revealed(asked: Asked) -> Response:
    """Whether the commitment is met; the secret is not shown again."""
    given = asked.form.get("commitment", "")
    try:
        found = contamination.revealed(asked.visit, given.encode(), secret=asked.form.get("secret", ""))
    except (UsageError, TooLarge) as error:
        return _revealing(asked, given, faults(error, FIELDS), found=None)
    return _revealing(asked, given, {}, found=found)


def _revealing(asked: Asked, given: str, wrong: dict[str, str], *, found: Revealed | None) -> Response:
    values = {
        "given": given,
        "wrong": dict.fromkeys(("", *FIELDS), "") | wrong,
        "found": found,
        "largest": contamination.LARGEST_REVEALED,
    }
    return asked.page("reveal", values, status=422 if wrong else 200)
