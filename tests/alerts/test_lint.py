"""What promtool does not look at: rules that cannot fire, ratios without a floor, labels and pages that lack."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import promql_parser
import pytest
import yaml
from promql_parser import AggregateExpr, BinaryExpr, Call, Expr, MatrixSelector, NumberLiteral, ParenExpr
from tests.alerts import promql
from tests.alerts.promtool import Rule, name_of, read_rules

SEVERITIES = {"P0", "P1", "P2", "P3", "none"}
COMPONENTS = {
    "api", "worker", "database", "cache", "model_api", "auth", "host", "security", "deploy", "monitoring", "status",
}  # fmt: skip
SECTIONS = ["Meaning", "Impact", "Diagnosis", "Mitigation"]
OF_COUNTERS = {"rate", "increase", "irate", "resets"}
_COUNTED = ("_total", "_bucket", "_count", "_sum")
GAUGES = {"pg_stat_activity_count": "sessions that there are"}
"""Gauges of others that are called like counters."""
OTHERS = re.compile(
    r"up|ALERTS|probe_success|probe_ssl_earliest_cert_expiry|causal_eval:api_replicas_wanted"
    r"|redis_(up|memory_used_bytes|memory_max_bytes)"
    r"|pg_(stat_activity_count|stat_activity_max_tx_duration|settings_max_connections"
    r"|settings_superuser_reserved_connections|stat_database_checksum_failures)"
    r"|node_filesystem_(avail|size)_bytes|process_(cpu_seconds_total|resident_memory_bytes|start_time_seconds)"
    r"|prometheus_(notifications_(errors|sent)_total|rule_evaluation_failures_total)"
    r"|alertmanager_notifications_failed_total"
)
"""Of Prometheus, Alertmanager, exporters (PostgreSQL, Redis, nodes, probes), prometheus_client and docker/scale.sh."""

OURS = {
    "http_requests_total", "http_request_duration_seconds_bucket", "http_request_duration_seconds_count",
    "http_requests_in_flight", "auth_requests_total", "evaluation_items_total", "evaluation_queue_depth",
    "evaluation_queue_oldest_seconds", "evaluation_shards", "evaluation_invariant_violations",
    "evaluation_row_hash_mismatches", "model_api_requests_total", "model_api_rate_limit_errors_total",
    "model_api_request_duration_seconds_bucket", "model_api_circuit_open", "model_api_open_calls", "model_api_keys",
    "response_cache_lookups_total", "response_cache_hits_total", "inbound_limiter_fallback_total", "database_up",
    "database_connection_pool_size", "database_connection_pool_in_use", "database_connection_pool_timeouts_total",
    "database_connection_errors_total", "database_lock_wait_seconds", "redis_client_up", "fenced_writes_total",
    "secret_exposure_detections_total",
    "backup_last_success_timestamp_seconds", "backup_restore_test_success", "deployment_timestamp_seconds",
    "process_memory_limit_bytes", "runtime_switch", "status_page_last_publish_timestamp_seconds", "disk_free_bytes",
    "disk_size_bytes", "read_only_mode",
}  # fmt: skip
"""Of the program: the sentinel's, the app's and the workers'."""
OF_THE_SENTINEL = {"status_page_last_publish_timestamp_seconds"}
"""What no process tells yet."""
_FOLDER = Path(__file__).resolve().parents[2] / "src/causal_eval/operations/monitoring"
RULES = read_rules(_FOLDER / "rules.yml", _FOLDER / "slo.yml")
ALERTS = {name: rule for name, rule in RULES.items() if "alert" in rule}
assert ALERTS, "every test below is about each of them"


def calls(node: Expr) -> Iterator[Call]:
    """Every call of a function in *node*."""
    return (one for one in promql.walk(node) if isinstance(one, Call))


def counts(name: str) -> bool:
    """Whether what is called *name* only grows."""
    return name.endswith(_COUNTED) and name not in GAUGES


