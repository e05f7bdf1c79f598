"""What raises an alert that no shipped drill raises: who watches is stopped, rules break, every question is refused."""

from __future__ import annotations

from types import MappingProxyType

from causal_eval.errors import OperationFailed
from causal_eval.operations.drills.asking import OK, Question, ask
from causal_eval.operations.drills.drill import Drill
from causal_eval.operations.drills.faults import database, providers
from causal_eval.operations.drills.ground import Ground
from causal_eval.operations.drills.matrix import EVERY, MANY

_BROKEN_RULE = """
- name: drill
  rules:
  - record: drill:ambiguous
    expr: up * on () group_left () up
"""


# ---- what is watched, and who watches --------------------------------------------------------------------------------


def probe_missing(ground: Ground) -> str:
    """Whether nobody asks /health as users do here."""
    there = "blackbox" in ground.plan.ports
    return "" if there else "blackbox_exporter is not installed (Debian: prometheus-blackbox-exporter)"


def exporter_missing(ground: Ground) -> str:
    """Whether nothing looks into Redis here."""
    there = "redis-exporter" in ground.plan.ports
    return "" if there else "redis_exporter is not installed (Debian: prometheus-redis-exporter)"


def end_exporter(ground: Ground) -> None:
    """What looks into Redis is stopped."""
    ground.stop("redis-exporter")


def start_exporter(ground: Ground) -> None:
    """`make restart S=redis-exporter`."""
    ground.command("stack", "restart", "redis-exporter")


def end_sentinel(ground: Ground) -> None:
    """Who records incidents is stopped."""
    ground.stop("sentinel")


def start_sentinel(ground: Ground) -> None:
    """`make restart S=sentinel`."""
    ground.command("stack", "restart", "sentinel")


def break_rule(ground: Ground) -> None:
    """A rule comes in that can be read, and not be evaluated."""
    rules = ground.plan.root / "monitoring" / "rules.yml"
    ground.held["rules"] = rules.read_text("utf-8")
    rules.write_text(f"{ground.held['rules']}{_BROKEN_RULE}", "utf-8")
    _read_again(ground)


def mend_rule(ground: Ground) -> None:
    """It is taken away, and Prometheus reads its rules again."""
    if "rules" in ground.held:
        (ground.plan.root / "monitoring" / "rules.yml").write_text(str(ground.held.pop("rules")), "utf-8")
        _read_again(ground)


def _read_again(ground: Ground) -> None:
    status = ask(ground.plan.ports["prometheus"], Question("POST", "/-/reload")).status
    if status != OK:
        raise OperationFailed(f"Prometheus does not read its rules again: {status}")


# ---- the model API ---------------------------------------------------------------------------------------------------


def refuse_questions(ground: Ground) -> None:
    """It takes no request of ours for a good one: asking again does not help."""
    ground.api.weather("bad-request")


_ROWS = (
    Drill(
        "alert-probe", "the database is stopped, and users are told", database.end_postgres, database.start_postgres,
        "CausalEvalAPIProbeFailing", health=503, impossible=probe_missing, unused=EVERY, full=True,
    ),
    Drill(
        "alert-exporter", "nobody looks into the cache", end_exporter, start_exporter, "MonitoringTargetDown",
        never_refused=True, impossible=exporter_missing, full=True,
    ),
    Drill(
        "alert-sentinel", "nobody records incidents", end_sentinel, start_sentinel, "SentinelDown",
        never_refused=True, full=True,
    ),
    Drill(
        "alert-rule", "a rule comes that cannot be evaluated", break_rule, mend_rule, "RuleEvaluationFailing",
        clear=mend_rule, never_refused=True, full=True,
    ),
    Drill(
        "alert-refused", "the model API refuses every question", refuse_questions, providers.mend_api,
        "MassEvaluationFailures", beside=("EvaluationBudgetBurn",), unused=MANY, calls_fail=True, full=True,
    ),
)  # fmt: skip

ALERTS = MappingProxyType({row.name: row for row in _ROWS})
