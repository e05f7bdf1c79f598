"""What watches and what backs up, in containers: each profile does its work, and `make health` sees all of it."""

from __future__ import annotations

import json
from typing import Any

from tests.containers.standing import Stack

WATCHING = "sentinel prometheus alertmanager postgres-exporter redis-exporter node-exporter blackbox-exporter"
"""The profile `monitoring` but for Grafana, for which there is no image without a registry."""

STATUS = "http://localhost:8000/status"


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
        return len(jobs) == 10 and all(target["health"] == "up" for target in targets)

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


def fires(stack: Stack, name: str) -> bool:
    """Whether Alertmanager has an alert of that name."""
    alerts = told(stack, "http://localhost:9093/api/v2/alerts")
    return name in {alert["labels"]["alertname"] for alert in alerts}


def status(stack: Stack) -> dict[str, str]:
    """How each part is on the status page, read through the front; `page` is all of it in a word."""
    said = told(stack, f"{STATUS}/summary.json")
    return {"page": said["status"]["indicator"], **{part["id"]: part["status"] for part in said["components"]}}


def incidents(stack: Stack) -> dict[str, str]:
    """The open incidents as an operator lists them: key and id."""
    lines = stack.run("causal-eval stack run -- incident list --json").splitlines()
    found = [json.loads(line) for line in lines if line.startswith("{")]
    return {one["key"]: one["id"] for one in found}


def firing(stack: Stack, incident: str) -> list[str]:
    """What still fires of an incident."""
    said = stack.run(f"causal-eval stack run -- incident show {incident} --json").splitlines()
    found: list[str] = json.loads(next(line for line in said if line.startswith("{")))["firing"]
    return found


def resolve_all(stack: Stack) -> None:
    """A person says of what is open that it is over, once nothing of it fires."""
    found = incidents(stack).values()
    stack.until(lambda: not any(firing(stack, one) for one in found), "nothing fires")
    for one in found:
        stack.run(f"causal-eval stack run -- incident resolve {one} 'started again' --root-cause 'a drill'")
    stack.until(lambda: status(stack)["page"] == "none", "the status page is green", patience=30)


def test_the_front_hands_out_the_status_page_and_nothing_else_of_the_sentinel(stack: Stack) -> None:
    """Its files, with headers that let no script run; who shows no token cannot send it an alert."""
    stack.until(lambda: "<h1" in stack.run(f"curl -sS -m 5 -f {STATUS}/"), "the status page is there")
    headers = stack.run(f"curl -sS -m 5 -f -D - -o /dev/null {STATUS}/status.css")
    assert "text/css" in headers
    assert "default-src 'none'" in headers
    by_tls = stack.run("curl -sS -m 5 -k -f -D - -o /dev/null https://localhost:8443/status/")
    assert "strict-transport-security" in by_tls.lower()
    for name in ("alerts", "metrics", ".lock", "../incidents/incidents.db"):
        stack.run(f"curl -sS -m 5 -f --path-as-is {STATUS}/{name}", fails=True)
    stack.run(f"curl -sS -m 5 -f -X POST -d '[]' {STATUS}/", fails=True)
    post = "import urllib.request as u; u.urlopen(u.Request('http://sentinel:9095/alerts', b'{}'))"
    assert "403" in stack.run(f'docker-compose exec -T app python -c "{post}"', fails=True)
    shown = "{'Authorization': 'Bearer ' + open('/run/secrets/sentinel_token').read()}"
    get = f"import urllib.request as u; u.urlopen(u.Request('http://sentinel:9095/incidents', headers={shown}))"
    stack.run(f'docker-compose exec -T app python -c "{get}"')


def test_who_wants_to_be_told_of_changes_reaches_the_sentinel(stack: Stack) -> None:
    """Once the address of the page is known; who follows the link of a letter gets a button, through the front too."""
    with (stack.folder / "docker/config/causal-eval.toml").open("a") as text:
        text.write('status_url = "https://bench.example/status"\n')
    stack.run("docker-compose restart sentinel")
    stack.until(lambda: "<form" in stack.run(f"curl -sS -m 5 -f {STATUS}/"), "the page has a form")
    assert "<button" in stack.run(f"curl -sS -m 5 -f '{STATUS}/confirm?token=any'")
    assert "form-action 'self'" in stack.run(f"curl -sS -m 5 -f -D - -o /dev/null {STATUS}/")
    stack.run(f"curl -sS -m 5 -f -d token=any {STATUS}/confirm", fails=True)


