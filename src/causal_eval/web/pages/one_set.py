"""A stored question set: what is in it, what it was found to be worth, and its questions."""

from __future__ import annotations

import json

from starlette.responses import Response, StreamingResponse

from causal_eval.service import makings, questions, splits
from causal_eval.service.access import Permission, require
from causal_eval.service.exporting import Form
from causal_eval.web.asked import Asked, see
from causal_eval.web.pages.download import TYPES, chunks

PAGE = 20


def shown(asked: Asked) -> Response:
    """The page, with a part of its questions."""
    found = questions.find(asked.visit, asked.part("set"))
    after = int(asked.query["after"]) if asked.query.get("after", "").isdecimal() else -1
    part = questions.page(asked.visit, found.digest, after=after, limit=PAGE)
    last = after + len(part)
    values = {
        "one": found,
        "is_whole": not found.count or found.count <= makings.LARGEST_CHECKED,
        "part": [(line, json.loads(line.body)["prompt"]) for line in part],
        "after": after,
        "next": last if last + 1 < found.count else None,
        "committed": splits.find(asked.visit, found.digest),
        "checks": [
            one for one in makings.listed(asked.visit) if one.kind == "check" and one.question_set == found.digest
        ],
    }
    return asked.page("set", values)


def as_public(asked: Asked) -> Response:
    """Its question file without answers and proofs."""
    return _file(asked, answers=False)


def as_gold(asked: Asked) -> Response:
    """The same with them."""
    return _file(asked, answers=True)


def _file(asked: Asked, *, answers: bool) -> Response:
    found = questions.exported(asked.visit, asked.part("set"), answers=answers)
    headers = {"Content-Disposition": f'attachment; filename="{found.name}"'}
    return StreamingResponse(chunks(found.lines), headers=headers, media_type=TYPES[Form.JSONL])


def committed(asked: Asked) -> Response:
    """The commitment to it, as a file that may be published before anybody answers."""
    found = questions.find(asked.visit, asked.part("set"))
    text = splits.commitment(asked.visit, found.digest).document
    headers = {"Content-Disposition": f'attachment; filename="{found.hash}.commitment.json"'}
    return Response(text + "\n", media_type="application/json", headers=headers)


def disclosed(asked: Asked) -> Response:
    """Reveal what it follows from, for good."""
    require(asked.visit.caller, Permission.ADMINISTER)
    found = questions.find(asked.visit, asked.part("set"))
    splits.disclose(asked.visit, found.digest)
    return see(f"/sets/{found.digest}")


def checked(asked: Asked) -> Response:
    """Have it checked."""
    require(asked.visit.caller, Permission.EVALUATE)
    return see(f"/makings/{makings.order_check(asked.visit, asked.part('set')).id}")
