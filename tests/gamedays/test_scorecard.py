"""The scorecard says how rounds went, and is stale once what was played changes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from causal_eval.gamedays.game import Round
from causal_eval.gamedays.plays import PLAYS, Act
from causal_eval.gamedays.scorecard import faults_of, read_card, table, write_card
from causal_eval.incidents.incident import Severity

ROOT = Path(__file__).resolve().parents[2]
CARD = ROOT / "docs" / "runbooks" / "gameday.md"
SOME = {name: PLAYS[name] for name in ("postgres-stop", "redis-stop")}
PASSED = Round(
    number=1, drill="postgres-stop", incident="INC-2", expected="P0 J6", actual="P0 J6", detect=1.24, page=0.5,
    acknowledge=17.0, escalate=15.3, mitigate=20.0, recover=8.0, resolve=30.0, review="whole", problems=(),
)  # fmt: skip
LOST = replace(PASSED, number=2, drill="redis-stop", escalate=None, problems=("a | b", "c"))


def test_what_the_scorecard_says_passed_in_this_version() -> None:
    """Every drill that may be played was, as it is now, or the scorecard says that it was not."""
    assert faults_of(CARD, PLAYS) == []
    assert read_card(CARD)


def test_a_game_is_a_table() -> None:
    """A line a round, seconds to a tenth, and at its end what did not hold."""
    head, first, second = table([PASSED, LOST])
    assert head.split()[:4] == ["round", "drill", "incident", "expected"]
    assert first.split()[2:7] == ["INC-2", "P0", "J6", "P0", "J6"]
    assert first.split()[7:] == [*["1.2", "0.5", "17.0", "15.3", "20.0", "8.0", "30.0"], "whole", "passed"]
    assert second.endswith("a / b; c")
    assert head.index("verdict") == first.index("passed")


def test_what_was_not_played_is_named(tmp_path: Path) -> None:
    """Until it is; what has neither a line nor a name is a fault."""
    card = tmp_path / "gameday.md"
    write_card(card, SOME, rounds=[PASSED], date="2026-01-02")
    assert "\nNot played yet: redis-stop.\n" in card.read_text("utf-8")
    assert faults_of(card, SOME) == []
    more = {**SOME, "api-500": PLAYS["api-500"]}
    assert faults_of(card, more) == ["api-500: no line: run `causal-eval gameday --rounds 1 --drills api-500`"]
    assert faults_of(card, {"postgres-stop": SOME["postgres-stop"]}) == ["redis-stop: said not to be played"]
    write_card(card, SOME, rounds=[replace(LOST, problems=())], date="2026-01-02")
    assert "Not played" not in card.read_text("utf-8")


def test_a_line_is_stale_once_what_is_played_changes(tmp_path: Path) -> None:
    """Its severity, its rule or its steps; what did not pass, or is played no longer, is a fault as well."""
    card = tmp_path / "gameday.md"
    assert len(faults_of(card, SOME)) == 2
    write_card(card, SOME, rounds=[PASSED, LOST], date="2026-01-02")
    assert faults_of(card, SOME) == ["redis-stop: a / b; c"]
    write_card(card, SOME, rounds=[replace(LOST, problems=())], date="2026-01-03")
    assert faults_of(card, SOME) == []
    assert list(read_card(card)) == ["postgres-stop", "redis-stop"]
    play = SOME["redis-stop"]
    for other in (
        replace(play, severity=Severity.P1), replace(play, rule="J1"), replace(play, acts=(Act("health"),)),
        replace(play, key="cache/hits"),
    ):  # fmt: skip
        assert faults_of(card, {**SOME, "redis-stop": other}) == ["redis-stop: it has changed since: play it again"]
    assert faults_of(card, {"postgres-stop": SOME["postgres-stop"]}) == ["redis-stop: it is not played any more"]
