"""The response cache as its users meet it: a second run pays for nothing, an outage keeps away nothing known."""

from __future__ import annotations

import json
from typing import Any

import pytest

NO_TIME = {"time_ms", "cached", "cost"}


def plain(scores: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Scores without what differs between a reply that was paid for and one from the cache."""
    return [{name: value for name, value in row.items() if name not in NO_TIME} for row in scores]


def test_a_second_run_makes_no_request(terminal: Any, serve: Any, ask: Any, said: Any) -> None:
    """Another run over the same prompts asks nobody, has the same scores and cost 0, and says where they are from."""
    with serve("--skill", "0.6") as books:
        first = terminal.run(*ask(200, "--cache", "on"))
        assert books.calls == 200
        again = terminal.run(*ask(200, "--cache", "7D", "--seed", "2"), CEB_PRICES="")
        assert books.calls == 200
    assert first.returncode == again.returncode == 0, again.stderr
    before, after = said(first)["done"], said(again)["done"]
    assert before["evaluation"] != after["evaluation"]
    assert plain(before["scores"]) == plain(after["scores"])
    assert [(row["scores"][0]["cached"], row["scores"][0]["cost"]) for row in (before, after)] == [
        (0, None),
        (200, 0.0),
    ]
    shown = terminal.run("show", after["evaluation"])
    assert "200 replies from the cache, first asked for 20" in shown.stdout
    assert "the same observations as then" in shown.stdout
    calls = terminal.rows("SELECT sum(calls), count(DISTINCT source) FROM attempts GROUP BY evaluation_id ORDER BY 1")
    assert calls == [(0, 200), (200, 200)]


def test_off_unless_asked_for(terminal: Any, serve: Any, ask: Any) -> None:
    """Without flag and setting every run asks for itself and nothing is cached; the flag wins over the setting."""
    with serve() as books:
        for seed, more, variables in (
            ("1", (), {}),
            ("2", ("--cache", "off"), {"ENABLE_RESPONSE_CACHE": "true"}),
            ("3", (), {"ENABLE_RESPONSE_CACHE": "true"}),
        ):
            done = terminal.run(*ask(20, *more, "--seed", seed), **variables)
            assert done.returncode == 0, done.stderr
        assert terminal.rows("SELECT count(*) FROM attempts") == [(books.calls,)]
    ((cached, named),) = terminal.rows("SELECT (SELECT count(*) FROM replies), count(source) FROM attempts")
    assert 15 < cached == named <= 20


def test_samples_are_never_shared(terminal: Any, serve: Any, ask: Any) -> None:
    """Two samples of a question are two calls; a later run with three finds two and asks for the third."""
    with serve() as books:
        assert terminal.run(*ask(10, "--cache", "on", "--epochs", "2")).returncode == 0
        assert books.calls == 20
        assert terminal.run(*ask(10, "--cache", "on", "--epochs", "3")).returncode == 0
        assert books.calls == 30
    assert terminal.rows("SELECT count(*), count(DISTINCT source) FROM attempts") == [(50, 30)]


@pytest.mark.full
def test_an_outage_keeps_away_only_what_is_not_known(terminal: Any, serve: Any, ask: Any, said: Any) -> None:
    """Nobody listens any more: what is cached is kept, whatever its place in the order; the rest is pending, exit 7."""
    with serve():
        assert terminal.run(*ask(40, "--cache", "on")).returncode == 0
    some = terminal.run(*ask(60, "--cache", "on", "--seed", "1", "--max-retries", "0"))
    assert some.returncode == 7, some.stderr
    assert "(40 of 60 kept" in said(some)["error"]["error"]["message"]
    assert said(some)["done"]["scores"][0]["cached"] == 40
    all_known = terminal.run(*ask(40, "--cache", "on", "--fail-on-error", "0"), MOCK_ENABLED="false")
    assert all_known.returncode == 0, all_known.stdout
    rest = said(some)["done"]["evaluation"]
    paused = terminal.run("resume", rest, "--cache", "on", "--json", MOCK_ENABLED="false")
    assert paused.returncode == 7
    assert "switched off" in paused.stdout


def test_a_switched_off_provider_says_what_it_has_said(terminal: Any, serve: Any, ask: Any) -> None:
    """With everything cached a run is complete although its provider is switched off, and says so."""
    with serve():
        assert terminal.run(*ask(200, "--cache", "on")).returncode == 0
    done = terminal.run(*ask(200, "--cache", "on", "--seed", "9"), MOCK_ENABLED="false")
    assert done.returncode == 0, done.stdout
    assert terminal.rows("SELECT count(*) FROM attempts WHERE asked_at IS NOT NULL") == [(200,)]


def test_json_tells_of_trouble_as_the_display_does(terminal: Any, serve: Any, ask: Any) -> None:
    """A cache or board that cannot be reached costs no reply; each kind is said once, as an event and on stderr."""
    with serve("--latency", "0.2") as books:
        assert terminal.run(*ask(5, "--cache", "on")).returncode == 0
        terminal.write("ALTER TABLE replies RENAME TO gone")
        terminal.write("ALTER TABLE run_states RENAME TO gone_too")
        done = terminal.run(*ask(40, "--cache", "on", "--display", "plain", "--max-connections", "4"))
        assert (done.returncode, books.calls) == (0, 45)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    told = {line["about"]: line["message"] for line in lines if line.get("event") == "warning"}
    assert set(told) == {"cache", "ctl"}
    assert told["cache"].startswith("the response cache is out of order: ")
    assert "ctl" in told["ctl"]
    assert [done.stderr.count(message) for message in told.values()] == [1, 1]


def test_what_is_cached_is_listed_pruned_and_cleared(terminal: Any, serve: Any, ask: Any, said: Any) -> None:
    """Deleting cached replies leaves runs as they are; the key's value is in no file."""
    with serve():
        run = terminal.run(*ask(10, "--cache", "on"))
    listed = said(terminal.run("cache", "list", "--json"))["answerer"]
    assert (listed["answerer"], listed["replies"]) == ("openai-api/mock/m", 10)
    assert said(terminal.run("cache", "prune", "--older", "1h", "--json"))["forgotten"]["replies"] == 0
    assert said(terminal.run("cache", "clear", "--model", "openai/other", "--json"))["forgotten"]["replies"] == 0
    cleared = terminal.run("cache", "clear")
    assert cleared.stdout == "10 cached replies deleted; runs keep theirs\n"
    shown = terminal.run("show", said(run)["done"]["evaluation"], "--json")
    assert said(shown)["done"]["scores"] == said(run)["done"]["scores"]
    files = [path.read_bytes() for path in terminal.home.rglob("*") if path.is_file()]
    assert any(content.startswith(b"SQLite format 3") for content in files)
    assert not [True for content in files if b"sk-planted" in content]


def test_a_wrong_flag_is_refused(terminal: Any, question_file: Any) -> None:
    """What --cache and --older allow is said."""
    bad = terminal.run("eval", "--model", "openai-api/mock/m", "-q", str(question_file), "--cache", "soon",
                       MOCK_BASE_URL="http://127.0.0.1:9")  # fmt: skip
    assert (bad.returncode, "--cache is 'soon': give on, off or a time such as 12h or 7D" in bad.stderr) == (2, True)
    assert terminal.run("cache", "prune", "--older", "0d").returncode == 2