def faults(expression: str) -> list[str]:
    """What is wrong with an expression that Prometheus takes nevertheless."""
    node = promql_parser.parse(expression)
    return [*_of_counters(node), *_of_ranges(node), *_of_matchers(node)]


def _of_counters(node: Expr) -> Iterator[str]:
    for call in calls(node):
        named = [str(one.vector_selector.name) for one in call.args if isinstance(one, MatrixSelector)]
        if call.func.name in OF_COUNTERS:
            yield from (f"{call.func.name} of {name}, which is a gauge" for name in named if not counts(name))
    counted = {str(one.name) for one in promql.selectors(node) if counts(str(one.name))}
    in_ranges = {str(one.vector_selector.name) for one in promql.walk(node) if isinstance(one, MatrixSelector)}
    yield from (f"{name} is compared as it stands, though it only grows" for name in sorted(counted - in_ranges))


def _of_ranges(node: Expr) -> Iterator[str]:
    """A rate needs four scrapes of 15 s at least, so that one that fails does not make it vanish; an extreme two."""
    extremes = {
        id(one) for call in calls(node) if call.func.name in {"max_over_time", "min_over_time"} for one in call.args
    }
    for one in promql.walk(node):
        least = 30 if id(one) in extremes else 60
        if isinstance(one, MatrixSelector) and one.range.total_seconds() < least:
            yield f"{one.prettify()} is too short for a scrape each 15 s"


def _of_matchers(node: Expr) -> Iterator[str]:
    for one in promql.selectors(node):
        for matcher in one.matchers.matchers:
            regular = promql.operator_of(matcher) in {"=~", "!~"}
            if not regular and re.search(r"[|*]", matcher.value):
                yield f'{matcher.name}="{matcher.value}" looks like a pattern and is compared as text'
            if regular and re.fullmatch(r"[\w ]*", matcher.value):
                yield f'{matcher.name}=~"{matcher.value}" is a pattern without need'


def test_every_expression_is_sound() -> None:
    """No rate of a gauge, no counter compared as it stands, no pattern that is none."""
    assert not [
        (name, fault)
        for name, rule in RULES.items()
        if "alert" in rule or ":" in name
        for fault in faults(rule["expr"])
    ]


@pytest.mark.parametrize(
    "expression",
    [
        "rate(database_up[5m]) > 0",
        "sum(http_requests_total) > 5",
        "rate(a_total[30s])",
        'up{job="a|b"}',
        'up{job=~"a"}',
    ],
)
def test_an_unsound_expression_is_found(expression: str) -> None:
    """The checks find what they look for."""
    assert len(faults(expression)) == 1


def divisions(node: Expr) -> Iterator[BinaryExpr]:
    """Every division in *node*."""
    return (one for one in promql.walk(node) if isinstance(one, BinaryExpr) and str(one.op) == "/")


def floored(node: Expr) -> bool:
    """Whether *node* holds ``and ... rate(...) > number``."""
    return any(
        isinstance(one, BinaryExpr)
        and str(one.op) == ">"
        and isinstance(one.rhs, NumberLiteral)
        and (
            any(call.func.name in {"rate", "increase"} for call in calls(one.lhs))
            or "http_requests:" in promql.text(one.lhs)
        )
        for conjunction in promql.walk(node)
        if isinstance(conjunction, BinaryExpr) and str(conjunction.op) == "and"
        for one in promql.walk(conjunction.rhs)
    )


def guarded(node: Expr) -> bool:
    """Whether a divisor is compared with 0."""
    inner = node.expr if isinstance(node, ParenExpr) else node
    return isinstance(inner, BinaryExpr) and str(inner.op) == ">" and promql.text(inner.rhs) == "0"


def read_by(rule: Rule) -> list[Rule]:
    """*rule* and the recording rules that it stands on."""
    names = {str(one.name) for one in promql.selectors(promql_parser.parse(rule["expr"]))}
    return [rule, *(one for name in names if name in RULES for one in read_by(RULES[name]))]


