"""The image: what is in it and what is not, and the small programs that it is made and watched with."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
import tomllib
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def dockerfile(root: Path) -> str:
    """``Dockerfile``, its continued lines joined."""
    return (root / "Dockerfile").read_text("utf-8").replace("\\\n", " ")


def test_what_is_installed_is_checked_by_its_hash(dockerfile: str) -> None:
    """Everything but our own wheel, which is built here."""
    installs = re.findall(r"pip install ([^&\n]+)", dockerfile)
    assert len(installs) == 3
    assert [("--require-hashes" in line) or ("--no-index /dist/" in line) for line in installs] == [True] * 3


def test_what_runs_is_no_root_and_cannot_install(dockerfile: str) -> None:
    """The last account named of each stage that runs is not root, and pip has left."""
    stages = re.split(r"^FROM ", dockerfile, flags=re.MULTILINE)
    for stage in stages:
        users = re.findall(r"^USER (\S+)", stage, flags=re.MULTILINE)
        assert not users or users[-1] == "10001:0"
    assert "pip uninstall --quiet --yes setuptools pip" in dockerfile
    assert "COPY . " not in dockerfile


def test_the_base_can_be_another(dockerfile: str) -> None:
    """Every stage starts from the one argument, whose own value is a tag that says its version."""
    assert re.search(r"^ARG BASE=python:3\.11-slim-bookworm$", dockerfile, flags=re.MULTILINE)
    assert set(re.findall(r"^FROM (\S+)", dockerfile, flags=re.MULTILINE)) == {"${BASE}", "app"}


def test_the_context_holds_no_secret(root: Path) -> None:
    """Nothing goes to the builder but what is named."""
    lines = [line for line in (root / ".dockerignore").read_text("utf-8").splitlines() if line[:1] not in {"", "#"}]
    assert lines[0] == "*"
    taken = {line[1:] for line in lines if line.startswith("!")}
    assert taken == {
        "pyproject.toml", "README.md", "LICENSE", "requirements", "src", "docker/wheels", "docker/sbom.py",
        "docker/healthcheck.py",
    }  # fmt: skip


def test_a_source_distribution_holds_no_secret(root: Path) -> None:
    """What make-secrets.sh wrote stays on the machine, whoever builds there."""
    table = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))
    assert "/docker/secrets/*" in table["tool"]["hatch"]["build"]["targets"]["sdist"]["exclude"]


def test_the_bill_of_materials_names_everything(root: Path) -> None:
    """CycloneDX: each distribution that is installed once, with its version and where it comes from."""
    run = subprocess.run([sys.executable, root / "docker/sbom.py"], capture_output=True, text=True, check=True)
    document = json.loads(run.stdout)
    assert (document["bomFormat"], document["specVersion"]) == ("CycloneDX", "1.5")
    parts = {part["name"]: part for part in document["components"]}
    assert len(parts) == len(document["components"])
    assert {"sqlalchemy", "causal-eval-bench", "fastapi"} <= parts.keys()
    numpy = parts["numpy"]
    assert numpy["purl"] == f"pkg:pypi/numpy@{numpy['version']}" == numpy["bom-ref"]
    assert re.fullmatch(r"[0-9a-f]{64}", numpy["properties"][0]["value"])


class _Answering(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/fine" else 503)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def port() -> Iterator[int]:
    """A server that is well at /fine and nowhere else."""
    with HTTPServer(("127.0.0.1", 0), _Answering) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


def test_health_is_an_exit_code(root: Path, port: int) -> None:
    """0: it answers; 1: it says that it is not well; 2: nobody is there."""

    def code(*arguments: str) -> int:
        command = [sys.executable, str(root / "docker/healthcheck.py"), *arguments]
        return subprocess.run(command, capture_output=True, check=False).returncode

    assert [code(str(port), "/fine"), code(str(port), "/bad"), code("1", "/fine")] == [0, 1, 2]
