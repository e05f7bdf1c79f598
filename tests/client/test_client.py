"""The client against the OpenAPI document and a real server."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn

from causal_eval.api.app import make_app
from causal_eval.api.who import PERMISSIONS
from causal_eval.client import Client, Refused, run_sync
from causal_eval.service.engine_memory import MemoryEngine
from causal_eval.service.wiring import Service
from causal_eval.settings import read_settings
from causal_eval.store.database import open_store


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """A running server without accounts."""
    settings = read_settings({"CEB_DATA_DIR": str(tmp_path), "HOME": str(tmp_path)}, cwd=tmp_path)
    store, tokens = open_store(settings.database_url), itertools.count(1)
    service = Service(store, settings, MemoryEngine(), lambda: 1_790_000_000.0, lambda: f"{next(tokens):032x}")
    config = uvicorn.Config(make_app(service, open_to_all=True), port=0, log_level="error", ws="none")
    server = uvicorn.Server(config)
    socket = config.bind_socket()
    socket.listen()  # whoever comes before the server is ready waits
    thread = threading.Thread(target=server.run, args=([socket],))
    thread.start()
    yield f"http://127.0.0.1:{socket.getsockname()[1]}"
    server.should_exit = True
    thread.join()
    socket.close()
    store.close()


def test_every_method_is_an_operation() -> None:
    """Each method but the waiting one is called like the operation that it asks."""
    methods = {name for name in vars(Client) if not name.startswith("_")} - {"wait"}
    assert methods <= PERMISSIONS.keys()


def test_a_set_is_made_asked_and_stopped(address: str) -> None:
    """Generate, begin, see, stop, page; a problem is raised with its status."""

    async def work() -> None:
        async with Client(address) as client:
            made = await client.create_question_set({"n": 4, "seed": "c"})
            assert len([one async for one in client.list_questions(made["digest"])]) == 4
            begun = await client.create_evaluation({"answerer": "baseline/oracle", "question_set": made["hash"]})
            assert [one["id"] async for one in client.list_evaluations()] == [begun["id"]]
            await client.cancel_evaluation(begun["id"])
            assert (await client.wait(begun["id"]))["status"] == "cancelled"
            assert len([one async for one in client.list_results(begun["id"], mark="missing")]) == 4
            with pytest.raises(Refused, match="unknown evaluation") as caught:
                await client.get_evaluation("ev-none")
            assert caught.value.status == 404

    run_sync(work())
