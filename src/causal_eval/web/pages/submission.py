"""A submission: its result, what the signature says and does not prove, its flags, log, badge and files."""

from __future__ import annotations

import base64
import json

from starlette.exceptions import HTTPException
from starlette.responses import Response

from causal_eval.errors import Conflict, UsageError
from causal_eval.service import leaderboard, sealing
from causal_eval.service.access import NOBODY, Permission
from causal_eval.service.sealing import Action
from causal_eval.service.signing import PublicKey
from causal_eval.store.submissions import Standing, Submission
from causal_eval.web.asked import Asked, see
from causal_eval.web.forms import faults

_SHARED = {"Cache-Control": "public, max-age=300", "Cross-Origin-Resource-Policy": "cross-origin"}
"""Other sites may show a badge."""


def shown(asked: Asked) -> Response:
    """The page."""
    return _page(asked, {})


def moderated(asked: Asked) -> Response:
    """Publish, reject, withdraw, flag or note."""
    name, action = asked.part("submission"), asked.form.get("action", "")
    if action not in list(Action):
        raise HTTPException(404)
    try:
        sealing.moderate(asked.visit, name, action=Action(action), reason=asked.form.get("reason", ""))
    except UsageError as error:
        return _page(asked, faults(error, ("reason",)))
    return see(f"/submissions/{name}")


def badge(asked: Asked) -> Response:
    """Score and interval as a picture."""
    picture = leaderboard.badge(asked.visit, asked.part("submission"))
    return Response(picture, media_type="image/svg+xml", headers=_SHARED)


def exported(asked: Asked) -> Response:
    """The result as a file for ``.eval_results``."""
    return _file(
        leaderboard.exported_yaml(asked.visit, asked.part("submission")), kind="application/yaml", name="result.yaml"
    )


def signed(asked: Asked) -> Response:
    """The signed text, byte for byte."""
    found = sealing.find(asked.visit, asked.part("submission"))
    if found.signed is None:
        raise Conflict(f"submission {found.id} is not signed yet: wait for its evaluation")
    return _file(found.signed, kind="application/json", name="signed.json")


def _file(body: str, *, kind: str, name: str) -> Response:
    return Response(body, media_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'})


def _page(asked: Asked, wrong: dict[str, str]) -> Response:
    found = sealing.find(asked.visit, asked.part("submission"))
    caller = asked.visit.caller
    is_own = caller.actor != NOBODY.actor and caller.enters(found.project)
    values = {
        "one": found,
        "told": _told(found),
        "about": json.loads(found.about),
        "flags": json.loads(found.flags),
        "signature": "" if found.signature is None else base64.b64encode(found.signature).decode(),
        "key": _key(asked),
        "is_own": is_own,
        "log": sealing.log(asked.visit, found.id) if is_own else [],
        "actions": _actions(asked, found) if is_own else [],
        "address": f"{asked.request.url.scheme}://{asked.request.url.netloc}/submissions/{found.id}",
        "reason": asked.form.get("reason", "") if wrong else "",
        "wrong": dict.fromkeys(("", "reason"), "") | wrong,
    }
    return asked.page("submission", values, status=422 if wrong else 200)


def _told(found: Submission) -> dict[str, object] | None:
    """What is signed; None: nothing yet."""
    told: dict[str, object] | None = None if found.signed is None else json.loads(found.signed)
    return told


def _key(asked: Asked) -> PublicKey | None:
    try:
        return leaderboard.public_key(asked.visit)
    except Conflict:
        return None


def _actions(asked: Asked, found: Submission) -> list[Action]:
    """What the caller may do to it now, the likeliest first."""
    caller = asked.visit.caller
    acts = [Action.REJECT, Action.FLAG, Action.NOTE] if caller.may(Permission.ADMINISTER) else []
    if acts and found.scored_at is not None and found.status in {Standing.SCORED, Standing.REJECTED}:
        acts.insert(0, Action.PUBLISH)
    return acts + ([Action.WITHDRAW] if caller.may(Permission.EVALUATE) else [])
