"""Sets that a worker makes: put down at once, made once, gone on with by the next worker, and waited for."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

import msgspec
import pytest

from causal_eval.errors import CausalEvalError, Conflict, NotAllowed, StoreFull, UnknownName, UsageError
from causal_eval.evaluation.attempt import Attempt
from causal_eval.evaluation.ledger import Judged
from causal_eval.evaluation.spec import RunSpec
from causal_eval.providers.provider import Reply
from causal_eval.questions import resumption
from causal_eval.questions.file import SetHash
from causal_eval.questions.generate import Plan, generate
from causal_eval.questions.question import Question
from causal_eval.questions.suite import suite
from causal_eval.scoring.format import example
from causal_eval.scoring.grade import judge
from causal_eval.service import audit, jobs, makings, questions, sealing, set_orders, submissions
from causal_eval.service.access import Caller, Role
from causal_eval.service.jobs import JobOrder
from causal_eval.service.readonly import note_disk
from causal_eval.service.set_orders import SetOrder
from causal_eval.service.submissions import Entrant
from causal_eval.service.wiring import Service, Visit
from causal_eval.store import makings as kept
from causal_eval.store.evaluations import begin
from causal_eval.store.ledger import SqlLedger
from causal_eval.store.makings import Making
from causal_eval.store.submissions import Standing

WANTED = SetOrder(seed="made", n=60, families=("attribution", "separation"))
BAD = SetOrder(seed="bad", n=10, graph="X->Q, Q->X")
"""What shows to be wrong only when it is made."""


def settle(
    service: Service, worker: str = "w", *, others: frozenset[str] | None = frozenset(), parts: int = 99
) -> bool:
    """Let a worker carry out one making, which ends after so many looks whether it is to end."""
    looks = itertools.count()
    return makings.settle(service, worker=worker, others=others, stop=lambda: next(looks) >= parts)


def shown(wanted: SetOrder) -> str:
    """The hash of the set that the order describes."""
    digest = SetHash()
    for question in generate(set_orders.plan_of(wanted)):
        digest.add(question)
    return digest.hexdigest()


@pytest.mark.slow
def test_a_set_is_made_once_and_is_the_set_of_its_plan(visit: Visit, caller: Callable[..., Caller]) -> None:
    """The same order finds it, open or done; what is made is what the plan makes, and the log names it once."""
    one = makings.order_set(visit, WANTED)
    assert (one.status, one.wanted, one.made, one.question_set) == ("open", 60, 0, None)
    assert makings.order_set(visit, WANTED) == one
    assert settle(visit.service)
    assert not settle(visit.service)
    done = makings.order_set(visit, WANTED)
    assert (done.id, done.status, done.made, done.note) == (one.id, "done", 60, "")
    assert done.question_set is not None
    found = questions.find(visit, done.question_set)
    assert (found.hash, found.count, found.name) == (shown(WANTED), 60, "generated/made")
    assert [line.id for line in makings.listed(visit)] == [one.id]
    admin = Visit(visit.service, caller(Role.ADMIN))
    actions = [line.entry.action for line in audit.listed(admin)]
    assert (actions.count("making.create"), actions.count("question_set.create")) == (1, 1)


@pytest.mark.slow
def test_the_next_worker_goes_on_where_the_last_ended(visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that ends keeps what it has made, and the whole is as if nobody had ended."""
    monkeypatch.setattr(makings, "PART", 5)
    one = makings.order_set(visit, WANTED)
    assert settle(visit.service, "first", parts=7)
    half = makings.find(visit, one.id)
    assert half.status == "open"
    assert 5 <= half.made < 60
    drawn, resumed = list[Question](), resumption.resumed

    def watched(plan: Plan, made: Iterable[Question]) -> Iterator[Question]:
        for question in resumed(plan, made):
            drawn.append(question)
            yield question

    monkeypatch.setattr(makings, "resumed", watched)
    assert settle(visit.service, "second")
    assert len(drawn) == 60 - half.made
    done = makings.find(visit, one.id)
    assert done.question_set is not None
    assert questions.find(visit, done.question_set).hash == shown(WANTED)


