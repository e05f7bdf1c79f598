"""``causal-eval gameday``: faults played to their review, on a stack of its own that is ended whatever happens."""

from __future__ import annotations

import contextlib
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from causal_eval.cli import drilling, output
from causal_eval.errors import OperationFailed, UnknownName, UsageError
from causal_eval.gamedays import scorecard
from causal_eval.gamedays.game import HASTE, Round, Turn, begin, failed, play, turns
from causal_eval.gamedays.onlooker import Onlooker
from causal_eval.gamedays.plays import PLAYS, Play
from causal_eval.gamedays.response import Stage
from causal_eval.gamedays.sinks import Sink
from causal_eval.incidents.book import open_book
from causal_eval.incidents.contacts import read_contacts
from causal_eval.incidents.naming import RUNBOOK
from causal_eval.incidents.rules import rules_of
from causal_eval.operations.drills.drill import PACE, undisturbed_by
from causal_eval.operations.drills.ground import Ground
from causal_eval.operations.stack.raising import wait_ready
from causal_eval.settings.read import find_upward


def gameday(seed: str, rounds: int, names: str, *, out: Path | None, card: Path | None, json: bool) -> int:
    """Play, and print the scorecard; 1 where something did not hold."""
    drawn = turns(seed, rounds, _chosen(names))
    runbook = find_upward(str(RUNBOOK), Path.cwd())
    if runbook is None:
        raise UsageError(f"there is no {RUNBOOK} here or above: a game follows the runbook, so go to a checkout")
    played: list[Round] = []
    with _folder(out) as place:
        for one in _played(drawn, runbook, out=place):
            played.append(one)
            if json:
                output.emit({"event": "round", **asdict(one)})
            if card is not None:
                scorecard.write_card(card, PLAYS, rounds=played, date=f"{datetime.now(UTC):%Y-%m-%d}")
    if not json:
        output.say("\n".join(scorecard.table(played)))
    if lost := failed(played):
        raise OperationFailed(f"{len(lost)} of {len(played)} rounds did not pass: {', '.join(lost)}")
    return 0


def show(*, json: bool) -> int:
    """What may be played, and how it has to be classified."""
    for name, one in PLAYS.items():
        steps = ", ".join(act.step for act in one.acts)
        if json:
            output.emit({"name": name, "severity": one.severity, "rule": one.rule, "key": one.key, "steps": steps})
        else:
            output.say(f"{name:<20}{one.severity} {one.rule:<5}{one.key:<22}{steps}")
    return 0


def _chosen(names: str) -> dict[str, Play]:
    chosen = [name.strip() for name in names.split(",") if name.strip()]
    for name in chosen:
        if name not in PLAYS:
            raise UnknownName("drill of a game", name, PLAYS)
    return {name: PLAYS[name] for name in chosen or PLAYS}


@contextlib.contextmanager
def _folder(out: Path | None) -> Iterator[Path]:
    """Where reviews are put: a folder that stays, or one that goes."""
    if out is None:
        with tempfile.TemporaryDirectory(prefix="causal-eval-gameday-") as made:
            yield Path(made)
        return
    with output.writing(out):
        out.mkdir(parents=True, exist_ok=True)
    yield out.absolute()


def _played(drawn: list[Turn], runbook: Path, *, out: Path) -> Iterator[Round]:
    """Every turn, on one stack after another: what a round that did not pass leaves behind is no ground for others."""
    left = list(drawn)
    while left:
        with stage(runbook, out=out) as place:
            yield from _on_one_stage(left, place)


def _on_one_stage(left: list[Turn], place: Stage) -> Iterator[Round]:
    """Those of *left* in turn, until none is or one did not pass."""
    wanted = undisturbed_by(place.ground)
    begin(place)
    while left:
        one = play(left.pop(0), place, wanted=wanted, say=output.note)
        yield one
        if one.problems:
            return


@contextlib.contextmanager
def stage(runbook: Path, *, out: Path, pace: int = PACE) -> Iterator[Stage]:
    """A stack for a game, with a sentinel in haste, whose letters arrive here, and somebody who reads its page."""
    with Sink(time.time) as sink, drilling.ground(pace, haste=HASTE, more=lambda folder: _told(sink, folder)) as place:
        yield from _looked_at(place, sink, runbook, out=out)


def _told(sink: Sink, folder: Path) -> dict[str, str]:
    return {"CEB_CONTACTS": str(sink.write_contacts(folder / "contacts.yml"))}


def _looked_at(place: Ground, sink: Sink, runbook: Path, *, out: Path) -> Iterator[Stage]:
    wait_ready(place.plan, "sentinel", path="/health")  # which says in its book how long it waits
    book = open_book(place.plan.incidents)
    try:
        with book.reading() as rows:
            rules = rules_of(rows)
        with Onlooker(place.plan.ports["sentinel"], time.time) as onlooker:
            yield Stage(
                ground=place, book=book, rules=rules, contacts=read_contacts(place.plan.root / "contacts.yml"),
                sink=sink, onlooker=onlooker, runbook=runbook, out=out, clock=time.time,
            )  # fmt: skip
    finally:
        book.close()
