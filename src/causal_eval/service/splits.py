"""Question sets that follow from a secret: made with a key of their own, committed to, kept closed, and revealed.

The operator's secret (``CEB_SPLIT_SECRET_FILE``) is read where a set is made, and stands in no row, log, address or
page. Each set follows from a key that is an HMAC of the secret over its project and plan: two projects that order the
same get two sets, and who reveals one set gives away that one alone. Until then nobody is shown its answers and proofs.
"""

from __future__ import annotations

from dataclasses import replace

import msgspec
from sqlalchemy import Connection

from causal_eval.errors import Conflict, UnknownName
from causal_eval.questions.commitment import FEWEST, commitment_to, committed, set_key
from causal_eval.questions.generate import Plan
from causal_eval.questions.question import canonical
from causal_eval.service.access import Permission, require
from causal_eval.service.audit import Deed, record
from causal_eval.service.wiring import Service, Visit
from causal_eval.settings import Settings
from causal_eval.settings.private import for_others
from causal_eval.store import commitments as kept
from causal_eval.store.commitments import Committed
from causal_eval.store.submissions import sealed_evaluation

KEYED = ("private", "rotating")
"""Splits that follow from a secret."""
_VARIABLE = "CEB_SPLIT_SECRET_FILE"


def keyed(service: Service, plan: Plan, *, split: str, project: str) -> Plan:
    """The plan of a private or rotating set, with its key.

    Raises:
        Conflict: the service has no secret to make it from; the message names the setting.
    """
    return replace(plan, secret=set_key(_secret(service.now, split), plan, holder=project))


def check_commitment(plan: Plan, commitment: str) -> None:
    """Return where *plan*, which has a key, is the one that *commitment* is to; empty: there is none yet.

    Raises:
        Conflict: the secret is another than when the set was ordered.
    """
    if commitment and commitment_to(plan) != commitment:
        raise Conflict(_another(f"was committed to ({commitment[:16]}...)"))


def keep(connection: Connection, plan: Plan, *, set_hash: str, order: Committed) -> None:
    """Keep the commitment to a set that is made; *order* says which, whose and when, and has no document yet."""
    document = canonical(committed(plan, set_hash=set_hash)).decode()
    kept.keep_commitment(connection, replace(order, document=document))


def find(visit: Visit, digest: str) -> Committed | None:
    """The commitment to a stored set that the caller may see; None: it follows from no secret."""
    require(visit.caller, Permission.READ)
    with visit.service.store.reading() as connection:
        return kept.find_commitment(connection, digest, projects=visit.caller.projects)


def commitment(visit: Visit, digest: str) -> Committed:
    """The same.

    Raises:
        UnknownName: there is none.
    """
    found = find(visit, digest)
    if found is None:
        raise UnknownName("commitment to the question set", digest, ())
    return found


def disclose(visit: Visit, digest: str) -> Committed:
    """Reveal the key of a set, for good: from now on everybody may see its answers and prove that it follows from it.

    Raises:
        NotAllowed, UnknownName: the caller is no admin, or the set follows from no secret.
        Conflict: the secret is no longer the one that the set was made from, or is away.
    """
    one = commitment(visit, digest)
    require(visit.caller, Permission.ADMINISTER, project=one.project)
    if one.revealed_at is not None:
        return one
    key = _key_of(visit.service, one)
    with visit.service.store.writing() as connection:
        if kept.keep_revealed(connection, one, by=visit.caller.actor, at=visit.service.clock(), key=key):
            record(connection, visit, deed=Deed("question_set.reveal", digest, one.project))
    return commitment(visit, digest)


def check_open(connection: Connection, evaluation: str) -> None:
    """Return where the questions of *evaluation* may be shown with their answers.

    Raises:
        Conflict: it is of a verified submission that is not scored yet, or of a set whose key is not revealed.
    """
    if sealed_evaluation(connection, evaluation):
        raise Conflict(f"the questions of {evaluation} are sealed until its submission is scored: wait for that")
    if kept.closed_evaluation(connection, evaluation):
        raise Conflict(
            f"the answers of {evaluation} are closed: its set follows from a secret; an admin reveals it on the page "
            "of the set, or by POST /api/v1/question-sets/{set}/reveal"
        )


def _key_of(service: Service, one: Committed) -> str:
    """The key from which a set that was committed to follows, as the secret that is there now gives it."""
    found = msgspec.json.decode(one.document, type=_Told)
    plan = keyed(service, found.plan, split=one.split, project=one.project)
    if plan.secret is None or commitment_to(plan) != found.commitment:
        raise Conflict(_another("the set was made from"))
    return plan.secret.decode()


class _Told(msgspec.Struct, frozen=True):
    """What is read of the document."""

    commitment: str
    plan: Plan


def _another(what: str) -> str:
    return (
        f"{_VARIABLE} holds another secret than the one that {what}, or this is another version: name the file, and "
        "start the version, of that time"
    )


def _secret(settings: Settings, split: str) -> bytes:
    path = settings.split_secret_file
    if path is None:
        raise Conflict(
            f"split is {split!r}, and this service has no secret to make it from: its operator sets {_VARIABLE} to a "
            f"file with at least {FEWEST} random bytes (head -c 32 /dev/urandom | base64), for `app` and workers alike"
        )
    try:
        shown, body = for_others(path), path.read_bytes().strip()
    except OSError as error:
        raise Conflict(f"split is {split!r}: the file of {_VARIABLE} cannot be read: {error.strerror}") from error
    if shown:
        raise Conflict(f"split is {split!r}: others may read the file of {_VARIABLE}: its operator runs chmod 600")
    if len(body) < FEWEST:
        raise Conflict(
            f"split is {split!r}: the file of {_VARIABLE} holds {len(body)} bytes: {FEWEST} at least are safe"
        )
    return body
