"""What the runbook may name, read from where it is defined: Makefile, compose file, rules, pages."""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path, PurePosixPath

from causal_eval.incidents.covering import carried
from causal_eval.incidents.linting import Known

RUNBOOK = Path("docs/runbooks/incident-response.md")
"""In a checkout."""
CARD = Path("docs/runbooks/drills.md")
_RULES = ("rules.yml", "slo.yml")
_PROCESSES = frozenset({"lb", "blackbox", "sentinel"})
"""How a stack of processes calls what compose calls otherwise."""
_OF_PROMETHEUS = frozenset({"up"})
_SERVICE = re.compile(r"^  ([a-z][a-z-]*):$", re.MULTILINE)
_PATH = re.compile(r"\./([\w./-]+)")


def known_in(
    root: Path, commands: Mapping[str, frozenset[str]], *, tables: frozenset[str], variables: frozenset[str]
) -> Known:
    """What the checkout at *root* has; commands, tables and variables are the caller's to say."""
    rules = "".join(files("causal_eval.operations.monitoring").joinpath(name).read_text("utf-8") for name in _RULES)
    compose = (root / "docker-compose.yml").read_text("utf-8")
    makefile = (root / "Makefile").read_text("utf-8")
    metrics = re.findall(r"^\| `(\w+)` \|", (root / "docs/reference/metrics.md").read_text("utf-8"), re.MULTILINE)
    jobs = (files("causal_eval.operations.monitoring") / "configure.py").read_text("utf-8") + rules
    return Known(
        root=root,
        made=frozenset(_with_folders(_PATH.findall(compose))),
        metrics=frozenset({*metrics, *re.findall(r"record: (\w+)", rules), *_OF_PROMETHEUS}),
        alerts=frozenset(re.findall(r"alert: (\w+)", rules)),
        jobs=frozenset(re.findall(r'job(?:=|=~)"([\w-]+)"', jobs)),
        targets=frozenset(re.findall(r"^([a-z][a-z-]*):.*  ## ", makefile, re.MULTILINE)),
        given=frozenset(re.findall(r"^([A-Z]+) \?=", makefile, re.MULTILINE)) | {"N"},
        services=frozenset(_SERVICE.findall(_services(compose))) | _PROCESSES,
        variables=variables,
        tables=tables,
        drills=frozenset(carried(root / CARD)),
        commands=commands,
    )


def _services(compose: str) -> str:
    """The part of a compose file that names them."""
    return compose.partition("\nservices:\n")[2].partition("\nnetworks:\n")[0]


def _with_folders(paths: list[str]) -> set[str]:
    return {str(one) for path in paths for one in (PurePosixPath(path), *PurePosixPath(path).parents)} - {"."}
