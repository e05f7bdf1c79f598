"""The incident runbook names only what there is, proves every step or says why not, and its linter misses nothing."""

from __future__ import annotations

import inspect
import re
import shlex
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import typer
from tests.gameday import runbook as carried_out
from tests.gameday.rows import ALL

from causal_eval.cli.commands import app
from causal_eval.cli.stepping import known_of
from causal_eval.incidents.covering import carried, proofs
from causal_eval.incidents.linting import Known, lint
from causal_eval.incidents.naming import CARD, RUNBOOK
from causal_eval.incidents.runbook import Risk, Runbook, read_runbook
from causal_eval.operations.drills.scorecard import read_card

LACKING = (
    "worker", "redis down", "key leak", "bad migration", "monitoring down", "sentinel down", "backup and restore",
    "validity of evaluations", "cost runaway", "clock or certificate", "slow provider", "hung process",
)  # fmt: skip
"""Sections that the first runbook had not."""


@pytest.fixture(scope="module")
def known(root: Path) -> Known:
    """What there is to name."""
    return known_of(root, typer.main.get_command(app))


@pytest.fixture(scope="module")
def runbook(root: Path) -> Runbook:
    """Ours."""
    return read_runbook(root / RUNBOOK)


def test_everything_that_it_names_exists(runbook: Runbook, known: Known) -> None:
    """Metrics, alerts, targets, services, files, variables, tables, commands, flags, drills; every step is whole."""
    assert [str(fault) for fault in lint(runbook, known)] == []


def test_it_has_what_the_first_one_lacked(runbook: Runbook) -> None:
    """A section for each kind of incident, and every step says what it risks."""
    titles = " ".join(text for _, text in runbook.prose if text.startswith("#")).lower()
    assert [name for name in LACKING if name not in titles] == []
    assert {step.risk for step in runbook.steps} == set(Risk)


def test_every_step_is_proven_or_says_why_not(runbook: Runbook, root: Path) -> None:
    """The golden of coverage: which step is proven by which drill; a new one has to be added here on purpose."""
    found = proofs(runbook, carried(root / CARD))
    assert [f"{one.step.id}: {one.fault}" for one in found if one.fault] == []
    said = [f"{one.step.id:<24}{one.step.risk:<13}{one.step.drill} {one.step.reason}".rstrip() for one in found]
    assert said == (root / "tests" / "golden" / "runbook-coverage.txt").read_text("utf-8").splitlines()


def test_the_steps_are_those_that_were_carried_out(root: Path) -> None:
    """The scorecard says which version of them was."""
    line = read_card(root / CARD)[carried_out.NAME].text
    version = carried_out.digest(carried_out.steps())
    assert f" {version} " in line, f"steps have changed: run `make gameday D={carried_out.NAME}`, and write its line"


def words_of(line: str) -> list[str]:
    """What a line has our command do, without values: ``make restart S=app`` is ``stack restart app``."""
    words = shlex.split(line)
    if words[0] == "make":
        given = dict(word.split("=", 1) for word in words[2:])
        swap = ["--swap"] if given.get("SWAP") else []
        return {"restore": ["restore", given.get("FROM", "latest"), *swap]}.get(
            words[1], ["stack", words[1], *filter(None, [given.get("S")])]
        )
    own = words[words.index("--") + 1 :] if "--" in words else words[1:]
    return [word for word in own if word not in {"--for", "2h"} and not re.fullmatch("[A-Z]+", word)]


def test_a_drill_that_is_named_does_what_the_step_says(runbook: Runbook) -> None:
    """Its code has the words of the command; the row that carries the runbook itself out needs no such look."""
    lacking = []
    for step in runbook.steps:
        if step.drill in {carried_out.NAME, "none"}:
            continue
        row = ALL[step.drill]
        source = "".join(map(inspect.getsource, (row.inject, row.mend, row.prepare, row.seen, row.told)))
        words = [word for line in step.code for word in words_of(line)]
        lacking += [f"{step.id}: {word}" for word in words if f'"{word}"' not in source]
    assert lacking == []


