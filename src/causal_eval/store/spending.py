"""What stored runs have taken: what one has cost so far, and what replies of an answerer usually take."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

import msgspec
from sqlalchemy import ColumnElement, Connection, Table, and_, delete, func, insert, select

from causal_eval.evaluation.budget import PERHAPS_BILLED, Price
from causal_eval.evaluation.estimate import Usual
from causal_eval.evaluation.spec import spec_from
from causal_eval.providers.provider import Usage
from causal_eval.store.account_tables import project_rules
from causal_eval.store.database import Store
from causal_eval.store.moment import read_moment
from causal_eval.store.tables import attempts, evaluations, failures, projects
from causal_eval.store.work_tables import jobs, money_aside

_RECENT = 20
"""Evaluations that usual replies are taken from, the newest."""


@dataclass(frozen=True, slots=True)
class Spent:
    """What an evaluation has cost so far; replies from the cache cost nothing."""

    known: Fraction
    """US dollars of the replies whose price is known."""
    dearest: Fraction | None
    """The most expensive of them."""
    uncounted: int
    """Calls that were, or may have been, billed and of which nobody counted the tokens."""


def spent(store: Store, evaluation: str, *, price: Price) -> Spent:
    """The cost of what earlier tries of *evaluation* have asked for."""
    row = attempts.c
    replies = (
        select(
            row.input_tokens,
            row.output_tokens,
            row.cached_tokens,
            row.written_tokens,
            row.served,
            row.started_at,
            row.batch,
        )
        .where(row.evaluation_id == evaluation, row.asked_at.is_(None))
        .execution_options(yield_per=1000)
    )
    lost = select(func.coalesce(func.sum(failures.c.calls), 0)).where(
        failures.c.evaluation_id == evaluation, failures.c.kind.in_([kind.value for kind in PERHAPS_BILLED])
    )
    known, most, uncounted = Fraction(0), None, 0
    with store.reading() as connection:
        for one in connection.execute(replies):
            usage = Usage(one.input_tokens, one.output_tokens, one.cached_tokens, written=one.written_tokens)
            cost = price(usage, one.served, one.started_at, batch=one.batch is not None)
            if cost is None:
                uncounted += 1
            else:
                known, most = known + cost, cost if most is None else max(most, cost)
        uncounted += connection.execute(lost).scalar_one()
    return Spent(known, most, uncounted)


def usual(store: Store, answerer: str, elicitation: str) -> Usual | None:
    """The means over replies of *answerer*'s newest runs with the same *elicitation*; None: there are none."""
    row = evaluations.c
    chosen = select(row.id, row.spec).where(row.answerer == answerer).order_by(row.created_at.desc()).limit(_RECENT)
    reply = attempts.c
    with store.reading() as connection:
        alike = [
            one.id
            for one in connection.execute(chosen)
            if spec_from(msgspec.json.decode(one.spec)).elicitation == elicitation
        ]
        means = select(
            func.count(), func.avg(reply.input_tokens), func.avg(reply.output_tokens), func.avg(reply.latency_ms)
        ).where(
            reply.evaluation_id.in_(alike),
            reply.asked_at.is_(None),
            reply.input_tokens.is_not(None),
            reply.output_tokens.is_not(None),
        )
        count, given, made, latency = connection.execute(means).one()
    return Usual(count, float(given), float(made), latency / 1000) if count else None


class MoneyCaps(NamedTuple):
    """Caps in dollars, exact decimals; None: there is none."""

    own: str | None
    monthly: str | None


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose outcomes count: an evaluation's, or a project's since a moment (the beginning of an ISO 8601 time)."""

    evaluation: str | None = None
    project: str | None = None
    since: str = ""


class Bill(NamedTuple):
    """What decides the cost of a kept outcome."""

    id: int
    evaluation: str
    input: int | None
    output: int | None
    cached: int | None
    written: int | None
    served: str
    at: str
    batch: bool


def money_caps(connection: Connection, evaluation: str) -> MoneyCaps:
    """The caps that hold for a job now."""
    query = (
        select(jobs.c.budget, project_rules.c.monthly_cap)
        .outerjoin(project_rules, project_rules.c.project == jobs.c.project)
        .where(jobs.c.evaluation_id == evaluation)
    )
    return MoneyCaps(*connection.execute(query).one())


@dataclass(frozen=True, slots=True)
class Holder:
    """Somebody who sets money aside for open calls."""

    id: str
    project: str
    evaluation: str


def lock_money(connection: Connection, project: str) -> None:
    """Let nobody else set money of *project* aside until the transaction ends."""
    connection.execute(select(projects.c.id).where(projects.c.id == project).with_for_update(key_share=True))


def set_aside(connection: Connection, holder: Holder, *, dollars: str = "0", seconds: float) -> None:
    """Set *dollars*, an exact fraction, aside for so long, in place of what *holder* had; for no time: nothing."""
    connection.execute(delete(money_aside).where(money_aside.c.holder == holder.id))
    if seconds:
        row = {"holder": holder.id, "project": holder.project, "evaluation": holder.evaluation, "dollars": dollars}
        connection.execute(insert(money_aside), {**row, "until": read_moment(connection) + seconds})


def aside_by_others(connection: Connection, holder: Holder, *, evaluation: str | None = None) -> list[str]:
    """What others than *holder* have set aside now of the project's money, or for *evaluation* alone."""
    row, now = money_aside.c, read_moment(connection)
    connection.execute(delete(money_aside).where(row.project == holder.project, row.until <= now))
    query = select(row.dollars).where(row.project == holder.project, row.holder != holder.id)
    return list(connection.scalars(query if evaluation is None else query.where(row.evaluation == evaluation)))


def bills_after(connection: Connection, scope: Scope, *, after: int) -> list[Bill]:
    """Outcomes within *scope* with higher ids than *after* that a provider was asked for."""
    row = attempts.c
    query = (
        select(
            row.id, row.evaluation_id, row.input_tokens, row.output_tokens, row.cached_tokens, row.written_tokens,
            row.served, row.started_at, row.batch.is_not(None),
        )
        .where(row.id > after, row.asked_at.is_(None), _within(scope, attempts))
        .order_by(row.id)
    )  # fmt: skip
    return [Bill(*one) for one in connection.execute(query)]


def lost_calls(connection: Connection, scope: Scope) -> int:
    """Calls within *scope* that came to nothing, and may have been billed."""
    query = select(func.coalesce(func.sum(failures.c.calls), 0)).where(
        failures.c.kind.in_([kind.value for kind in PERHAPS_BILLED]), _within(scope, failures)
    )
    return int(connection.execute(query).scalar_one())


def _within(scope: Scope, table: Table) -> ColumnElement[bool]:
    if scope.evaluation is not None:
        return table.c.evaluation_id == scope.evaluation
    theirs = select(evaluations.c.id).where(evaluations.c.project == scope.project)
    return and_(table.c.evaluation_id.in_(theirs), table.c.started_at >= scope.since)
