"""Everything that a provider and a network can do to a run: whatever happens, it ends, explained, with nothing lost."""

from __future__ import annotations

import base64
import logging
import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

import msgspec
import pytest
from _pytest.mark import ParameterSet
from tests import lacking
from tests.integration.fire import KEYS, Outcome, Row, Scenario, Stage, template

from causal_eval.providers.served import same_model

FOLDER = Path(__file__).parent / "scenarios"
PLANTED_IN = {".env", "keys"}
"""Where the user put the keys."""
pytestmark = pytest.mark.anyio


class _File(msgspec.Struct, forbid_unknown_fields=True):
    scenario: list[Scenario]


def scenarios() -> list[Scenario]:
    """Every row of every file, in the order of the files."""
    files = sorted(FOLDER.glob("*.toml"))
    return [row for file in files for row in msgspec.toml.decode(file.read_bytes(), type=_File).scenario]


class Case(NamedTuple):
    """A scenario on one wire over one transport."""

    scenario: Scenario
    wire: str
    way: str


def combinations() -> Iterator[ParameterSet]:
    """Every scenario on every wire over every transport; one of them (two for networks) without ``full``."""
    for place, scenario in enumerate(scenarios()):
        wires, ways = scenario.wires, ("pyreqwest", "aiohttp")
        wire, way = wires[place % len(wires)], ways[place // len(wires) % 2]
        for other_wire in wires:
            for other_way in ways:
                chosen = other_wire == wire and (scenario.both or other_way == way)
                yield pytest.param(
                    Case(scenario, other_wire, other_way), id=f"{scenario.name} [{other_wire}, {other_way}]",
                    marks=() if chosen else pytest.mark.full,
                )  # fmt: skip


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with the questions."""
    return template(tmp_path_factory.mktemp("template"))


@pytest.fixture(scope="module")
def homes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What all runs leave behind, one folder each."""
    return tmp_path_factory.mktemp("homes")


def test_the_matrix_is_as_large_as_promised() -> None:
    """At least 40 scenarios, each with a name of its own."""
    names = [scenario.name for scenario in scenarios()]
    assert len(names) == len(set(names)) >= 40


@pytest.mark.parametrize("case", list(combinations()))
async def test_a_run_under_fire(
    case: Case, database: Path, homes: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every item ends in exactly one way, as often and as dearly as reported, in bounded time, and a person is told."""
    scenario, wire, way = case
    if way == "aiohttp":  # as where the extra is not installed
        monkeypatch.setitem(sys.modules, "causal_eval.providers.over_reqwest", None)
    caplog.set_level(logging.DEBUG)
    home = homes / re.sub(r"\W+", "-", f"{scenario.name} {wire} {way}")
    home.mkdir()
    stage = Stage(scenario, wire, home, database=database)
    outcome = await stage.play()
    (home / "log.txt").write_text(caplog.text)
    ends(scenario, outcome)
    nobody_elses(outcome, stage.model)
    pays(scenario, outcome)
    for line in scenario.told:
        pattern = stage.pattern(line)
        assert any(re.search(pattern, told) for told in outcome.told), (pattern, outcome.told)
    assert outcome.seconds <= scenario.seconds
    assert not leaks(home)


def ends(scenario: Scenario, outcome: Outcome) -> None:
    """Kept once, or missing with a reason; not begun only where the run says why it ended."""
    kept, failed = names(outcome.rows), names(outcome.failed)
    assert max(Counter(kept + failed).values(), default=0) <= 1, "an item ended twice"
    pending = scenario.items - len(kept) - len(failed)
    assert (pending > 0) <= bool(scenario.halt), "an item is neither kept nor missing"
    assert all(row.text for row in outcome.failed), "missing without a reason"
    wanted = {None: {scenario.items}, -1: set(range(1, scenario.items))}
    assert len(kept) in wanted.get(scenario.kept, {scenario.kept})
    assert sum(row.kind == "refusal" for row in outcome.rows) == scenario.refused
    assert (outcome.error.kind if outcome.error else "") == scenario.halt
    assert sum(outcome.marks.values()) == scenario.items
    assert outcome.marks["missing"] == scenario.items - len(kept)
    kinds = Counter(row.kind for row in outcome.failed)
    assert kinds.keys() == scenario.missing.keys()
    for kind, count in scenario.missing.items():
        assert count in {-1, kinds[kind]}


def nobody_elses(outcome: Outcome, model: str) -> None:
    """Every reply is the asked model's, and about the item's own question."""
    for row in outcome.rows:
        assert row.answerer == model
        assert same_model(model.partition("/")[2], row.served)
        assert set(re.findall(r"q\d{6}", row.text)) <= {row.question}


def pays(scenario: Scenario, outcome: Outcome) -> None:
    """What is stored of calls is what the server's books say, item by item, and no item costs more than it may."""
    calls = {row.question: row.calls for row in outcome.rows + outcome.failed}
    assert max(calls.values()) <= scenario.calls
    received = Counter(outcome.prompts[line["prompt"]] for line in outcome.books)
    paid = Counter(outcome.prompts[line["prompt"]] for line in outcome.books if line["paid"])
    for question in received:
        told = calls.get(question, 0)
        assert paid[question] <= received[question]
        if question in calls:
            assert received[question] <= told if scenario.unheard else received[question] == told
    abandoned = received.total() - sum(received[question] for question in calls)
    assert abandoned <= (scenario.width if scenario.halt else 0)
    if not scenario.lost:
        refused_unpaid = sum(line["mode"] == "content-filter" and not line["paid"] for line in outcome.books)
        assert paid.total() == len(outcome.rows) - refused_unpaid


def names(rows: list[Row]) -> list[str]:
    """The questions of rows."""
    return [row.question for row in rows]


def leaks(folder: Path) -> list[str]:
    """Files below *folder* that hold a planted key, bare or encoded; the user's own apart."""
    forms = [
        form for key in KEYS.values() for form in (key, quote(key, safe=""), base64.b64encode(key.encode()).decode())
    ]
    files = [file for file in folder.rglob("*") if file.is_file() and file.name not in PLANTED_IN]
    return [f"{file}: {form}" for file in files for form in forms if form.encode() in file.read_bytes()]


def test_no_key_in_anything_that_the_matrix_left(homes: Path, request: pytest.FixtureRequest) -> None:
    """Databases with their logs, books, logs, reports and whatever was printed: no planted key is in any of them."""
    runs = list(homes.iterdir())
    if not runs:
        asked = {getattr(item, "originalname", "") for item in request.session.items if item.path == request.path}
        lacking.lacks("what the whole file leaves behind", is_brought=test_a_run_under_fire.__name__ in asked)
    for name in ("runs.db", "report.html", "told.txt", "log.txt", "books.jsonl"):
        assert all((run / name).exists() for run in runs), name
    assert not leaks(homes)
    planted = "".join((run / ".env").read_text() for run in runs)
    assert any(key in planted for key in KEYS.values())


def test_a_leak_would_be_found(tmp_path: Path) -> None:
    """The search itself works: a key in a binary file is found, the user's own file is not held against him."""
    (tmp_path / ".env").write_text(KEYS["a"])
    assert not leaks(tmp_path)
    (tmp_path / "runs.db-wal").write_bytes(b"\x00" + quote(KEYS["d"], safe="").encode() + b"\xff")
    assert len(leaks(tmp_path)) == 1
