"""What is built is what works: wheel and source distribution in an empty environment, outside the checkout."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

MEGABYTES = 148


def run(*command: str | Path, cwd: Path, **variables: str) -> str:
    """The standard output of *command*; fails with all that it printed."""
    env = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "VIRTUAL_ENV", "CEB_", "DATABASE_URL"))}
    done = subprocess.run(
        [str(part) for part in command], cwd=cwd, env={**env, **variables}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{' '.join(map(str, command))}\nexit {done.returncode}\n{done.stdout}{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def uv(root: Path) -> Path:
    """The pinned uv that ``make`` installed, or one on the PATH."""
    found = root / ".tools/bin/uv"
    if not found.exists():
        other = shutil.which("uv")
        assert other, "no uv: run the tests through make, which brings it"
        found = Path(other)
    return found


@pytest.fixture(scope="module")
def built(root: Path, uv: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the source distribution, and the wheel that is built from it."""
    folder = tmp_path_factory.mktemp("dist")
    constraints = root / "requirements/build.txt"
    run(uv, "build", "-q", "--build-constraints", constraints, "--require-hashes", "-o", folder, root, cwd=folder)
    return folder


@pytest.fixture(scope="module", params=["whl", "tar.gz"])
def installed(
    request: pytest.FixtureRequest, root: Path, uv: Path, built: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Path]:
    """The ``bin`` folder of an empty environment with the locked core and the built program."""
    folder = tmp_path_factory.mktemp("env") / "venv"
    (package,) = built.glob(f"*.{request.param}")
    install = (uv, "pip", "install", "-q", "--compile-bytecode", "-p", folder / "bin/python")
    run(uv, "venv", "-q", folder, cwd=built)
    run(*install, "--require-hashes", "-r", root / "requirements/core.txt", cwd=built)
    run(*install, "--no-deps", "-b", root / "requirements/build.txt", package, cwd=built)
    yield folder / "bin"
    shutil.rmtree(folder)


def test_the_wheel_holds_everything_the_program_reads(built: Path, root: Path) -> None:
    """Every file of the package is in the wheel (stories, templates, migrations, catalogue), and the licence."""
    (wheel,) = built.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    package = root / "src"
    kept = {
        p.relative_to(package).as_posix() for p in package.rglob("*") if p.is_file() and "__pycache__" not in p.parts
    }
    assert kept == {name for name in names if name.startswith("causal_eval/")}
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert any(name.endswith(".toml") and "/stories/" in name for name in names)
    assert any("/migrations/versions/" in name for name in names)


def test_the_source_distribution_holds_tests_and_locks(built: Path) -> None:
    """Who unpacks it can build, read and test it."""
    (archive,) = built.glob("*.tar.gz")
    with tarfile.open(archive) as tar:
        names = {name.partition("/")[2] for name in tar.getnames()}
    assert {
        "Makefile",
        "LICENSE",
        "README.md",
        "requirements/core.txt",
        "tests/conftest.py",
        "docs/architecture.md",
    } <= names
    assert not [name for name in names if name.startswith((".venv", ".git/", ".tools"))]


def test_it_says_its_version(installed: Path, tmp_path: Path) -> None:
    """Both commands are there and print the version of the package."""
    shown = {run(installed / name, "--version", cwd=tmp_path).strip() for name in ("causal-eval", "ceb")}
    assert len(shown) == 1
    assert re.search(r"\d+\.\d+\.\d+", shown.pop())


def test_the_demo_works(installed: Path, tmp_path: Path) -> None:
    """``demo`` finds its stories, templates and migrations, and writes a report that loads nothing."""
    run(installed / "causal-eval", "demo", cwd=tmp_path, HOME=str(tmp_path), CEB_OFFLINE="1")
    (report,) = (tmp_path / "reports").rglob("*.html")
    assert 'http-equiv="refresh"' not in report.read_text("utf-8")
    assert not re.search(r"""(?:src|href)=["']?(?:https?:)?//""", report.read_text("utf-8"))


def test_a_set_is_generated_and_verified(installed: Path, tmp_path: Path) -> None:
    """``generate`` and ``verify`` work on the installed stories."""
    run(installed / "causal-eval", "generate", "--n", "20", "--seed", "7", "--out", "q.jsonl", cwd=tmp_path)
    assert len((tmp_path / "q.jsonl").read_text("utf-8").splitlines()) == 20
    run(installed / "causal-eval", "verify", "q.jsonl", cwd=tmp_path)


def test_the_core_is_small(installed: Path) -> None:
    """Without extras the environment has under MEGABYTES million bytes, compiled, and at most 50 distributions."""
    (packages,) = installed.parent.glob("lib/python*/site-packages")
    size = sum(path.stat().st_size for path in packages.rglob("*") if path.is_file())
    assert size < MEGABYTES * 1_000_000
    assert len(list(packages.glob("*.dist-info"))) <= 50


def test_import_is_from_outside_the_checkout(installed: Path, root: Path, tmp_path: Path) -> None:
    """What runs is what was installed, and it imports nothing that only development brings."""
    code = "import causal_eval, sys; print(causal_eval.__file__); assert 'pytest' not in sys.modules"
    place = run(installed / "python", "-I", "-c", code, cwd=tmp_path).strip()
    assert Path(place).is_relative_to(installed.parent)
    assert not Path(place).is_relative_to(root)
