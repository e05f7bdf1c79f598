"""An engine of this test's own, images out of Debian's packages, and the stack of docker-compose.yml on it.

Started by ``make test-containers`` (run.sh) inside namespaces that end with it; elsewhere nothing here is collected.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.containers.standing import Stack

KEPT = os.environ.get("CAUSAL_EVAL_CONTAINERS")
"""Folder with root file systems and wheels; unset: not started by run.sh."""
collect_ignore_glob = [] if KEPT else ["test_*.py"]

ROOT = Path(__file__).resolve().parents[2]
GROUP = "/causal-eval-test"
BASE = "causal-eval-test/debian:12"
EXPORTERS = ("node-exporter", "blackbox-exporter", "postgres-exporter", "redis-exporter")
MADE = ("postgres", "prometheus", "alertmanager", *EXPORTERS)
"""Images of the Dockerfile beside this; there is no Grafana among Debian's packages."""
OWN = {
    "REDIS_IMAGE": BASE,
    "NGINX_IMAGE": BASE,
    **{f"{name.upper().replace('-', '_')}_IMAGE": f"causal-eval-test/{name}:12" for name in MADE},
    "COMPOSE_PROFILES": "",
}


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The socket of an engine of this test's own."""
    place = Path(str(KEPT)) / f"engine-{os.getpid()}"
    place.mkdir()
    socket, run = place / "docker.sock", tmp_path_factory.mktemp("engine")
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    options = [f"--data-root={place}/data", f"--exec-root={run}", f"--pidfile={run}/pid", f"--host=unix://{socket}"]
    limits = ["--default-ulimit=nofile=4096:4096", "--default-ulimit=nproc=4096", f"--cgroup-parent={GROUP}"]
    with (place / "log").open("w") as log:
        process = subprocess.Popen(["dockerd", *options, *limits], stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + 60
        while subprocess.run(["docker", "-H", f"unix://{socket}", "info"], capture_output=True, check=False).returncode:
            if process.poll() is not None or time.monotonic() > deadline:
                pytest.skip(f"dockerd does not start: {(place / 'log').read_text()[-500:]}")
        yield socket
    finally:
        process.terminate()
        process.wait(60)
        subprocess.run(["umount", "--recursive", place / "data"], capture_output=True, check=False)
        shutil.rmtree(place, ignore_errors=True)
        for group in Path("/sys/fs/cgroup").glob(f"*{GROUP}"):
            with contextlib.suppress(OSError):
                group.rmdir()


@pytest.fixture(scope="session")
def stack(engine: Path, tmp_path_factory: pytest.TempPathFactory) -> Stack:
    """The stack, as `docs/guides/deploy.md` has it brought up, with a version before the one that runs."""
    folder, kept = tmp_path_factory.mktemp("project"), Path(str(KEPT))
    made = Stack(folder, engine)
    listed = "git ls-files -z --cached --others --exclude-standard | xargs -0 cp --parents -t"
    subprocess.run(["bash", "-c", f"{listed} {folder}"], cwd=ROOT, check=True)
    (folder / "docker/wheels").mkdir(exist_ok=True)
    for wheel in (kept / "wheels").iterdir():
        shutil.copy(wheel, folder / "docker/wheels")
    made.run(f"docker import {kept}/debian.tar {BASE}")
    for name in MADE:
        made.run(
            f"docker build --quiet --target {name} --tag causal-eval-test/{name}:12 {ROOT}/tests/containers/images"
        )
    made.run("git init --quiet .")
    made.commit("one")
    made.build(BASE)
    (folder / "docker/config/causal-eval.toml").write_text("max_concurrent_api_calls = 7\n")
    with (folder / "README.md").open("a") as text:
        text.write("\nChanged.\n")
    made.commit("two")
    made.build(BASE)
    made.run("bash docker/make-secrets.sh bench.example")
    lines = [line for line in (folder / ".env").read_text().splitlines() if not line.startswith("COMPOSE_PROFILES")]
    (folder / ".env").write_text("\n".join([*lines, *(f"{name}={value}" for name, value in OWN.items()), ""]))
    made.run("docker-compose up -d")
    made.until(made.answers, "8000 answers")
    return made
