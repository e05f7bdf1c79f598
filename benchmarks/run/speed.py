"""Whole-process speed and memory of ``causal-eval eval``, beside a bare loop in the same run.

python benchmarks/run/speed.py zero --n 20000 --repeat 5      zero-latency nginx, 64 connections
python benchmarks/run/speed.py latency --n 5000 --repeat 3    200 ms a call, 100 connections
python benchmarks/run/speed.py memory                         peak memory at 5,000 and 100,000 questions
python benchmarks/run/speed.py peers --n 5000 --repeat 3      a loop over the SDK, inspect-ai and lm-eval, from
                                                              PEERS/{inspect,lmeval} (each a virtual environment)

``zero``, ``memory`` and ``peers`` need nginx on the PATH. Runs are interleaved; medians and the spread are printed.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import cast

import uvloop

HERE = Path(__file__).parent
COMMAND = str(Path(sys.executable).with_name("causal-eval"))
REPLY = json.dumps(
    {
        "id": "c", "object": "chat.completion", "created": 0, "model": "m",
        "choices": [
            {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "ANSWER: 0.35"}}
        ],
        "usage": {"prompt_tokens": 256, "completion_tokens": 6, "total_tokens": 262},
    }
)  # fmt: skip
NGINX = """
worker_processes 1; daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{ worker_connections 2048; }}
http {{ access_log off; keepalive_requests 10000000; client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  server {{ listen 127.0.0.1:{port}; default_type application/json; location / {{ return 200 '{reply}'; }} }} }}
"""


def questions(path: Path, count: int) -> Path:
    """A user's question file with prompts of 1 KB."""
    filler = "The reading of the instrument was noted once more and nothing unusual was found in it. " * 12
    with path.open("w") as handle:
        for number in range(count):
            prompt = f"Question {number}. {filler}"[:1000] + " What is the probability?"
            handle.write(json.dumps({"id": f"b-{number}", "prompt": prompt, "answer": "number", "gold": "7/20"}) + "\n")
    return path


@contextlib.contextmanager
def nginx(port: int) -> Iterator[str]:
    """A server that answers every request with the same reply at once."""
    folder = tempfile.mkdtemp()
    config = Path(folder) / "nginx.conf"
    config.write_text(NGINX.format(folder=folder, port=port, reply=REPLY))
    server = subprocess.Popen([shutil.which("nginx") or "nginx", "-c", str(config), "-e", f"{folder}/error.log"])
    time.sleep(0.5)
    try:
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        server.terminate()
        server.wait()
        shutil.rmtree(folder)


class _Slow(asyncio.Protocol):
    """Answers each request after a delay, with as little work as possible: a slow server must not be a busy one."""

    delay = 0.2
    reply = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(REPLY)}\r\n\r\n{REPLY}".encode()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the connection."""
        self._transport = cast("asyncio.Transport", transport)
        self._received = b""

    def data_received(self, data: bytes) -> None:
        """A request is whole when its announced body is there."""
        self._received += data
        head, end, body = self._received.partition(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]) if end else 1
        if end and len(body) >= length:
            self._received = body[length:]
            asyncio.get_running_loop().call_later(self.delay, self._transport.write, self.reply)


async def _slow(port: int, delay: float) -> None:
    _Slow.delay = delay
    server = await asyncio.get_running_loop().create_server(_Slow, "127.0.0.1", port, backlog=2048)
    await server.serve_forever()


@contextlib.contextmanager
def slow_server(port: int, delay: float) -> Iterator[str]:
    """A server that answers after *delay* seconds."""
    server = subprocess.Popen([sys.executable, __file__, "serve", "--port", str(port), "--delay", str(delay)])
    time.sleep(1.0)
    try:
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        server.terminate()
        server.wait()


