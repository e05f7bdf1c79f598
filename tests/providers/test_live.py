"""Files are read again when they change, at most once a second, and a broken file breaks nothing."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from causal_eval.errors import UsageError
from causal_eval.providers.clock import SimulatedClock
from causal_eval.providers.events import Recorder, Reread
from causal_eval.providers.live import Variables, Watched


class Reader:
    """Reads ``NAME=value`` lines, and counts."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.count = 0

    def __call__(self) -> Mapping[str, str]:
        """The variables of the file."""
        self.count += 1
        text = self.path.read_text()
        if "broken" in text:
            raise UsageError(f"{self.path}:1: not of the form NAME=value")
        return dict(line.split("=", 1) for line in text.splitlines())


def test_a_changed_file_is_read_within_a_second(tmp_path: Path) -> None:
    """Not before the second is over; one reading a change."""
    path, clock = tmp_path / ".env", SimulatedClock()
    path.write_text("A=1")
    read = Reader(path)
    live = Watched(read, (path,), clock=clock)
    path.write_text("A=22")
    assert (live.look(), live.env["A"]) == (0, "1")
    clock.advance(1.0)
    assert (live.look(), live.env["A"], read.count) == (1, "22", 2)
    clock.advance(1.0)
    assert (live.look(), read.count) == (1, 2)


def test_a_replaced_file_is_noticed(tmp_path: Path) -> None:
    """Another inode with the same size: an editor that writes beside and renames."""
    path, clock = tmp_path / ".env", SimulatedClock()
    path.write_text("A=1")
    live = Watched(Reader(path), (path,), clock=clock)
    fresh = tmp_path / "fresh"
    fresh.write_text("A=2")
    fresh.replace(path)
    clock.advance(1.0)
    live.look()
    assert live.env["A"] == "2"


def test_a_key_file_is_watched_too(tmp_path: Path) -> None:
    """Its name is found among the variables; a change of it counts as one of theirs."""
    path, keys, clock = tmp_path / ".env", tmp_path / "keys", SimulatedClock()
    path.write_text(f"X_API_KEY_FILE={keys}")
    live = Watched(Reader(path), (path,), clock=clock)
    keys.write_text("sk-1")
    clock.advance(1.0)
    assert live.look() == 1


def test_a_broken_file_leaves_what_held(tmp_path: Path) -> None:
    """The listener hears why; the next whole version is taken."""
    path, clock, heard = tmp_path / ".env", SimulatedClock(), Recorder()
    path.write_text("A=1")
    live = Watched(Reader(path), (path,), clock=clock, listener=heard)
    for text in ("broken", "A=3"):
        path.write_text(text)
        clock.advance(1.0)
        live.look()
    assert live.env["A"] == "3"
    assert heard.events == [Reread(f"{path}:1: not of the form NAME=value"), Reread()]


def test_who_cannot_wait_looks_now(tmp_path: Path) -> None:
    """A change is found before the second is over; without one nothing is read."""
    path = tmp_path / ".env"
    path.write_text("A=1")
    live = Watched(read := Reader(path), (path,), clock=SimulatedClock())
    assert (live.look(now=True), read.count) == (0, 1)
    path.write_text("A=22")
    assert (live.look(now=True), live.env) == (1, {"A": "22"})


def test_told_to_read_it_reads(tmp_path: Path) -> None:
    """A signal waits for no second and no change."""
    path = tmp_path / ".env"
    path.write_text("A=1")
    live = Watched(read := Reader(path), (), clock=SimulatedClock())
    live.reload()
    assert (live.version, read.count) == (1, 2)


def test_variables_in_memory() -> None:
    """The twin changes when told to."""
    live = Variables({"A": "1"})
    live.set({"A": "2"})
    live.reload()
    assert (live.look(), live.env) == (2, {"A": "2"})
