"""The client against a real server: ordered, watched, paged, refused, logged in."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from tests.client.conftest import serving

from causal_eval.client import Client, Conflict, EvaluationOrder, Invalid, NotFound, SetOrder, run_sync
from causal_eval.client.people import KeyOrder
from causal_eval.client.refusals import NotAllowed, NotAuthenticated, TooMany
from causal_eval.errors import UsageError
from causal_eval.service import reports
from causal_eval.service.wiring import Service

PASSWORD = "correct horse battery"


@pytest.mark.slow
def test_a_set_is_made_asked_and_stopped(address: str) -> None:
    """Generate, begin, see, stop, page; a problem is raised with its status."""

    async def work() -> None:
        async with Client(address) as client:
            made = await client.create_question_set(SetOrder(n=4, seed="c"))
            found = [one async for one in client.list_questions(made.digest)]
            assert len(found) == made.count == 4
            assert (await client.verify_question(made.digest, found[0].id)).mismatches == {}
            begun = await client.create_evaluation(EvaluationOrder(answerer="baseline/oracle", question_set=made.hash))
            assert [one.id async for one in client.list_evaluations()] == [begun.id]
            await client.cancel_evaluation(begun.id)
            assert (await client.wait(begun.id)).status == "cancelled"
            assert [event.kind async for event in client.watch_evaluation(begun.id)] == ["created", "cancelled"]
            (last,) = [e async for e in client.watch_evaluation(begun.id) if e.kind == "cancelled"]
            assert [event async for event in client.watch_evaluation(begun.id, after=last.id)] == []
            assert len([one async for one in client.list_results(begun.id, mark="missing")]) == 4
            with pytest.raises(NotFound, match="unknown evaluation") as caught:
                await client.get_evaluation("ev-none")
            assert (caught.value.status, caught.value.problem_type) == (404, "unknown-name")
            assert caught.value.request

    run_sync(work())


def test_an_order_with_a_key_is_carried_out_once(address: str) -> None:
    """The same key and order give the same evaluation, another order with it is a conflict; wrong fields are named."""

    async def work() -> None:
        async with Client(address) as client:
            made = await client.create_question_set(SetOrder(n=2))
            order = EvaluationOrder(answerer="baseline/oracle", question_set=made.digest)
            one, same = [await client.create_evaluation(order, idempotency_key="k") for _ in range(2)]
            assert (one.id, one.budget) == (same.id, None)
            assert (await client.create_evaluation(order)).id != one.id
            other = EvaluationOrder(answerer="baseline/oracle", question_set=made.digest, limit=1)
            with pytest.raises(Conflict):
                await client.create_evaluation(other, idempotency_key="k")
            with pytest.raises(Invalid) as wrong:
                await client.create_evaluation(EvaluationOrder(answerer="x", question_set=made.digest, epochs=0))
            assert [field.field for field in wrong.value.fields] == ["body.epochs"]

    run_sync(work())


def test_a_report_is_ordered_and_read(address: str, service: Service) -> None:
    """Waiting ends when a worker has written it; page, document and file are there."""

    async def work() -> None:
        async with Client(address) as client:
            made = await client.create_question_set(SetOrder(n=2))
            begun = await client.create_evaluation(EvaluationOrder(answerer="baseline/oracle", question_set=made.hash))
            report = await client.create_report((begun.id,))
            assert reports.settle(service)
            assert (await client.wait_for_report(report.id)).status == "done"
            assert "<html" in await client.get_report_page(report.id)
            assert (await client.get_report_document(report.id)).evaluations[0].id == begun.id
            assert (await client.get_report_file(report.id, form="json", summary=True)).startswith(b"{")

    run_sync(work())


@pytest.mark.slow
def test_every_page_is_followed(address: str) -> None:
    """More than a page holds, each once."""

    async def work() -> None:
        async with Client(address) as client:
            made = await client.create_question_set(SetOrder(n=150))
            assert len({one.id async for one in client.list_questions(made.digest)}) == 150

    run_sync(work())


@pytest.mark.slow
def test_a_session_is_begun_used_and_ended(guarded: str) -> None:
    """Its token is sent with what changes something; who is unknown is told apart from who may not."""

    async def work() -> None:
        async with Client(guarded) as client:
            with pytest.raises(NotAuthenticated):
                await client.who_am_i()
            await client.log_in("ada@example.org", PASSWORD)
            assert (await client.who_am_i()).name == "Ada"
            key = (await client.create_api_key(KeyOrder(name="k", role="viewer"))).key
            await client.create_project("vision", "Vision")
            rows = [row async for row in client.export_project("vision")]
            assert "vision" in {row.get("id") for row in rows}
            await client.log_out()
            with pytest.raises(NotAuthenticated):
                await client.who_am_i()
        async with Client(guarded, str(key)) as client:
            with pytest.raises(NotAllowed):
                await client.list_users()
            assert (await client.ready()).status == "ok"

    run_sync(work())


def test_asking_too_often_says_how_long_to_wait(service: Service) -> None:
    """The number of seconds is there to be used."""
    few = replace(service, settings=replace(service.settings, requests_per_minute=3))

    async def work(address: str) -> None:
        async with Client(address) as client:
            with pytest.raises(TooMany) as refused:
                await asyncio.gather(*(client.list_suites() for _ in range(20)))
            assert refused.value.retry_after is not None
            assert 0 < refused.value.retry_after <= 60

    with serving(few, open_to_all=True) as address:
        run_sync(work(address))


def test_no_secret_is_shown(guarded: str) -> None:
    """Neither of the client nor of what was made, nor in an error; the text of the secret is there to be used."""
    planted = "ceb_planted_0123456789abcdef"

    async def work() -> None:
        client = Client(guarded, planted)
        async with client:
            with pytest.raises(NotAuthenticated) as refused:
                await client.who_am_i()
        assert planted not in repr(client) + repr(refused.value) + str(refused.value)
        async with Client(guarded) as client:
            begun = await client.log_in("ada@example.org", PASSWORD)
            made = await client.create_api_key(KeyOrder(name="k"))
        assert str(made.key).startswith("ceb_")
        assert str(made.key) not in repr(made)
        assert str(begun.csrf) not in f"{begun!r} {begun}"

    run_sync(work())


@pytest.mark.parametrize("address", ["eval.example.org", "ftp://x", "https://me:secret@eval.example.org", ""])
def test_an_address_that_is_none_is_refused(address: str) -> None:
    """At once, and without what stands in it."""
    with pytest.raises(UsageError) as refused:
        Client(address)
    assert "secret" not in str(refused.value)
