"""The table of metrics holds what a process exports, and no label grows without bound."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from causal_eval.operations.metrics import MOST, OTHER, SPECS, Kind, Metrics

REFERENCE = Path(__file__).resolve().parents[2] / "docs/reference/metrics.md"


def value(metrics: Metrics, name: str, **labels: str) -> float | None:
    """What is exported for that series; None: it is not there."""
    for family in text_string_to_metric_families(metrics.text().decode()):
        for sample in family.samples:
            if sample.name == name and sample.labels == labels:
                return float(sample.value)
    return None


def test_counters_whose_labels_are_known_begin_at_zero() -> None:
    """The first event is an increase only where something was told before it."""
    metrics = Metrics()
    assert value(metrics, "secret_exposure_detections_total") == 0
    assert [value(metrics, "auth_requests_total", outcome=one) for one in ("ok", "denied", "error")] == [0, 0, 0]


def test_a_gauge_that_was_never_set_is_not_told() -> None:
    """A process that has not looked does not claim that the database is down."""
    metrics = Metrics()
    assert value(metrics, "database_up") is None
    metrics.set("database_up", 1)
    assert value(metrics, "database_up") == 1


def test_a_label_tells_apart_a_hundred_values_and_no_more() -> None:
    """Names that strangers choose cannot fill the memory of Prometheus, or ours."""
    metrics = Metrics()
    for place in range(5 * MOST):
        metrics.count("model_api_rate_limit_errors_total", f"provider-{place}")
    assert value(metrics, "model_api_rate_limit_errors_total", provider="provider-7") == 1
    assert value(metrics, "model_api_rate_limit_errors_total", provider=OTHER) == 4 * MOST
    assert metrics.text().count(b"model_api_rate_limit_errors_total{") == MOST + 1
    assert len(metrics._series) < 2 * MOST


def test_what_many_threads_count_at_once_is_all_counted() -> None:
    """A series is made once, whoever comes first."""
    metrics = Metrics()

    def count() -> None:
        for place in range(500):
            metrics.count("http_requests_total", "GET", f"/{place % 7}", "200")

    threads = [threading.Thread(target=count) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    told = [value(metrics, "http_requests_total", method="GET", route=f"/{place}", status="200") for place in range(7)]
    assert sum(one or 0 for one in told) == 4000


def test_gauges_that_are_looked_up_are_fresh_when_they_are_read() -> None:
    """Whoever asks has the refresh run first."""
    metrics = Metrics()
    depth = iter((3, 5))
    metrics.before_reading(lambda: metrics.set("evaluation_queue_depth", next(depth)))
    assert value(metrics, "evaluation_queue_depth") == 3
    assert value(metrics, "evaluation_queue_depth") == 5


@pytest.mark.parametrize("unknown", ["no_such_total", "http_requests"])
def test_what_the_table_does_not_list_cannot_be_counted(unknown: str) -> None:
    """A name that no alert and no page knows is a fault of the program."""
    with pytest.raises(KeyError):
        Metrics().count(unknown)


def test_names_keep_the_conventions_of_prometheus() -> None:
    """Counters end in _total, times are seconds, and every histogram has the runbook's thresholds as edges."""
    for spec in SPECS:
        assert (spec.kind is Kind.COUNTER) == spec.name.endswith("_total"), spec.name
        assert (spec.kind is Kind.HISTOGRAM) == bool(spec.edges), spec.name
        assert spec.kind is not Kind.HISTOGRAM or {2.0, 5.0} <= set(spec.edges), spec.name
        assert spec.help.endswith("."), spec.name


def test_every_metric_is_documented() -> None:
    """``docs/reference/metrics.md`` has exactly a row for each."""
    rows = [line for line in REFERENCE.read_text("utf-8").splitlines() if line.startswith("| `")]
    assert rows == [
        f"| `{spec.name}` | {spec.kind} | {', '.join(f'`{label}`' for label in spec.labels)} | {spec.help} |"
        for spec in SPECS
    ]