@pytest.mark.parametrize("name", ALERTS)
def test_every_ratio_has_a_floor(name: str) -> None:
    """A ratio of events needs a number of events; one of amounts needs a divisor that is not 0."""
    expressions = [promql_parser.parse(rule["expr"]) for rule in read_by(ALERTS[name])]
    events = [
        d for node in expressions for d in divisions(node) if any(calls(d.rhs)) or "http_requests:" in promql.text(d)
    ]
    amounts = [d for node in expressions for d in divisions(node) if d not in events]
    assert all(guarded(division.rhs) for division in amounts)
    assert not events or any(floored(node) for node in expressions)


@pytest.mark.parametrize("name", ALERTS)
def test_every_alert_says_what_is_needed(name: str) -> None:
    """Severity and component of the known ones, a summary, a description, and the page of its own name."""
    labels, annotations = ALERTS[name]["labels"], ALERTS[name]["annotations"]
    assert labels["severity"] in SEVERITIES
    assert labels["component"] in COMPONENTS or "$labels.job" in labels["component"]
    assert set(annotations) == {"summary", "description", "runbook"}
    assert annotations["runbook"] == f"docs/runbooks/alerts/{ALERTS[name]['alert']}.md"


def test_every_alert_has_a_page_with_four_sections(root: Path) -> None:
    """Meaning, impact, diagnosis, mitigation, none of them empty; and no page is left of an alert that is gone."""
    folder = root / "docs/runbooks/alerts"
    assert {path.stem for path in folder.glob("*.md")} - {"README"} == {rule["alert"] for rule in ALERTS.values()}
    for rule in ALERTS.values():
        text = (folder / f"{rule['alert']}.md").read_text("utf-8")
        parts = re.split(r"^## (.+)$", text, flags=re.MULTILINE)
        assert parts[1::2] == SECTIONS, rule["alert"]
        assert all(part.strip() for part in parts[2::2]), rule["alert"]
        assert text.startswith(f"# {rule['alert']}\n")


def test_names_are_those_of_their_alerts() -> None:
    """Two rules of one name differ by their window alone."""
    groups = [yaml.safe_load((_FOLDER / file).read_text("utf-8"))["groups"][0] for file in ("rules.yml", "slo.yml")]
    names = [name_of(rule) for group in groups for rule in group["rules"]]
    assert len(names) == len(set(names))


def test_aggregations_name_labels_that_their_alert_uses() -> None:
    """What an alert says with ``$labels.x`` is a label that its expression keeps."""
    for name, rule in ALERTS.items():
        said = set(re.findall(r"\$labels\.(\w+)", str(rule["annotations"]) + str(rule["labels"])))
        kept = {
            label
            for one in read_by(rule)
            for node in promql.walk(promql_parser.parse(one["expr"]))
            if isinstance(node, AggregateExpr) and node.modifier is not None
            for label in node.modifier.labels
        }
        assert said <= kept, name


def test_every_metric_is_one_that_somebody_exposes(root: Path) -> None:
    """Rules and dashboards ask for metrics of the program, of a listed exporter, or of a recording rule."""
    boards = [json.loads(path.read_text("utf-8")) for path in (root / "deploy/grafana/dashboards").glob("*.json")]
    targets = [target["expr"] for board in boards for panel in board["panels"] for target in panel["targets"]]
    asked = [rule["expr"] for rule in RULES.values()] + [one.replace("$__rate_interval", "1m") for one in targets]
    names = {str(one.name) for expr in asked for one in promql.selectors(promql_parser.parse(expr))}
    ours = {name for name in names if not OTHERS.fullmatch(name) and name not in RULES}
    assert ours == OURS
    listed = set(re.findall(r"^\| `(\w+)` \|", (root / "docs/reference/metrics.md").read_text("utf-8"), re.MULTILINE))
    assert {re.sub(r"_(bucket|count)$", "", name) for name in ours} - listed == OF_THE_SENTINEL
