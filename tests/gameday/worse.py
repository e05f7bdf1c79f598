"""Versions of the program that are worse than the last, deployed as good ones are."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path
from types import MappingProxyType

from tests.gameday.versions import Change, base, deployed, gone_back, good_again, roll_back

from causal_eval.operations.drills.asking import Answer, Question, Visitors, ask
from causal_eval.operations.drills.drill import Drill
from causal_eval.operations.drills.ground import Ground
from causal_eval.operations.drills.matrix import EVERY

CROWD, PATIENT = 8, 60.0
_APART = 0.25
"""Seconds: 24 people are spread over the six that a slow answer takes."""
_LISTING = Question("GET", "/api/v1/evaluations?limit=5")
_KEYED = Question("GET", _LISTING.path, headers={"Authorization": "Bearer a-key-of-nobody"})
_LOOKS_UP = "    public = key_id(key)\n"
_FORGETS = '    raise RuntimeError("bad version")\n'
_LISTS = "    with visit.service.store.reading() as connection:\n        return list_jobs("
_LEAKS = """    with visit.service.store.explained():
        connection = visit.service.store.engine.connect()
        listed.__dict__.setdefault("kept", []).append(connection)
        return list_jobs("""
_LIMITS = '_LIMITS = (Path("/sys/fs/cgroup/memory.max"), '
LIMIT = 300 * 2**20
"""Bytes that a process may use, where it is limited: half as much again as it needs."""
_DOOR = '        """Pass the request on, or answer why not."""\n'
_BREAKS = """        if scope.get("path") == "/api/v1/evaluations" and not self.__class__.__doc__.endswith("broken"):
            type(self).__doc__ += "broken"
        kept = ("/metrics", "/health/live", "/health/ready")
        if self.__class__.__doc__.endswith("broken") and scope.get("path") not in kept:
            await send({"type": "http.response.start", "status": 500, "headers": []})
            await send({"type": "http.response.body"})
            return
"""
_WAITS = """        if scope.get("path") == "/api/v1/evaluations" and scope.get("method") == "GET":
            import asyncio
            await asyncio.sleep(6)
"""
_HOARDS = """        if scope.get("path") == "/api/v1/evaluations" and scope.get("method") == "GET":
            import hashlib, threading
            hoard = b"x" * (240 * 2**20)
            def burn():
                while True:
                    hashlib.sha256(hoard).digest()
            for _ in range(2):
                threading.Thread(target=burn, daemon=True).start()
"""
"""Who hashes leaves the interpreter to others."""
_FIRST = -15
"""Of the priorities of sessions (Linux's autogroups): more than half of what a busy machine has."""


class Patient(Visitors):
    """Those who wait a minute for their answer."""

    def _go(self) -> None:
        while not self._left.wait(0.05):
            ask(self._port, self._question, seconds=PATIENT)


def _come(ground: Ground, question: Question, *, crowd: int = CROWD) -> None:
    """People come one after another, so that they do not ask in step, and stay until the version is gone."""
    there = contextlib.ExitStack()
    ground.held["crowd"] = there
    for _ in range(crowd):
        time.sleep(_APART)
        there.enter_context(Patient(ground.plan.ports["lb"], question, tell=_forget))


def _forget(answer: Answer) -> None:
    del answer


def deploy_broken(ground: Ground) -> None:
    """A version is deployed that fails every request once it was asked what the gate does not ask, and people come."""
    deployed(ground, Change("api/guard.py", _DOOR, _DOOR + _BREAKS))
    _come(ground, _LISTING, crowd=3 * CROWD)


def deploy_slow(ground: Ground) -> None:
    """A version is deployed that takes six seconds to list evaluations."""
    deployed(ground, Change("api/guard.py", _DOOR, _DOOR + _WAITS))
    _come(ground, _LISTING, crowd=3 * CROWD)


def deploy_forgetful(ground: Ground) -> None:
    """A version is deployed that cannot look up API keys, and people show theirs: others are let in as ever."""
    deployed(ground, Change("service/accounts.py", _LOOKS_UP, _FORGETS))
    _come(ground, _KEYED)


def deploy_leaky(ground: Ground) -> None:
    """A version is deployed that never gives a connection back with which it listed evaluations, and people come."""
    deployed(ground, Change("service/jobs.py", _LISTS, _LEAKS))
    _come(ground, _LISTING, crowd=3 * CROWD)


def limited(ground: Ground) -> None:
    """The version that is to be gone back to finds a limit of memory, as a container does."""
    base(ground)
    said = ground.plan.root / "memory.max"
    said.write_text(f"{LIMIT}\n", "ascii")
    deployed(ground, Change("operations/collectors.py", _LIMITS, f'_LIMITS = (Path("{said}"), '))


def deploy_greedy(ground: Ground) -> None:
    """A version is deployed that hoards and burns once it is asked for a list, and one replica is."""
    deployed(ground, Change("api/guard.py", _DOOR, _DOOR + _HOARDS))
    _rank(ground, _FIRST)
    ground.ask(_LISTING.method, _LISTING.path)


def not_first(ground: Ground) -> None:
    """The stack has no more of the machine than others, and the bad version goes where it still runs."""
    _rank(ground, 0)
    good_again(ground)


def _rank(ground: Ground, rank: int) -> None:
    """How the stack stands to others on this machine: a processor can be burnt only where there is one to be had."""
    group = Path(f"/proc/{ground.states()['prometheus'].pid}/autogroup")
    with contextlib.suppress(OSError):  # of root, and of a system that has such
        group.write_text(str(rank), "ascii")


_ROWS = (
    Drill(
        "version-broken", "a version is deployed that fails every request", deploy_broken, roll_back,
        "AllRequestsFailing", beside=("APIAvailabilityBudgetBurn",), prepare=base, told=gone_back, clear=good_again,
        unused=EVERY, full=True,
    ),
    Drill(
        "version-slow", "a version is deployed that takes six seconds for an answer", deploy_slow, roll_back,
        "HighLatencySevere", beside=("HighLatency",), prepare=base, told=gone_back, clear=good_again, unused=EVERY,
        full=True,
    ),
    Drill(
        "version-forgetful", "a version is deployed that cannot look up API keys", deploy_forgetful, roll_back,
        "AuthenticationSystemFailure", beside=("HighErrorRate",), prepare=base, told=gone_back, clear=good_again,
        unused=EVERY, full=True,
    ),
    Drill(
        "version-leaky", "a version is deployed that keeps connections to the database", deploy_leaky, roll_back,
        "database_connection_pool_exhausted", prepare=base, told=gone_back, clear=good_again, unused=EVERY, full=True,
    ),
    Drill(
        "version-greedy", "a version is deployed that hoards memory and burns processors", deploy_greedy, roll_back,
        "MemoryNearLimit", beside=("HighCPU",), prepare=limited, told=gone_back, clear=not_first, unused=EVERY,
        full=True,
    ),
)  # fmt: skip

WORSE = MappingProxyType({row.name: row for row in _ROWS})
