"""Another version put into the place of the one that runs: one replica after another, and back where it is not well."""

from __future__ import annotations

import http.client
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from causal_eval.errors import OperationFailed
from causal_eval.operations.stack import files
from causal_eval.operations.stack.plan import Plan, find_plan, save_plan
from causal_eval.operations.stack.raising import answers, supervisor_of, wait_for, wait_ready
from causal_eval.operations.stack.versions import forget_old, version
from causal_eval.store.locks import hold_file

GATE_SECONDS = 90.0
"""Within which a replica must be well; a busy machine included."""
STEADY_SECONDS = 3.0
"""For which a worker must stay the same process."""
ASKED = 60
"""Requests to a replica that is ready, before the next one's turn."""
MOST_FAILED = 0.05
"""Of those, the share that may end with an error of ours: what HighErrorRate takes for trouble."""
BESIDE = ("backup", "sentinel")
"""What runs a version beside the replicas: it has another one when all of them have."""
_PATHS = ("/health/live", "/version", "/", "/api/v1/openapi.json")

Say = Callable[[str], None]


def roll(plan: Plan, wanted: str, *, say: Say, patience: float = GATE_SECONDS) -> Plan:
    """The stack of *plan*, whose replicas all run the version *wanted* now.

    Workers first, for they are asked by nobody. It may be killed at any moment: the same call goes on.

    Raises:
        UnknownName: there is no such version.
        OperationFailed: it does not get well, and what ran before runs again; the message says why.
        StoreLocked: somebody else is at it.
    """
    version(plan.root, wanted)
    root = plan.root
    with hold_file(f"{root}/up.lock", f"somebody else is changing {root}: wait for that"):
        plan = find_plan(root)
        replicas = [*plan.replicas("worker"), *plan.replicas("app")]
        gate = Gate(root, say, patience)
        try:
            for name in replicas:
                gate.become(name, wanted)
        except OperationFailed as error:
            say(f"{error}: going back to {plan.version or 'what ran before'}")
            _go_back(gate, [*reversed(replicas)], to=plan.version)
            raise OperationFailed(f"{wanted} does not get well ({error}); {plan.version} runs again") from error
        earlier = plan.before if wanted == plan.version else plan.version
        plan = replace(find_plan(root), version=wanted, before=earlier, moved={})
        save_plan(plan)
        files.plan_processes(plan)
        supervisor = supervisor_of(plan)
        supervisor.replan()  # which stops what runs another version now
        supervisor.start(*(name for name in BESIDE if name in plan.names))
        forget_old(root, used={plan.version, plan.before})
        return plan


def _go_back(gate: Gate, names: list[str], *, to: str) -> None:
    """Every replica as it was, also where one of them does not get well: the others are not kept waiting."""
    unwell = []
    for name in names:
        try:
            gate.become(name, to)
        except OperationFailed as error:
            unwell.append(str(error))
    if unwell:
        raise OperationFailed(f"what ran before does not get well either: {'; '.join(unwell)}")


@dataclass(frozen=True, slots=True)
class Gate:
    """Through which each replica goes, one at a time."""

    root: Path
    say: Say
    patience: float

    def become(self, name: str, wanted: str) -> None:
        """Have the replica *name* run that version, and be well.

        Raises:
            OperationFailed: it is not.
        """
        plan = find_plan(self.root)
        if plan.runs(name) != wanted:
            others = {one: version for one, version in plan.moved.items() if one != name}
            plan = replace(plan, moved=others if wanted == plan.version else {**others, name: wanted})
            save_plan(plan)
        files.plan_processes(plan)
        supervisor = supervisor_of(plan)
        supervisor.replan()
        supervisor.start(name)
        _check(plan, name, patience=self.patience)
        self.say(f"{name} runs {wanted}")


def _check(plan: Plan, name: str, *, patience: float) -> None:
    """See that a replica is well: it answers, stays, and what it answers are no errors."""
    if name in plan.replicas("app"):
        wait_ready(plan, name, patience=patience)
        _check_answers(plan, name)
    elif not wait_for(lambda: answers(plan, name, "/metrics") != 0, patience):
        raise OperationFailed(f"{name} does not answer after {patience:g} s: read {plan.logs}/{name}.log")
    first = _pid(plan, name)
    if not first or wait_for(lambda: _pid(plan, name) != first, STEADY_SECONDS):
        raise OperationFailed(f"{name} does not stay up: read {plan.logs}/{name}.log")


def _check_answers(plan: Plan, name: str) -> None:
    asked = (answers(plan, name, _PATHS[number % len(_PATHS)], seconds=10.0) for number in range(ASKED))
    failed = sum(status >= http.client.INTERNAL_SERVER_ERROR or not status for status in asked)
    if failed > MOST_FAILED * ASKED:
        raise OperationFailed(f"{name} answers {failed} of {ASKED} requests with an error: read {plan.logs}/{name}.log")


def _pid(plan: Plan, name: str) -> int:
    state = (supervisor_of(plan).states() or {}).get(name)
    return state.pid if state is not None and state.runs else 0
