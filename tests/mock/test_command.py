"""``causal-eval mock-server`` as a process: its flags, its help, and the record that another process reads."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from causal_eval.mock.faults import Mode
from causal_eval.providers.scripted import prompt_key

COMMAND = [sys.executable, "-c", "from causal_eval.cli.main import main; main()", "mock-server"]
ENV = {**os.environ, "NO_COLOR": "1", "COLUMNS": "120"}
SCENARIO = """
[keys.good]
value = "sk-planted-secret-value-1234"

[[phase]]
mode = "bad-request"
from_request = 2
"""


@contextmanager
def serving(*arguments: str) -> Iterator[dict[str, Any]]:
    """A running server; yields what it says when it listens, and then has what it says at the end as ``last``."""
    command = [*COMMAND, "--port", "0", "--json", *arguments]
    with subprocess.Popen(command, env=ENV, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())
        try:
            yield told
        finally:
            process.send_signal(signal.SIGTERM)
            told["last"] = process.communicate(timeout=20)[1]


def ask(url: str, text: str) -> int:
    """The status of one call to the messages endpoint."""
    body = json.dumps({"model": "claude-x", "messages": [{"role": "user", "content": text}]}).encode()
    request = urllib.request.Request(f"{url}/v1/messages", body, {"x-api-key": "sk-planted-secret-value-1234"})
    try:
        with urllib.request.urlopen(request, timeout=10) as response:
            return int(response.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def test_a_scenario_and_its_record(tmp_path: Path) -> None:
    """The scenario holds, the record counts paid calls after the run, and the key stands in neither."""
    (tmp_path / "s.toml").write_text(SCENARIO)
    record = tmp_path / "calls.jsonl"
    with serving("--scenario", str(tmp_path / "s.toml"), "--record", str(record)) as told:
        assert [ask(told["url"], text) for text in ("a", "b")] == [200, 400]
        assert len(record.read_text().splitlines()) == 2
    rows = [json.loads(line) for line in record.read_text().splitlines()]
    assert [(row["key"], row["prompt"], row["paid"]) for row in rows] == [
        ("good", prompt_key("a"), True), ("good", prompt_key("b"), False),
    ]  # fmt: skip
    assert "/v1/messages 2  spoiled bad-request 1  paid 1" in told["last"]
    assert "planted" not in record.read_text() + told["last"]


def test_https(tmp_path: Path) -> None:
    """The certificate's file is told to who wants to trust it."""
    with serving("--tls", "self-signed") as told:
        assert told["url"].startswith("https://")
        assert Path(told["certificate"]).read_text().startswith("-----BEGIN CERTIFICATE-----")
    assert not Path(told["certificate"]).exists()
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--scenario", "s.toml"), "s.toml:2: field 'phase[0].mode': 'rset' is no mode: did you mean reset"),
        (("--scenario", "none.toml"), "none.toml"),
        (("--fault", "rset"), "did you mean reset"),
        (("--tls", "good"), "self-signed"),
        (("--record", "no/folder"), "--record no/folder: cannot be written"),
    ],
)
def test_a_mistake_is_one_line(arguments: tuple[str, ...], words: str, tmp_path: Path) -> None:
    """Exit code 2, and no traceback."""
    (tmp_path / "s.toml").write_text('[[phase]]\nmode = "rset"\n')
    command = [*COMMAND, "--port", "0", *arguments]
    done = subprocess.run(command, env=ENV, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert words in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_the_help_names_every_mode() -> None:
    """Whole, whatever the width of the terminal."""
    done = subprocess.run([*COMMAND, "--help"], env=ENV, capture_output=True, text=True, timeout=60, check=False)
    words = set(re.sub(r"-\s+", "-", done.stdout).replace(",", " ").replace(".", " ").split())
    assert set(Mode) <= words
