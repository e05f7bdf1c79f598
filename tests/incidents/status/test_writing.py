"""The page on disk is whole at every moment."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from causal_eval.errors import OperationFailed
from causal_eval.incidents.status import write
from causal_eval.incidents.status import writing as module


def content(folder: Path) -> dict[str, bytes]:
    """Every file that a visitor may ask for."""
    found = (path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("."))
    return {str(path.relative_to(folder)): path.read_bytes() for path in found}


def test_a_page_is_written_once(hands: Any, rendered: Any, tmp_path: Path) -> None:
    """What is on disk already is left alone."""
    hands.say(hands.open(), "Requests fail.", at=1)
    page = hands.page(at=2)
    assert write(page, tmp_path / "www") == 7
    assert {name: text.decode() for name, text in content(tmp_path / "www").items()} == rendered(page)
    assert write(page, tmp_path / "www") == 0


def test_a_page_that_is_public_no_longer_is_taken_away(hands: Any, tmp_path: Path) -> None:
    """What others put beside it stays."""
    one = hands.open()
    hands.say(one, "Somebody was in.", at=1)
    write(hands.page(at=2), tmp_path)
    (tmp_path / "incidents" / "robots.txt").write_text("ours")
    hands.change(one, private=1)
    write(hands.page(at=3), tmp_path)
    assert [path.name for path in (tmp_path / "incidents").iterdir()] == ["robots.txt"]


def test_a_fault_in_the_middle_leaves_the_old_page(hands: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The index is the last to change."""
    write(hands.page(), tmp_path)
    before = content(tmp_path)["index.html"]
    hands.say(hands.open(), "Requests fail.", at=1)

    def full(path: Path, data: bytes) -> int:
        if path.name == "summary.json":
            raise OSError(28, "No space left on device")
        return put(path, data)

    put = module._put
    monkeypatch.setattr(module, "_put", full)
    with pytest.raises(OperationFailed, match=r"No space left on device.*make room"):
        write(hands.page(at=2), tmp_path)
    assert content(tmp_path)["index.html"] == before


def test_two_processes_do_not_write_at_once(hands: Any, tmp_path: Path) -> None:
    """The second says so, and does not wait for one that may never end."""
    tmp_path.joinpath("incidents").mkdir()
    with module._alone(tmp_path), pytest.raises(OperationFailed, match="another process"):
        write(hands.page(), tmp_path)
    assert write(hands.page(), tmp_path) > 0


WRITER = """
import itertools, sys
from pathlib import Path
from causal_eval.incidents.book import open_book
from causal_eval.incidents.status import gather, write
book, folder = open_book(Path(sys.argv[1])), Path(sys.argv[2])
with book.reading() as rows:
    pages = [gather(rows, at=at) for at in (1_790_000_100.0, 1_790_086_500.0)]
for page in itertools.cycle(pages):
    write(page, folder)
    print(end=".", flush=True)
"""


@pytest.mark.slow
def test_a_kill_in_the_middle_leaves_whole_files(hands: Any, rendered: Any, tmp_path: Path) -> None:
    """Each file is that of one page or the other, to the byte; and the next process goes on."""
    for number in range(8):
        hands.say(hands.open(f"model_api:{number}"), f"Provider {number} fails.", at=1)
    pages = [rendered(hands.page(at=at)) for at in (100, 86_500)]
    assert pages[0]["index.html"] != pages[1]["index.html"]
    folder = tmp_path / "www"
    for turn in range(6):
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(hands.book.path), str(folder)], stdout=subprocess.PIPE
        )  # fmt: skip
        assert writer.stdout is not None
        writer.stdout.read(3)
        time.sleep(0.0013 * turn)
        os.kill(writer.pid, signal.SIGKILL)
        writer.communicate()
        found = {name: text.decode() for name, text in content(folder).items()}
        assert set(found) == set(pages[0])
        assert not [name for name, text in found.items() if text not in {pages[0][name], pages[1][name]}]
