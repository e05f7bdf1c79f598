"""Something that a worker makes: how far it is, and what came of it."""

from __future__ import annotations

import json

from starlette.responses import Response

from causal_eval.service import makings
from causal_eval.web.asked import Asked, see

ALONE = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox"}
"""A page of its own with its own style: it may ask for nothing and run nothing."""


def shown(asked: Asked) -> Response:
    """The page, which looks again while it is open."""
    found = makings.find(asked.visit, asked.part("making"))
    is_checked = found.kind == "check" and found.status == "done"
    values = {
        "one": found,
        "after": None if found.after is None else makings.find(asked.visit, found.after),
        "may_cancel": found.status == "open" and makings.may_cancel(asked.visit.caller, found),
        "found": json.loads(makings.texts(asked.visit, found.id)[1]) if is_checked else None,
    }
    return asked.page("making", values)


def cancelled(asked: Asked) -> Response:
    """Have it made no further."""
    return see(f"/makings/{makings.cancel(asked.visit, asked.part('making')).id}")


def page(asked: Asked) -> Response:
    """What was found of a set, with pictures."""
    text = makings.texts(asked.visit, asked.part("making"))[0]
    return Response(text, media_type="text/html", headers=ALONE)


def card(asked: Asked) -> Response:
    """Its data card, as a file."""
    text = json.loads(makings.texts(asked.visit, asked.part("making"))[1])["card"]
    headers = {"Content-Disposition": 'attachment; filename="card.md"'}
    return Response(text, media_type="text/markdown; charset=utf-8", headers=headers)
