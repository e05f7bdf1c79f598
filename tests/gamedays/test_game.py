"""What is played follows from a seed, fits the runbook and the classification, and is played on no stack of others."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from tests.operations.drills.test_drills import PROGRAMS, ground_of

from causal_eval.errors import UsageError
from causal_eval.gamedays.game import HASTE, Turn, begin, play, turns
from causal_eval.gamedays.onlooker import Onlooker
from causal_eval.gamedays.plays import PLAYS, SHOWN
from causal_eval.gamedays.response import Stage
from causal_eval.gamedays.sinks import Sink
from causal_eval.incidents.book import open_book
from causal_eval.incidents.causes import causes
from causal_eval.incidents.classify import table
from causal_eval.incidents.contacts import to_file
from causal_eval.incidents.incident import Severity
from causal_eval.incidents.naming import RUNBOOK
from causal_eval.incidents.rules import USUAL
from causal_eval.incidents.runbook import Risk, read_runbook
from causal_eval.incidents.status.page import BY_SEVERITY
from causal_eval.incidents.status.summary import STATUSES
from causal_eval.operations.drills.kept import Undisturbed
from causal_eval.operations.stack.plan import Wanted, changed, new_plan

ROOT = Path(__file__).resolve().parents[2]


def names(seed: str, rounds: int) -> list[tuple[str, bool]]:
    """What is played, and whether somebody takes it on."""
    return [(turn.play.drill.name, turn.acknowledges) for turn in turns(seed, rounds, PLAYS)]


def test_the_same_seed_gives_the_same_rounds() -> None:
    """A longer game begins as the shorter one; another seed gives others."""
    assert names("7", 30) == names("7", 30)
    assert names("7", 30)[:8] == names("7", 8)
    assert names("7", 8) != names("8", 8)


def test_none_is_played_again_before_all_were() -> None:
    """Each once in as many rounds as there are."""
    played = [name for name, _ in names("7", 2 * len(PLAYS))]
    assert sorted(played[: len(PLAYS)]) == sorted(played[len(PLAYS) :]) == sorted(PLAYS)


def test_nobody_acknowledges_some_that_are_bad_enough_to_escalate_soon() -> None:
    """A P2 would be escalated after two minutes even in a game, a P3 after twelve."""
    left = {name for seed in range(8) for name, acknowledges in names(str(seed), len(PLAYS)) if not acknowledges}
    assert left == {name for name, one in PLAYS.items() if one.severity in {Severity.P0, Severity.P1}}
    assert all(USUAL.quicker(HASTE).escalation[PLAYS[name].severity] <= 60.0 for name in left)


def test_what_is_expected_is_a_row_of_the_classification_and_a_cause() -> None:
    """With that severity; and the status page knows the word for it."""
    rows = {(row.id, row.severity) for row in table()}
    assert [name for name, one in PLAYS.items() if (one.rule, one.severity) not in rows] == []
    assert {one.key for one in PLAYS.values()} <= {str(key) for key in causes()}
    assert {severity: STATUSES[BY_SEVERITY[severity]] for severity in Severity} == SHOWN


def test_every_act_is_a_step_of_the_runbook() -> None:
    """One of them at least changes something, but where nothing can be taken back."""
    steps = {step.id: step for step in read_runbook(ROOT / RUNBOOK).steps}
    assert {act.step for one in PLAYS.values() for act in one.acts} <= set(steps)
    only_read = [name for name, one in PLAYS.items() if all(steps[act.step].risk is Risk.READ for act in one.acts)]
    assert only_read == ["key-leak"]


def test_a_stack_that_no_game_started_is_left_alone(tmp_path: Path) -> None:
    """Nothing is done to it, and nothing is written into its book."""
    plan = changed(new_plan(tmp_path, PROGRAMS, token="a1b2c3d4e5f60718"), Wanted(free_ports=True))
    book = open_book(tmp_path / "incidents.db")
    turn = Turn(1, PLAYS["postgres-stop"], acknowledges=True)
    before = sorted(tmp_path.iterdir())
    with Sink(time.time) as sink:
        stage = Stage(
            ground=ground_of(plan), book=book, rules=USUAL, contacts=to_file(tmp_path / "letters"), sink=sink,
            onlooker=Onlooker(1, time.time), runbook=ROOT / RUNBOOK, out=tmp_path, clock=time.time,
        )  # fmt: skip
        with pytest.raises(UsageError, match="no ground for drills"):
            begin(stage)
        with pytest.raises(UsageError, match="no ground for drills"):
            play(turn, stage, wanted=Undisturbed((), ()), say=print)
    assert sorted(tmp_path.iterdir()) == before
    book.close()
