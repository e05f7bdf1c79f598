"""Fixtures that every test folder sees."""

from __future__ import annotations

import itertools
import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from sqlalchemy import create_engine
from tests import lacking, servers

from causal_eval.providers.anthropic import Anthropic
from causal_eval.providers.http import Endpoint, Http
from causal_eval.providers.openai import ChatQuirks, OpenAI
from causal_eval.providers.transport import Timeouts
from causal_eval.store.database import Store, open_store

KEY = "sk-planted-secret-value-1234"

SERVED = (
    "acceptance", "alerts", "api", "backups", "browser", "guides", "integration", "migration", "notebook", "sentinel",
    "web",
)  # fmt: skip
"""Folders whose tests start the program, servers or a browser: they have no place in two minutes."""
LONG = (
    "architecture/test_gates.py", "mock/test_batches.py", "mock/test_command.py", "mock/test_further_sdks.py",
    "mock/test_sdks.py", "service/test_pictures.py", "service/test_reproducing.py", "store/test_dead_peer.py",
)  # fmt: skip
"""What waits for other programs or for time to pass elsewhere; `make lint` has the gates alone."""
SERVERS = frozenset({"postgres", "own_postgres", "valkey"})
"""Fixtures that start a server; what asks for one is slow wherever it lies."""
AWAITED = frozenset({"dbos", "postgresql"})
"""Cases of fixtures that start a server by themselves, or an engine that looks for work once a second."""

settings.register_profile("house", derandomize=True, deadline=None, print_blob=False, database=None)
settings.load_profile("house")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Where ``slow`` is left out, what is slow as a whole is not even read: reading it takes as long as many tests."""
    return True if _leaves_out_slow(config) and _is_slow(collection_path) else None


def pytest_report_header(config: pytest.Config) -> str | None:
    """What is left out, and which command has it."""
    if not _leaves_out_slow(config):
        return None
    return f"left to `make test` as slow: {', '.join((*SERVED, *LONG))}, what starts a server, what is marked"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark slow whatever lies in the folders and files that are, needs a server, or is no case of a sample.

    Where only every so many-th case runs before every change, the others are full.
    """
    cases = Counter[tuple[Path, str]]()
    for item in items:
        function = (item.path, item.name.partition("[")[0])
        number = cases[function]
        cases[function] += 1
        if _is_left_out(item, number, by="sampled") or _is_slow(item.path) or _needs_server(item):
            item.add_marker(pytest.mark.slow)
        if _is_left_out(item, number, by="thinned"):
            item.add_marker(pytest.mark.full)


def _is_left_out(item: pytest.Item, number: int, *, by: str) -> bool:
    marker = item.get_closest_marker(by)
    return marker is not None and number % marker.args[0] != 0


def _leaves_out_slow(config: pytest.Config) -> bool:
    return "not slow" in str(config.getoption("markexpr", ""))


def _is_slow(path: Path) -> bool:
    place = path.relative_to(Path(__file__).parent)
    return place.parts[:1] in {(folder,) for folder in SERVED} or place.as_posix() in LONG


def _needs_server(item: pytest.Item) -> bool:
    """Whether *item* asks for a server, or is the case of one: a fixture that serves several asks for it by itself."""
    if SERVERS.intersection(getattr(item, "fixturenames", ())):
        return True
    chosen = getattr(getattr(item, "callspec", None), "params", {})
    return not AWAITED.isdisjoint(value for value in chosen.values() if isinstance(value, str))


@pytest.fixture
def anyio_backend() -> str:
    """Async tests run on asyncio alone: the program uses nothing else."""
    return "asyncio"


@pytest.fixture(scope="session")
def root() -> Path:
    """The top folder of the checkout."""
    return Path(__file__).resolve().parent.parent


@pytest.fixture
def key() -> str:
    """A key that no message may show."""
    return KEY


Build = Callable[..., Any]


