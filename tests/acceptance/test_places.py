"""Places that cannot be used, through the command: one clear line, the right exit code, nothing half-written."""

from __future__ import annotations

import fcntl
import json
import os
import resource
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.acceptance.terminal import Terminal, lines

ROOT = os.geteuid() == 0


def mounting(place: Path, *options: str) -> str:
    """Mount a memory disk there; what keeps it from being mounted, if anything: some containers may not."""
    if not ROOT:
        return "only root can"
    place.mkdir(exist_ok=True)
    command = ["mount", "-t", "tmpfs", *options, "tmpfs", str(place)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    return f"mount says {done.stderr.strip()!r}" if done.returncode else ""


@contextmanager
def disk(place: Path, size: str) -> Iterator[None]:
    """A disk of *size* while the block runs."""
    if refused := mounting(place, "-o", f"size={size}"):
        pytest.skip(f"no small disk can be mounted here: {refused}")
    try:
        yield
    finally:
        subprocess.run(["umount", str(place)], check=True)


def one_line(done: subprocess.CompletedProcess[str], words: str) -> None:
    assert done.returncode == 2, done.stdout + done.stderr
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    assert words in done.stderr


def asked(question_file: Path, *more: str) -> tuple[str, ...]:
    return ("eval", "--model", "baseline/oracle", "--questions", str(question_file), "--display", "none", *more)


@pytest.mark.slow
def test_a_full_disk_stops_a_run_that_goes_on_later(terminal: Terminal, tmp_path: Path) -> None:
    """On a disk that fills up the run ends with one line; with room again the same command finishes it."""
    questions = tmp_path / "many.jsonl"
    assert terminal.run("generate", "--n", "250", "--family", "chain", "--out", str(questions)).returncode == 0
    place = tmp_path / "data"
    with disk(place, "3m"):
        one_line(terminal.run(*asked(questions)), "no space left")
        (failed,) = lines(terminal.run(*asked(questions, "--json")))
        assert failed["error"]["kind"] == "StoreFull"  # type: ignore[index]  # a JSON object
        checked = {line["check"]: line["ok"] for line in lines(terminal.run("doctor", "--json"))}
        assert checked["disk"] is False
        subprocess.run(["mount", "-o", "remount,size=60m", str(place)], check=True)
        assert terminal.run(*asked(questions)).returncode == 0
        assert terminal.rows("SELECT count(*) FROM attempts") == [(250,)]


def test_a_full_disk_leaves_no_part_of_a_file(terminal: Terminal, question_file: Path, tmp_path: Path) -> None:
    """Neither a question file nor a report is begun and left."""
    place = tmp_path / "small"
    with disk(place, "64k"):
        one_line(terminal.run("generate", "--n", "30", "--public", "--out", str(place / "x.jsonl")), "No space left")
        one_line(terminal.run(*asked(question_file, "--report", str(place / "x.html"))), "No space left")
        assert list(place.iterdir()) == []


@pytest.mark.slow
def test_a_read_only_disk_is_named(terminal: Terminal, question_file: Path, tmp_path: Path) -> None:
    """Database, question file and report: each says that the place cannot be written, before anything is asked."""
    place = tmp_path / "data"
    with disk(place, "9m"):
        assert terminal.run(*asked(question_file, "--limit", "5")).returncode == 0
        subprocess.run(["mount", "-o", "remount,ro", str(place)], check=True)
        one_line(terminal.run("ls"), "cannot be written")
        one_line(terminal.run(*asked(question_file)), "cannot be written")
        one_line(terminal.run("generate", "--n", "1", "--out", str(place / "x.jsonl")), "cannot be written")
        one_line(terminal.run("generate", "--n", "1", "--out", str(place / "x.parquet")), "cannot be written")
        elsewhere = {"CEB_DATA_DIR": str(tmp_path / "elsewhere")}
        done = terminal.run(*asked(question_file, "--report", str(place / "x.html")), env=elsewhere)
        one_line(done, "cannot be written")
        assert not (tmp_path / "elsewhere").exists()


def test_a_database_of_a_later_version_is_left_alone(terminal: Terminal, question_file: Path) -> None:
    """It says which version is needed, and nothing of the file changes."""
    assert terminal.run(*asked(question_file, "--limit", "5")).returncode == 0
    path = terminal.home / "data" / "causal-eval.db"
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '0099'")
        connection.execute("UPDATE schema_floor SET revision = '0099'")
    connection.close()
    before = path.read_bytes()
    one_line(terminal.run(*asked(question_file)), "later version")
    (failed,) = lines(terminal.run("ls", "--json"))
    assert failed["error"]["kind"] == "StoreNewer"  # type: ignore[index]  # a JSON object
    assert path.read_bytes() == before


def test_a_file_that_is_no_database_is_left_alone(terminal: Terminal) -> None:
    """Another program's file is neither read nor overwritten."""
    path = terminal.home / "data" / "causal-eval.db"
    path.parent.mkdir()
    path.write_text("shopping list: " + "bread, " * 40)
    before = path.read_bytes()
    one_line(terminal.run("ls"), "no sound SQLite database")
    assert path.read_bytes() == before


@pytest.mark.full
def test_a_locked_database_is_waited_for_and_then_named(terminal: Terminal, question_file: Path) -> None:
    """Half a minute is borne; then one line says that another process holds it."""
    assert terminal.run(*asked(question_file, "--limit", "5")).returncode == 0
    other = sqlite3.connect(terminal.home / "data" / "causal-eval.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    one_line(terminal.run(*asked(question_file)), "held by another process")
    other.close()


def test_a_run_that_another_process_holds_is_left_as_it_is(terminal: Terminal, question_file: Path) -> None:
    """The second process says so at once, and does not note an end of the run that it did not run."""
    assert terminal.run(*asked(question_file, "--limit", "5")).returncode == 0
    (listed,) = lines(terminal.run("ls", "--json"))
    with (terminal.home / "data" / f"causal-eval.db.{listed['id']}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        one_line(terminal.run(*asked(question_file, "--limit", "5")), "run by another process")
        assert terminal.rows("SELECT status FROM evaluations") == [("open",)]


def test_a_limit_on_file_size_is_no_crash(terminal: Terminal) -> None:
    """The system's own limit is explained like a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
    try:
        process = terminal.start("generate", "--n", "30", "--out", "x.jsonl")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    out, err = process.communicate(timeout=120)
    one_line(subprocess.CompletedProcess("", process.returncode, out, err), "cannot be written")
    assert not list(terminal.home.glob("x.jsonl*"))


def test_a_set_without_answers_is_refused_before_a_call_is_paid(terminal: Terminal) -> None:
    """A public set, and a user's own line without gold: file, question and field are named."""
    assert terminal.run("generate", "--n", "5", "--public", "--out", "p.jsonl").returncode == 0
    one_line(terminal.run(*asked(Path("p.jsonl"))), "p.jsonl: field 'gold'")
    (terminal.home / "own.jsonl").write_text(json.dumps({"id": "a", "prompt": "Is it?", "answer": "yes_no"}))
    one_line(terminal.run(*asked(Path("own.jsonl"))), "question 'a'")
