"""What ``/health/live`` and an evaluation by key are beside a bare route, and p95 of others at 50 users.

The 50 each ask once a second, then each at once after the last answer. Two servers, each a process of its own; rounds
alternate between the three addresses, so that whatever else the machine does meets all of them. Run:
``python benchmarks/service/api.py``.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import socket
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from pathlib import Path

import aiohttp
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from causal_eval.api.app import make_app
from causal_eval.questions.generate import Plan, generate
from causal_eval.service import jobs, keys, users
from causal_eval.service.access import Role
from causal_eval.service.accounts import local_caller, user_caller
from causal_eval.service.engine_memory import MemoryEngine
from causal_eval.service.wiring import KEPT_CONNECTIONS, Service, Visit
from causal_eval.settings import read_settings
from causal_eval.store.database import open_store
from causal_eval.store.suites import keep_set

ROUNDS, SECONDS, WIDTH, USERS = 6, 2.0, 16, 50


@dataclass(frozen=True, slots=True)
class Place:
    """A service with an evaluation in it."""

    key: str
    evaluation: str
    question_set: str


def service_in(folder: Path) -> Service:
    """The service over a file."""
    settings = read_settings({"CEB_DATA_DIR": str(folder), "HOME": str(folder)}, cwd=folder)
    settings = replace(settings, requests_per_minute=1_000_000)
    counted = iter(range(1, 10**9))
    store = open_store(settings.database_url, kept=KEPT_CONNECTIONS)
    return Service(store, settings, MemoryEngine(), time.time, lambda: f"{time.time_ns():016x}{next(counted):016x}")


def furnish(service: Service) -> Place:
    """Put a user with a key, a question set and 30 evaluations in."""
    here = Visit(service, local_caller(""))
    made = keep_set(service.store, generate(Plan(100, "0")), name="bench/0")
    user = users.add(here, users.NewUser("a@example.org", "A", Role.EVALUATOR, projects=frozenset({"local"})))
    key = keys.make(Visit(service, user_caller(user, address="")), keys.KeyOrder("k", Role.EVALUATOR)).key
    names = [jobs.order(here, jobs.JobOrder("baseline/oracle", made.digest)).evaluation.id for _ in range(30)]
    return Place(key, names[0], made.digest)


async def bare(request: Request) -> Response:
    """Nothing but an answer."""
    del request
    return PlainTextResponse("ok")


def serve(folder: str | None, port: int) -> None:
    """A server: of the service over *folder*, or of the bare route."""
    if folder is None:
        uvicorn.run(Starlette(routes=[Route("/bare", bare)]), port=port, log_level="error", access_log=False)
    else:
        uvicorn.run(make_app(service_in(Path(folder))), port=port, log_level="error", access_log=False)


async def drive(ask: Callable[[], Awaitable[None]], *, width: int, seconds: float, pause: float = 0.0) -> list[float]:
    """Seconds that each request took, *width* at a time, each *pause* seconds after the answer to the last."""
    took: list[float] = []
    end = time.perf_counter() + seconds

    async def one(place: int) -> None:
        await asyncio.sleep(pause * place / width)
        while (began := time.perf_counter()) < end:
            await ask()
            took.append(time.perf_counter() - began)
            await asyncio.sleep(pause)

    await asyncio.gather(*(one(place) for place in range(width)))
    return took


async def measure(bare_at: str, at: str, place: Place) -> None:
    """Ask, and print what came of it."""
    headers = {"Authorization": f"Bearer {place.key}"}
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=USERS)) as client:

        def asking(url: str) -> Callable[[], Awaitable[None]]:
            async def ask() -> None:
                async with client.get(url, headers=headers) as answer:
                    await answer.read()
                    answer.raise_for_status()

            return ask

        one = f"{at}/api/v1/evaluations/{place.evaluation}"
        rates: dict[str, list[float]] = {}
        for _ in range(ROUNDS):
            for name, url in {"bare": f"{bare_at}/bare", "live": f"{at}/health/live", "one row": one}.items():
                took = await drive(asking(url), width=WIDTH, seconds=SECONDS)
                rates.setdefault(name, []).append(len(took) / SECONDS)
        for name, found in rates.items():
            ratios = [a / b for a, b in zip(found, rates["bare"], strict=True)]
            print(f"{name:8} {statistics.median(found):8.0f}/s  {statistics.median(ratios):.2f} of bare")
        sets = f"{at}/api/v1/question-sets/{place.question_set}"
        urls = {
            "evaluation": one, "evaluations": f"{at}/api/v1/evaluations", "scores": f"{one}/scores",
            "results": f"{one}/results", "question sets": f"{at}/api/v1/question-sets",
            "questions": f"{sets}/questions",
            "families": f"{at}/api/v1/families", "providers": f"{at}/api/v1/providers",
            "projects": f"{at}/api/v1/projects", "who am i": f"{at}/api/v1/session", "health": f"{at}/health",
        }  # fmt: skip
        print(f"{'':14} once a second      each at once after the last answer")
        for name, url in urls.items():
            calm = sorted(await drive(asking(url), width=USERS, seconds=2 * SECONDS, pause=1.0))
            flat_out = sorted(await drive(asking(url), width=USERS, seconds=SECONDS))
            print(f"{name:14} {told(calm)}    {told(flat_out)}")


def told(took: list[float]) -> str:
    """Median and p95 of sorted *took*."""
    return f"p50 {took[len(took) // 2] * 1e3:6.1f} p95 {took[int(len(took) * 0.95)] * 1e3:6.1f} ms"


async def reachable(port: int) -> None:
    """Return once somebody listens there."""
    while True:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.1)
        else:
            writer.close()
            return


async def compare(folder: str, ports: tuple[int, int], place: Place) -> None:
    """Start both servers, measure, end them."""
    context = multiprocessing.get_context("spawn")
    servers = [
        context.Process(target=serve, args=(where, port)) for where, port in zip((None, folder), ports, strict=True)
    ]
    for server in servers:
        server.start()
    try:
        for port in ports:
            await reachable(port)
        await measure(f"http://127.0.0.1:{ports[0]}", f"http://127.0.0.1:{ports[1]}", place)
    finally:
        for server in servers:
            server.terminate()
            server.join()


def free_port() -> int:
    """A port that nobody has."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as made:
        opened = service_in(Path(made))
        furnished = furnish(opened)
        opened.store.close()
        asyncio.run(compare(made, (free_port(), free_port()), furnished))
