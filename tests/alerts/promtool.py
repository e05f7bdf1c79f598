"""Cases of ``cases/*.yml`` as unit tests of promtool, many files in one run of it.

A case is a table of series and the times at which its alert fires and is quiet; what promtool wants in addition
(labels that never change, the rules that an alert stands on) is put there by :func:`unit_tests`. Annotations are left
out of the rules, but for the first case of an alert that fires: its summary must be the one that the case file says.
"""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import promql_parser
import yaml
from tests.alerts import promql

Rule = dict[str, Any]
_BATCH = 20


@dataclass(frozen=True, slots=True)
class Suite:
    """Rules by name, and the cases of those that have some; ``interval`` is that of scraping and evaluating."""

    rules: Mapping[str, Rule]
    cases: Mapping[str, Any]
    interval: str


@dataclass(frozen=True, slots=True)
class Tried:
    """A set of rules that was put to the test of some cases: passed, or what promtool said."""

    name: str
    passed: bool
    said: str


def read_rules(*paths: Path) -> dict[str, Rule]:
    """The rules of rule files, by name (an alert of several severities: by name and severity), in their order."""
    found: dict[str, Rule] = {}
    for path in paths:
        for group in yaml.safe_load(path.read_text("utf-8"))["groups"]:
            found |= {name_of(rule): rule for rule in group["rules"]}
    return found


def name_of(rule: Rule) -> str:
    """What a rule is called: its record, or its alert, with the window where several rules share it."""
    name = str(rule.get("record") or rule["alert"])
    window = rule.get("labels", {}).get("window")
    return f"{name}:{window}" if window and "alert" in rule else name


def read_cases(*paths: Path) -> dict[str, Any]:
    """The cases of case files, by the name of their rule."""
    found: dict[str, Any] = {}
    for path in paths:
        found |= yaml.safe_load(path.read_text("utf-8"))
    return found


def needed(rule: Rule, rules: Mapping[str, Rule]) -> list[str]:
    """The recording rules that *rule* stands on, in the order of *rules*, those that they stand on included."""
    read = {str(one.name) for one in promql.selectors(promql_parser.parse(rule["expr"]))}
    names = {name for name, other in rules.items() if other.get("record") in read}
    for name in tuple(names):
        names |= set(needed(rules[name], rules))
    return [name for name in rules if name in names]


def standing_on(name: str, suite: Suite) -> list[str]:
    """The rules with cases that a change of the rule *name* could change."""
    return [other for other in suite.cases if other == name or name in needed(suite.rules[other], suite.rules)]


def rules_file(rules: Iterable[Rule], *, keep: str = "") -> dict[str, Any]:
    """A rule file; of the annotations only *keep* stays."""
    kept = [
        {**rule, "annotations": _only(rule.get("annotations", {}), keep)} if "alert" in rule else rule for rule in rules
    ]
    return {"groups": [{"name": "tried", "rules": kept}]}


def _only(annotations: Mapping[str, str], keep: str) -> dict[str, str]:
    return {keep: annotations[keep]} if keep in annotations else {}


def unit_tests(name: str, suite: Suite, *, said: bool = False) -> dict[str, Any]:
    """The cases of the rule *name* as a test file of promtool; with *said* the summary is looked at too."""
    about = suite.cases[name]
    tests = [_test(f"{name} {it}", about, case, suite) for it, case in about["cases"].items()]
    if said:
        tests = [one for one in (_saying(test, about["summary"]) for test in tests) if one]
    for test in tests:
        for check in test["alert_rule_test"]:
            check["alertname"] = name.split(":", maxsplit=1)[0] if "alert" in suite.rules[name] else name
    return {"evaluation_interval": suite.interval, "tests": tests}


def _test(title: str, about: Mapping[str, Any], case: Mapping[str, Any], suite: Suite) -> dict[str, Any]:
    series = [{"series": name, "values": str(values)} for name, values in case["series"].items()]
    checks = [{"eval_time": time, "exp_alerts": []} for time in case.get("quiet", ())]
    for time, alerts in _firing(case.get("fires", ())):
        checks.append({"eval_time": time, "exp_alerts": [_expected(about, extra) for extra in alerts]})
    samples = [
        {"expr": at["expr"], "eval_time": at["at"], "exp_samples": at["samples"]} for at in case.get("gives", ())
    ]
    test = {"name": title, "interval": suite.interval, "input_series": series, "alert_rule_test": checks}
    return test | ({"promql_expr_test": samples} if samples else {})


def _firing(fires: Any) -> Iterator[tuple[str, Sequence[Mapping[str, str]]]]:
    if isinstance(fires, Mapping):
        yield from fires.items()
    else:
        yield from ((time, ({},)) for time in fires)


def _expected(about: Mapping[str, Any], extra: Mapping[str, str]) -> dict[str, Any]:
    return {"exp_labels": {**about["labels"], **extra}}


def _saying(test: dict[str, Any], summary: str) -> dict[str, Any] | None:
    """The first moment of *test* that fires, with what the alert then says."""
    for check in test["alert_rule_test"]:
        if check["exp_alerts"]:
            alerts = [
                one | {"exp_annotations": {"summary": filled(summary, one["exp_labels"])}}
                for one in check["exp_alerts"]
            ]
            return {**test, "alert_rule_test": [check | {"exp_alerts": alerts}]}
    return None


def filled(summary: str, labels: Mapping[str, str]) -> str:
    """The summary with labels in the place of ``<label>``."""
    return re.sub(r"<(\w+)>", lambda found: labels[found[1]], summary)


def run(files: Mapping[str, tuple[dict[str, Any], dict[str, Any]]], folder: Path) -> list[Tried]:
    """Put rules (first) to their tests (second), by name, in as few runs of promtool as that takes."""
    names = list(files)
    for number, (rules, tests) in enumerate(files.values()):
        # JSON is YAML, and is written and read in a fraction of the time.
        (folder / f"{number}.rules").write_text(json.dumps(rules))
        (folder / f"{number}.test").write_text(json.dumps(tests | {"rule_files": [f"{number}.rules"]}))
    tried: list[Tried] = []
    for start in range(0, len(names), _BATCH):
        said = _said_of(range(start, min(start + _BATCH, len(names))), folder)
        tried += [Tried(names[number], text == "SUCCESS", text) for number, text in said.items()]
    return tried


def _said_of(numbers: range, folder: Path) -> dict[int, str]:
    command = ["promtool", "test", "rules", *(f"{number}.test" for number in numbers)]
    done = subprocess.run(
        command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=900, check=False
    )
    parts = re.split(r"^Unit Testing:\s+(\d+)\.test$", done.stdout, flags=re.MULTILINE)
    said = {int(number): text.strip() for number, text in zip(parts[1::2], parts[2::2], strict=True)}
    assert list(said) == list(numbers), done.stdout
    return said
