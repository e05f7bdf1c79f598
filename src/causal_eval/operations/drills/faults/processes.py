"""Faults of app, worker, load balancer and of what watches them."""

from __future__ import annotations

import signal
import time

from causal_eval.operations.drills.asking import Question
from causal_eval.operations.drills.ground import PATIENCE, Ground
from causal_eval.operations.stack.raising import answers, wait_for

WORKER_LEASE = 20.0
"""Seconds within which another has taken over what a worker had."""
TAKEN_OVER = 15.0
"""Within which it is wanted."""
SUBMISSIONS = 40
_OK = 200


def _apps(ground: Ground) -> list[str]:
    return ground.plan.replicas("app")


def _workers(ground: Ground) -> list[str]:
    return ground.plan.replicas("worker")


def kill_apps(ground: Ground) -> None:
    """Every replica."""
    ground.signal(signal.SIGKILL, *_apps(ground))


def stop_apps(ground: Ground) -> None:
    """Every replica sleeps."""
    ground.signal(signal.SIGSTOP, *_apps(ground))


def stop_one_app(ground: Ground) -> None:
    """The first sleeps."""
    ground.signal(signal.SIGSTOP, _apps(ground)[0])


def kill_one_app(ground: Ground) -> None:
    """The first dies."""
    ground.signal(signal.SIGKILL, _apps(ground)[0])


def kill_again(ground: Ground) -> None:
    """The first dies as soon as it answers."""
    if answers(ground.plan, _apps(ground)[0], "/health/ready") == _OK:
        time.sleep(1.5)  # until it was looked at
        kill_one_app(ground)


def misset_app(ground: Ground) -> None:
    """A setting that cannot be read comes with a restart; whoever restarts is told."""
    env = ground.plan.home / ".env"
    ground.held["env"] = env.read_text("utf-8")
    env.write_text(f"{ground.held['env']}MAX_CONCURRENT_API_CALLS=many\n", "utf-8")
    ground.signal(signal.SIGTERM, _apps(ground)[0])


def reset_app(ground: Ground) -> None:
    """The setting as it was, and a restart."""
    (ground.plan.home / ".env").write_text(str(ground.held["env"]), "utf-8")
    ground.command("stack", "restart", "app")


def restart_apps(ground: Ground) -> None:
    """`make restart`: one replica after another."""
    ground.command("stack", "restart", "app")


def scale_up(ground: Ground) -> None:
    """`make scale S=app N=3`."""
    ground.command("stack", "scale", "app", "3")


def scale_down(ground: Ground) -> None:
    """`make scale S=app N=2`."""
    ground.command("stack", "scale", "app", "2")


def submit_while_one_dies(ground: Ground) -> None:
    """Many orders, each with a key of its own and sent twice, and replicas that die one after another meanwhile."""
    bodies = [{**ground.wanted(1), "answerer": "baseline/majority", "priority": 50} for _ in range(SUBMISSIONS)]
    asked = [
        Question("POST", "/api/v1/evaluations", body, {"Idempotency-Key": f"{ground.held['evaluation']}-{number}"})
        for number, body in enumerate(bodies)
    ]
    before = _evaluations(ground)
    kill_one_app(ground)
    first = ground.ask_all(asked, at_once=8)
    ground.signal(signal.SIGKILL, _apps(ground)[1])
    again = ground.ask_all(asked, at_once=8)
    while not all(answer.is_good for answer in again):  # who was refused asks again, as clients do
        time.sleep(1.0)
        again = ground.ask_all(asked, at_once=8)
    twice = [1 for one, other in zip(first, again, strict=True) if one.is_good and one.body["id"] != other.body["id"]]
    ground.held["submitted"] = len({answer.body["id"] for answer in again}) - (_evaluations(ground) - before)
    ground.held["twice"] = len(twice)


def _evaluations(ground: Ground) -> int:
    return int(str(ground.rows("SELECT count(*) FROM evaluations")[0][0]))


