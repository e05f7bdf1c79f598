"""A real server over a fresh service, for clients in the same process."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import uvicorn

from causal_eval.api.app import make_app
from causal_eval.service import users
from causal_eval.service.access import Role
from causal_eval.service.accounts import local_caller
from causal_eval.service.engine_memory import MemoryEngine
from causal_eval.service.users import NewUser
from causal_eval.service.wiring import Service, Visit
from causal_eval.settings import read_settings
from causal_eval.store.database import Store

PASSWORD = "correct horse battery"


@pytest.fixture
def service(tmp_path: Path, fresh_store: Callable[..., Store]) -> Iterator[Service]:
    """A service with nothing in it."""
    settings = read_settings({"CEB_DATA_DIR": str(tmp_path), "HOME": str(tmp_path)}, cwd=tmp_path)
    store, tokens = fresh_store(settings.database_url), itertools.count(1)
    yield Service(store, settings, MemoryEngine(), lambda: 1_790_000_000.0, lambda: f"{next(tokens):032x}")
    store.close()


@contextmanager
def serving(service: Service, *, open_to_all: bool) -> Iterator[str]:
    """The address of a server over *service*."""
    config = uvicorn.Config(make_app(service, open_to_all=open_to_all), port=0, log_level="error", ws="none")
    server = uvicorn.Server(config)
    socket = config.bind_socket()
    socket.listen()  # whoever comes before the server is ready waits
    thread = threading.Thread(target=server.run, args=([socket],))
    thread.start()
    yield f"http://127.0.0.1:{socket.getsockname()[1]}"
    server.should_exit = True
    thread.join()
    socket.close()


@pytest.fixture
def address(service: Service) -> Iterator[str]:
    """A running server without accounts."""
    with serving(service, open_to_all=True) as address:
        yield address


@pytest.fixture
def guarded(service: Service) -> Iterator[str]:
    """A running server with an admin."""
    users.add(Visit(service, local_caller("")), NewUser("ada@example.org", "Ada", Role.ADMIN, PASSWORD))
    with serving(service, open_to_all=False) as address:
        yield address
