"""The check of everything that is kept: one worker makes it, and Prometheus is told what it found."""

from __future__ import annotations

from dataclasses import replace

import pytest

from causal_eval.operations.metrics import Metrics
from causal_eval.service.invariants import Rule, Violation
from causal_eval.service.wiring import Service
from causal_eval.store.workers import Worker, sign_in
from causal_eval.worker.checker import Checker


@pytest.fixture
def metrics() -> Metrics:
    """What hears the service."""
    return Metrics()


@pytest.fixture
def heard(service: Service, metrics: Metrics) -> Service:
    """The service, with *metrics* listening."""
    return replace(service, listener=metrics.hear)


def told(metrics: Metrics) -> list[str]:
    """What is told of invariants."""
    lines = metrics.text().decode().splitlines()
    return [one for one in lines if one.startswith(("evaluation_invariant", "evaluation_row"))]


def live(service: Service, *names: str) -> None:
    """Let workers of these *names* live."""
    with service.store.writing() as connection:
        for name in names:
            sign_in(connection, Worker(name, "host", 1, "1", service.clock()))


def test_nothing_is_told_before_the_first_look(metrics: Metrics) -> None:
    """What nobody looked at is not said to hold."""
    assert told(metrics) == []


def test_what_holds_is_told_as_0(heard: Service, metrics: Metrics) -> None:
    """Each rule has its own line, and the look its time."""
    live(heard, "a")
    Checker(heard, "a").look()
    lines = told(metrics)
    assert len(lines) == len(Rule) + 2
    assert 'evaluation_invariant_violations{invariant="content_hash"} 0.0' in lines
    at = next(one for one in lines if one.startswith("evaluation_invariants_checked_timestamp_seconds"))
    assert float(at.split()[1]) == heard.clock()


def test_what_does_not_hold_is_counted(heard: Service, metrics: Metrics, monkeypatch: pytest.MonkeyPatch) -> None:
    """By rule; a changed content counts as a row that is not as it was written too."""
    found = [Violation(rule, "x", "y") for rule in (Rule.TALLY, Rule.CONTENT, Rule.CONTENT)]
    monkeypatch.setattr("causal_eval.worker.checker.violations", lambda given: iter(found) if given is heard else ())
    live(heard, "a")
    Checker(heard, "a").look()
    lines = told(metrics)
    assert 'evaluation_invariant_violations{invariant="content_hash"} 2.0' in lines
    assert 'evaluation_invariant_violations{invariant="tally"} 1.0' in lines
    assert "evaluation_row_hash_mismatches 2.0" in lines


def test_one_of_several_looks(heard: Service, metrics: Metrics) -> None:
    """The first by name, and whoever lives when that one is gone."""
    live(heard, "a", "b")
    Checker(heard, "b").look()
    assert told(metrics) == []
    with heard.store.writing() as connection:
        connection.exec_driver_sql("DELETE FROM workers WHERE id = 'a'")
    Checker(heard, "b").look()
    assert told(metrics)
