"""The scripts around the stack: secrets are made once and are private, and nothing is done that was not asked for."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import stat
import subprocess
from pathlib import Path

import pytest
import yaml
from tests import lacking

from causal_eval.operations.monitoring.configure import COMPOSE

TOOL = """#!/bin/sh
echo "$(basename "$0") $*" >> "$SAID"
case "$*" in
  "image inspect"*causal-eval-bench:current) echo sha256:111111111111aaaa ;;
  "image inspect"*causal-eval-bench:previous) echo sha256:222222222222bbbb ;;
  "image inspect"*) exit 1 ;;
  *"config --services") printf 'app\\npostgres\\n' ;;
  *"ps "*app) printf 'one\\ntwo\\n' ;;
  *"ps "*) if [ -z "$GONE" ]; then echo one; fi ;;
  "inspect --format {{if"*) echo "${HEALTH:-healthy}" ;;
  inspect*one) tail -n 20 "$SAID" | grep -q "tag sha256:2" && echo "sha256:222222222222bbbb ${HEALTH:-healthy}" ;;
esac
"""


@pytest.fixture
def place(root: Path, tmp_path: Path) -> Path:
    """A copy of the scripts, with stand-ins for docker and docker-compose that write down what they are told."""
    shutil.copytree(
        root / "docker", tmp_path / "docker", ignore=shutil.ignore_patterns("secrets", "wheels", "replicas.yml")
    )
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("docker", "docker-compose"):
        (tools / name).write_text(TOOL)
        (tools / name).chmod(0o755)
    return tmp_path


def run(place: Path, script: str, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """What a script says and how it ends."""
    env = {"PATH": f"{place / 'tools'}:{os.environ['PATH']}", "SAID": str(place / "said"), **variables}
    command = ["bash", str(place / "docker" / script), *arguments]
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=60, check=False)


def told(place: Path) -> list[str]:
    """What docker and docker-compose were told to do, looking left out."""
    said = place / "said"
    lines = said.read_text().splitlines() if said.exists() else []
    return [
        line
        for line in lines
        if not line.startswith(
            ("docker image inspect", "docker images", "docker inspect", "docker-compose ps", "docker-compose config")
        )
    ]


@pytest.fixture
def openssl() -> str:
    """The program that makes keys and certificates."""
    return lacking.program("openssl")


@pytest.mark.usefixtures("openssl")
def test_secrets_are_made_once(place: Path) -> None:
    """All that the stack asks for, different from each other; a second run changes none, and .env keeps its lines."""
    (place / ".env").write_text("APP_REPLICAS=3\n")
    assert run(place, "make-secrets.sh").returncode == 0
    folder = place / "docker/secrets"
    first = {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert run(place, "make-secrets.sh").returncode == 0
    assert {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == first
    passwords = [text for name, text in first.items() if name.endswith("_password")]
    assert len(set(passwords)) == len(passwords) >= 7
    assert (place / ".env").read_text().count("APP_UID=") == 1
    assert "APP_REPLICAS=3" in (place / ".env").read_text()


@pytest.mark.usefixtures("openssl")
def test_secrets_are_private(place: Path) -> None:
    """The folder is its owner's alone; the master key too; .env holds none of them."""
    run(place, "make-secrets.sh")
    folder = place / "docker/secrets"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / "keys/master.key").stat().st_mode) == 0o400
    assert stat.S_IMODE((place / ".env").stat().st_mode) == 0o600
    text = (place / ".env").read_text()
    assert not [path.name for path in folder.rglob("*") if path.is_file() and path.read_text().strip() in text]


@pytest.mark.usefixtures("openssl")
def test_redis_gets_hashes(place: Path) -> None:
    """Its file of accounts holds no password, and the address of the program fits to it."""
    run(place, "make-secrets.sh")
    folder = place / "docker/secrets"
    accounts = (folder / "redis_acl").read_text()
    match = re.fullmatch(r"redis://app:([0-9a-f]{48})@redis:6379/0", (folder / "redis_url").read_text())
    assert match
    assert match[1] not in accounts
    assert f"user app on #{hashlib.sha256(match[1].encode()).hexdigest()} " in accounts


@pytest.mark.usefixtures("openssl")
def test_a_certificate_has_the_names_that_are_given(place: Path) -> None:
    """For localhost and each of them."""
    run(place, "make-secrets.sh", "bench.example")
    command = ["openssl", "x509", "-noout", "-text", "-in", str(place / "docker/secrets/tls_certificate")]
    shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "DNS:localhost, IP Address:127.0.0.1, DNS:bench.example" in shown


def test_scaling_is_remembered(place: Path) -> None:
    """The number stands in .env, once, so that the next plain `up` keeps it; other lines stay."""
    (place / ".env").write_text("APP_UID=1\nAPP_REPLICAS=2\n")
    assert run(place, "scale.sh", "app", "3").returncode == 0
    assert (place / ".env").read_text() == "APP_UID=1\nAPP_REPLICAS=3\n"
    assert told(place) == [
        "docker-compose up -d --no-deps --no-recreate --scale app=3 app", "docker-compose kill -s HUP prometheus",
    ]  # fmt: skip


