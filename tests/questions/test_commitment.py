"""Commitments: published before, revealed after, and met by one secret and one plan alone; splits share nothing."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace

import pytest

from causal_eval.errors import CausalEvalError, MalformedFile, UsageError, VerificationMismatch
from causal_eval.questions.commitment import Commitment, committed, read_commitment, reveal, split_plan
from causal_eval.questions.file import SetHash
from causal_eval.questions.generate import Plan, generate
from causal_eval.questions.question import GENERATOR, canonical

SECRET, OTHER = b"0123456789abcdef", b"fedcba9876543210"
PLAN = Plan(n=6, seed="1", families=("blanket", "effect"), secret=SECRET, weights={"real": 2})


def set_hash(plan: Plan) -> str:
    digest = SetHash()
    for question in generate(plan):
        digest.add(question)
    return digest.hexdigest()


@pytest.fixture(scope="module")
def published() -> Commitment:
    return committed(PLAN, set_hash=set_hash(PLAN))


def test_a_commitment_is_met_by_its_secret(published: Commitment) -> None:
    """Written, read and revealed, it gives the set; nothing of the secret stands in the file."""
    content = canonical(published)
    assert SECRET not in content
    assert reveal(read_commitment(content, path="x"), SECRET) == published.set
    later = ("rephrased", "twins", "settings")
    told = {name: value for name, value in json.loads(content)["plan"].items() if name not in later}
    digest = hashlib.sha256((16).to_bytes(8, "big") + SECRET + canonical([told, GENERATOR]))
    assert published.commitment == digest.hexdigest()  # as versions wrote it that knew none of these
    for other in (replace(PLAN, rephrased=True), replace(PLAN, twins=("size",))):
        assert committed(other, set_hash=published.set).commitment != published.commitment


@pytest.mark.parametrize("change", ["secret", "plan", "set"])
def test_another_secret_plan_or_set_does_not_meet_it(published: Commitment, change: str) -> None:
    """Whatever was changed after the fact is found."""
    found = {
        "secret": published,
        "plan": replace(published, plan=replace(published.plan, n=8)),
        "set": replace(published, set="set-0000000000000000"),
    }[change]
    with pytest.raises(VerificationMismatch):
        reveal(found, OTHER if change == "secret" else SECRET)


def test_what_is_no_commitment_or_of_another_version_is_told(published: Commitment) -> None:
    """A file without a commitment, and one of another generator, are refused in words."""
    with pytest.raises(MalformedFile, match="no commitment"):
        read_commitment(b'{"set": 1}', path="x")
    with pytest.raises(UsageError, match="install the version"):
        reveal(replace(published, generator="0"), SECRET)


def test_splits_share_no_question_and_days_neither() -> None:
    """Public, private and two days of the rotating split are four different sets from one seed and secret."""
    plan, keyed = Plan(n=12, seed="1"), Plan(n=12, seed="1", secret=SECRET)
    plans = [
        split_plan(plan, "public", date=""),
        split_plan(keyed, "private", date=""),
        split_plan(keyed, "rotating", date="2026-01-01"),
        split_plan(keyed, "rotating", date="2026-01-02"),
    ]
    ids = [question.id for one in plans for question in generate(one)]
    assert len(set(ids)) == 48


@pytest.mark.parametrize(
    ("secret", "split", "date", "words"),
    [
        (None, "secret", "", "choose public"),
        (SECRET, "public", "", "takes no"),
        (None, "private", "", "needs a"),
        (SECRET, "rotating", "", "date is"),
        (SECRET, "private", "2026-01-01", "date is"),
        (SECRET, "rotating", "1.1.2026", "YYYY"),
    ],
)
def test_splits_that_make_no_sense_are_refused(secret: bytes | None, split: str, date: str, words: str) -> None:
    """A public split has no secret, the others have one, and a date goes with the rotating one alone."""
    with pytest.raises(CausalEvalError, match=words):
        split_plan(Plan(n=1, seed="1", secret=secret), split, date=date)
