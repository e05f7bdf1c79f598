"""Caps on money and time as users meet them: by the server's own books a cap is passed by calls in flight at most."""

from __future__ import annotations

import json
import re
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

PER_TOKEN = Fraction(1, 1000)
"""Dollars; of the prompt and of the reply."""
CONNECTIONS = 6


@pytest.fixture
def prices(tmp_path: Path) -> Path:
    """A table with the price of the mock server's model."""
    path = tmp_path / "prices.toml"
    path.write_text('["openai-api/mock/*"]\ninput = 1000\noutput = 1000\n')
    return path


def costs(terminal: Any) -> list[Fraction]:
    """What each kept reply cost, dearest first."""
    rows = terminal.rows("SELECT input_tokens + output_tokens AS n FROM attempts ORDER BY n DESC")
    return [count * PER_TOKEN for (count,) in rows]


def test_the_cap_is_passed_by_calls_in_flight_at_most(
    terminal: Any, serve: Any, ask: Any, said: Any, *, prices: Path
) -> None:
    """Over 200 questions: every request of the books is a kept reply, their bill is within the cap, the rest resumes.

    The same budget again asks nobody: what earlier tries have spent counts.
    """
    more = ("--price-table", str(prices), "--max-connections", str(CONNECTIONS), "--max-tokens", "100")
    with serve("--skill", "0.5", "--latency", "0.02") as books:
        capped = terminal.run(*ask(200, *more, "--budget", "9.99"))
        assert capped.returncode == 5, capped.stderr
        bill = costs(terminal)
        assert 20 < len(bill) == books.calls < 200
        assert sum(bill) <= Fraction("9.99") + sum(bill[:CONNECTIONS])
        assert sum(bill) > Fraction("9.99") - bill[0]
        message = said(capped)["error"]["error"]["message"]
        run = said(capped)["done"]["evaluation"]
        assert f"the budget of $9.99 is used up: ${float(sum(bill)):.2f} spent, earlier tries included" in message
        assert f"{len(bill)} of 200 kept; `causal-eval resume {run}` goes on" in message
        again = terminal.run(*ask(200, *more, "--budget", "9.99"))
        assert (again.returncode, books.calls) == (5, len(bill))
        resumed = terminal.run("resume", run, *more[:4], "--budget", "1000", "--json")
        assert resumed.returncode == 0, resumed.stderr
        assert len(costs(terminal)) == books.calls == 200


def test_ctl_names_the_cap(terminal: Any, serve: Any, ask: Any, wait: Any, *, prices: Path) -> None:
    """What waits for room in the budget says so while it waits, and the run that it ended says so ever after."""
    more = ("--price-table", str(prices), "--max-connections", "4", "--max-tokens", "100", "--budget", "3")
    with serve("--latency", "4"):
        process = terminal.start(*ask(60, *more))
        heard: list[dict[str, Any]] = []

        def waits() -> bool:
            done = terminal.run("ctl", "status", "--json")
            heard.extend([json.loads(done.stdout)] if done.returncode == 0 else [])
            return bool(heard) and "waiting for room in the budget of $3.00 (--budget): $" in heard[-1]["says"]

        wait(waits, "word of the budget")
        assert heard[-1]["cap"] == "--budget"
        assert all(one["says"] or one["open_calls"] for one in heard)
        assert process.wait(timeout=60) == 5
        process.communicate()
    run = heard[-1]["run"]
    ended = json.loads(terminal.run("ctl", "status", run, "--json").stdout)
    assert (ended["running"], ended["status"], ended["cap"]) == (False, "stopped", "--budget")
    assert ended["says"].startswith("stopped: the budget of $3.00 is used up: $")
    assert ended["says"].endswith(f"; `causal-eval resume {run}` goes on")
    assert terminal.run("ctl", "status").returncode == 2


