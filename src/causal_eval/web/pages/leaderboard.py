"""The leaderboard: one tier and suite at a time, ties shown as ties; the two tiers never stand in one list."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import NamedTuple

from starlette.responses import Response

from causal_eval.errors import UsageError
from causal_eval.service import leaderboard, projects
from causal_eval.service.access import NOBODY
from causal_eval.service.incident_effects import Fallen
from causal_eval.service.leaderboard import Board, Ranked
from causal_eval.store.standings import BoardOf, Choice
from causal_eval.store.submissions import Tier
from causal_eval.web.asked import Asked
from causal_eval.web.forms import faults, positive, whole

PAGE = 50
OVERALL = "overall"
SIZES = ("min_size", "max_size")
_DOMAIN, _RUNG = "domain ", "rung "


class Row(NamedTuple):
    """A result on the page."""

    ranked: Ranked
    is_tied: bool
    """True: another one has its rank."""
    flags: Sequence[str]
    fallen: Sequence[Fallen]
    """Incidents that its results fall into."""


class Scopes(NamedTuple):
    """What a board can be narrowed to, by kind."""

    rungs: Sequence[str]
    families: Sequence[str]
    domains: Sequence[str]


def shown(asked: Asked) -> Response:
    """The board that the address names, else the first that holds something."""
    query = asked.query
    there = leaderboard.choices(asked.visit, query.get("project") or None)
    try:
        wanted, wrong = _wanted(query, there), dict[str, str]()
    except UsageError as error:
        wrong = faults(error, SIZES)
        wanted = _wanted({name: value for name, value in query.items() if name not in SIZES}, there)
    start = max(0, whole(query, "start") or 0)
    found = leaderboard.board(asked.visit, wanted, start=start, limit=PAGE + 1)
    values = {
        "wanted": wanted,
        "given": {name: query.get(name, "") for name in SIZES},
        "wrong": dict.fromkeys(SIZES, "") | wrong,
        "suites": list(dict.fromkeys(one.suite for one in there if one.tier is wanted.tier)),
        "tiers": list(Tier),
        "filled": {one.tier for one in there},
        "projects": [one.id for one in projects.listed(asked.visit)] if _is_known(asked) else [],
        "scopes": _scopes(asked, wanted),
        "groups": _groups(found),
        "total": found.total,
        "start": start,
        "next": start + PAGE if len(found.ranked) > PAGE else None,
    }
    return asked.page("leaderboard", values, status=422 if wrong else 200)


def _wanted(query: Mapping[str, str], there: Sequence[Choice]) -> BoardOf:
    first = there[0] if there else Choice(Tier.VERIFIED, "")
    tier = Tier(query["tier"]) if query.get("tier") in list(Tier) else first.tier
    suites = [one.suite for one in there if one.tier is tier]
    suite = query.get("suite", "")
    return BoardOf(
        tier, suite if suite in suites or not suites else suites[0], query.get("scope") or OVERALL,
        query.get("project") or None, largest=positive(query, "max_size"), smallest=positive(query, "min_size"),
    )  # fmt: skip


def _scopes(asked: Asked, wanted: BoardOf) -> Scopes:
    found = leaderboard.scopes(asked.visit, wanted)
    families = [one for one in found if one != OVERALL and not one.startswith((_RUNG, _DOMAIN))]
    return Scopes(
        [one for one in found if one.startswith(_RUNG)], families, [one for one in found if one.startswith(_DOMAIN)]
    )


def _groups(found: Board) -> list[list[Row]]:
    """Those with the same rank together; of one more than the page shows, for the last to know whether it is tied."""
    groups, ranked = [], found.ranked
    for _, ties in groupby(ranked, key=lambda one: one.place.rank):
        tied = list(ties)
        rows = [
            Row(one, len(tied) > 1, json.loads(one.line.flags), found.fallen.get(one.line.evaluation_id, ()))
            for one in tied
        ]
        groups.append(rows)
    if len(ranked) > PAGE:
        groups[-1].pop()
    return [rows for rows in groups if rows]


def _is_known(asked: Asked) -> bool:
    return asked.visit.caller.actor != NOBODY.actor
