"""Questions a second of workers, beside ``causal-eval eval`` in the same run, against one mock server.

python benchmarks/service/work.py pace --n 3000 --latency 0      a worker on SQLite beside the command line
python benchmarks/service/work.py pace --n 3000 --latency 0.2    the same, 200 ms a call, 100 connections
python benchmarks/service/work.py crew --n 3000 --url postgresql://...   one and two workers, 50 calls each, cap 100

Rates are from the first kept outcome to the last, so that starting is left out; the load of the machine is printed.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from sqlalchemy import func, select

from causal_eval.questions.file import read_questions
from causal_eval.service import jobs
from causal_eval.service.access import Caller, Role
from causal_eval.service.answering import Call
from causal_eval.service.jobs import JobOrder
from causal_eval.service.wiring import Visit, close_service, open_service
from causal_eval.settings import read_settings
from causal_eval.store.database import Store, open_store
from causal_eval.store.suites import keep_set
from causal_eval.store.tables import attempts

COMMAND = [str(Path(sys.executable).with_name("causal-eval"))]
ANSWERER = "openai/gpt-x"


def main() -> None:
    """Measure what the arguments name."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("pace", "crew"))
    parser.add_argument("--n", type=int, default=3000)
    parser.add_argument("--latency", type=float, default=0.2)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--url", default="", help="an empty PostgreSQL database, for crew")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, mock(Path(folder), given.latency) as env:
        file = questions(Path(folder) / "questions.jsonl", given.n)
        if given.what == "pace":
            both = {
                "eval": functools.partial(by_command, file, env),
                "worker": functools.partial(by_workers, file, env, crew=1, width=100),
            }
        else:
            there = {**env, "DATABASE_URL": given.url}
            both = {f"{crew} of 50": functools.partial(by_workers, file, there, crew=crew, width=50) for crew in (1, 2)}
        report(both, repeat=given.repeat)


def report(ways: Mapping[str, Callable[[], float]], *, repeat: int) -> None:
    """Print the median rate of each way, and all of them; ways take turns."""
    rates: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(repeat):
        for name, way in ways.items():
            rates[name].append(way())
    for name, found in rates.items():
        print(f"{name:8} {statistics.median(found):7.0f} questions/s  ({', '.join(f'{one:.0f}' for one in found)})")
    print(f"load {os.getloadavg()[0]:.1f}")


@contextlib.contextmanager
def mock(folder: Path, latency: float) -> Iterator[dict[str, str]]:
    """The environment of processes that ask a mock server."""
    env = {"PATH": os.environ["PATH"], "HOME": str(folder), "NO_COLOR": "1"}
    command = [*COMMAND, "mock-server", "--port", "0", "--json", "--latency", str(latency)]
    server = subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        assert server.stdout is not None
        address = json.loads(server.stdout.readline())["url"]
        yield {**env, "OPENAI_BASE_URL": address, "OPENAI_API_KEY": "sk-x"}
    finally:
        server.send_signal(signal.SIGTERM)
        server.communicate(timeout=20)


def questions(path: Path, count: int) -> Path:
    """A user's question file."""
    with path.open("w") as handle:
        for number in range(count):
            row = {"id": f"b-{number}", "prompt": f"Is {number} a cause?", "answer": "yes_no", "gold": "yes"}
            handle.write(json.dumps(row) + "\n")
    return path


def by_command(file: Path, env: Mapping[str, str]) -> float:
    """The rate of ``causal-eval eval``."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/store.db"
        open_store(url).close()
        words = ["eval", "--questions", str(file), "--model", ANSWERER, "--cache", "off", "--max-connections", "100"]
        command = subprocess.Popen([*COMMAND, *words], env={**env, "DATABASE_URL": url}, stdout=subprocess.DEVNULL)
        store = open_store(url)
        rate = paced(store, sum(1 for _ in read_questions(file)))
        if command.wait():
            raise SystemExit("causal-eval eval failed")
        store.close()
        return rate


def by_workers(file: Path, env: Mapping[str, str], *, crew: int, width: int) -> float:
    """The rate of *crew* workers, each with *width* calls."""
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        env = {"DATABASE_URL": f"sqlite:///{folder}/store.db", "CEB_DATA_DIR": folder, **env}
        subprocess.run([*COMMAND, "migrate"], env=env, check=True, stdout=subprocess.DEVNULL)
        service = open_service(read_settings(env, cwd=Path(folder)))
        stored = keep_set(service.store, read_questions(file), name=file.name)
        for _ in range(crew):
            stack.callback(_end, subprocess.Popen([*COMMAND, "worker"], env=env))
        time.sleep(5)  # until they are ready
        visit = Visit(service, Caller("local", "local", Role.ADMIN, None))
        before = _kept(service.store)
        jobs.order(visit, JobOrder(ANSWERER, stored.digest, call=Call(max_connections=width, cache="off")))
        rate = paced(service.store, stored.count, before=before)
        close_service(service)
        return rate


def paced(store: Store, count: int, *, before: int = 0) -> float:
    """Outcomes a second until *count* more than *before* are kept."""
    began, first, now = 0.0, 0, 0
    while now < count:
        time.sleep(0.05)
        now = _kept(store) - before
        if not first and now:
            began, first = time.monotonic(), now
    return (count - first) / (time.monotonic() - began)


def _kept(store: Store) -> int:
    with store.reading() as connection:
        return connection.execute(select(func.count()).select_from(attempts)).scalar_one()


def _end(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    process.wait(30)


if __name__ == "__main__":
    main()
