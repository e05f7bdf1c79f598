"""Submissions: two tiers, each signed for what it proves; secret seeds stay secret until the scores are there."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from collections.abc import Callable
from dataclasses import replace

import msgspec
import pytest

from causal_eval.errors import Conflict, NotAllowed, UnknownName, UsageError, VerificationMismatch
from causal_eval.performing.shards import Performing
from causal_eval.providers.window import Window
from causal_eval.questions.generate import generate
from causal_eval.questions.question import Question
from causal_eval.questions.suite import suite
from causal_eval.scoring.format import example
from causal_eval.service import projects, questions, results, sealing, submissions
from causal_eval.service.access import Caller, Role
from causal_eval.service.engine_memory import MemoryEngine
from causal_eval.service.sealing import Action
from causal_eval.service.signing import Signer, check
from causal_eval.service.submissions import Entrant
from causal_eval.service.wiring import Visit
from causal_eval.store.submissions import Standing, Submission, Tier

SEED = "7"


@pytest.fixture(scope="module")
def quick() -> list[Question]:
    """The questions of the suite with our seed."""
    return list(generate(suite("quick", SEED)))


@pytest.fixture
def admin(visit: Visit, caller: Callable[..., Caller]) -> Visit:
    """An admin of the same project."""
    return Visit(visit.service, caller(Role.ADMIN))


def report(visit: Visit, answers: dict[str, str], answerer: str = "some/one") -> Submission:
    """A self-report of *answers*."""
    return submissions.reported(visit, Entrant(answerer, "quick"), seed=SEED, answers=answers)


def right(asked: Question, words: str = "I think.\n") -> str:
    """The right answer."""
    return f"{words}ANSWER: {example(asked.answer, asked.gold)}"


def flags(one: Submission) -> list[str]:
    """What is wrong with it."""
    return msgspec.json.decode(one.flags, type=list[str])


@pytest.mark.slow
def test_a_self_report_is_scored_by_us_and_what_lacks_is_missing(visit: Visit, quick: list[Question]) -> None:
    """Half of the answers, all right: a full score over that half, the rest missing, and no flag."""
    one = report(visit, {asked.id: right(asked) for asked in quick[:30]})
    assert (one.tier, one.status, flags(one)) == (Tier.SELF_REPORTED, Standing.SCORED, [])
    assert one.signed is not None
    told = msgspec.json.decode(one.signed)
    assert told["tier"] == "self_reported"
    assert "that the named model gave these replies, or any model" in told["does_not_prove"]
    assert (told["scores"][0]["score"], told["scores"][0]["missing"]) == (1.0, 30)
    assert one.evaluation_id is not None
    page = results.page(visit, one.evaluation_id, limit=100)
    assert sum(line.sample is None for line in page.lines) == 30


@pytest.mark.slow
def test_the_signature_is_of_the_scores_and_of_nothing_else(visit: Visit, quick: list[Question]) -> None:
    """The published key checks the text; one digit of it changed, and it does not."""
    one = report(visit, {quick[0].id: right(quick[0])})
    key = Signer(visit.service.settings).public
    assert one.signed is not None
    assert one.signature is not None
    check(one.signed, one.signature, key=base64.b64decode(key.text))
    with pytest.raises(VerificationMismatch):
        check(one.signed.replace("1.0", "0.9"), one.signature, key=key.raw)
    path = visit.service.settings.data_dir / "signing-key.pem"
    assert path.stat().st_mode & 0o777 == 0o600
    path.chmod(0o644)
    with pytest.raises(UsageError, match="chmod 600"):
        Signer(visit.service.settings)


@pytest.mark.slow
def test_what_cannot_be_honest_is_flagged(visit: Visit, quick: list[Question]) -> None:
    """The answer key itself, the same answers under another name, and answers to questions that are not there."""
    key = {asked.id: right(asked, "") for asked in quick}
    first = report(visit, key)
    assert [flag.split(":")[0] for flag in flags(first)] == ["implausible"]
    second = report(visit, key, "other/name")
    assert any(first.id in flag and "the same raw answers" in flag for flag in flags(second))
    third = report(visit, {**{asked.id: "no idea" for asked in quick}, "q-none": "yes"})
    assert any("the same answerer, suite and seed" in flag for flag in flags(third))
    assert any(flag == "impossible: 1 answers are to no question of the set" for flag in flags(third))
    with pytest.raises(UsageError, match="keys are question ids"):
        report(visit, {"q-none": "yes"})


@pytest.mark.slow
def test_submissions_of_one_set_are_compared_pair_by_pair(visit: Visit, quick: list[Question]) -> None:
    """Who gets everything right is better than who gets nothing right on the same questions."""
    bad = report(visit, {asked.id: "no idea" for asked in quick}, "bad/one")
    good = report(visit, {asked.id: right(asked) for asked in quick}, "good/one")
    ((other, (difference, p)),) = msgspec.json.decode(good.paired).items()
    assert (other, difference) == (bad.evaluation_id, 1.0)
    assert p < 0.001


@pytest.mark.slow
@pytest.mark.anyio
async def test_a_verified_set_is_sealed_until_it_is_scored(
    visit: Visit, admin: Visit, engine: MemoryEngine, caller: Callable[..., Caller]
) -> None:
    """The hash is there first, the questions for nobody; then the seed that hashes to it, and the same questions."""
    one = submissions.verified(visit, Entrant("baseline/oracle", "quick"))
    assert one.evaluation_id is not None
    shown = submissions.listed(visit)[0]
    assert (shown.seed, shown.commitment) == ("", hashlib.sha256(one.seed.encode()).hexdigest())
    all_seeing = Visit(visit.service, replace(caller(Role.ADMIN), projects=None))
    first = next(iter(generate(suite("quick", one.seed))))
    for who in (visit, admin, all_seeing):
        assert sealing.find(who, one.id).seed == ""
        assert one.set_digest not in {there.digest for there in questions.listed(who)}
        with pytest.raises(UnknownName):
            questions.page(who, one.set_digest)
        with pytest.raises(Conflict, match="sealed"):
            results.answers(who, one.evaluation_id, question=first.id)
    assert not any(one.seed.encode() in line or first.id.encode() in line for line in projects.export(admin, "local"))
    with pytest.raises(Conflict, match="not done"):
        submissions.score(visit, one.id)
    assert submissions.settle(visit.service) == 0

    performing = Performing(visit.service, stop=lambda: False, cap=Window(100))
    await asyncio.gather(*(performing(job.id) for job in engine.queued))
    await performing.close()
    assert submissions.settle(visit.service) == 1
    assert submissions.settle(visit.service) == 0
    scored = sealing.find(visit, one.id)
    assert hashlib.sha256(scored.seed.encode()).hexdigest() == one.commitment
    assert scored.signed is not None
    assert msgspec.json.decode(scored.signed)["scores"][0]["score"] == 1.0
    assert flags(scored) == []
    assert questions.page(visit, one.set_digest)[0].id == first.id


@pytest.mark.slow
def test_moderation_is_for_admins_and_keeps_its_log(visit: Visit, admin: Visit, quick: list[Question]) -> None:
    """Publish, flag, note and withdraw leave a line each; who submits may withdraw, and no more."""
    one = report(visit, {quick[0].id: right(quick[0])})
    with pytest.raises(NotAllowed):
        sealing.moderate(visit, one.id, action=Action.PUBLISH, reason="good")
    assert sealing.moderate(admin, one.id, action=Action.PUBLISH, reason="good").status is Standing.PUBLISHED
    assert "odd" in flags(sealing.moderate(admin, one.id, action=Action.FLAG, reason="odd"))
    sealing.moderate(admin, one.id, action=Action.NOTE, reason="asked them")
    assert sealing.moderate(visit, one.id, action=Action.WITHDRAW, reason="mistake").status is Standing.WITHDRAWN
    with pytest.raises(Conflict, match="withdrawn"):
        sealing.moderate(admin, one.id, action=Action.PUBLISH, reason="again")
    assert [line.action for line in sealing.log(visit, one.id)] == ["score", "publish", "flag", "note", "withdraw"]


@pytest.mark.slow
def test_others_see_what_is_published_for_everybody_alone(
    visit: Visit, admin: Visit, caller: Callable[..., Caller], quick: list[Question]
) -> None:
    """A stranger knows no submission of ours until it is published, and its log never."""
    one = report(visit, {quick[0].id: right(quick[0])})
    stranger = Visit(visit.service, caller(Role.ADMIN, "theirs"))
    with pytest.raises(UnknownName):
        sealing.find(stranger, one.id)
    sealing.moderate(admin, one.id, action=Action.PUBLISH, reason="good")
    assert sealing.find(stranger, one.id).id == one.id
    with pytest.raises(UnknownName):
        sealing.log(stranger, one.id)
    with pytest.raises(UnknownName):
        sealing.moderate(stranger, one.id, action=Action.REJECT, reason="ours is better")
