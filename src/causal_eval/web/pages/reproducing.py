"""An evaluation's numbers computed again, as a page: MATCH, or DRIFT with what drifted."""

from __future__ import annotations

import re

from starlette.responses import Response

from causal_eval.errors import Conflict, UnknownName, UsageError
from causal_eval.service import jobs
from causal_eval.service.reproducing import reproduced
from causal_eval.web.asked import Asked

_HASH = re.compile(r"(res-[0-9a-f]{1,36})?")


def shown(asked: Asked) -> Response:
    """What is computed now, held against the hash that is given."""
    name, result = asked.part("evaluation"), asked.query.get("result", "").strip()
    evaluation, found, wrong = jobs.find(asked.visit, name).evaluation, None, ""
    try:
        found = reproduced(asked.visit, name, result=_hash_of(result))
    except UnknownName:
        raise
    except (Conflict, UsageError) as error:
        wrong = str(error)
    values = {"evaluation": evaluation, "result": result, "found": found, "wrong": wrong}
    return asked.page("reproduction", values, status=422 if wrong else 200)


def _hash_of(result: str) -> str:
    """The hash in what a report prints: alone, or behind the run's id."""
    hash_ = result.rpartition("@")[2]
    if not _HASH.fullmatch(hash_):
        raise UsageError("result is no hash: give res-... as a report prints it")
    return hash_
