"""Which version runs since when: a row for another version, none for another process of the same."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

import causal_eval
from causal_eval.operations.deployments import BUILD, deployed, note_process, revision
from causal_eval.store.database import HEAD, open_store


def test_each_other_version_leaves_a_row(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Replicas that start at once leave one; another version, and the one before when it comes back, one each."""
    store = open_store(database_url)
    starting = [threading.Thread(target=note_process, args=(store,), kwargs={"by": "app"}) for _ in range(4)]
    for one in starting:
        one.start()
    for one in starting:
        one.join()
    assert not note_process(store, by="worker")
    first = causal_eval.__version__
    monkeypatch.setattr(causal_eval, "__version__", "9.9")
    assert note_process(store, by="worker")
    monkeypatch.setattr(causal_eval, "__version__", first)
    assert note_process(store, by="app")
    found = deployed(store)
    assert [(one.version, one.schema) for one in found] == [(first, HEAD), ("9.9", HEAD), (first, HEAD)]
    assert found[0].started_at >= found[1].started_at >= found[2].started_at
    store.close()


def test_the_revision_is_that_of_the_build_or_the_checkout(tmp_path: Path) -> None:
    """What the build wrote wins; else HEAD of the checkout, loose or packed; without either it is empty."""
    package, git = tmp_path / "src" / "causal_eval", tmp_path / ".git"
    package.mkdir(parents=True)
    assert revision(package) == ""
    git.mkdir()
    (git / "HEAD").write_text("ref: refs/heads/main\n")
    (git / "packed-refs").write_text(f"# pack-refs\n{'a' * 40} refs/heads/main\n")
    assert revision(package) == "a" * 40
    (git / "refs/heads").mkdir(parents=True)
    (git / "refs/heads/main").write_text(f"{'b' * 40}\n")
    assert revision(package) == "b" * 40
    (git / "HEAD").write_text(f"{'c' * 40}\n")
    assert revision(package) == "c" * 40
    (package / BUILD).write_text("d" * 40)
    assert revision(package) == "d" * 40
    (package / BUILD).write_text(f"{'d' * 12}-changed\n")
    assert revision(package) == f"{'d' * 12}-changed"
    (package / BUILD).write_text("not one")
    assert revision(package) == "c" * 40