@pytest.fixture
def openai_at() -> Build:
    """Builds the OpenAI adapter for a root URL."""

    def build(url: str, *, timeouts: Timeouts | None = None, own_host: bool = False) -> OpenAI:
        http = Http(Endpoint(f"{url}/v1", KEY, "OPENAI_API_KEY"), timeouts=timeouts)
        return OpenAI("openai/gpt-x", "gpt-x", http, quirks=ChatQuirks(completion_limit=own_host))

    return build


@pytest.fixture
def anthropic_at() -> Build:
    """Builds the Anthropic adapter for a root URL."""

    def build(url: str, *, timeouts: Timeouts | None = None) -> Anthropic:
        version = (("anthropic-version", "2026-10-21"),)
        http = Http(Endpoint(f"{url}/v1", KEY, "ANTHROPIC_API_KEY", version), timeouts=timeouts)
        return Anthropic("anthropic/claude-x", "claude-x", http)

    return build


def pytest_configure(config: pytest.Config) -> None:
    """Make the folder in which the processes of this session share their servers."""
    if not hasattr(config, "workerinput"):
        os.environ[servers.FOLDER] = str(servers.new_folder())


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the servers, once every process of the session is done."""
    if not hasattr(config, "workerinput"):
        servers.stop_all(Path(os.environ.pop(servers.FOLDER)))


@pytest.fixture(scope="session")
def postgres() -> servers.Postgres:
    """A real PostgreSQL server that the session shares."""
    return lacking.served(servers.shared_postgres(Path(os.environ[servers.FOLDER])), wheel=servers.POSTGRES)


@pytest.fixture
def own_postgres() -> Iterator[servers.Postgres]:
    """A real PostgreSQL server of this test's own, which it may stop, start and break."""
    folder = servers.new_folder()
    server = lacking.served(servers.own_postgres(folder), wheel=servers.POSTGRES)
    yield server
    server.stop()
    servers.stop_all(folder)


@pytest.fixture(scope="session")
def valkey() -> servers.Valkey:
    """A real Valkey or Redis server that the session shares."""
    return lacking.served(servers.shared_valkey(Path(os.environ[servers.FOLDER])), wheel=servers.VALKEY)


@pytest.fixture(scope="session")
def postgres_template(postgres: servers.Postgres) -> str:
    """The name of a database that holds every table and is only copied."""
    name = f"template_{os.getpid()}"
    _administer(postgres, f"CREATE DATABASE {name}")
    open_store(postgres.url(name)).close()
    return name


_numbers = itertools.count()


@pytest.fixture
def postgres_url(postgres: servers.Postgres, postgres_template: str) -> Iterator[str]:
    """The URL of a database of this test's own, with every table and no rows of a run."""
    name = f"test_{os.getpid()}_{next(_numbers)}"
    _administer(postgres, f"CREATE DATABASE {name} TEMPLATE {postgres_template}")
    yield postgres.url(name)
    _administer(postgres, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def empty_postgres_url(postgres: servers.Postgres) -> Iterator[str]:
    """The URL of a database of this test's own without any table."""
    name = f"test_{os.getpid()}_{next(_numbers)}"
    _administer(postgres, f"CREATE DATABASE {name}")
    yield postgres.url(name)
    _administer(postgres, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file that holds every table and is only copied: making them takes longer than most tests."""
    place = tmp_path_factory.mktemp("template") / "store.db"
    open_store(f"sqlite:///{place}").close()
    return place


@pytest.fixture
def fresh_store(sqlite_template: Path) -> Callable[..., Store]:
    """Opens a SQLite file that is not there yet, by its URL: with every table and no rows of a run."""

    def open_at(url: str, *, kept: int = 0) -> Store:
        place = Path(url.removeprefix("sqlite:///"))
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(sqlite_template, place)
        return open_store(url, kept=kept)

    return open_at


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """``DATABASE_URL`` of a database with every table and no rows of a run, on each kind that there is."""
    if request.param == "sqlite":
        return f"sqlite:///{shutil.copyfile(request.getfixturevalue('sqlite_template'), tmp_path / 'store.db')}"
    return str(request.getfixturevalue("postgres_url"))


def _administer(server: servers.Postgres, statement: str) -> None:
    engine = create_engine(server.url().replace("://", "+psycopg://"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(statement)
    engine.dispose()