def test_ctl_names_the_time_cap(terminal: Any, serve: Any, ask: Any, said: Any) -> None:
    """Also after the run."""
    with serve("--latency", "0.4"):
        done = terminal.run(*ask(60, "--max-time", "1s", "--max-connections", "2"))
    ended = json.loads(terminal.run("ctl", "status", said(done)["done"]["evaluation"], "--json").stdout)
    assert (ended["status"], ended["cap"]) == ("stopped", "--max-time")
    assert "stopped: the time of --max-time is over" in ended["says"]


@pytest.mark.parametrize(("fault", "lost"), [("empty", 3), ("garbage", 0)])
def test_failed_calls_count_where_their_tokens_are_told(
    terminal: Any, serve: Any, ask: Any, *, prices: Path, fault: str, lost: int
) -> None:
    """Three calls that came to nothing before the first reply: billed if the server counted them, else nothing."""
    more = ("--price-table", str(prices), "--max-connections", "1", "--max-tokens", "100", "--budget", "3")
    with serve("--fault", f"{fault}:first=3") as books:
        done = terminal.run(*ask(60, *more))
        assert done.returncode == 5, done.stderr
        bill = costs(terminal)
        assert books.calls == len(bill) + 3
    ((prompt, calls),) = terminal.rows("SELECT input_tokens, calls FROM attempts ORDER BY id LIMIT 1")
    assert calls == 4
    assert f"used up: ${float(sum(bill) + lost * prompt * PER_TOKEN):.2f} spent" in done.stdout


def test_a_budget_that_no_call_fits_asks_nobody(terminal: Any, serve: Any, ask: Any, *, prices: Path) -> None:
    """One reply of full length may cost more than is there: nothing is asked, and the price of a call is said."""
    with serve() as books:
        done = terminal.run(*ask(10, "--price-table", str(prices), "--budget", "0.01"))
        assert (done.returncode, books.calls) == (5, 0)
    (price,) = re.findall(r"used up: \$0\S* spent, .*; the next call may cost \$(\d+\.\d+): give a larger", done.stdout)
    assert float(price) > 2.048


def test_an_unknown_price_is_refused(terminal: Any, serve: Any, ask: Any) -> None:
    """A budget without a price would be no budget: the message says where to put one; nothing was stored."""
    with serve() as books:
        done = terminal.run(*ask(10, "--budget", "1"))
        assert (done.returncode, books.calls) == (2, 0)
    assert "what openai-api/mock/m costs is not known (prices: genai-prices" in done.stdout
    assert "give a table of prices by --price-table FILE" in done.stdout
    assert not (terminal.home / "data").exists()


def test_time_runs_out(terminal: Any, serve: Any, ask: Any, said: Any) -> None:
    """After --max-time nothing is asked any more, open calls are kept, and the run goes on when it is told to."""
    with serve("--latency", "0.4") as books:
        done = terminal.run(*ask(60, "--max-time", "2s", "--max-connections", "2"))
        asked = books.calls
        assert done.returncode == 5, done.stderr
        assert terminal.rows("SELECT count(*) FROM attempts") == [(asked,)]
        assert 2 <= asked <= 14
        assert "the time of --max-time is over" in said(done)["error"]["error"]["message"]
        rest = terminal.run("resume", said(done)["done"]["evaluation"], "--json")
        assert (rest.returncode, books.calls) == (0, 60)