def test_templates_are_those_that_are_sent(root: Path, runbook: Runbook) -> None:
    """Byte for byte; two have a line more, which says when the next update comes."""
    page = runbook.path.read_text("utf-8")
    texts = sorted((root / "src/causal_eval/incidents/texts").glob("*.txt"))
    assert texts
    for path in texts:
        text = path.read_text("utf-8").rstrip("\n")
        promised = f"{text}\nNext update: [TIME]" if "30 minutes." in text else text
        assert f"```\n{promised}\n```" in page, path.name


# ---- the linter -----------------------------------------------------------------------------------------------------


def planted(folder: Path, text: str, known: Known) -> list[str]:
    """What is said of *text*."""
    path = folder / "docs" / "runbooks" / "x.md"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    return [fault.what for fault in lint(read_runbook(path), replace(known, root=known.root))]


WHOLE = "# id: x | risk: read | drill: app-crash\n# expect: exit 0"


@pytest.mark.parametrize(
    ("head", "code", "says"),
    [
        ("# risk: read | drill: app-crash | expect: exit 0", "make health", "no id"),
        ("# id: x | drill: app-crash | expect: exit 0", "make health", "risk is ''"),
        ("# id: x | risk: odd | drill: app-crash | expect: exit 0", "make health", "risk is 'odd'"),
        ("# id: x | risk: reversible | drill: app-crash | expect: exit 0", "make health", "how it is undone"),
        ("# id: x | risk: disruptive | drill: app-crash | expect: exit 0", "make health", "how it is undone"),
        ("# id: x | risk: read | drill: app-crash", "make health", "expect does not begin"),
        ("# id: x | risk: read | drill: app-crash | expect: fine", "make health", "expect does not begin"),
        ("# id: x | risk: read | expect: exit 0", "make health", "no drill, and no reason"),
        ("# id: x | risk: read | drill: none | expect: exit 0", "make health", "no drill, and no reason"),
        ("# id: x | risk: read | drill: app-crush | expect: exit 0", "make health", "no such drill: app-crush"),
        (f"{WHOLE} | needs: PID", "make health", "PID is needed, and not used"),
        (f"{WHOLE} | needs: PID", "make shell-db Q='select PID'", "PID stands in quotes"),
        (f"{WHOLE} | needs: PID", 'make shell-db Q="select PID"', "PID stands in quotes"),
        (f"{WHOLE} | colour: red", "make health", "'colour: red' is no attribute"),
        (WHOLE, "", "nothing to carry out"),
        (WHOLE, "make helth", "no such target of make: helth"),
        (WHOLE, "make restart S=ap", "no such service: ap"),
        (WHOLE, "make restart X=app", "make takes no X"),
        (WHOLE, "make drill D=app-crush", "no such drill: app-crush"),
        (WHOLE, "make logs-app | tial -5", "an unknown program: tial"),
        (WHOLE, "make logs-app && rm -rf x", "an unknown program: rm"),
        (WHOLE, "make logs-app | grep 'x", "No closing quotation"),
        (WHOLE, "causal-eval deplyos", "no such command: causal-eval deplyos"),
        (WHOLE, "causal-eval db verfy", "no such command: causal-eval db verfy"),
        (WHOLE, "causal-eval db verify --jsn", "causal-eval db verify has no --jsn"),
        (WHOLE, "causal-eval stack run --superuser -- db reap-idle --yess", "causal-eval db reap-idle has no --yess"),
        (WHOLE, "causal-eval stack logs wrker", "no such service: wrker"),
        (WHOLE, "causal-eval stack run -- config set READ_ONLYY true", "not in needs: READ_ONLYY"),
        (WHOLE, "make shell-db Q='select 1 from evaluation'", "no such table: evaluation"),
        (WHOLE, "docker-compose restart ngnx", "no such service: ngnx"),
        (WHOLE, "promtool check rules src/causal_eval/rules.yml", "no such file: src/causal_eval/rules.yml"),
    ],
)  # fmt: skip
def test_a_fault_of_a_step_is_found(tmp_path: Path, known: Known, head: str, code: str, says: str) -> None:
    """And nothing else is said of it."""
    found = planted(tmp_path, f"```sh\n{head}\n{code}\n```\n", known)
    assert [says in what for what in found] == [True], found


