"""No small mistake in a rule goes unnoticed: each changed rule fails a case, or stands here with the reason why not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from tests.alerts import promql, promtool
from tests.alerts.promtool import Rule, Suite

pytestmark = pytest.mark.usefixtures("prometheus")

_SIGN = "both are above 0 together, and nothing but that is asked"
_SHAPE = "a quantile depends on the shares of the buckets alone"
_ALL_ZERO = "a sum of what is never negative is 0 when the largest is"
SURVIVORS = {
    "causal_eval:http_p95_seconds:rate5m: rate -> increase": _SHAPE,
    'CausalEvalAPIDown: sum -> max: up{job="causal-eval-api"}': _ALL_ZERO,
    'CausalEvalAPIReplicaDown: sum -> max: up{job="causal-eval-api"}': _SIGN,
    'EvaluationServiceDown: sum -> max: up{job="causal-eval-worker"}': _ALL_ZERO,
    "EvaluationQueueStalled: increase -> rate": _ALL_ZERO,
    "EvaluationQueueStalled: sum -> max: increase(evaluation_items_total[10m])": _ALL_ZERO,
    "DatabaseCorruption: sum -> max: pg_stat_database_checksum_failures": _SIGN,
    "SecretExposureDetected: increase -> rate": _SIGN,
    "SecretExposureDetected: sum -> max: increase(secret_exposure_detections_total[10m])": _SIGN,
    "AlertDeliveryFailing: rate -> increase": _SIGN,
    "AlertDeliveryFailing: rate -> increase (2)": _SIGN,
    "AlertDeliveryFailing: sum -> max: rate(alertmanager_notifications_failed_total[5m])": _SIGN,
    "AlertDeliveryFailing: sum -> max: rate(prometheus_notifications_errors_total[5m])": _SIGN,
    "RuleEvaluationFailing: increase -> rate": _SIGN,
    "RuleEvaluationFailing: sum -> max: increase(prometheus_rule_evaluation_failures_total[5m])": _SIGN,
    "Watchdog: 1 x2": "any value fires",
    "Watchdog: 1 /2": "any value fires",
}
"""Change -> why no case can notice it: both rules fire at the same time."""

EVERY = 25
"""CI tries one change in so many; ``make test-full`` tries all."""


class Mutant(NamedTuple):
    """A rule with one change."""

    name: str
    change: str
    rule: Rule

    def __str__(self) -> str:
        return f"{self.name}: {self.change}"


def mutants(name: str, rule: Rule) -> Iterator[Mutant]:
    """Every changed form of a rule."""
    for change, expression in promql.mutants(rule["expr"]):
        yield Mutant(name, change, {**rule, "expr": expression})
    if "for" in rule:
        yield Mutant(name, "without for", {key: value for key, value in rule.items() if key != "for"})
        for times in (2, 0.5):
            yield Mutant(name, f"for x{times:g}", {**rule, "for": promql.longer(rule["for"], times)})
    elif "alert" in rule:
        yield Mutant(name, "with for", {**rule, "for": "1m"})
    for label in rule.get("labels", {}):
        yield Mutant(name, f"another {label}", {**rule, "labels": {**rule["labels"], label: "other"}})


def all_mutants(suite: Suite) -> list[Mutant]:
    """Every changed form of every rule, in the order of the rules."""
    return [mutant for name, rule in suite.rules.items() for mutant in mutants(name, rule)]


def survivors(chosen: list[Mutant], suite: Suite, folder: Path) -> set[str]:
    """Those of *chosen* that no case notices."""
    files = {
        f"{mutant} | {tested}": (_rules_with(mutant, tested, suite), promtool.unit_tests(tested, suite))
        for mutant in chosen
        for tested in promtool.standing_on(mutant.name, suite)
    }
    tried = promtool.run(files, folder)
    killed = {one.name.split(" | ")[0] for one in tried if not one.passed}
    return {str(mutant) for mutant in chosen} - killed


def _rules_with(mutant: Mutant, tested: str, suite: Suite) -> dict[str, Any]:
    names = [*promtool.needed(suite.rules[tested], suite.rules), tested]
    return promtool.rules_file([mutant.rule if name == mutant.name else suite.rules[name] for name in names])


def test_a_sample_of_changes_is_noticed(rules: Suite, tmp_path: Path) -> None:
    """One change in so many fails a case."""
    assert not survivors(all_mutants(rules)[::EVERY], rules, tmp_path) - set(SURVIVORS)


@pytest.mark.full
@pytest.mark.timeout(1500)
def test_every_change_is_noticed(rules: Suite, tmp_path: Path) -> None:
    """All changes fail a case, but those whose rule means the same; none is excused without need."""
    assert survivors(all_mutants(rules), rules, tmp_path) == set(SURVIVORS)


def test_every_operator_is_among_the_changes() -> None:
    """Changes are made where an expression can be wrong: operators, numbers, ranges, matchers, guards, labels."""
    made = {change for change, _ in promql.mutants('sum by (a) (rate(b{c=~"d|e"}[5m])) > 3 and on () f == 0')}
    assert {
        "and -> or", "and -> unless", "> -> >=", "> -> <", "== -> !=", "3 x2", "3 /2", "0 -> 1", "rate -> increase",
        "[5m] x2: b", "[5m] /2: b", "without c of b", "not c of b", "without d of b", "without e of b",
    } <= made  # fmt: skip
    assert any(change.startswith("only the left of: sum by (a)") for change in made)
    assert any(change.startswith("only the right of: sum by (a)") for change in made)
    assert any(change.startswith("not by a") for change in made)
    assert any(change.startswith("sum -> max") for change in made)
