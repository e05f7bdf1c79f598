"""Prometheus and Alertmanager take what is written for them, and route every alert where it belongs."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
import yaml

from causal_eval.operations.monitoring.compressed import compressed
from causal_eval.operations.monitoring.configure import (
    COMPOSE,
    Job,
    Mail,
    Receivers,
    Watch,
    alertmanager_config,
    lay_out,
    prometheus_config,
)

TOLD = Receivers(
    sentinel="http://127.0.0.1:9095/alerts",
    token_file="sentinel-token",
    direct="http://127.0.0.1:9096/page",
    mail=Mail(to="on-call@example.org", sender="alerts@example.org", server="mail.example.org:25"),
)
LOCAL = Watch(
    jobs=(
        Job(name="causal-eval-api", targets=("127.0.0.1:8001", "127.0.0.1:8002"), token_file="token"),
        Job(name="causal-eval-probe", targets=("http://127.0.0.1:8000/health",), prober="127.0.0.1:9115"),
        Job(name="causal-eval-tls", targets=("127.0.0.1:8443",), prober="127.0.0.1:9115", module="tls"),
    ),
    alertmanagers=("127.0.0.1:9093",),
)


def said(*command: str) -> str:
    """What a program prints; it must end well."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.usefixtures("prometheus", "alertmanager")
@pytest.mark.parametrize("times", [1, 60])
def test_both_programs_take_their_configuration(times: int, tmp_path: Path) -> None:
    """Their own checks pass, at full speed and in a drill; the rules lie where Prometheus looks for them."""
    (tmp_path / "token").write_text("secret")
    lay_out(tmp_path, LOCAL, told=TOLD, times=times)
    assert "2 rule files found" in said("promtool", "check", "config", str(tmp_path / "prometheus.yml"))
    assert "2 receivers" in said("amtool", "check-config", str(tmp_path / "alertmanager.yml"))


@pytest.mark.usefixtures("prometheus")
def test_the_configuration_of_compose_is_one(tmp_path: Path) -> None:
    """Addresses come from names of services, asked for again and again; syntax is checked, files are elsewhere."""
    (tmp_path / "prometheus.yml").write_text(prometheus_config(COMPOSE))
    said("promtool", "check", "config", "--syntax-only", str(tmp_path / "prometheus.yml"))


@pytest.mark.usefixtures("alertmanager")
@pytest.mark.parametrize(
    ("labels", "receivers"),
    [
        ("alertname=CausalEvalAPIDown severity=P0 component=api", "direct,sentinel"),
        ("alertname=HighErrorRate severity=P1 component=api", "direct,sentinel"),
        ("alertname=RedisDown severity=P2 component=cache", "sentinel"),
        ("alertname=HighCPU severity=P3 component=host", "sentinel"),
        ("alertname=SentinelDown severity=P2 component=monitoring", "direct,sentinel"),
        ("alertname=AlertDeliveryFailing severity=P2 component=monitoring", "direct,sentinel"),
        ("alertname=Watchdog severity=none component=monitoring", "sentinel"),
        ("alertname=Unheard severity=odd", "sentinel"),
    ],
)
def test_an_alert_goes_where_it_belongs(labels: str, receivers: str, tmp_path: Path) -> None:
    """What is urgent reaches people directly, and the sentinel hears everything."""
    path = tmp_path / "alertmanager.yml"
    path.write_text(alertmanager_config(TOLD))
    said(
        "amtool",
        "config",
        "routes",
        "test",
        f"--config.file={path}",
        f"--verify.receivers={receivers}",
        *labels.split(),
    )


@pytest.mark.usefixtures("alertmanager")
def test_the_receiver_that_the_guide_shows_is_one(root: Path, tmp_path: Path) -> None:
    """Alertmanager takes what is to be put into the configuration of a cluster's, and Watchdog goes to the sentinel."""
    (shown,) = re.findall(
        r"```yaml\n(# alertmanager\.yml.*?)```", (root / "docs/guides/deploy.md").read_text("utf-8"), re.DOTALL
    )
    path = tmp_path / "alertmanager.yml"
    path.write_text(shown)
    assert "1 receivers" in said("amtool", "check-config", str(path))
    hook = yaml.safe_load(shown)["receivers"][0]["webhook_configs"][0]
    assert hook["http_config"]["authorization"]["type"] == "Bearer"


def test_only_alerts_that_exist_are_routed_or_kept_back(root: Path) -> None:
    """A renamed alert does not leave a rule of Alertmanager behind."""
    folder = root / "src/causal_eval/operations/monitoring"
    groups = [yaml.safe_load((folder / name).read_text())["groups"][0] for name in ("rules.yml", "slo.yml")]
    known = {rule["alert"] for group in groups for rule in group["rules"] if "alert" in rule}
    config = yaml.safe_load(alertmanager_config(TOLD))
    matchers = [one for route in config["route"]["routes"] for one in route["matchers"]]
    for rule in config["inhibit_rules"]:
        matchers += [*rule["source_matchers"], *rule["target_matchers"]]
    named = [one.split('"')[1].split("|") for one in matchers if one.startswith("alertname")]
    assert {name for names in named for name in names} <= known


def test_who_has_no_address_gets_nothing() -> None:
    """Without addresses both receivers exist and are silent."""
    receivers = yaml.safe_load(alertmanager_config(Receivers()))["receivers"]
    assert receivers == [{"name": "sentinel"}, {"name": "direct"}]


def test_a_drill_waits_a_sixtieth() -> None:
    """Waits are a second at least and ranges five; names, thresholds and 0 stay."""
    text = "a:rate5m: rate(b[5m]) > 300\nfor: 10m\nscrape_interval: 15s\ngroup_wait: 0s\nwindow: 1h\nx[1h] y[15m]"
    assert compressed(text, 60) == (
        "a:rate5m: rate(b[5s]) > 300\nfor: 10s\nscrape_interval: 1s\ngroup_wait: 0s\nwindow: 1h\nx[60s] y[15s]"
    )
    assert compressed(text, 1) == text


def test_what_is_counted_is_counted_as_if_it_went_on() -> None:
    """A threshold of events in five minutes is met by as many a second as ever; starts of a process are counted."""
    assert compressed('sum(increase(calls_total{a="b"}[5m])) > 10', 60) == (
        'sum((increase(calls_total{a="b"}[5s]) * 60)) > 10'
    )
    assert compressed("increase(calls_total[1m]) > 10", 60) == "(increase(calls_total[5s]) * 12) > 10"
    assert compressed("changes(started[15m]) > 3", 60) == "changes(started[60s]) > 3"
    assert compressed("changes(started[2h]) > 3", 60) == "changes(started[120s]) > 3"