def test_a_worker_lets_go_of_what_is_cancelled_under_its_hands(visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing more is kept of it, no set is left behind, and it stays cancelled."""
    monkeypatch.setattr(makings, "PART", 5)
    one, looks = makings.order_set(visit, WANTED), itertools.count()

    def stop() -> bool:
        if next(looks) == 3:
            makings.cancel(visit, one.id)
        return False

    assert makings.settle(visit.service, worker="w", others=frozenset(), stop=stop)
    found = makings.find(visit, one.id)
    assert (found.status, found.question_set) == ("failed", None)
    assert found.note.startswith("cancelled by ")
    assert not questions.listed(visit)
    assert not list(kept.parts(visit.service.store, one.id))
    assert not settle(visit.service)


def test_what_a_worker_has_in_hand_is_nobodys_once_it_is_dead(visit: Visit) -> None:
    """While it lives, or nobody can tell, it is left alone; taken for dead, it writes nothing more."""
    one, service = makings.order_set(visit, WANTED), visit.service
    with service.store.writing() as connection:
        hold = kept.claim(connection, one.id, worker="first", others=None)
        assert hold is not None
        assert kept.keep_part(connection, hold, questions=[next(generate(set_orders.plan_of(WANTED)))], made=0)
    assert not settle(service, "second", others=frozenset({"first"}))
    assert not settle(service, "second", others=None)
    with service.store.writing() as connection:
        assert kept.claim(connection, one.id, worker="second", others=frozenset()) is not None
        assert not kept.keep_part(connection, hold, questions=(), made=1)
        assert not kept.end(connection, hold, at=0.0, values={})


@pytest.mark.slow
def test_what_ends_every_worker_is_left_alone(visit: Visit) -> None:
    """After ten that did not come back it has failed; ordered again it is made from the beginning."""
    one, service = makings.order_set(visit, WANTED), visit.service
    for _ in range(makings.MOST_TRIES):
        with service.store.writing() as connection:
            assert kept.claim(connection, one.id, worker="w", others=frozenset()) is not None
    assert settle(service)
    assert "10 workers ended" in makings.find(visit, one.id).note
    assert makings.order_set(visit, WANTED).status == "open"
    assert settle(service)
    assert makings.find(visit, one.id).status == "done"


def test_an_evaluation_waits_for_its_set(visit: Visit) -> None:
    """It begins when the set is made, on that set, in the name of whoever ordered it."""
    one = makings.order_set(visit, WANTED)
    waiting = makings.begin(visit, JobOrder("baseline/oracle", one.id, limit=10))
    assert isinstance(waiting, Making)
    assert settle(visit.service)
    assert makings.find(visit, waiting.id).status == "open"
    assert settle(visit.service)
    begun, made = makings.find(visit, waiting.id), makings.find(visit, one.id)
    assert begun.evaluation is not None
    found = jobs.find(visit, begun.evaluation)
    assert (found.evaluation.spec.question_set, found.evaluation.planned) == (made.question_set, 10)
    assert found.job.requested_by == visit.caller.actor
    at_once = makings.begin(visit, JobOrder("baseline/oracle", one.id, limit=10))
    assert isinstance(at_once, jobs.Ordered)
    assert at_once.evaluation.spec.question_set == made.question_set
    with pytest.raises(UnknownName):
        makings.begin(visit, JobOrder("baseline/oracle", "no-such"))


def test_what_cannot_be_made_says_why_to_all_who_wait(visit: Visit) -> None:
    """The set has failed, and so has what waited for it; nothing new is ordered on it."""
    one = makings.order_set(visit, BAD)
    waiting = makings.begin(visit, JobOrder("baseline/oracle", one.id))
    assert isinstance(waiting, Making)
    assert settle(visit.service)
    failed = makings.find(visit, one.id)
    assert failed.status == "failed"
    assert "cycle" in failed.note
    assert settle(visit.service)
    assert failed.note in makings.find(visit, waiting.id).note
    with pytest.raises(Conflict, match="could not be made"):
        makings.begin(visit, JobOrder("baseline/oracle", one.id))


def test_a_stored_set_is_checked_and_its_page_written(visit: Visit) -> None:
    """The same check is made once; page and JSON tell of every family, and the card is in the JSON."""
    small = replace(WANTED, n=12, families=("attribution",))
    made = questions.generate_set(visit, small)
    one = makings.order_check(visit, made.hash)
    with pytest.raises(Conflict, match="no check that is done"):
        makings.texts(visit, one.id)
    assert settle(visit.service)
    assert makings.order_check(visit, made.digest) == makings.find(visit, one.id)
    page, document = makings.texts(visit, one.id)
    told = json.loads(document)
    assert (told["set"], told["sound"], [row["family"] for row in told["families"]]) == (
        made.hash,
        True,
        ["attribution"],
    )
    assert "Data card" in told["card"]
    assert "generated/made" in page


def test_orders_that_cannot_be_are_refused_at_once(
    visit: Visit, service: Service, caller: Callable[..., Caller], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A plan that cannot be, a viewer, a stranger, too many: nothing of it is put down."""
    for wrong, named in (
        (replace(WANTED, n=30_000), "n is 30000"),
        (replace(WANTED, suite="quick"), "one of suite"),
        (SetOrder(suite="full", families=("effect",)), "is what its name says"),
        (replace(WANTED, language="de"), "English only"),
        (replace(WANTED, renderers=("opera",)), "opera"),
        (replace(WANTED, rephrased=True, n=61), "multiple of 6"),
        (replace(WANTED, split="secret"), "public"),
    ):
        with pytest.raises(CausalEvalError, match=named):
            makings.order_set(visit, wrong)
    with pytest.raises(NotAllowed):
        makings.order_set(Visit(service, caller(Role.VIEWER)), WANTED)
    stranger = Visit(service, caller(Role.ADMIN, "theirs"))
    one = makings.order_set(visit, WANTED)
    for look in (makings.find, makings.texts):
        with pytest.raises(UnknownName):
            look(stranger, one.id)
    with pytest.raises(UnknownName):
        makings.order_check(stranger, "0" * 64)
    assert makings.listed(stranger) == []
    monkeypatch.setattr(makings, "MOST_OPEN", 1)
    with pytest.raises(Conflict, match="wait for one of them"):
        makings.order_set(visit, replace(WANTED, seed="another"))
    assert len(makings.listed(visit)) == 1


def test_a_set_aims_at_the_weak_spots_of_a_run_as_they_are(visit: Visit) -> None:
    """Only what it was asked and scored in comes back, as often as it was wrong there; ordered once, it stays so."""
    asked = questions.generate_set(visit, SetOrder(n=20, seed="base", families=("attribution", "effect")))
    run = begin(visit.service.store, RunSpec("baseline/x", asked.digest))

    async def answer() -> None:
        async with SqlLedger(visit.service.store, run) as ledger:
            asks = [ask async for ask in ledger.missing()]
            right = [f"ANSWER: {example(ask.question.answer, ask.question.gold)}" for ask in asks]
            replies = [
                Reply(said if ask.question.family == "effect" else "ANSWER: none of it")
                for ask, said in zip(asks, right, strict=True)
            ]
            keys = await ledger.keep(
                [Attempt(ask, one, "2026-11-25T00:00:00.000+00:00") for ask, one in zip(asks, replies, strict=True)]
            )
            await ledger.judge(
                [
                    Judged(k, judge(r.text, r.finish, question=a.question))
                    for k, a, r in zip(keys, asks, replies, strict=True)
                    if k
                ]
            )

    asyncio.run(answer())
    aim = SetOrder(n=400, seed="aim", adversarial_to=run.id)
    one = makings.make(visit, aim)
    assert isinstance(one, Making)
    assert one.name.startswith(f"generated/against/{run.id}/")
    assert makings.make(visit, aim) == one
    stored = msgspec.json.decode(one.asked, type=SetOrder)
    assert stored.adversarial_to is None
    assert {name.partition("/")[0] for name in stored.kinds} == {"attribution", "effect"}
    weights = {name: weight for name, weight in stored.weights.items() if "/" in name}
    assert min(w for n, w in weights.items() if n[0] == "a") > max(w for n, w in weights.items() if n[0] == "e")
    for wrong, said in (
        (replace(aim, adversarial=("all",)), "no other traps"),
        (replace(aim, families=("bounds",)), "no scored answer"),
        (replace(aim, adversarial_to="ev-none"), "unknown evaluation"),
    ):
        with pytest.raises(CausalEvalError, match=said):
            makings.make(visit, wrong)


def test_large_sets_are_no_longer_made_while_somebody_waits(visit: Visit) -> None:
    """A route that makes at once refuses them."""
    with pytest.raises(UsageError, match="have a worker make"):
        questions.generate_set(visit, SetOrder(suite="standard"))


def test_nothing_is_made_while_the_service_only_reads(visit: Visit) -> None:
    """It waits."""
    one = makings.order_set(visit, WANTED)
    note_disk(visit.service, "/data has 1% free")
    assert not settle(visit.service)
    assert makings.find(visit, one.id).status == "open"


def test_a_database_that_is_away_is_no_fault_of_the_set(visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is given back and made later; a fault of the program ends it, and is told to whoever runs the worker."""
    one = makings.order_set(visit, WANTED)

    def away(*_: object, **__: object) -> None:
        raise StoreFull("no room")

    def wrong(*_: object, **__: object) -> None:
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr(makings, "keep_set", away)
    with pytest.raises(StoreFull):
        settle(visit.service)
    assert makings.find(visit, one.id).status == "open"
    monkeypatch.setattr(makings, "keep_set", wrong)
    with pytest.raises(ZeroDivisionError):
        settle(visit.service)
    assert "a fault of this program" in makings.find(visit, one.id).note


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    """The suite ``quick`` counts as large."""
    monkeypatch.setattr(submissions, "AT_ONCE", 10)


def sent(visit: Visit, answers: dict[str, str]) -> tuple[str, Making]:
    """A self-report on a large suite, and what is to be made of it."""
    one = submissions.reported(visit, Entrant("some/one", "quick"), seed="7", answers=answers)
    assert (one.status, one.evaluation_id) == (Standing.OPEN, None)
    return one.id, makings.listed(visit)[0]


@pytest.mark.slow
@pytest.mark.usefixtures("large")
def test_a_large_suite_that_is_submitted_to_is_made_by_a_worker(visit: Visit) -> None:
    """Answered at once; then the sealed questions are asked, and nobody sees them or the seed before."""
    one = submissions.verified(visit, Entrant("baseline/oracle", "quick"))
    assert (one.status, one.evaluation_id, one.set_digest) == (Standing.OPEN, None, "")
    assert settle(visit.service)
    found = sealing.find(visit, one.id)
    assert found.evaluation_id is not None
    assert found.seed == ""
    assert jobs.find(visit, found.evaluation_id).evaluation.spec.question_set == found.set_digest
    with pytest.raises(UnknownName):
        questions.find(visit, found.set_digest)
    assert "seed" not in makings.listed(visit)[0].asked


@pytest.mark.slow
@pytest.mark.usefixtures("large")
def test_answers_to_a_large_suite_are_scored_by_a_worker(visit: Visit) -> None:
    """Cut off after the evaluation was entered, it is gone on with and scored once; the answers are not kept twice."""
    asked = list(generate(suite("quick", "7")))[:20]
    name, making = sent(visit, {one.id: f"ANSWER: {example(one.answer, one.gold)}" for one in asked})
    assert asked[0].id in making.asked
    with visit.service.store.writing() as connection:
        assert kept.claim(connection, making.id, worker="killed", others=None) is not None
    submissions.go_on(visit, making.asked)
    scored = sealing.find(visit, name)
    assert settle(visit.service)
    assert sealing.find(visit, name) == scored
    assert (scored.status, makings.find(visit, making.id).asked) == (Standing.SCORED, "{}")
    assert makings.find(visit, making.id).evaluation == scored.evaluation_id


@pytest.mark.slow
@pytest.mark.usefixtures("large")
def test_answers_to_no_question_reject_the_submission(visit: Visit) -> None:
    """Its log says why."""
    name, _ = sent(visit, {"q-0": "ANSWER: yes"})
    assert settle(visit.service)
    assert sealing.find(visit, name).status is Standing.REJECTED
    assert "the keys are question ids" in sealing.log(visit, name)[-1].reason
