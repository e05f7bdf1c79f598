"""How bad it is: the runbook's table, line by line, and no signal that makes it less bad."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from importlib.resources import files

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from causal_eval.errors import UnknownName, UsageError
from causal_eval.incidents.classify import Observation, What, classify, known, table
from causal_eval.incidents.incident import Severity

FOLDER = files("causal_eval.operations.monitoring")
RULES = [
    rule
    for name in ("rules.yml", "slo.yml")
    for group in yaml.safe_load(FOLDER.joinpath(name).read_text("utf-8"))["groups"]
    for rule in group["rules"]
    if "alert" in rule
]
BY_THE_SENTINEL = {"WatchdogSilent", "SentinelProbeFailing"}


def alert(name: str) -> Observation:
    """That an alert fires."""
    return Observation(What.ALERT, name)


def measured(name: str, value: float) -> Observation:
    """What was measured."""
    return Observation(What.MEASURE, name, value)


def symptom(name: str) -> Observation:
    """What a person says."""
    return Observation(What.SYMPTOM, name)


@pytest.mark.parametrize(
    ("one", "severity", "rule"),
    [
        (symptom("all-users"), "P0", "J1"),
        (symptom("most-users"), "P1", "J2"),
        (symptom("some-users"), "P2", "J3"),
        (symptom("few-users"), "P3", "J4"),
        (alert("CausalEvalAPIDown"), "P0", "J5"),
        (measured("error-share", 0.96), "P0", "J5"),
        (symptom("database-lost"), "P0", "J6"),
        (alert("SecretExposureDetected"), "P0", "J7"),
        (alert("EvaluationServiceDown"), "P1", "J8"),
        (symptom("nobody-signs-in"), "P1", "J9"),
        (measured("failed-evaluations", 0.51), "P1", "J10"),
        (measured("failed-evaluations", 0.5), "P3", "J4"),
        (symptom("one-provider-fails"), "P2", "J11"),
        (alert("DatabaseConnectivityIntermittent"), "P2", "J12"),
        (measured("p95-seconds", 5.1), "P2", "J13"),
        (symptom("page-flaw"), "P3", "J14"),
        (symptom("minor-feature"), "P3", "J15"),
        (alert("HighErrorRate"), "P1", "J17"),
        (measured("p95-seconds", 5.0), "P3", "J16"),  # J18: 2 to 5 s is P3, not the section's P2
        (measured("p95-seconds", 2.0), "P3", "J4"),
        (measured("error-share", 0.06), "P1", "J17"),  # J19: of requests 5 %, of evaluations 50 %
        (measured("error-share", 0.05), "P3", "J4"),
        (measured("budget-burn", 14.4), "P2", "J20"),
        (measured("budget-burn", 3), "P3", "J20"),
        (alert("AllModelAPIsFailing"), "P1", "J21"),
        (measured("best-provider-failures", 0.9), "P1", "J21"),
        (symptom("database-trouble"), "P0", "J17"),  # J22: P0 or P1, unsure: the higher
    ],
)
def test_each_line_of_the_runbook_decides(one: Observation, severity: str, rule: str) -> None:
    """Alone, with its contradictions resolved."""
    decided = classify([one])
    assert (decided.severity.value, decided.rule) == (severity, rule)


def test_the_highest_decides_and_says_why() -> None:
    """With what was measured."""
    decided = classify([symptom("slow"), measured("error-share", 0.07), alert("RedisDown")])
    assert (decided.severity, decided.rule) == (Severity.P1, "J17")
    assert decided.why == "measure error-share = 0.07: more than 5 % of requests fail"


def test_doubt_is_said() -> None:
    """Where the runbook names two."""
    assert classify([symptom("database-trouble")]).why.endswith("(unsure between P0 and P1: the higher)")


def test_nothing_is_the_lowest() -> None:
    """Until more is known."""
    assert classify([]).severity is Severity.P3


def test_an_unknown_name_is_not_passed_over() -> None:
    """The nearest is suggested."""
    with pytest.raises(UnknownName, match="did you mean DatabaseDown"):
        classify([alert("DatabaseDwon")])


@pytest.mark.parametrize("value", [float("nan"), float("inf"), None])
def test_a_measured_value_is_a_number(value: float | None) -> None:
    """No number is above no threshold, and would hide what was seen."""
    with pytest.raises(UsageError, match="measure 'p95-seconds'"):
        classify([Observation(What.MEASURE, "p95-seconds", value)])


OBSERVED = st.one_of(
    st.sampled_from(sorted(known(What.ALERT))).map(alert),
    st.sampled_from(sorted(known(What.SYMPTOM))).map(symptom),
    st.builds(measured, st.sampled_from(sorted(known(What.MEASURE))), st.floats(0, 20, allow_nan=False)),
)


@given(some=st.lists(OBSERVED, max_size=6), more=OBSERVED)
def test_more_is_never_less_bad(some: list[Observation], more: Observation) -> None:
    """Adding a signal never lowers, and what decides is as bad as the worst alone."""
    both = classify([*some, more])
    assert not classify(some).severity.is_worse_than(both.severity)
    assert both.severity is min(classify(some).severity, classify([more]).severity)


@given(some=st.lists(OBSERVED, min_size=1, max_size=6), data=st.data())
def test_the_order_does_not_matter(some: list[Observation], data: st.DataObject) -> None:
    """Not even to the reason."""
    assert classify(data.draw(st.permutations(some))) == classify(some)


@given(name=st.sampled_from(sorted(known(What.MEASURE))), low=st.floats(0, 20), more=st.floats(0, 20))
def test_a_higher_value_is_never_less_bad(name: str, low: float, more: float) -> None:
    """Thresholds of one measure stand in the order of their severities."""
    assert not classify([measured(name, low)]).severity.is_worse_than(classify([measured(name, low + more)]).severity)


def labels() -> Mapping[str, frozenset[Severity]]:
    """The severities that the rules give to each alert."""
    found: dict[str, set[Severity]] = defaultdict(set)
    for rule in RULES:
        if rule["labels"]["severity"] != "none":
            found[rule["alert"]].add(Severity(rule["labels"]["severity"]))
    return {name: frozenset(some) for name, some in found.items()}


def test_alerts_are_as_bad_as_their_labels() -> None:
    """The table and the rules of Prometheus name the same alerts, each in one row, with the same severities."""
    rows = [(name, row.severities) for row in table() for name in row.alerts if name not in BY_THE_SENTINEL]
    assert len(rows) == len(dict(rows))
    assert dict(rows) == labels()


@pytest.mark.parametrize(
    ("name", "measure"),
    [("HighErrorRate", "error-share"), ("AllRequestsFailing", "error-share"), ("HighLatency", "p95-seconds"),
     ("HighLatencySevere", "p95-seconds"), ("MassEvaluationFailures", "failed-evaluations"),
     ("ModelAPIFailing", "provider-failures"), ("AllModelAPIsFailing", "best-provider-failures")],
)  # fmt: skip
def test_thresholds_are_those_of_the_rules(name: str, measure: str) -> None:
    """A person who reads a number off a dashboard decides as the alert does."""
    (rule,) = [one for one in RULES if one["alert"] == name]
    severity = Severity(rule["labels"]["severity"])
    (row,) = [one for one in table() if one.measure == measure and one.severity is severity]
    assert f"> {row.over:g}" in rule["expr"]
