"""People see an incident through, and say what did not hold: a real sentinel, and a fault that is an alert alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest
from tests.operations.drills.test_drills import ground_of
from tests.sentinel.running import alert, send

from causal_eval.gamedays.game import HASTE
from causal_eval.gamedays.onlooker import Onlooker
from causal_eval.gamedays.plays import PLAYS, Act, Play
from causal_eval.gamedays.response import Response, Stage
from causal_eval.gamedays.sinks import Sink
from causal_eval.incidents.book import open_book
from causal_eval.incidents.contacts import read_contacts
from causal_eval.incidents.incident import Severity
from causal_eval.incidents.rules import rules_of
from causal_eval.operations.drills.drill import Drill, nothing
from causal_eval.operations.drills.ground import Ground
from causal_eval.operations.stack.plan import MARK, Plan, Wanted, changed, new_plan, save_plan
from causal_eval.operations.stack.programs import Programs

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]
COMMAND = str(Path(sys.executable).with_name("causal-eval"))
PROGRAMS = Programs((COMMAND,), "/bin/supervisord", "/bin", "/bin/valkey", "/bin/caddy")
STEPS = """\
# Steps

```sh
# id: mend | risk: disruptive | drill: none, a test
# expect: exit 0: it is over
{python} {program}
```
"""
MEND = """\
import urllib.request
request = urllib.request.Request("{address}/alerts", {body!r}, {{"Content-Type": "application/json"}})
print(urllib.request.urlopen(request).status)
"""


def started(plan: Plan, sink: Sink, stack: ExitStack) -> None:
    """The sentinel of a game's stack, as its supervisor would start it."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("CEB_")}
    env |= {MARK: plan.id, "CEB_STACK_DIR": plan.folder, "CEB_INCIDENTS": str(plan.incidents)}
    env |= {"CEB_STATUS_DIR": f"{plan.folder}/status", "CEB_DATA_DIR": plan.folder}
    env |= {"CEB_CONTACTS": str(sink.write_contacts(plan.root / "contacts.yml"))}
    command = [COMMAND, "sentinel", "--port", str(plan.ports["sentinel"]), "--every", "0.2"]
    process = subprocess.Popen(command, env=env, cwd=plan.root, stdout=subprocess.PIPE, text=True)
    stack.callback(process.communicate)
    stack.callback(process.kill)
    assert process.stdout is not None
    assert process.stdout.readline().startswith("sentinel at ")


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """A sentinel in haste, and whoever looks on."""
    plan = replace(
        changed(new_plan(tmp_path, PROGRAMS, token="a1b2c3d4e5f60718"), Wanted(free_ports=True)), haste=HASTE
    )
    save_plan(plan)
    plan.incidents.parent.mkdir()
    with ExitStack() as stack:
        sink = stack.enter_context(Sink(time.time))
        started(plan, sink, stack)
        book = open_book(plan.incidents)
        stack.callback(book.close)
        with book.reading() as rows:
            rules = rules_of(rows)
        onlooker = stack.enter_context(Onlooker(plan.ports["sentinel"], time.time))
        yield Stage(
            ground=ground_of(plan), book=book, rules=rules, contacts=read_contacts(tmp_path / "contacts.yml"),
            sink=sink, onlooker=onlooker, runbook=tmp_path / "steps.md", out=tmp_path, clock=time.time,
        )  # fmt: skip


def answered(
    stage: Stage, like: str, *, acknowledges: bool = True, before: Sequence[dict[str, object]] = (), **other: object
) -> tuple[Response, str]:
    """What people did when the alert of the play *like* fired, others *before* it, and what did not hold."""
    play = PLAYS[like]
    address = stage.ground.plan.url("sentinel")
    name, component = play.drill.alert, play.component
    severity = str(other.pop("sent_as", play.severity))
    fires = [*before, alert(name, severity=severity, component=component)]
    over = [{**one, "status": "resolved"} for one in fires]
    program = stage.out / "mend.py"
    program.write_text(MEND.format(address=address, body=json.dumps({"version": "4", "alerts": over}).encode()))
    stage.runbook.write_text(STEPS.format(python=sys.executable, program=program))

    def inject(_: Ground) -> None:
        for one in fires:
            send(address, one)

    drill = Drill(like, "an alert fires", inject, alert=name)
    own: Play = replace(play, drill=drill, acts=(Act("mend"),), **other)  # type: ignore[arg-type]  # by name
    people = Response(stage, own, acknowledges=acknowledges)
    people.inject(stage.ground)
    people.mend(stage.ground)
    return people, people.told(stage.ground)


def test_a_p0_that_somebody_acknowledges(stage: Stage) -> None:
    """Nothing is wrong with it; it is ended by hand, reviewed, and its review tells of the step."""
    people, problems = answered(stage, "postgres-stop")
    assert problems == ""
    assert people.page is not None
    assert people.page < 3.0
    assert people.told_lead is None
    assert people.review is not None
    assert "step mend ended with exit code 0" in people.review.read_text("utf-8")


@pytest.mark.full
def test_a_p0_that_nobody_acknowledges(stage: Stage) -> None:
    """The next contact is told after a quarter of a minute."""
    people, problems = answered(stage, "postgres-stop", acknowledges=False)
    assert problems == ""
    assert people.incident is not None
    assert people.told_lead is not None
    assert 15.0 <= people.told_lead - people.incident.opened_at < 20.0


@pytest.mark.full
def test_of_security_the_public_sees_nothing(stage: Stage) -> None:
    """The next contact is told at once."""
    people, problems = answered(stage, "key-leak")
    assert problems == ""
    assert people.page is None
    assert people.told_lead is not None


@pytest.mark.full
def test_what_is_less_bad_is_over_by_itself(stage: Stage) -> None:
    """Nobody has to say so."""
    people, problems = answered(stage, "redis-stop")
    assert problems == ""
    assert people.incident is not None
    assert people.incident.resolution == "It ended, and did not come back."


def test_what_follows_may_be_worse_than_its_cause(stage: Stage) -> None:
    """A model API that limits calls is a P2, and workers that get nothing done because of it are a P1."""
    waits = alert("EvaluationQueueStalled", severity="P1", component="worker")
    people, problems = answered(stage, "api-rate-limit", before=[waits], after=nothing)
    assert problems == ""
    assert people.decision is not None
    assert people.incident is not None
    assert (people.incident.severity, people.decision.rule) == (Severity.P1, "J11")


def test_what_is_not_as_expected_is_told(stage: Stage) -> None:
    """Severity, rule and colour, each beside what should have been."""
    hasty = replace(stage, soon=3.0)
    _, problems = answered(hasty, "redis-stop", severity=Severity.P1, rule="J8", sent_as="P2")
    assert "it is classified as P2 by J3 (RedisDown), not as P1 by J8" in problems
    assert "cache is not partial_outage on the status page within 3 s" in problems