def test_an_id_that_stands_twice_is_found(tmp_path: Path, known: Known) -> None:
    """At both places."""
    block = f"```sh\n{WHOLE}\nmake health\n```\n"
    assert planted(tmp_path, block + block, known) == ["step x: the id x stands twice"] * 2


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("look at `http_request_total`", "http_request_total"),
        ("when `database_upp == 0`", "no such metric: database_upp"),
        ('when `up{job="causal-eval-apis"} == 0`', "no such job"),
        ("alert `HighErrorRates`", "no such alert"),
        ("[HighErrorRates](alerts/HighErrorRates.md)", "no such file"),
        ("`make rolback`", "no such target"),
        ("`causal-eval deplyos`", "no such command"),
        ("`CEB_BACKUP_KEPT`", "no such variable"),
        ("`docker/redis/radis.conf`", "no such file"),
        ("step `x`", "no such step: x"),
        ("drills `app-crash` and `app-crush`", "no such drill: app-crush"),
        ("\N{LATIN SMALL LETTER O WITH DIAERESIS}", "wrong encoding"),
    ],
)
def test_a_fault_of_the_text_is_found(tmp_path: Path, known: Known, text: str, says: str) -> None:
    """Between the steps, too."""
    found = planted(tmp_path, f"{text}\n", known)
    assert [says in what for what in found] == [True], found


def _named(known: Known, page: str) -> Iterator[tuple[str, int]]:
    """Every place of *page* that names a metric, an alert, a target, a service, a variable, a drill."""
    forms = (
        *((rf"(?<=`){name}(?=[`{{ ])", known.metrics) for name in sorted(known.metrics)),
        *((rf"(?<=[\[/]){name}(?=[\].])", known.alerts) for name in sorted(known.alerts)),
        *((rf"(?<=make ){name}\b(?!-)", known.targets) for name in sorted(known.targets)),
        *((rf"(?<=S=){name}\b(?!-)", known.services) for name in sorted(known.services)),
        *((rf"(?<=[`]){name}(?=`)", known.variables) for name in sorted(known.variables)),
        *((rf"(?<=drill: ){name}(?=\n)", known.drills) for name in sorted(known.drills)),
        *((rf"(?<=causal-eval ){name}\b", ()) for name in ("incident list", "stack run", "runbook run", "logs")),
    )
    for form, _ in forms:
        for found in re.finditer(form, page):
            yield found[0], found.end()


@pytest.mark.slow
def test_every_mistyped_name_is_found(tmp_path: Path, known: Known, runbook: Runbook) -> None:
    """A letter more at the end of any name in our runbook is noticed, wherever it stands."""
    page = runbook.path.read_text("utf-8")
    folder = tmp_path / "docs" / "runbooks"
    folder.mkdir(parents=True)
    for name in ("alerts", "drills.md", "restore.md"):
        (folder / name).symlink_to(runbook.path.parent / name)
    path = folder / "incident-response.md"
    path.write_text(page, "utf-8")
    assert lint(read_runbook(path), known) == []
    mutants = list(_named(known, page))
    assert len(mutants) > 150
    missed = []
    for name, end in mutants:
        more = "X" if name.isupper() else "x"
        path.write_text(f"{page[:end]}{more}{page[end:]}", "utf-8")
        if not lint(read_runbook(path), known):
            missed.append(f"{name}: {page[:end].count(chr(10)) + 1}")
    assert missed == []
