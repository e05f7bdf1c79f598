"""A stack that the tests of this folder share."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests import servers, stacks
from tests.stacks import COMMAND, Stack


@pytest.fixture(scope="session")
def mock_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A model API whose every answer takes a while."""
    scenario = tmp_path_factory.mktemp("mock") / "scenario.toml"
    scenario.write_text("latency = 0.4\n")
    process = subprocess.Popen(
        [COMMAND, "mock-server", "--port", "0", "--json", "--scenario", str(scenario)],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    yield json.loads(process.stdout.readline())["url"]
    process.terminate()
    process.communicate(timeout=60)


@pytest.fixture(scope="session")
def stack(mock_url: str) -> Iterator[Stack]:
    """Two replicas and two workers, whose provider is the mock server."""
    stacks.check_installed()
    folder = servers.new_folder()
    keys = {"OPENAI_BASE_URL": mock_url, "OPENAI_API_KEY": "sk-planted-stack"}
    with stacks.opened_stack(folder / "stack", "--app", "2", "--worker", "2", "--no-monitoring", more=keys) as opened:
        yield opened
    left = opened.left()
    assert not left, "processes outlive their stack"
    servers.stop_all(folder)


@pytest.fixture
def plan_folder(tmp_path: Path) -> Path:
    """A folder for a stack that is never started."""
    return tmp_path / "stack"