def submitted_once(ground: Ground) -> str:
    """As many evaluations as orders, and each of them over."""
    ours = "SELECT count(*) FROM jobs j JOIN evaluations e ON e.id = j.evaluation_id WHERE e.answerer LIKE 'baseline/%'"
    if not wait_for(lambda: ground.rows(f"{ours} AND j.status <> 'done'") == [(0,)], PATIENCE):
        return "submitted evaluations do not end"
    if ground.held["submitted"] or ground.held["twice"]:
        return f"{ground.held['submitted']} evaluations lack, {ground.held['twice']} orders have two"
    return ""


# ---- workers ------------------------------------------------------------------------------------------------------


def busy_worker(ground: Ground) -> str:
    """The worker that has a shard of the evaluation in hand."""
    found = list[str]()

    def has_one() -> bool:
        pids = ground.rows("SELECT pid FROM workers WHERE in_hand LIKE %s ORDER BY beat_at DESC", _shards(ground))
        found[:] = [name for (pid,) in pids if (name := ground.process_of(int(str(pid))))]
        return bool(found)

    return found[0] if wait_for(has_one, 30.0) else _workers(ground)[0]


def _shards(ground: Ground) -> str:
    return f"%{ground.held['evaluation']}-%"


def kill_worker(ground: Ground) -> None:
    """Kill the one that is at it, and time how long its shards are in nobody's hand."""
    name = busy_worker(ground)
    pid = ground.states()[name].pid
    ground.signal(signal.SIGKILL, name)
    begun = time.monotonic()
    in_hand = "SELECT 1 FROM workers WHERE in_hand LIKE %s AND pid <> %s"
    taken = wait_for(lambda: bool(ground.rows(in_hand, _shards(ground), pid)), WORKER_LEASE)
    ground.held["taken"] = time.monotonic() - begun if taken else float("inf")


def taken_soon(ground: Ground) -> str:
    """Another had it in hand soon."""
    seconds = float(str(ground.held["taken"]))
    return "" if seconds <= TAKEN_OVER else f"its shard was nobody's for {seconds:.1f} s"


def taken_after(ground: Ground) -> str:
    """How soon."""
    return f"its shard in another's hand after {float(str(ground.held['taken'])):.1f} s"


def stop_worker(ground: Ground) -> None:
    """The one that is at it sleeps, until another has what it had."""
    name = busy_worker(ground)
    ground.held["worker"] = name
    ground.signal(signal.SIGSTOP, name)
    time.sleep(WORKER_LEASE)


def wake_worker(ground: Ground) -> None:
    """It wakes, and goes on with what is no longer its own."""
    ground.signal(signal.SIGCONT, str(ground.held["worker"]))


def end_worker(ground: Ground) -> None:
    """The one that is at it is told to end, as every deployment does."""
    ground.signal(signal.SIGTERM, busy_worker(ground))


def kill_workers_in_turn(ground: Ground) -> None:
    """Every other second one of them dies, whichever runs."""
    for number in range(8):
        ground.signal(signal.SIGKILL, _workers(ground)[number % 2])
        time.sleep(2.0)


def end_workers(ground: Ground) -> None:
    """None runs."""
    ground.stop(*_workers(ground))


def start_workers(ground: Ground) -> None:
    """`make restart S=worker`."""
    ground.command("stack", "restart", "worker")


# ---- beside them --------------------------------------------------------------------------------------------------


def kill_balancer(ground: Ground) -> None:
    """The load balancer dies."""
    ground.signal(signal.SIGKILL, "lb")


def kill_prometheus(ground: Ground) -> None:
    """What computes alerts dies."""
    ground.signal(signal.SIGKILL, "prometheus")


def alerts_again(ground: Ground) -> str:
    """It has come back, and the alert that always fires does."""
    return "" if wait_for(lambda: "Watchdog" in ground.firing(), 60.0) else "Watchdog does not fire again"


def end_alertmanager(ground: Ground) -> None:
    """Nobody hands alerts on."""
    ground.stop("alertmanager")


def start_alertmanager(ground: Ground) -> None:
    """`make restart S=alertmanager`."""
    ground.command("stack", "restart", "alertmanager")
