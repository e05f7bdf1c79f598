"""A run seen and steered from another shell, as users do it: real processes, a real server that keeps books."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest


def kept(terminal: Any) -> int:
    """How many replies are stored."""
    count: int = terminal.rows("SELECT count(*) FROM attempts")[0][0]
    return count


def status(terminal: Any, *run: str) -> dict[str, Any]:
    """What ``ctl status`` says."""
    done = terminal.run("ctl", "status", *run, "--json")
    assert done.returncode == 0, done.stdout
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_pause_and_resume(terminal: Any, serve: Any, ask: Any, wait: Any) -> None:
    """Within two seconds of a pause no request comes any more, open calls are kept; then the run goes on to its end."""
    with serve("--latency", "0.3") as books:
        process = terminal.start(*ask(120, "--max-connections", "4"))
        books.wait_for(8)
        wait(lambda: status_or_none(terminal) is not None, "word of the run")
        paused = terminal.run("ctl", "pause", "--json")
        assert json.loads(paused.stdout)["taken"], paused.stdout
        books.wait_until_quiet(1.5)
        asked = books.calls
        assert asked == kept(terminal) < 120
        found = status(terminal)
        assert (found["status"], found["open_calls"], found["kept"]) == ("paused", 0, asked)
        assert "causal-eval ctl resume" in found["says"]
        resumed = terminal.run("ctl", "resume", found["run"][:8])
        assert resumed.returncode == 0, resumed.stderr
        assert process.wait(timeout=60) == 0
        assert books.calls == kept(terminal) == 120
    ended = status(terminal, found["run"])
    assert (ended["running"], ended["status"], ended["kept"]) == (False, "complete", 120)
    assert terminal.rows("SELECT count(*) FROM run_states") == [(0,)]
    process.communicate()


def status_or_none(terminal: Any) -> dict[str, Any] | None:
    """What the only run says; None while none has said anything."""
    done = terminal.run("ctl", "status", "--json")
    return json.loads(done.stdout) if done.returncode == 0 else None


def test_requests_stop_soon_after_a_pause(terminal: Any, serve: Any, ask: Any, wait: Any) -> None:
    """By the books: the last request comes within two seconds of the moment that a pause is asked for."""
    with serve("--latency", "0.05") as books:
        process = terminal.start(*ask(200, "--max-connections", "2"))
        wait(lambda: status_or_none(terminal) is not None, "word of the run")
        run = status(terminal)["run"]
        moment = time.time()
        terminal.write(f"INSERT INTO run_controls VALUES ('{run}', 1, NULL)")
        books.wait_until_quiet(3.0)
        assert books.last - moment < 2
        assert books.calls == kept(terminal) < 200
        process.kill()
        process.communicate()
        dead = status(terminal, run)
        assert (dead["running"], dead["status"]) == (False, "not running")
        assert dead["says"] == f"`causal-eval resume {run}` goes on"
        refused = terminal.run("ctl", "pause", run)
        assert (refused.returncode, refused.stderr) == (
            2,
            f"causal-eval: {run} is not running: `causal-eval resume {run}` goes on\n",
        )
        resumed = terminal.run("resume", run, "--json")
        assert resumed.returncode == 0, resumed.stdout
        assert kept(terminal) == 200


def test_concurrency_up_and_down(terminal: Any, serve: Any, ask: Any, wait: Any) -> None:
    """A fixed number of calls is raised over what the run began with and lowered to one, within the hard cap."""
    with serve("--latency", "0.4") as books:
        process = terminal.start(*ask(200, "--max-connections", "2"))
        wait(lambda: status_or_none(terminal) is not None, "word of the run")
        assert status(terminal)["open_calls"] <= 2
        raised = terminal.run("ctl", "set", "concurrency", "9", "--json")
        assert json.loads(raised.stdout)["concurrency"] == 9
        wait(lambda: status(terminal)["open_calls"] == 9, "nine open calls")
        lowered = terminal.run("ctl", "set", "concurrency", "1", "--json")
        assert json.loads(lowered.stdout)["concurrency"] == 1
        wait(lambda: status(terminal)["open_calls"] <= 1, "one open call")
        beyond = terminal.run("ctl", "set", "concurrency", "101", "--json")
        assert beyond.returncode == 2
        assert "allowed is 1 to 100, the run's MAX_CONCURRENT_API_CALLS" in beyond.stdout
        assert terminal.run("ctl", "set", "concurrency", "60").returncode == 0
        assert process.wait(timeout=60) == 0
        process.communicate()
        assert books.calls == kept(terminal) == 200


def test_what_it_waits_for_is_said(terminal: Any, serve: Any, ask: Any, wait: Any) -> None:
    """While the provider asks to wait, status names reason, key and items, and so does the plain display."""
    with serve("--fault", "rate-limit:first=3,seconds=14"):
        process = terminal.start(*(word for word in ask(30, "--max-connections", "3") if word != "--json"))
        wait(lambda: (status_or_none(terminal) or {"says": ""})["says"].startswith("waiting "), "wait")
        found = status(terminal)
        assert "429" in found["says"]
        assert "(key ...cdef)" in found["says"]
        assert found["waits"][0]["items"] == 3
        assert found["routes"][0]["keys"][0]["key"] == "...cdef"
        out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert "0/30  waiting " in err
    assert "sk-planted" not in out + err


@pytest.mark.full
def test_a_run_by_batches_is_seen_and_paused(terminal: Any, serve: Any, question_file: Any, wait: Any) -> None:
    """What it waits for is said; while it is paused, what is open is collected, and nothing new is ordered."""
    scenario = terminal.home / "slow.toml"
    scenario.write_text("[batch]\npolls = 6\nexpired_every = 4\n")
    with serve("--scenario", str(scenario)):
        terminal.env |= {"OPENAI_BASE_URL": terminal.env["MOCK_BASE_URL"], "OPENAI_API_KEY": "sk-batch-0123456789"}
        process = terminal.start("eval", "-m", "openai/m", "-q", str(question_file), "--limit", "9", "--batch")
        wait(lambda: (status_or_none(terminal) or {"says": ""})["says"], "word of the run")
        found = status(terminal)
        assert (found["status"], found["planned"]) == ("running", 9)
        assert "batch" in found["says"]
        assert json.loads(terminal.run("ctl", "pause", "--json").stdout)["taken"]
        wait(lambda: terminal.rows("SELECT count(*) FROM batches WHERE closed_at IS NOT NULL") == [(1,)], "first batch")
        wait(lambda: status(terminal)["kept"] == 7, "its outcomes")
        assert status(terminal)["says"].startswith("paused by `causal-eval ctl pause`")
        assert terminal.rows("SELECT count(*) FROM batches") == [(1,)]
        refused = terminal.run("ctl", "set", "concurrency", "2")
        assert (refused.returncode, "only calls to an API" in refused.stderr) == (2, True)
        assert terminal.run("ctl", "resume").returncode == 0
        assert process.wait(timeout=60) == 0
        process.communicate()
    assert terminal.rows("SELECT asked FROM batches ORDER BY number") == [(9,), (2,)]
    assert kept(terminal) == 9


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (("status",), "name a run: none goes on now; `causal-eval ls` lists all"),
        (("pause",), "name a run: none goes on now"),
        (("status", "ev-unknown"), "unknown evaluation 'ev-unknown'"),
        (("set", "speed", "3"), "write `causal-eval ctl set [RUN] concurrency N`"),
        (("set", "concurrency", "many"), "write `causal-eval ctl set [RUN] concurrency N`"),
    ],
)
def test_wrong_words_are_refused(terminal: Any, *, words: tuple[str, ...], problem: str) -> None:
    """In one line."""
    done = terminal.run("ctl", *words)
    assert (done.returncode, problem in done.stderr) == (2, True), done.stderr
