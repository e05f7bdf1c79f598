"""Sets that are fixed before they are known: a published commitment to a secret and a plan, and how it is revealed.

The commitment is the SHA-256 of the secret (framed by its length) and of the canonical plan. Whoever has it can do
nothing with it; once the secret is revealed, everybody can make the set again and see that nothing was chosen after
answers were known. Each family's questions come from HMAC(secret, plan's seed, family, ...), and the seed of a rotating
split holds its date, so that one secret gives a set a day.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass, replace

import msgspec

from causal_eval.errors import MalformedFile, UsageError, VerificationMismatch
from causal_eval.questions.file import SetHash
from causal_eval.questions.generate import Plan, generate
from causal_eval.questions.question import GENERATOR, canonical

SPLITS = ("public", "private", "rotating")
"""Of one distribution: anybody's, one that follows from a secret, and one that follows from a secret and a date."""
FEWEST = 16
"""Bytes of a secret: 128 bits."""
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True, slots=True)
class Commitment:
    """What may be published before anybody answers."""

    commitment: str
    """64 hex digits."""
    plan: Plan
    """Without its secret."""
    generator: str
    set: str
    """Hash of the set, to which it is compared when the secret is revealed."""


def committed(plan: Plan, *, set_hash: str) -> Commitment:
    """The commitment to *plan*, which has a secret, and to the set that it makes."""
    return Commitment(commitment_to(plan), replace(plan, secret=None), GENERATOR, set_hash)


def reveal(found: Commitment, secret: bytes) -> str:
    """The hash of the set that follows from *secret*, once it is the set that was committed to.

    Raises:
        UsageError: another version of the generator made it.
        VerificationMismatch: the commitment is to another secret or plan, or the set is another one.
    """
    if found.generator != GENERATOR:
        raise UsageError(
            f"the set was made by generator {found.generator}, this is {GENERATOR}: install the version that made it"
        )
    if _digest(found.plan, secret) != found.commitment:
        raise VerificationMismatch("the commitment is to another secret or another plan: it is not met")
    digest = SetHash()
    for question in generate(replace(found.plan, secret=secret)):
        digest.add(question)
    if digest.hexdigest() != found.set:
        raise VerificationMismatch(f"from the secret follows {digest.hexdigest()}, published is {found.set}")
    return found.set


def read_commitment(content: bytes, *, path: str) -> Commitment:
    """The commitment in the file.

    Raises:
        MalformedFile: it holds none.
    """
    try:
        return msgspec.json.decode(content, type=Commitment)
    except msgspec.DecodeError as error:
        raise MalformedFile(path, f"holds no commitment ({error}); `generate --secret-file` writes one") from error


def split_plan(plan: Plan, split: str, *, date: str) -> Plan:
    """The plan of a split: the seed names it, and for ``rotating`` its *date*, so that no two share a question.

    Raises:
        UsageError: no such split; a secret for the public one or none for another; no date, or one too many.
    """
    seed = split_seed(plan.seed, split, date=date)
    if (split == "public") != (plan.secret is None):
        raise UsageError(f"--split {split} {'takes no' if plan.secret else 'needs a'} --secret-file")
    return replace(plan, seed=seed)


def split_seed(seed: str, split: str, *, date: str) -> str:
    """The seed of a plan of *split* whose own seed is *seed*.

    Raises:
        UsageError: no such split; no date, one too many, or one that is none.
    """
    if split not in SPLITS:
        raise UsageError(f"split is {split!r}: choose {', '.join(SPLITS)}")
    if (split == "rotating") != bool(date):
        raise UsageError(f"date is {date!r}: a date (YYYY-MM-DD) goes with the split rotating, and only with it")
    if date and not _DATE.fullmatch(date):
        raise UsageError(f"date is {date!r}: write it as YYYY-MM-DD")
    return "/".join(filter(None, ("split", split, date, seed)))


def set_key(secret: bytes, plan: Plan, *, holder: str) -> bytes:
    """The secret of the one set of *plan* that *holder* orders: 64 hex digits, an HMAC of *secret* over both.

    Who is told it learns nothing of *secret*, nor of another set's.
    """
    told = canonical(["set key", holder, _told(plan), GENERATOR])
    return hmac.new(secret, told, hashlib.sha256).hexdigest().encode()


def commitment_to(plan: Plan) -> str:
    """The commitment to *plan*, which has a secret: 64 hex digits, known before its set is made."""
    assert plan.secret is not None, "the door asks for a secret"
    return _digest(plan, plan.secret)


def _digest(plan: Plan, secret: bytes) -> str:
    told = canonical([_told(plan), GENERATOR])
    return hashlib.sha256(len(secret).to_bytes(8, "big") + secret + told).hexdigest()


def _told(plan: Plan) -> dict[str, object]:
    """All of *plan* but its secret."""
    told: dict[str, object] = msgspec.json.decode(canonical(replace(plan, secret=None)))
    for name in ("rephrased", "twins", "settings"):  # earlier commitments are to plans that say nothing of these
        if not told[name]:
            del told[name]
    return told
