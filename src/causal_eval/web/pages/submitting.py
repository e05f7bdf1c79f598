"""A result is sent to the leaderboard: by a model that the server is to ask, or by replies that somebody has."""

from __future__ import annotations

import json
from collections.abc import Mapping

from starlette.responses import Response

from causal_eval.errors import CausalEvalError, Conflict, StoreError, UsageError
from causal_eval.service import catalog, questions, submissions
from causal_eval.service.access import Permission, require
from causal_eval.service.submissions import Entrant
from causal_eval.store.evaluations import LOCAL
from causal_eval.store.submissions import Submission, Tier
from causal_eval.web.asked import FIELD_LENGTH, Asked, see
from causal_eval.web.forms import dollars, faults, positive

FIELDS = ("answerer", "suite", "project", "size", "licence", "link", "budget", "seed", "answers")
ABOUT = ("licence", "link")
USUAL = {"tier": Tier.VERIFIED.value, "suite": "quick", "is_public": "on"}


def form(asked: Asked) -> Response:
    """The empty form of the tier that the address names."""
    require(asked.visit.caller, Permission.EVALUATE)
    return _form(asked, {**USUAL, **asked.query}, {})


def submitted(asked: Asked) -> Response:
    """Take it and show it, or say beside the field what cannot be taken."""
    require(asked.visit.caller, Permission.EVALUATE)
    try:
        found = _submit(asked)
    except StoreError:
        raise
    except (UsageError, Conflict) as error:
        return _form(asked, asked.form, _faults(error))
    return see(f"/submissions/{found.id}")


def _submit(asked: Asked) -> Submission:
    given = asked.form
    if not given.get("answerer", "").strip():
        raise UsageError("answerer is empty: give a provider and a model, such as openai/gpt-x")
    entrant = Entrant(
        given["answerer"].strip(), given.get("suite", ""), given.get("project") or LOCAL,
        {name: said for name in ABOUT if (said := given.get(name, "").strip())}, positive(given, "size"),
        is_public="is_public" in given,
    )  # fmt: skip
    if _tier(given) is Tier.VERIFIED:
        budget = dollars(given, "budget", decimal=asked.texts("number.decimal"))
        return submissions.verified(asked.visit, entrant, budget=budget)
    return submissions.reported(asked.visit, entrant, seed=_seed(given), answers=_answers(given.get("answers", "")))


def _seed(given: Mapping[str, str]) -> str:
    if not (seed := given.get("seed", "").strip()):
        raise UsageError("seed is empty: give the one from which the questions were generated")
    return seed


def _answers(text: str) -> dict[str, str]:
    """Question id -> reply.

    Raises:
        UsageError: it is something else, or longer than a field may be.
    """
    if len(text) >= FIELD_LENGTH:
        raise UsageError(f"answers is longer than {FIELD_LENGTH} characters: send it by the API")
    try:
        read = json.loads(text or "null")
    except ValueError as error:
        raise UsageError(f'answers is no JSON ({error}): give {{"question id": "the whole reply", ...}}') from error
    if not isinstance(read, dict) or not all(isinstance(said, str) for said in read.values()):
        raise UsageError('answers is no object of texts: give {"question id": "the whole reply", ...}')
    return read


def _tier(given: Mapping[str, str]) -> Tier:
    return Tier.SELF_REPORTED if given.get("tier") == Tier.SELF_REPORTED.value else Tier.VERIFIED


def _faults(error: CausalEvalError) -> dict[str, str]:
    found = faults(error, (*FIELDS, "provider"))
    return {"answerer" if name == "provider" else name: said for name, said in found.items()}


def _form(asked: Asked, given: Mapping[str, str], wrong: dict[str, str]) -> Response:
    projects = asked.visit.caller.projects
    values = {
        "tier": _tier(given),
        "tiers": list(Tier),
        "given": {name: given.get(name, "") for name in FIELDS},
        "is_public": "is_public" in given,
        "wrong": dict.fromkeys(("", *FIELDS), "") | wrong,
        "is_wrong": bool(wrong),
        "suites": questions.suites(),
        "projects": sorted(projects) if projects is not None else [LOCAL],
        "names": [f"{one.name}/" for one in catalog.offers(asked.visit) if one.configured],
    }
    return asked.page("submit", values, status=422 if wrong else 200)
