"""What may be played: a drill, how its incident has to be classified, and the steps of the runbook that end it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from causal_eval.errors import OperationFailed
from causal_eval.incidents.incident import Severity
from causal_eval.operations.drills.drill import Deed, Drill, nothing
from causal_eval.operations.drills.faults import providers
from causal_eval.operations.drills.ground import Ground
from causal_eval.operations.drills.matrix import DRILLS

SHOWN = MappingProxyType(
    {
        Severity.P0: "major_outage",
        Severity.P1: "partial_outage",
        Severity.P2: "degraded_performance",
        Severity.P3: "operational",
    }
)
"""What the status page says of a component with such an incident."""
WHY = "a game day"
_NO_VALUES: Mapping[str, str] = MappingProxyType({})


def no_values(ground: Ground) -> Mapping[str, str]:
    """The step has no word in capitals."""
    del ground
    return _NO_VALUES


@dataclass(frozen=True, slots=True)
class Act:
    """A step of the runbook; before it, what is done outside of it."""

    step: str
    values: Callable[[Ground], Mapping[str, str]] = no_values
    before: Deed = nothing
    """What no step does: a provider gets well, a new key comes into its file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Play:
    """A drill, and what has to be made of it."""

    drill: Drill
    severity: Severity
    rule: str
    """Which line of the classification decides."""
    key: str
    """Of the incident, in the end: component and family."""
    acts: tuple[Act, ...]
    after: Deed = nothing
    """What whoever ordered does, once it is mended."""

    @property
    def component(self) -> str:
        """Which of the status page's."""
        return self.key.partition("/")[0]

    @property
    def is_private(self) -> bool:
        """Whether the public must not see it."""
        return self.component == "security"

    @property
    def channel(self) -> str:
        """Where it is talked about."""
        return "security" if self.is_private else "incidents"

    @property
    def may_wait(self) -> bool:
        """Whether nobody acknowledging it shows within a minute: what is escalated later takes a game too long."""
        return self.severity in {Severity.P0, Severity.P1}


# ---- values in place of words in capitals ---------------------------------------------------------------------------


def _blocker(ground: Ground) -> Mapping[str, str]:
    told = ground.as_superuser("db", "long-queries", "--older", "2s", "--json").splitlines()
    found = [one for one in map(json.loads, told) if not one.get("blocked_by") and one.get("application") == "drill"]
    if not found:
        raise OperationFailed("`causal-eval db long-queries` shows nobody who is in the way")
    return {"PID": str(found[0]["pid"])}


def _provider(ground: Ground) -> Mapping[str, str]:
    del ground
    return {"PROVIDER": providers.PROVIDER, "REASON": WHY}


def _one_call(ground: Ground) -> Mapping[str, str]:
    del ground
    return {"COUNT": "1", "REASON": WHY}


def _log(ground: Ground) -> Mapping[str, str]:
    return {"FILE": str(ground.plan.logs / "app-1.log")}


# ---- what is done outside -------------------------------------------------------------------------------------------


def _well_again(ground: Ground) -> None:
    ground.api.weather()


def _go_on(ground: Ground) -> None:
    ground.try_again()


# ---- the table ------------------------------------------------------------------------------------------------------

_OUTAGE = (Act("provider-off", _provider), Act("providers", before=_well_again), Act("provider-on"))


def _play(name: str, said: str, key: str, *acts: Act, after: Deed = nothing) -> Play:
    severity, rule = said.split()
    return Play(drill=DRILLS[name], severity=Severity(severity), rule=rule, key=key, acts=acts, after=after)


_ROWS = (
    _play("app-crash", "P0 J5", "api/down", Act("app-restart")),
    _play("replica-hang", "P2 J3", "api/replicas", Act("app-restart")),
    _play("workers-stopped", "P1 J8", "worker/down", Act("worker-restart")),
    _play("alertmanager-stop", "P2 O5", "monitoring/silent", Act("alertmanager-restart")),
    _play("postgres-stop", "P0 J6", "database/down", Act("db-restart")),
    _play("long-query", "P3 J15", "database/locks", Act("db-cancel", _blocker)),
    _play("table-locked", "P2 J12", "database/locks", Act("db-cancel", _blocker)),
    _play("row-changed", "P0 J6", "database/corruption", Act("restore-swap")),
    _play("backup-damaged", "P2 J3", "database/backups", Act("backup"), Act("backup-test")),
    _play("backup-old", "P2 J3", "database/backups", Act("backup")),
    _play("disk-full", "P1 J6", "host/disk", Act("disk-reclaim")),
    _play("redis-stop", "P2 J3", "cache/down", Act("redis-restart")),
    _play("redis-hang", "P2 J3", "cache/down", Act("redis-restart")),
    _play(
        "api-rate-limit", "P2 J11", "model_api/limited", Act("calls-fewer", _one_call),
        Act("providers", before=_well_again), Act("calls-usual"), after=_go_on,
    ),
    _play("api-500", "P1 J21", "model_api/all", *_OUTAGE, after=_go_on),
    _play("api-down", "P1 J21", "model_api/all", *_OUTAGE, after=_go_on),
    _play("key-leak", "P0 J7", "security/exposure", Act("secrets-in-log", _log)),
)  # fmt: skip

PLAYS = MappingProxyType({play.drill.name: play for play in _ROWS})
