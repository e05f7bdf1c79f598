"""The command line as its users meet it: real processes, a real server, exit codes, one clear line for bad input."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
from tests.acceptance.terminal import SECRET, Terminal, lines


def test_demo_gives_a_paired_verdict_and_a_report(terminal: Terminal) -> None:
    """Offline, without a key: two models, a table, a verdict with its interval, a self-contained page."""
    done = terminal.run("demo")
    assert done.returncode == 0, done.stderr
    assert "demo/careful is better than demo/hasty: +" in done.stdout
    report = Path(done.stdout.split("report ")[1].splitlines()[0])
    page = report.read_text()
    assert "demo/careful" in page
    assert 'src="http' not in page


def test_eval_scores_a_server_at_its_skill(terminal: Terminal, question_file: Path) -> None:
    """A server that knows everything scores 1 strictly and leniently; every reply is stored."""
    with terminal.server("--questions", str(question_file), "--skill", "1") as env:
        done = terminal.run(
            "eval", "--model", "openai-api/mock/all", "--questions", str(question_file), "--json", env=env
        )
    assert done.returncode == 0, done.stderr
    finished = next(line for line in lines(done) if line.get("event") == "done")
    scores = finished["scores"]
    assert isinstance(scores, list)
    assert scores[0]["score"] == scores[0]["strict"] == 1
    assert terminal.rows("SELECT count(*) FROM attempts") == [(60,)]


def test_the_same_command_pays_for_nothing_twice(terminal: Terminal, question_file: Path) -> None:
    """A finished run is shown again without a call: the server may be gone."""
    command = ("eval", "--model", "openai-api/mock/x", "--questions", str(question_file), "--limit", "20", "--json")
    with terminal.server("--questions", str(question_file)) as env:
        first = terminal.run(*command, env=env)
    again = terminal.run(*command, env=env)
    assert first.returncode == again.returncode == 0, again.stderr
    assert lines(first)[1:] == lines(again)[1:]


@pytest.mark.slow
def test_kill_9_and_the_same_command_repeat_only_what_was_open(terminal: Terminal, question_file: Path) -> None:
    """Killed twice in the middle, the run ends with the same scores as an undisturbed one, bit for bit."""
    command = (
        "eval",
        "--model",
        "openai-api/mock/k",
        "--questions",
        str(question_file),
        "--max-connections",
        "4",
        "--json",
    )
    with terminal.server("--questions", str(question_file), "--skill", "0.5", "--latency", "0.15") as env:
        for kept in (8, 30):
            process = terminal.start(*command, env=env)
            terminal.wait_for_attempts(kept)
            process.kill()
            process.communicate()
            assert lines(terminal.run("ls", "--json"))[0]["status"] == "stopped (process gone)"
        resumed = terminal.run(*command, env=env)
        other = Terminal(terminal.home / "undisturbed")
        other.home.mkdir()
        calm = other.run(*command, env=env)
    assert resumed.returncode == calm.returncode == 0, resumed.stderr
    assert times_removed(lines(resumed)) == times_removed(lines(calm))
    assert terminal.rows("SELECT count(*), count(DISTINCT question) FROM attempts") == [(60, 60)]


def times_removed(found: list[dict[str, object]]) -> list[dict[str, object]]:
    """The JSON lines without times and paths, which differ between runs."""
    text = json.dumps([line for line in found if line.get("event") != "report"])
    kept = json.loads(text, object_hook=lambda row: {key: value for key, value in row.items() if key != "time_ms"})
    assert isinstance(kept, list)
    return kept


@pytest.mark.parametrize(
    ("fault", "code", "words"),
    [
        ("unauthorized", 6, "401"),
        pytest.param("server-error", 7, "500", marks=pytest.mark.full),
        ("quota", 6, "quota"),
        pytest.param("garbage", 7, "", marks=pytest.mark.full),
    ],
)
@pytest.mark.slow
def test_a_hopeless_provider_ends_the_run_by_itself(
    terminal: Terminal, question_file: Path, fault: str, code: int, words: str
) -> None:
    """A constant 401 or 500 ends the run well within a minute, with its exit code and one line that says why."""
    began = time.monotonic()
    with terminal.server("--fault", fault) as env:
        done = terminal.run("eval", "--model", "openai-api/mock/m", "--questions", str(question_file), env=env)
    assert done.returncode == code, done.stderr
    assert time.monotonic() - began < 45
    last = done.stderr.strip().splitlines()[-1]
    assert words in last
    assert "resume" in last
    assert SECRET not in done.stdout + done.stderr


def test_interrupting_saves_what_arrived(terminal: Terminal, question_file: Path) -> None:
    """Ctrl-C ends with 130 and names the command that goes on; resume finishes the run."""
    with terminal.server("--questions", str(question_file), "--latency", "0.2") as env:
        process = terminal.start(
            "eval", "--model", "openai-api/mock/i", "--questions", str(question_file), "--max-connections", "4", env=env
        )
        terminal.wait_for_attempts(6)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=30)
        assert process.returncode == 130, errors
        run = errors.split("causal-eval resume ")[1].split("`")[0]
        resumed = terminal.run("resume", run, env=env)
    assert resumed.returncode == 0, resumed.stderr
    assert terminal.rows("SELECT count(*), count(DISTINCT question) FROM attempts") == [(60, 60)]
    shown = terminal.run("show", run)
    assert "openai-api/mock/i" in shown.stdout
    host = env["MOCK_BASE_URL"].split("/")[2]
    assert f"answered at {host} with key ...{SECRET[-4:]}: 60" in shown.stdout
    [origin] = [line for line in lines(terminal.run("show", run, "--json")) if line["event"] == "origin"]
    assert (origin["key"], origin["route"], origin["kept"]) == (f"...{SECRET[-4:]}", host, 60)
    listed = terminal.run("ls", "--json")
    assert lines(listed)[0]["id"] == run
    judged = terminal.run("rescore", run, "--json")
    assert lines(judged)[0] == {"event": "rescored", "evaluation": run, "judged": 60, "added": 0, "differing": []}


def test_verification_finds_a_changed_answer(terminal: Terminal, question_file: Path) -> None:
    """A file whose gold was altered exits with 8 and names the question; an untouched one with 0."""
    assert terminal.run("verify", str(question_file)).returncode == 0
    rows = [json.loads(line) for line in question_file.read_text().splitlines()]
    number = next(row for row in rows if row["answer"]["kind"] == "number")
    number["gold"] = "1/7"
    altered = terminal.home / "altered.jsonl"
    altered.write_text("\n".join(json.dumps(row) for row in rows))
    done = terminal.run("verify", str(altered))
    assert done.returncode == 8
    assert number["id"] in done.stderr


def test_a_public_set_may_be_parquet(terminal: Terminal) -> None:
    """The set has the hash of its JSON lines; the answers go to a file apart that verifies."""
    sets = [
        lines(terminal.run("generate", "--n", "8", "--public", "--out", f"p.{kind}", "--json"))[0]["set"]
        for kind in ("parquet", "jsonl")
    ]
    assert sets[0] == sets[1]
    assert terminal.run("verify", "p.gold.jsonl").returncode == 0
    done = terminal.run("eval", "--model", "baseline/random", "--questions", "p.parquet")
    assert "field 'gold'" in done.stderr


def test_explain_shows_the_proof(terminal: Terminal, question_file: Path) -> None:
    """The proof card holds graph, estimand, derivation, answer and mistakes, and verifies on request."""
    first = json.loads(question_file.read_text().splitlines()[0])["id"]
    done = terminal.run("explain", first[:10], "--file", str(question_file), "--verify")
    assert done.returncode == 0, done.stderr
    for title in (
        "Question", "Causal graph", "Asked for", "Quantities", "Derivation", "Answer", "classic mistake", "verified",
    ):  # fmt: skip
        assert title in done.stdout


def test_solve_answers_every_case_and_counts_malformed_ones(terminal: Terminal) -> None:
    """A malformed case gets an error line and exit code 2; the others still get their answers."""
    cases = terminal.home / "cases.json"
    chain = {"nodes": ["a", "b", "c"], "directed": [["a", "b"], ["b", "c"]]}
    queries = [{"kind": "dsep", "X": "a", "Y": "c", "Z": ["b"]}, {"kind": "dsep", "X": "a", "Y": "nowhere", "Z": []}]
    cases.write_text(json.dumps([{"id": str(i), "graph": chain, "query": query} for i, query in enumerate(queries)]))
    done = terminal.run("solve", str(cases))
    answers = lines(done)
    assert done.returncode == 2
    assert answers[0]["answer"] is True
    assert "nowhere" in str(answers[1]["error"])


def test_what_does_nothing_is_said(terminal: Terminal, question_file: Path) -> None:
    """A baseline is not asked in words: it says that a way of asking is ignored, and runs."""
    command = ("eval", "--model", "baseline/random", "--questions", str(question_file), "--limit", "3")
    done = terminal.run(*command, "--elicitation", "direct")
    assert done.returncode == 0
    assert "baseline/random sees the question itself: --elicitation direct is ignored for it" in done.stderr
    assert "ignored" not in terminal.run(*command).stderr


def test_a_public_set_keeps_its_answers_apart(terminal: Terminal) -> None:
    """``--public`` leaves neither gold nor certificate in the file, and verify says which file it needs."""
    out = terminal.home / "p.jsonl"
    done = terminal.run("generate", "--n", "10", "--public", "--out", str(out))
    assert done.returncode == 0, done.stderr
    rows = [json.loads(line) for line in out.read_text().splitlines()]
    assert all(row["gold"] is None and row["certificate"] is None for row in rows)
    assert terminal.run("verify", str(terminal.home / "p.gold.jsonl")).returncode == 0
    assert terminal.run("verify", str(out)).returncode == 8


BAD = [
    (("eval", "--model", "opnai/x"), 2, "openai"),
    (("eval", "--model", "openai/x"), 2, "OPENAI_API_KEY"),
    (("eval", "--model", "openai-api/lab/x"), 2, "LAB_BASE_URL"),
    (("eval", "--model", "baseline/majorty"), 2, "majority"),
    (("eval", "--model", "local/no-such.gguf"), 2, "no-such.gguf"),
    (("eval", "--model", "baseline/random", "--suite", "quik"), 2, "quick"),
    (("eval", "--model", "baseline/random", "--questions", "nowhere.jsonl"), 2, "nowhere.jsonl"),
    (("eval", "--model", "baseline/random", "--epochs", "0"), 2, "epochs"),
    (("eval", "--model", "baseline/random", "--elicitation", "dirct"), 2, "direct"),
    (("eval", "--model", "baseline/random", "--limit", "few"), 2, "--limit"),
    (("eval", "--model", "openai/x", "--temperature", "nan"), 2, "--temperature"),
    (("eval", "--model", "baseline/random", "--fail-on-error", "7"), 2, "--fail-on-error"),
    (("eval", "--model", "baseline/random", "--report", "/dev/null/x.html"), 2, "x.html"),
    (("eval", "--model", "baseline/random", "--display", "fancy"), 2, "plain"),
    (("eval", "--model", "openai-api/x/m", "-M", "effort"), 2, "name=value"),
    (("eval", "--model", "local/gemma-3-270m", "-M", "top_k=1"), 2, "takes no model arguments"),
    (("eval", "--model", "olama/m"), 2, "did you mean ollama"),
    (("eval", "--model", "ollama/m", "--reasoning-effort", "much"), 2, "medium, minimal"),
    (("eval", "--model", "openai/o3", "--temperature", "0"), 2, "leave it out"),
    (("eval",), 2, "model"),
    (("generate", "--family", "efect"), 2, "did you mean effect"),
    (("generate", "--domain", "medcine"), 2, "did you mean medicine"),
    (("generate", "--difficulty", "7"), 2, "1-5"),
    (("generate", "--difficulty", "hard"), 2, "--difficulty"),
    (("generate", "--difficulty", "²"), 2, "--difficulty"),
    (("generate", "--difficulty", "3-"), 2, "--difficulty"),
    (("generate", "--n", "0"), 2, "--n"),
    (("generate", "--out", "/dev/null/x.jsonl"), 2, "/dev/null"),
    (("generate", "--out", "no/such/folder/x.jsonl"), 2, "folder"),
    (("generate", "--out", "x.csv"), 2, ".jsonl"),
    (("verify", "nowhere.jsonl"), 2, "nowhere.jsonl"),
    (("show", "ev-nothing"), 2, "ev-nothing"),
    (("resume", "ev-nothing"), 2, "ev-nothing"),
    (("explain", "q-nothing"), 2, "q-nothing"),
    (("mock-server", "--fault", "rate-limits"), 2, "rate-limit"),
    (("mock-server", "--port", "99999"), 2, "--port"),
    (("mock-server", "--latency", "nan"), 2, "--latency"),
    (("ls", "--limit", "-1"), 2, "--limit"),
    (("nonsense",), 2, "nonsense"),
]


@pytest.mark.parametrize(("arguments", "code", "words"), BAD, ids=[" ".join(row[0]) for row in BAD])
def test_bad_input_gets_one_clear_line(terminal: Terminal, arguments: tuple[str, ...], code: int, words: str) -> None:
    """No traceback: one line that names the thing and the next step, and the exit code of its kind."""
    done = terminal.run(*arguments)
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert words in done.stderr


def test_an_unreachable_server_is_down_not_wrong(terminal: Terminal, question_file: Path) -> None:
    """Nothing listens there: exit code 7, and no question counts as wrong."""
    env = {"MOCK_BASE_URL": "http://127.0.0.1:9/v1", "MOCK_API_KEY": "x"}
    done = terminal.run(
        "eval",
        "--model",
        "openai-api/mock/m",
        "--questions",
        str(question_file),
        "--max-retries",
        "0",
        "--json",
        env=env,
    )
    assert done.returncode == 7
    assert lines(done)[-1]["error"]["kind"] == "ProviderDown"  # type: ignore[index]  # a JSON object
    assert terminal.rows("SELECT count(*) FROM attempts") == [(0,)]


def test_a_run_too_short_for_a_streak_is_down_too(terminal: Terminal, question_file: Path) -> None:
    """Three questions and no answer at all: exit code 7 as for three thousand, and the run can be resumed."""
    env = {"MOCK_BASE_URL": "http://127.0.0.1:9/v1", "MOCK_API_KEY": "x"}
    command = ("eval", "--model", "openai-api/mock/m", "--questions", str(question_file), "--limit", "3")
    done = terminal.run(*command, "--max-retries", "0", env=env)
    assert done.returncode == 7, done.stderr
    assert "no call was answered" in done.stderr
    assert terminal.rows("SELECT status FROM evaluations") == [("halted",)]


def test_the_report_names_the_command_that_made_it(terminal: Terminal, question_file: Path) -> None:
    """What differs from the defaults is in it: sampling and way of asking too; what does not is left out."""
    command = ("eval", "--model", "openai-api/mock/r", "--questions", str(question_file), "--limit", "4", "--seed", "9")
    flags = ("--temperature", "0.5", "--max-tokens", "300", "--elicitation", "direct")
    with terminal.server("--questions", str(question_file)) as env:
        for name, more in (("all", flags), ("usual", ())):
            report = ("--report", f"{name}.html")
            assert terminal.run(*command, *more, *report, env=env).returncode in (0, 4)
    shown = "causal-eval eval --model openai-api/mock/r --questions set.jsonl --seed 9 --limit 4"
    assert f"{shown} {' '.join(flags)}<" in (terminal.home / "all.html").read_text()
    assert f"{shown}<" in (terminal.home / "usual.html").read_text()


def test_a_users_own_file_may_mix_formats(terminal: Terminal) -> None:
    """Numbers, yes or no, texts: scored together, with what guessing is worth beside it."""
    own = terminal.home / "own.jsonl"
    rows = [("a", "number", 0.35), ("b", "yes_no", "yes"), ("c", "text", "rain")]
    own.write_text("\n".join(json.dumps({"id": i, "prompt": i, "answer": a, "gold": g}) for i, a, g in rows))
    done = terminal.run("eval", "--model", "baseline/oracle", "--questions", str(own), "--json")
    assert done.returncode == 0, done.stderr
    assert next(line for line in lines(done) if line.get("event") == "done")["scores"][0]["score"] == 1  # type: ignore[index]  # a JSON list


def test_a_users_own_file_needs_four_fields(terminal: Terminal) -> None:
    """id, prompt, answer and gold are enough to be evaluated."""
    own = terminal.home / "own.jsonl"
    own.write_text("\n".join(json.dumps({"id": f"{i}", "prompt": f"Is {i} even?", "answer": "yes_no",
                                         "gold": "no" if i % 2 else "yes"}) for i in range(6)))  # fmt: skip
    with terminal.server("--reply", "ANSWER: yes") as env:
        done = terminal.run("eval", "--model", "openai-api/mock/y", "--questions", str(own), "--json", env=env)
    assert done.returncode == 0, done.stderr
    scores = next(line for line in lines(done) if line.get("event") == "done")["scores"]
    assert isinstance(scores, list)
    assert scores[0]["score"] == 0.5


def test_no_secret_is_stored(terminal: Terminal, question_file: Path) -> None:
    """The key stands in no file that a run leaves behind."""
    with terminal.server("--questions", str(question_file)) as env:
        assert terminal.run("eval", "--model", "openai-api/mock/s", "--questions", str(question_file), "--limit", "5",
                            env=env).returncode == 0  # fmt: skip
    files = [path for path in terminal.home.rglob("*") if path.is_file()]
    assert "causal-eval.db" in {path.name for path in files}
    for path in files:
        assert SECRET.encode() not in path.read_bytes(), path


def test_doctor_says_what_is_there(terminal: Terminal) -> None:
    """Settings with their origin, database, disk and keys; keys by their last four characters only."""
    done = terminal.run("doctor", env={"OPENAI_API_KEY": SECRET})
    assert done.returncode == 0, done.stdout
    assert "...cdef" in done.stdout
    assert SECRET not in done.stdout
    assert "CEB_DATA_DIR" in done.stdout


def scores(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    """The line that ends a run."""
    return next(line for line in lines(done) if line.get("event") == "done")


def test_model_arguments_make_another_run(terminal: Terminal, question_file: Path) -> None:
    """The same arguments find the run again, others begin a new one, and resuming keeps them."""
    command = (
        "eval",
        "--model",
        "openai-api/mock/m",
        "--questions",
        str(question_file),
        "--limit",
        "3",
        "--seed",
        "1",
        "--json",
    )
    with terminal.server("--questions", str(question_file)) as env:
        plain = scores(terminal.run(*command, env=env))["evaluation"]
        low = scores(terminal.run(*command, "--reasoning-effort", "low", "-M", "verbosity=low", env=env))["evaluation"]
        same = scores(terminal.run(*command, "-M", "verbosity=low", "-M", "reasoning_effort=low", env=env))
        resumed = terminal.run("resume", low, "--json", env=env)
    assert plain != low == same["evaluation"]
    assert resumed.returncode == 0
    assert terminal.rows("SELECT count(*) FROM attempts") == [(6,)]
    kept = {str(run): json.loads(str(spec)) for run, spec in terminal.rows("SELECT id, spec FROM evaluations")}
    assert kept[low]["params"] == [["reasoning_effort", '"low"'], ["verbosity", '"low"']]
    assert "params" not in kept[plain]


def test_costs_are_known_or_unknown_never_zero(terminal: Terminal, question_file: Path) -> None:
    """A server without a price costs an unknown sum; with the user's table exactly tokens times price, at any time."""
    command = ("eval", "--model", "openai-api/mock/m", "--questions", str(question_file), "--limit", "3", "--json")
    with terminal.server("--questions", str(question_file)) as env:
        before = scores(terminal.run(*command, env=env))
    assert before["scores"][0]["cost"] is None
    table = terminal.home / "prices.toml"
    table.write_text('["openai-api/mock/*"]\ninput = 1000\noutput = 2000\n')
    after = scores(terminal.run("show", before["evaluation"], "--json", env={"CEB_PRICES": str(table)}))
    ((tokens,),) = terminal.rows("SELECT sum(input_tokens + 2 * output_tokens) FROM attempts")
    assert after["scores"][0]["cost"] == pytest.approx(int(str(tokens)) / 1000)
    assert after["prices"].startswith("prices.toml (")
    free = scores(terminal.run("eval", "--model", "baseline/majority", "--questions", str(question_file), "--json"))
    assert (free["scores"][0]["cost"], "prices" in free) == (0, False)
    shown = terminal.run("show", before["evaluation"])
    assert "unknown" in shown.stdout
    assert "prices genai-prices 0." in shown.stdout