def test_a_dry_run_asks_nobody(terminal: Any, serve: Any, ask: Any, said: Any, *, prices: Path) -> None:
    """It says items, tokens, cost and time, begins no run, and knows more once replies are stored."""
    words = ask(30, "--price-table", str(prices), "--max-tokens", "50", "--dry-run")
    with serve("--latency", "0.05") as books:
        before = said(terminal.run(*words))["estimate"]
        assert (before["items"], before["calls"], before["output_tokens"]) == (30, 30, 1500)
        assert before["is_bound"]
        assert before["cost"] == pytest.approx((before["input_tokens"] + 1500) / 1000, rel=0.01)
        assert before["seconds"] is None
        assert books.calls == 0
        assert terminal.rows("SELECT count(*) FROM evaluations") == [(0,)]
        assert terminal.run(*words[:-1]).returncode == 0
        nothing_left = said(terminal.run(*words))["estimate"]
        assert (nothing_left["items"], nothing_left["cost"]) == (0, 0.0)
        after = said(terminal.run(*words, "--epochs", "2"))["estimate"]
        assert books.calls == 30
    assert (after["items"], after["is_bound"]) == (60, False)
    assert "30 earlier replies" in after["source"]
    assert after["seconds"] > 0
    assert after["cost"] == pytest.approx(2 * float(sum(costs(terminal))), rel=0.05)
    shown = terminal.run(*[word for word in words if word != "--json"], "--model", "baseline/majority")
    assert "baseline/majority: 30 items to ask" in shown.stdout


def test_a_dry_run_leaves_out_what_is_cached(terminal: Any, serve: Any, ask: Any, said: Any, *, prices: Path) -> None:
    """What the cache would answer is neither counted nor priced, and said; without the cache all is to be asked."""
    more = ("--price-table", str(prices), "--dry-run")
    with serve() as books:
        assert terminal.run(*ask(20, "--cache", "on")).returncode == 0
        found = said(terminal.run(*ask(30, *more, "--cache", "on")))["estimate"]
        assert (found["items"], found["cached"], books.calls) == (10, 20, 20)
        whole = said(terminal.run(*ask(30, *more)))["estimate"]
        assert (whole["items"], whole["cached"]) == (30, 0)
        assert found["cost"] == pytest.approx(whole["cost"] / 3, rel=0.01)
        shown = terminal.run(*[word for word in ask(30, *more) if word != "--json"], ENABLE_RESPONSE_CACHE="1")
    assert "10 items to ask, as many calls\n  cache   answers 20 more without a call\n" in shown.stdout


@pytest.mark.parametrize(
    ("model", "share", "basis"),
    [
        ("openai/gpt-5-mini", 0.5, "price of batches"),
        ("anthropic/claude-3-haiku-20240307", 1.0, "list price; batches may cost less"),
    ],
)
def test_a_dry_run_prices_batches_as_batches(
    terminal: Any, question_file: Path, said: Any, *, model: str, share: float, basis: str
) -> None:
    """At the price that genai-prices states for them; where it states none, at the list price, and says so."""
    words = ("eval", "-m", model, "-q", str(question_file), "--dry-run", "--json")
    keys = {"OPENAI_API_KEY": "sk-none-0123456789", "ANTHROPIC_API_KEY": "sk-none-0123456789"}
    single = said(terminal.run(*words, **keys))["estimate"]
    batch = said(terminal.run(*words, "--batch", **keys))["estimate"]
    assert (single["basis"], batch["basis"], batch["seconds"]) == ("", basis, None)
    assert batch["cost"] == pytest.approx(share * single["cost"])


@pytest.mark.parametrize(
    ("flags", "problem"),
    [
        (("--budget", "none"), "--budget is 'none': give US dollars, e.g. --budget 2.50"),
        (("--budget", "-1"), "--budget is '-1'"),
        (("--budget", "inf"), "--budget is 'inf'"),
        (("--max-time", "30"), "--max-time is '30': give a time such as 90s, 30m or 2h"),
        (("--until-ci", "2"), "until_ci is '2'"),
        (("--margin", "2pts"), "--stop-when-decided waits for"),
        (("--stop-when-decided",), "has nothing to decide against"),
        (("--price-table", "nowhere.toml"), "nowhere.toml"),
    ],
)
def test_wrong_flags_are_refused(terminal: Any, question_file: Path, *, flags: tuple[str, ...], problem: str) -> None:
    """In one line, before anything is written."""
    done = terminal.run("eval", "--model", "baseline/majority", "-q", str(question_file), "--json", *flags)
    assert done.returncode == 2
    assert problem in json.loads(done.stdout)["error"]["message"]
    assert not (terminal.home / "data").exists()
