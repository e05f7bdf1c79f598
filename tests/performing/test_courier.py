"""Webhooks: signed so that a receiver can check, tried for a day, and never sent to where nobody may go."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import socket
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

import pytest
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult

from causal_eval.errors import Conflict, NotAllowed, UnknownName, UsageError, VerificationMismatch
from causal_eval.operations.guard import Allowed, guarded
from causal_eval.performing import courier
from causal_eval.service import audit, jobs, webhooks
from causal_eval.service.access import Caller, Role
from causal_eval.service.jobs import JobOrder
from causal_eval.service.vault import make_master
from causal_eval.service.webhooks import MadeWebhook, NewWebhook
from causal_eval.service.wiring import Service, Visit
from causal_eval.store.webhooks import change_webhook

pytestmark = pytest.mark.anyio
HOUR = 3600.0


class Movable(Protocol):
    """The clock of the tests."""

    now: float


@dataclass
class Received:
    """What arrived at the receiver, and what it answers."""

    port: int = 0
    status: int = 204
    asked: list[tuple[dict[str, str], bytes]] = field(default_factory=list)


class Rebinding(AbstractResolver):
    """A name that is public when it is looked at, and this machine when it is called."""

    async def resolve(
        self,
        host: str,
        port: int = 0,
        family: socket.AddressFamily = socket.AF_INET,
    ) -> list[ResolveResult]:
        return [ResolveResult(hostname=host, host="127.0.0.1", port=port, family=family, proto=0, flags=0)]

    async def close(self) -> None:
        """Nothing is open."""


@pytest.fixture
async def receiver() -> AsyncIterator[Received]:
    """A server that takes deliveries."""
    got = Received()

    async def take(request: web.Request) -> web.Response:
        got.asked.append(({name.lower(): value for name, value in request.headers.items()}, await request.read()))
        headers = {"location": "/elsewhere"} if got.status == 302 else {}
        return web.Response(status=got.status, headers=headers)

    app = web.Application()
    app.router.add_post("/{path}", take)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    got.port = runner.addresses[0][1]
    yield got
    await runner.cleanup()


@pytest.fixture
def admin(service: Service, tmp_path: Path, receiver: Received, caller: Callable[..., Caller]) -> Visit:
    """An admin where the receiver is listed and there is a master key."""
    make_master(tmp_path / "master")
    settings = replace(
        service.settings, master_key_file=tmp_path / "master", allowed_networks=f"127.0.0.1:{receiver.port}"
    )
    return Visit(replace(service, settings=settings), caller(Role.ADMIN))


@pytest.fixture
def hook(admin: Visit, receiver: Received) -> MadeWebhook:
    """A webhook to the receiver."""
    return webhooks.add(admin, NewWebhook(f"http://127.0.0.1:{receiver.port}/in"))


async def deliver(visit: Visit, resolver: AbstractResolver | None = None) -> int:
    """One round."""
    allowed = Allowed.parse(visit.service.settings.allowed_networks)
    async with guarded(allowed, resolver=resolver) as session:
        return await courier.deliver(visit.service, session)


async def test_an_event_arrives_once_signed(
    admin: Visit, hook: MadeWebhook, receiver: Received, wanted: JobOrder
) -> None:
    """Body, id, time and a signature that the secret gives; a second round sends nothing."""
    placed = jobs.order(admin, wanted).evaluation.id
    assert await deliver(admin) == 1
    assert await deliver(admin) == 0
    ((headers, body),) = receiver.asked
    told = json.loads(body)
    assert (told["type"], told["data"]["evaluation"]) == ("evaluation.created", placed)
    key = base64.b64decode(hook.secret.removeprefix("whsec_"))
    content = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    expected = base64.b64encode(hmac.digest(key, content, hashlib.sha256)).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"
    (line,) = webhooks.deliveries(admin, hook.webhook.id)
    assert (line.status, line.tries, line.last_status, line.id) == ("done", 1, 204, headers["webhook-id"])


async def test_events_of_before_of_others_and_unwanted_kinds_are_not_sent(
    admin: Visit, receiver: Received, wanted: JobOrder
) -> None:
    """Only what happens from now on, of the kinds that are named."""
    jobs.order(admin, wanted)
    webhooks.add(admin, NewWebhook(f"http://127.0.0.1:{receiver.port}/in", kinds=("cancelled",)))
    placed = jobs.order(admin, wanted).evaluation.id
    jobs.cancel(admin, placed)
    await deliver(admin)
    assert [json.loads(body)["type"] for _, body in receiver.asked] == ["evaluation.cancelled"]


@pytest.mark.parametrize("status", [500, 302, 404])
async def test_what_did_not_arrive_is_tried_again_with_growing_delays(
    admin: Visit, hook: MadeWebhook, receiver: Received, wanted: JobOrder, clock: Movable, status: int
) -> None:
    """Not before its time, under the same id, and no redirect is followed; once it arrives, it is done."""
    receiver.status = status
    jobs.order(admin, wanted)
    assert await deliver(admin) == 1
    assert await deliver(admin) == 0
    clock.now += 5
    assert await deliver(admin) == 1
    clock.now += 5
    assert await deliver(admin) == 0
    receiver.status = 200
    clock.now += 25
    assert await deliver(admin) == 1
    assert len({headers["webhook-id"] for headers, _ in receiver.asked}) == 1
    (line,) = webhooks.deliveries(admin, hook.webhook.id)
    assert (line.status, line.tries) == ("done", 3)
    assert webhooks.find(admin, hook.webhook.id).failing_since is None


async def test_a_day_of_failures_ends_the_delivery_and_disables_the_webhook(
    admin: Visit, hook: MadeWebhook, receiver: Received, wanted: JobOrder, clock: Movable
) -> None:
    """The log says so; nothing is sent until it is enabled, and then what is sent again arrives."""
    receiver.status = 500
    jobs.order(admin, wanted)
    for _ in range(30):
        await deliver(admin)
        clock.now += HOUR
    (line,) = webhooks.deliveries(admin, hook.webhook.id)
    assert line.status == "failed"
    jobs.order(admin, wanted)
    await deliver(admin)
    assert webhooks.find(admin, hook.webhook.id).disabled_at is not None
    assert "webhook.disable" in {noted.entry.action for noted in audit.listed(admin)}
    with pytest.raises(Conflict, match="enable it first"):
        webhooks.resend(admin, hook.webhook.id, delivery=line.id)
    receiver.status, count = 200, len(receiver.asked)
    clock.now += HOUR
    assert await deliver(admin) == 0
    webhooks.enable(admin, hook.webhook.id)
    webhooks.resend(admin, hook.webhook.id, delivery=line.id)
    assert await deliver(admin) == 2
    assert len(receiver.asked) == count + 2
    assert {one.status for one in webhooks.deliveries(admin, hook.webhook.id)} == {"done"}


@pytest.mark.parametrize("url", ["http://127.0.0.1:{port}/x", "http://[::1]/x", "http://169.254.169.254/latest"])
async def test_an_address_inside_is_refused_at_once(admin: Visit, receiver: Received, url: str) -> None:
    """Unless the operator lists it."""
    shut = Visit(replace(admin.service, settings=replace(admin.service.settings, allowed_networks="")), admin.caller)
    with pytest.raises(UsageError, match="CEB_ALLOWED_NETWORKS"):
        webhooks.add(shut, NewWebhook(url.format(port=receiver.port)))
    for nonsense in ("ftp://example.org/", "https://user:pass@example.org/", "https:///x", "x"):
        with pytest.raises(UsageError):
            webhooks.add(admin, NewWebhook(nonsense))


async def test_a_name_that_leads_inside_when_it_is_called_is_not_called(
    admin: Visit, receiver: Received, wanted: JobOrder
) -> None:
    """The address is checked at the connection: nothing arrives, and the delivery says why."""
    made = webhooks.add(admin, NewWebhook(f"http://rebind.test:{receiver.port}/in"))
    shut = Visit(replace(admin.service, settings=replace(admin.service.settings, allowed_networks="")), admin.caller)
    jobs.order(admin, wanted)
    assert await deliver(shut, Rebinding()) == 1
    assert receiver.asked == []
    (line,) = webhooks.deliveries(admin, made.webhook.id)
    assert line.last_status is None
    assert "AddressRefused" in line.last_error


async def test_a_secret_is_held_to_its_address(
    admin: Visit, hook: MadeWebhook, receiver: Received, wanted: JobOrder
) -> None:
    """A row whose address was changed signs nothing."""
    with admin.service.store.writing() as connection:
        change_webhook(connection, hook.webhook.id, values={"url": f"http://127.0.0.1:{receiver.port}/evil"})
    jobs.order(admin, wanted)
    await deliver(admin)
    assert receiver.asked == []
    (line,) = webhooks.deliveries(admin, hook.webhook.id)
    assert line.last_error.startswith(VerificationMismatch.__name__)


async def test_webhooks_are_for_admins_of_their_project(
    admin: Visit, hook: MadeWebhook, caller: Callable[..., Caller]
) -> None:
    """An evaluator sets none, a stranger sees none; one that is removed is gone with its deliveries."""
    with pytest.raises(NotAllowed):
        webhooks.add(Visit(admin.service, caller(Role.EVALUATOR)), NewWebhook("https://example.org/x"))
    stranger = Visit(admin.service, caller(Role.ADMIN, "theirs"))
    for refused in (webhooks.find, webhooks.remove, webhooks.enable, webhooks.deliveries):
        with pytest.raises(UnknownName):
            refused(stranger, hook.webhook.id)
    webhooks.remove(admin, hook.webhook.id)
    assert webhooks.listed(admin, "local") == []
