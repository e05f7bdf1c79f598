"""Configuration of Prometheus and Alertmanager, for whichever processes there are.

``lay_out`` writes all that both need into a folder. What is asked stands in :class:`Job`, who is told in
:class:`Receivers`; everything else (routes, what silences what, rules) is the same wherever the service runs.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from string import Template

from causal_eval.operations.monitoring.compressed import compressed

FOLDER = Path(__file__).parent
RULES = ("rules.yml", "slo.yml")
PROBE = "blackbox.yml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """Processes of one kind that Prometheus asks.

    ``targets`` are ``host:port`` (of a probe: URLs); ``dns`` (``name:port``) stands for every address of the name.
    ``token_file`` holds what goes behind ``Bearer``; ``prober`` is the blackbox exporter that asks for Prometheus, and
    ``module`` says how.
    """

    name: str
    targets: tuple[str, ...] = ()
    dns: str = ""
    token_file: str = ""
    prober: str = ""
    module: str = "http_2xx"


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """Whom Prometheus asks, by which rules, and to which Alertmanagers it hands its alerts."""

    jobs: tuple[Job, ...]
    rules: tuple[str, ...] = RULES
    alertmanagers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """Letters to people, through a mail server without a password."""

    to: str
    sender: str
    server: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Receivers:
    """Who is told: the sentinel everything, people directly what must reach them even when the sentinel is down."""

    sentinel: str = ""
    """URL of its webhook, ``http://host:9095/alerts``."""
    token_file: str = ""
    """Holds what Alertmanager shows the sentinel, where both are not on one machine."""
    direct: str = ""
    """URL of a webhook of people's own: a pager, a chat."""
    mail: Mail | None = None


SENTINEL_TOKEN = "/run/secrets/sentinel_token"  # noqa: S105 - a path
COMPOSE = Watch(
    jobs=(
        Job(name="causal-eval-api", dns="app:8000", token_file="/run/secrets/metrics_token"),  # noqa: S106 - a path
        Job(name="causal-eval-worker", dns="worker:9101", token_file="/run/secrets/metrics_token"),  # noqa: S106 - a path
        Job(name="causal-eval-probe", targets=("http://nginx:8000/health",), prober="blackbox-exporter:9115"),
        Job(name="causal-eval-tls", targets=("nginx:8443",), prober="blackbox-exporter:9115", module="tls"),
        Job(name="causal-eval-sentinel", targets=("sentinel:9095",), token_file=SENTINEL_TOKEN),
        Job(name="postgres", targets=("postgres-exporter:9187",)),
        Job(name="redis", targets=("redis-exporter:9121",)),
        Job(name="node", targets=("node-exporter:9100",)),
        Job(name="prometheus", targets=("localhost:9090",)),
        Job(name="alertmanager", targets=("alertmanager:9093",)),
    ),
    rules=(
        "/etc/causal-eval-monitoring/rules.yml",
        "/etc/causal-eval-monitoring/slo.yml",
        "/etc/prometheus/replicas*.yml",  # docker/scale.sh writes it
    ),
    alertmanagers=("alertmanager:9093",),
)
"""The services of ``docker-compose.yml``."""


def prometheus_config(watch: Watch) -> str:
    """``prometheus.yml``."""
    return Template((FOLDER / "prometheus.yml.template").read_text("utf-8")).substitute(
        rules=json.dumps(watch.rules),
        alertmanagers=json.dumps(watch.alertmanagers),
        jobs="\n".join(_job(job) for job in watch.jobs),
    )


def alertmanager_config(told: Receivers) -> str:
    """``alertmanager.yml``; a receiver without an address keeps its alerts to itself."""
    return Template((FOLDER / "alertmanager.yml.template").read_text("utf-8")).substitute(
        sentinel=_webhook(told.sentinel, told.token_file), direct=_webhook(told.direct) + _mail(told.mail)
    )


def lay_out(folder: Path, watch: Watch, *, told: Receivers, times: int = 1) -> None:
    """Write both configurations and the rules into *folder*; with *times* all waiting is so many times shorter."""
    texts = {name: (FOLDER / name).read_text("utf-8") for name in (*RULES, PROBE)}
    texts |= {"prometheus.yml": prometheus_config(watch), "alertmanager.yml": alertmanager_config(told)}
    for name, text in texts.items():
        (folder / name).write_text(compressed(text, times), "utf-8")


def write_compose(folder: Path) -> None:
    """Write what ``docker-compose.yml`` mounts of both, below *folder*; whoever operates adds people to tell."""
    told = Receivers(sentinel="http://sentinel:9095/alerts", token_file=SENTINEL_TOKEN)
    (folder / "prometheus/prometheus.yml").write_text(prometheus_config(COMPOSE), "utf-8")
    (folder / "alertmanager/alertmanager.yml").write_text(alertmanager_config(told), "utf-8")


def _job(job: Job) -> str:
    lines = [f"- job_name: {job.name}"]
    if job.token_file:
        lines.append(f"  authorization: {{type: Bearer, credentials_file: {json.dumps(job.token_file)}}}")
    if job.dns:
        name, _, port = job.dns.rpartition(":")
        lines.append(
            f"  dns_sd_configs: [{{names: [{json.dumps(name)}], type: A, port: {port}, refresh_interval: 5s}}]"
        )
    if job.targets:
        lines.append(f"  static_configs: [{{targets: {json.dumps(job.targets)}}}]")
    if job.prober:
        lines.append(_PROBED.format(prober=job.prober, module=job.module))
    return "\n".join(lines)


_PROBED = """\
  metrics_path: /probe
  params: {{module: [{module}]}}
  relabel_configs:
  - {{source_labels: [__address__], target_label: __param_target}}
  - {{source_labels: [__param_target], target_label: instance}}
  - {{target_label: __address__, replacement: "{prober}"}}"""


def _webhook(url: str, token_file: str = "") -> str:
    shown = f"authorization: {{type: Bearer, credentials_file: {json.dumps(token_file)}}}"
    by = f", http_config: {{{shown}}}" if token_file else ""
    return f"\n  webhook_configs: [{{url: {json.dumps(url)}, send_resolved: true{by}}}]" if url else ""


def _mail(mail: Mail | None) -> str:
    if mail is None:
        return ""
    said = f"to: {json.dumps(mail.to)}, from: {json.dumps(mail.sender)}, smarthost: {json.dumps(mail.server)}"
    return f"\n  email_configs: [{{{said}, require_tls: false, send_resolved: true}}]"


if __name__ == "__main__":
    write_compose(Path(sys.argv[1]))
