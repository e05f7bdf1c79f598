"""``causal-eval sentinel``: the process that keeps incidents."""

from __future__ import annotations

import asyncio
import ipaddress
import os
import signal

from aiohttp import web

from causal_eval.cli import calling, loops, output
from causal_eval.errors import UsageError
from causal_eval.incidents.book import open_book
from causal_eval.incidents.rules import agree
from causal_eval.operations.guard import Allowed
from causal_eval.operations.lines import logging_to
from causal_eval.operations.redaction import Redactor, secrets_of
from causal_eval.operations.stack.plan import MARK, load_plan
from causal_eval.sentinel.listening import LOOPBACK, Address, make_app
from causal_eval.sentinel.process import Sentinel, Watched
from causal_eval.sentinel.subscribing import HERE, Network
from causal_eval.settings import Settings, read_settings


def sentinel(host: str, port: int, *, every: float, proxies: tuple[str, ...]) -> int:
    """Watch, and keep incidents, until SIGTERM or SIGINT."""
    settings = read_settings(os.environ)
    if host not in LOOPBACK and settings.sentinel_token_file is None:
        raise UsageError(f"--host {host} is no address of this machine alone: set CEB_SENTINEL_TOKEN_FILE first")
    with logging_to(settings, Redactor(secrets_of(settings, os.environ))):
        address = Address(host, port, settings.sentinel_token_file, (*HERE, *map(_network, proxies)))
        loops.run(_run(settings, address, every=every))
    return 0


def _network(text: str) -> Network:
    try:
        return ipaddress.ip_network(text)
    except ValueError as error:
        raise UsageError(f"--proxy {text!r} is no network: write it as 10.0.0.0/8 or as one address") from error


async def _run(settings: Settings, address: Address, *, every: float) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    book = await asyncio.to_thread(open_book, settings.incidents)
    with book.writing() as rows:
        rules = agree(rows, haste=_haste(settings))
    watched = Watched(
        alertmanager=settings.alertmanager_url, probes=_probes(settings.probes), every=every,
        heartbeat=settings.heartbeat_url, prometheus=settings.prometheus_url, feeds=_probes(settings.status_feeds),
        metrics=tuple(filter(None, map(str.strip, settings.watched_metrics.split(",")))),
    )  # fmt: skip
    contacts = calling.contacts_of(settings, settings.incidents, production=address.host not in LOOPBACK)
    keeper = Sentinel(
        book=book, watched=watched, contacts=contacts, status_dir=settings.status_dir, rules=rules,
        address=f"{settings.status_url}/" if settings.status_url else "",
        allowed=Allowed.parse(settings.allowed_networks),
    )  # fmt: skip
    runner = web.AppRunner(make_app(keeper, address), access_log=None, handle_signals=False)
    await runner.setup()
    try:
        site = web.TCPSite(runner, address.host, address.port)
        try:
            await site.start()
        except OSError as error:
            raise UsageError(
                f"--host {address.host} --port {address.port} cannot be listened on: {error.strerror}"
            ) from error
        output.say(f"sentinel at http://{address.host}:{runner.addresses[0][1]}, incidents in {book.path}")
        output.flush()
        await keeper.run(stop)
    finally:
        await runner.cleanup()
        await asyncio.to_thread(book.close)


def _haste(settings: Settings) -> int:
    """As the stack says whose process this is, and whose book; 1: it is of none, or of one that does not play."""
    plan = load_plan(settings.stack_dir) if os.environ.get(MARK) else None
    is_its_own = plan is not None and plan.id == os.environ[MARK] and plan.incidents == settings.incidents
    return plan.haste if plan is not None and is_its_own else 1


def _probes(text: str) -> dict[str, str]:
    parts = (part.strip().partition("=") for part in text.split(",") if part.strip())
    return {name: address for name, _, address in parts}
