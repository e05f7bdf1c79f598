"""What watches and what backs up, in containers: each profile does its work, and `make health` sees all of it."""

from __future__ import annotations

import json
from typing import Any

from tests.containers.standing import Stack

WATCHING = "prometheus alertmanager postgres-exporter redis-exporter node-exporter blackbox-exporter"
"""The profile `monitoring` but for Grafana, for which there is no image without a registry."""


def told(stack: Stack, address: str) -> Any:
    """What a server answers in JSON."""
    return json.loads(stack.run(f"curl -sS -m 5 -f '{address}'"))


def health(stack: Stack, *, code: int) -> dict[str, str]:
    """The status of each part as `make health` tells it, which ends with *code*."""
    typed = "COMPOSE_PROFILES=monitoring causal-eval stack health --json 2>/dev/null"
    said = json.loads(stack.run(f"{{ {typed} || test $? = {code}; }} | tail -n 1"))
    return {part["name"]: part["status"] for part in said["parts"]}


def test_prometheus_reaches_all_that_it_asks(stack: Stack) -> None:
    """Each job has a target that answers, every rule can be evaluated, and Alertmanager hears of it."""
    stack.run(f"docker-compose --profile monitoring up -d {WATCHING}")

    def all_up() -> bool:
        targets = told(stack, "http://localhost:9090/api/v1/targets?state=active")["data"]["activeTargets"]
        jobs = {target["labels"]["job"] for target in targets if target["health"] == "up"}
        return len(jobs) == 8 and all(target["health"] == "up" for target in targets)

    stack.until(all_up, "all targets are up")
    groups = told(stack, "http://localhost:9090/api/v1/rules")["data"]["groups"]
    assert len([rule for group in groups for rule in group["rules"]]) > 50
    assert [rule for group in groups for rule in group["rules"] if rule.get("lastError")] == []

    def heard() -> bool:
        alerts = told(stack, "http://localhost:9093/api/v2/alerts")
        return "Watchdog" in {alert["labels"]["alertname"] for alert in alerts}

    stack.until(heard, "Alertmanager hears Watchdog")


def test_health_asks_each_container(stack: Stack) -> None:
    """Replicas, workers, what they stand on and what watches them; Grafana alone is not there."""
    found = health(stack, code=1)
    assert {name for name, status in found.items() if status == "down"} == {"grafana"}
    well = {name for name, status in found.items() if status == "ok"}
    assert well >= {"api", "causal-eval-app-1", "causal-eval-worker-1", "database", "redis", "queue", *WATCHING.split()}


def test_a_stack_without_its_api_is_told_of(stack: Stack) -> None:
    """By `make health`, which needs neither, and by the alert P0 within two minutes, though the name is gone."""
    stack.run("docker-compose stop app")
    found = health(stack, code=2)
    assert (found["api"], found["causal-eval-app-1"], found["database"]) == ("down", "down", "ok")

    def fires() -> bool:
        alerts = told(stack, "http://localhost:9093/api/v2/alerts")
        return "CausalEvalAPIDown" in {alert["labels"]["alertname"] for alert in alerts}

    stack.until(fires, "CausalEvalAPIDown fires", patience=150)
    stack.run("docker-compose start app")
    stack.until(stack.answers, "8000 answers")


def test_a_backup_is_made_and_comes_back(stack: Stack) -> None:
    """By `make backup` and `make restore`, of the whole server and sealed; app and workers see how old it is."""
    assert "would" in stack.run("causal-eval stack run --superuser -- backup --dry-run").lower()
    stack.run("causal-eval stack run --superuser -- backup")
    assert "base" in stack.run("causal-eval stack run --superuser -- backup list")
    stack.run("causal-eval stack run --superuser -- restore latest")
    count = "select count(*) from pg_database where datname like '%restored%'"
    assert stack.run(f'causal-eval stack psql -- "{count}"').split()[2] == "1"
    assert health(stack, code=1)["backup"] == "ok"


def test_an_operator_sees_the_sessions_of_the_program(stack: Stack) -> None:
    """And what they do, over a connection of another account."""
    typed = "causal-eval stack run --superuser -- db connections --json"
    assert '"causal_eval"' in stack.run(typed)
    assert '"causal-eval-operator"' in stack.run(typed)


def test_backups_go_on_by_themselves(stack: Stack) -> None:
    """The service of the profile backs up, and tests what it made by restoring it."""
    stack.run("docker-compose --profile backup up -d backup")
    stack.until(lambda: "restore" in stack.run("docker-compose logs backup"), "a backup was tested")
