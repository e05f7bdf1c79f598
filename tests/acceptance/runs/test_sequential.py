"""Runs that stop by what they have found, as users meet them: early, validly, and the same after kill -9."""

from __future__ import annotations

from typing import Any

STEADY = ("--max-connections", "4", "--display", "none")


def test_a_killed_run_stops_where_it_would_have(terminal: Any, serve: Any, ask: Any, said: Any) -> None:
    """Killed half-way and resumed it decides by the same clusters as a run left alone, and asks no more then."""
    rule = (*STEADY, "--until-ci", "15pts")
    with serve("--skill", "0.9", "--latency", "0.05") as books:
        process = terminal.start(*ask(200, *rule))
        books.wait_for(12)
        process.kill()
        process.communicate()
        (run,) = terminal.rows("SELECT id FROM evaluations")[0]
        resumed = terminal.run("resume", run, *STEADY, "--json")
        assert resumed.returncode == 0, resumed.stderr
        told, calls = said(resumed)["sequential"], books.calls
        assert told["reached"] == "narrow enough"
        assert calls < 150
        again = terminal.run(*ask(200, *rule))
        assert again.returncode == 0, again.stderr
        assert (said(again)["sequential"]["score"]["after"], books.calls) == (told["score"]["after"], calls)
        other = terminal.run(*(word if word != "200" else "199" for word in ask(200, *rule)))  # a run of its own
        assert said(other)["sequential"]["score"]["after"] == told["score"]["after"]
        whole = terminal.run(*ask(200, *STEADY))
        assert whole.returncode == 0, whole.stderr
        assert terminal.rows("SELECT count(*) FROM attempts WHERE evaluation_id = '" + run + "'") == [(200,)]
    shown = said(terminal.run("sequential", run, "--until-ci", "15pts", "--json"))["sequential"]
    assert shown["score"]["after"] == told["score"]["after"]
    assert shown["score"]["clusters"] == 200


def test_a_model_is_decided_against_the_first(terminal: Any, question_file: Any, said: Any) -> None:
    """The oracle is shown to be better than a guess after a few clusters, and `sequential` says so in words."""
    words = ("eval", "--model", "baseline/random", "--model", "baseline/oracle", "--questions", str(question_file))
    done = terminal.run(*words, "--seed", "1", *STEADY, "--stop-when-decided", "--json")
    assert done.returncode == 0, done.stderr
    found = said(done)["sequential"]
    assert (found["answerer"], found["baseline"], found["reached"]) == ("baseline/oracle", "baseline/random", "better")
    assert found["difference"]["after"]["clusters"] < 40
    text = terminal.run("sequential", found["evaluation"]).stdout
    assert "baseline/oracle minus baseline/random: +" in text
    assert f"Stopped by the rule after {found['difference']['after']['clusters']} clusters: better" in text
    shown = said(terminal.run("show", found["evaluation"], "--json"))["sequential"]
    assert shown["difference"]["after"] == found["difference"]["after"]
    none = terminal.run("sequential", found["evaluation"], "--baseline", found["evaluation"])
    assert none.returncode == 2
    assert "the run itself" in none.stderr
