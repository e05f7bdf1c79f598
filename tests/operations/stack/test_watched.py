"""The sentinel of a stack: one outage is one incident, told while nothing else answers, whoever is killed."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from tests import servers, stacks
from tests.serving import wait_until
from tests.stacks import Stack

from causal_eval.operations.stack.raising import supervisor_of

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
PATIENCE = 120.0


@pytest.fixture(scope="module")
def watched() -> Iterator[Stack]:
    """A small stack with a sentinel, and with Prometheus where that is installed."""
    stacks.check_installed()
    folder = servers.new_folder()
    with stacks.opened_stack(folder / "stack", "--app", "1", "--worker", "1", "--no-login", "--monitoring") as opened:
        yield opened
    servers.stop_all(folder)


def incidents(stack: Stack) -> list[dict[str, object]]:
    """What `causal-eval incident list --all` says, with no database and no API if need be."""
    return [json.loads(line) for line in stack.run("incident", "list", "--all", "--json").stdout.splitlines()]


def test_a_lost_database_is_one_incident(watched: Stack) -> None:
    """It is detected while API and database are down and the sentinel is killed, and watched when all is well again."""
    supervisor = supervisor_of(watched.plan)
    supervisor.stop("postgres")
    wait_until(lambda: [one["state"] for one in incidents(watched)] == ["detected"], within=PATIENCE)
    before = watched.kill("sentinel")
    wait_until(lambda: watched.state("sentinel").runs and watched.state("sentinel").pid != before, within=PATIENCE)
    shown = json.loads(watched.run("incident", "ack", "INC-1", "--json").stdout)
    assert shown["state"] == "investigating"
    supervisor.start("postgres")
    wait_until(lambda: [one["state"] for one in incidents(watched)] == ["monitoring"], within=PATIENCE)
    (one,) = incidents(watched)
    assert one["key"] in {"api/down", "database/down"}
    assert one["severity"] == "P0"


def test_the_sentinel_is_asked_by_health(watched: Stack) -> None:
    """`causal-eval health` says how it is."""
    told = watched.run("health", "--json", check=False).stdout
    assert '"sentinel"' in told