def timed(command: list[str], env: dict[str, str], *, cwd: Path | None = None) -> tuple[float, float]:
    """(wall seconds, peak MB) of a command that must end with exit code 0."""
    start = time.perf_counter()
    # installed programs have their byte code: an environment that forbids to write it would measure the compiler
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    process = subprocess.Popen(
        command, env={**inherited, **env}, cwd=cwd, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    assert process.stderr is not None
    errors = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    if status:
        sys.exit(f"{' '.join(command)} failed ({status}):\n{errors.decode()[-2000:]}")
    return seconds, usage.ru_maxrss / 1024


def ours(file: Path, url: str, connections: int) -> tuple[float, float]:
    """One whole ``causal-eval eval`` in a fresh data folder."""
    with tempfile.TemporaryDirectory() as folder:
        env = {"BENCH_BASE_URL": url, "BENCH_API_KEY": "none", "CEB_DATA_DIR": folder, "CEB_REPORT_DIR": folder,
               "MAX_CONCURRENT_API_CALLS": str(connections)}  # fmt: skip
        command = [COMMAND, "eval", "--model", "openai-api/bench/m", "--questions", str(file), "--max-connections",
                   str(connections), "--elicitation", "direct", "--display", "none", "--json"]  # fmt: skip
        return timed(command, env)


def bare(file: Path, url: str, connections: int) -> tuple[float, float]:
    """One whole run of the bare loop."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, str(HERE / "bare_loop.py"), str(file), url, f"{folder}/bare.db", str(connections)]
        return timed(command, {})


def simple(file: Path, url: str, connections: int) -> tuple[float, float]:
    """One whole run of a loop in the style of simple-evals."""
    with tempfile.TemporaryDirectory() as folder:
        script = str(HERE / "simple_loop.py")
        return timed([sys.executable, script, str(file), url, f"{folder}/out.json", str(connections)], {})


def compare(runs: dict[str, Callable[[], tuple[float, float]]], n: int, repeat: int) -> dict[str, float]:
    """Median seconds of each, runs interleaved; prints a line each."""
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    memory: dict[str, float] = {}
    for _ in range(repeat):
        for name, run in runs.items():
            wall, peak = run()
            seconds[name].append(wall)
            memory[name] = max(memory.get(name, 0), peak)
    medians = {name: statistics.median(values) for name, values in seconds.items()}
    for name, values in seconds.items():
        rate = n / medians[name]
        print(
            f"{name:12} {medians[name]:7.2f} s ({min(values):.2f}..{max(values):.2f})  "
            f"{rate:8.0f}/s  {memory[name]:.0f} MB"
        )
    return medians


def zero(n: int, repeat: int) -> None:
    """Zero latency: our share of the bare loop's rate."""
    with tempfile.TemporaryDirectory() as folder, nginx(18931) as url:
        file = questions(Path(folder) / "q.jsonl", n)
        medians = compare({"bare": lambda: bare(file, url, 64), "causal-eval": lambda: ours(file, url, 64)}, n, repeat)
    print(f"share of the bare loop: {medians['bare'] / medians['causal-eval']:.2f}")


def latency(n: int, repeat: int, connections: int = 100) -> None:
    """200 ms a call: share of the ideal n x latency / connections, and the bare loop's."""
    delay = 0.2
    with tempfile.TemporaryDirectory() as folder, slow_server(18932, delay) as url:
        file = questions(Path(folder) / "q.jsonl", n)
        medians = compare(
            {"bare": lambda: bare(file, url, connections), "causal-eval": lambda: ours(file, url, connections)},
            n,
            repeat,
        )
    ideal = n * delay / connections
    print("share of the ideal: " + ", ".join(f"{name} {ideal / took:.2f}" for name, took in medians.items()))


def memory() -> None:
    """Peak memory at 5,000 and 100,000 questions."""
    peaks = {}
    with tempfile.TemporaryDirectory() as folder, nginx(18933) as url:
        for n in (5_000, 100_000):
            seconds, peaks[n] = ours(questions(Path(folder) / "q.jsonl", n), url, 64)
            print(f"{n:7} questions: {peaks[n]:.0f} MB, {seconds:.1f} s")
    print(f"ratio: {peaks[100_000] / peaks[5_000]:.2f}")


def peers(n: int, repeat: int) -> None:
    """The same questions through inspect-ai and lm-eval, where PEERS names a folder with their environments."""
    folder_of_peers = Path(os.environ["PEERS"])
    with tempfile.TemporaryDirectory() as folder, nginx(18934) as url:
        file = questions(Path(folder) / "q.jsonl", n)
        inspect_task, lm_task = _peer_tasks(Path(folder), file)
        env = {"OPENAI_BASE_URL": url, "OPENAI_API_KEY": "none", "INSPECT_LOG_DIR": f"{folder}/logs"}
        inspect_command = [str(folder_of_peers / "inspect/bin/inspect"), "eval", inspect_task.name, "--model",
                           "openai/m", "--max-connections", "64", "--display", "none"]  # fmt: skip
        lm_command = [str(folder_of_peers / "lmeval/bin/lm_eval"), "--model", "local-chat-completions", "--model_args",
                      f"model=m,base_url={url}/chat/completions,num_concurrent=64,max_retries=1", "--tasks", "bench",
                      "--include_path", str(lm_task), "--apply_chat_template", "--log_samples", "--output_path",
                      f"{folder}/out"]  # fmt: skip
        compare(
            {
                "bare": lambda: bare(file, url, 64),
                "causal-eval": lambda: ours(file, url, 64),
                "simple loop": lambda: simple(file, url, 64),
                "inspect-ai": lambda: timed(inspect_command, env, cwd=inspect_task.parent),
                "lm-eval": lambda: timed(lm_command, {**env, "HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1"}),
            },
            n,
            repeat,
        )


def _peer_tasks(folder: Path, file: Path) -> tuple[Path, Path]:
    task = folder / "task.py"
    task.write_text(
        "from inspect_ai import Task, task\n"
        "from inspect_ai.dataset import FieldSpec, json_dataset\n"
        "from inspect_ai.scorer import includes\n"
        "from inspect_ai.solver import generate\n"
        "@task\n"
        "def bench():\n"
        f"    return Task(dataset=json_dataset({str(file)!r}, FieldSpec(input='prompt', target='gold', id='id')),\n"
        "                solver=generate(), scorer=includes())\n"
    )
    tasks = folder / "lm"
    tasks.mkdir()
    (tasks / "bench.yaml").write_text(
        "task: bench\ndataset_path: json\ndataset_kwargs:\n  data_files:\n"
        f"    test: {file}\n"
        "output_type: generate_until\ntest_split: test\ndoc_to_text: '{{prompt}}'\ndoc_to_target: '{{gold}}'\n"
        "generation_kwargs:\n  until: ['\\n\\n\\n']\n  max_gen_toks: 64\nmetric_list:\n  - metric: exact_match\n"
    )
    return task, tasks


def main() -> None:
    """Run the named benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["zero", "latency", "memory", "peers", "serve"])
    parser.add_argument("--n", type=int, default=20_000)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--connections", type=int, default=100)
    parser.add_argument("--port", type=int, default=18932)
    parser.add_argument("--delay", type=float, default=0.2)
    chosen = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_NOFILE, (4096, 4096))
    match chosen.what:
        case "serve":
            uvloop.run(_slow(chosen.port, chosen.delay))
        case "memory":
            memory()
        case "latency":
            latency(chosen.n, chosen.repeat, chosen.connections)
        case _:
            {"zero": zero, "peers": peers}[chosen.what](chosen.n, chosen.repeat)


if __name__ == "__main__":
    main()