def test_a_stack_without_its_api_is_told_of(stack: Stack) -> None:
    """By `make health`, which needs neither, by the alert P0 within two minutes, and on the status page."""
    stack.run("docker-compose stop app")
    found = health(stack, code=2)
    assert (found["api"], found["causal-eval-app-1"], found["database"]) == ("down", "down", "ok")
    stack.until(lambda: fires(stack, "CausalEvalAPIDown"), "CausalEvalAPIDown fires", patience=150)
    stack.until(lambda: "api/down" in incidents(stack), "the sentinel has heard of it", patience=60)
    assert status(stack)["api"] == "major_outage"
    assert "/status/" in stack.run("curl -sS -m 5 http://localhost:8000/")
    stack.run("docker-compose start app")
    stack.until(stack.answers, "8000 answers")
    resolve_all(stack)


def test_a_stack_without_its_database_is_one_incident_and_red(stack: Stack) -> None:
    """Nothing but the database is stopped; its incident takes in what follows from it, and the page stays up."""
    stack.run("docker-compose stop postgres")
    stack.until(lambda: status(stack)["page"] == "critical", "the status page is red", patience=60)
    stack.until(lambda: "database/down" in incidents(stack), "DatabaseDown is an incident", patience=240)
    assert incidents(stack).keys() == {"database/down"}
    assert status(stack)["database"] == "major_outage"
    stack.run("docker-compose start postgres")
    stack.until(stack.answers, "8000 answers")
    (incident,) = incidents(stack).values()
    stack.until(lambda: "DatabaseDown" not in firing(stack, incident), "DatabaseDown is over")


def test_a_certificate_that_ends_soon_is_told_of(stack: Stack) -> None:
    """One of three days in the place of the one that make-secrets.sh made: Prometheus waits no longer than it says."""
    names = "-subj /CN=localhost -keyout docker/secrets/tls_key -out docker/secrets/tls_certificate"
    made = f"openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 3 {names}"
    stack.run(f"chmod u+w docker/secrets/tls_* && {made} && chmod 444 docker/secrets/tls_*")
    stack.run("docker-compose restart nginx")

    def waits() -> bool:
        alerts = told(stack, "http://localhost:9090/api/v1/alerts")["data"]["alerts"]
        return "CertificateExpiring" in {alert["labels"]["alertname"] for alert in alerts}

    stack.until(waits, "CertificateExpiring is pending", patience=90)


def test_backups_go_on_by_themselves(stack: Stack) -> None:
    """The service of the profile makes the first one, which is due, and tests it by restoring it."""
    stack.run("docker-compose --profile backup up -d backup")
    stack.until(lambda: "all is as it must be" in stack.run("docker-compose logs backup"), "a backup was tested")
    assert "-base made" in stack.run("docker-compose logs backup")
    stack.run("docker-compose --profile backup stop backup")


def test_a_backup_is_made_and_comes_back(stack: Stack) -> None:
    """By `make backup` and `make restore`, of the whole server and sealed; app and workers see how old it is."""
    assert "would" in stack.run("causal-eval stack run --superuser -- backup --dry-run").lower()
    stack.run("causal-eval stack run --superuser -- backup")
    assert "base" in stack.run("causal-eval stack run --superuser -- backup list")
    stack.run("causal-eval stack run --superuser -- restore latest")
    count = "select count(*) from pg_database where datname like '%restored%'"
    assert stack.run(f'causal-eval stack psql -- "{count}"').split()[2] == "1"
    assert health(stack, code=1)["backup"] == "ok"


def test_a_dump_is_made_and_tried_as_under_kubernetes(stack: Stack) -> None:
    """What the chart's nightly job does, one after the other, in containers of the same image."""
    stack.run("causal-eval stack run --superuser -- backup --kind dump")
    assert "dump" in stack.run("causal-eval stack run --superuser -- backup list")
    stack.run("causal-eval stack run --superuser -- backup test")


def test_an_operator_sees_the_sessions_of_the_program(stack: Stack) -> None:
    """And what they do, over a connection of another account."""
    typed = "causal-eval stack run --superuser -- db connections --json"
    assert '"causal_eval"' in stack.run(typed)
    assert '"causal-eval-operator"' in stack.run(typed)
