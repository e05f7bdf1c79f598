"""What a worker makes, as a client meets it: it comes back when that is there, and says why it cannot be."""

from __future__ import annotations

import asyncio

import pytest
from tests.answered import answered

from causal_eval.client import Client, Conflict, EvaluationOrder, SetOrder, run_sync
from causal_eval.client import asking as client_asking
from causal_eval.evaluation.spec import RunSpec
from causal_eval.questions.generate import Plan, generate
from causal_eval.questions.question import Question
from causal_eval.scoring.format import example
from causal_eval.service import makings, questions
from causal_eval.service.wiring import Service
from causal_eval.store.suites import keep_set


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Five questions are many, and looks come often."""
    monkeypatch.setattr(questions, "AT_ONCE", 5)
    monkeypatch.setattr(client_asking, "MAKING_SECONDS", 0.02)


async def worked(service: Service, times: int) -> None:
    """A worker that carries out so many makings, once they are ordered."""
    while times:
        if await asyncio.to_thread(makings.settle, service, worker="w", others=frozenset(), stop=lambda: False):
            times -= 1
        await asyncio.sleep(0.02)


def test_a_large_set_comes_back_when_it_is_made(address: str, service: Service) -> None:
    """The set itself, not a promise of it; an evaluation on its making too; then the check, and the file."""

    async def work() -> None:
        async with Client(address) as client:
            order = SetOrder(n=12, seed="large", families=("attribution",), renderers=("story",))
            made, _ = await asyncio.gather(client.create_question_set(order), worked(service, 1))
            assert made.count == 12
            assert (await client.create_question_set(order)).digest == made.digest
            (making,) = [one async for one in client.list_makings()]
            on_it = EvaluationOrder(answerer="baseline/oracle", question_set=making.id)
            begun = await client.create_evaluation(on_it)
            assert begun.question_set == made.digest
            check = await client.create_check(made.hash)
            done, _ = await asyncio.gather(client.wait_for_making(check.id, every=0.02), worked(service, 1))
            assert (done.status, done.note) == ("done", "")
            assert (await client.get_check(check.id)).sound
            assert "<svg" in await client.get_check_page(check.id)
            lines = [one async for one in client.export_question_set(made.digest, part="gold")]
            assert [one["renderer"] for one in lines] == ["story"] * 12

    run_sync(work())


def test_the_next_questions_are_made_of_what_an_ability_says(address: str, service: Service) -> None:
    """Few as they are a worker makes them, and the set comes back."""
    kept = keep_set(service.store, generate(Plan(24, "able", families=("effect",))), name="able")

    def run(name: str, quarters: int) -> str:
        def answer(asked: Question) -> str:
            is_right = int(asked.cluster[-2:], 16) % 4 < quarters
            return f"ANSWER: {example(asked.answer, asked.gold)}" if is_right else "-"

        return answered(service.store, RunSpec(f"openai/{name}", kept.digest), answer=answer).id

    one, others = run("half", 2), [run("weak", 1), run("strong", 3)]

    async def work() -> None:
        async with Client(address) as client:
            found = await client.get_ability(one, ",".join(others), n=3)
            order = SetOrder(seed="second", settings=found.next)
            made, _ = await asyncio.gather(client.create_question_set(order), worked(service, 1))
            assert (made.name, found.also) == ("set/second", ())
            asked = [question async for question in client.list_questions(made.digest)]
            assert {question.kind for question in asked} == {one.kind.partition("/")[2] for one in found.next}

    run_sync(work())


def test_what_cannot_be_made_is_raised_with_its_reason(address: str, service: Service) -> None:
    """A graph that has no causal order shows when it is made."""

    async def work() -> None:
        async with Client(address) as client:
            bad = client.create_question_set(SetOrder(n=12, graph="X->Y, Y->X"))
            refused, _ = await asyncio.gather(bad, worked(service, 1), return_exceptions=True)
            assert isinstance(refused, Conflict)
            assert "no causal order" in str(refused)

    run_sync(work())