def test_prometheus_is_told_how_many_replicas_are_wanted(place: Path) -> None:
    """Of the API, which it finds by name; the rule lies where its configuration looks for it."""
    run(place, "scale.sh", "worker", "2")
    assert not (place / "docker/prometheus/replicas.yml").exists()
    run(place, "scale.sh", "app", "3")
    run(place, "scale.sh", "app", "2")
    (group,) = yaml.safe_load((place / "docker/prometheus/replicas.yml").read_text())["groups"]
    assert group["rules"] == [{"record": "causal_eval:api_replicas_wanted", "expr": "vector(2)"}]
    assert "/etc/prometheus/replicas*.yml" in COMPOSE.rules


@pytest.mark.parametrize("arguments", [("postgres", "2"), ("app", "0"), ("app", "many"), ("app",), ()])
def test_what_cannot_be_scaled_is_refused(place: Path, arguments: tuple[str, ...]) -> None:
    """Nothing is changed, and the message says what may be."""
    done = run(place, "scale.sh", *arguments)
    assert (done.returncode, told(place)) == (2, [])
    assert "app" in done.stderr


def test_a_rollback_moves_the_tag_and_waits(place: Path) -> None:
    """The earlier image becomes current, what ran becomes previous, and nothing is taken down."""
    done = run(place, "rollback.sh")
    assert done.returncode == 0
    assert told(place) == [
        "docker tag sha256:222222222222bbbb causal-eval-bench:current",
        "docker-compose up -d --no-build --no-deps app worker",
        "docker tag sha256:111111111111aaaa causal-eval-bench:previous",
    ]


def test_a_rollback_that_fails_comes_back(place: Path) -> None:
    """What ran before runs again, and the exit code says that it did not work."""
    done = run(place, "rollback.sh", HEALTH="unhealthy", PATIENCE="0")
    assert done.returncode == 1
    assert "going back" in done.stderr
    assert told(place)[2] == "docker tag sha256:111111111111aaaa causal-eval-bench:current"


@pytest.mark.parametrize("tag", ["unknown", "current"])
def test_a_rollback_to_nothing_touches_nothing(place: Path, tag: str) -> None:
    """No image of that name, or the one that runs."""
    assert run(place, "rollback.sh", tag).returncode == 1
    assert told(place) == []


ANEW = "docker-compose up -d --no-deps --no-recreate --scale app=2 app"


def test_a_restart_takes_one_after_another(place: Path) -> None:
    """Each is made anew, and as many run as before, however they came to be so many."""
    done = run(place, "restart.sh", "app")
    assert done.returncode == 0, done.stderr
    assert told(place) == ["docker stop one", "docker rm one", ANEW, "docker stop two", "docker rm two", ANEW]


def test_a_restart_that_does_not_get_well_stops_there(place: Path) -> None:
    """The other replica, which may be well, is left alone."""
    done = run(place, "restart.sh", "app", HEALTH="unhealthy", PATIENCE="0")
    assert done.returncode == 1
    assert "app is not well" in done.stderr
    assert told(place) == ["docker stop one", "docker rm one", ANEW]


@pytest.mark.parametrize(("service", "code"), [("", 2), ("nobody", 2), ("postgres", 1)])
def test_what_is_not_there_is_not_restarted(place: Path, service: str, code: int) -> None:
    """A name that the file does not have, or a service without a container; the message says what there is."""
    done = run(place, "restart.sh", service, GONE="1")
    assert (done.returncode, told(place)) == (code, [])
    assert "postgres" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "said"), [((), "docker stats --no-stream"), (("app",), "docker stats --no-stream one two")]
)
def test_what_is_used_is_told_of_all_or_of_a_service(place: Path, arguments: tuple[str, ...], said: str) -> None:
    """Once, and of each of its replicas."""
    assert run(place, "stats.sh", *arguments).returncode == 0
    assert [line for line in told(place) if " stats " in line] == [said]


@pytest.mark.parametrize(("service", "code"), [("nobody", 2), ("postgres", 1)])
def test_what_is_not_there_is_not_measured(place: Path, service: str, code: int) -> None:
    """Never everything in its place: docker would take no name for all of them."""
    done = run(place, "stats.sh", service, GONE="1")
    assert done.returncode == code
    assert "postgres" in done.stderr
    assert not [line for line in told(place) if " stats " in line]


@pytest.mark.parametrize(
    ("script", "arguments"), [("rollback.sh", ()), ("scale.sh", ("worker", "2")), ("restart.sh", ("app",))]
)
def test_a_dry_run_does_nothing(place: Path, script: str, arguments: tuple[str, ...]) -> None:
    """It says what it would do."""
    done = run(place, script, "--dry-run", *arguments)
    assert done.returncode == 0
    assert "would" in done.stdout
    assert told(place) == []
    assert not (place / ".env").exists()
