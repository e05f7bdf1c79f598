"""Where the few lines of a rare mark stand, by an index: to find them by a walk, nearly every row is looked at."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Connection, Select, and_, exists, select

from causal_eval.scoring.verdict import Mark
from causal_eval.store.evaluations import Evaluation
from causal_eval.store.tables import attempts, failures, set_orders, verdicts
from causal_eval.store.tallies import Tally

_WALK = 25
"""A walk to a page of 50 among *rows* with *count* that fit looks at 50 * rows / count; what is found by an index costs
about twice as much a row. They break even where count squared is this many times the rows."""


def positions(connection: Connection, evaluation: Evaluation, *, mark: Mark, there: Tally) -> list[int] | None:
    """The sorted positions of questions of which an outcome has *mark*, by what is *there*; None: take a walk.

    A walk is quicker where they are many, and it is the only way to outcomes that wait for their verdict, to verdicts
    of a version before 0016, and to what is missing without a failed call.
    """
    rows = evaluation.planned * evaluation.spec.epochs
    count = rows - there.kept if mark is Mark.MISSING else there.marks.get(mark, 0)
    if not count:
        return []
    looked_at = there.failures if mark is Mark.MISSING else count
    if mark is Mark.UNGRADED or looked_at * looked_at > _WALK * rows:
        return None
    query = _missing(evaluation) if mark is Mark.MISSING else _judged(evaluation, mark)
    found = [row.position for row in connection.execute(query)]
    outcomes = len(found) * (evaluation.spec.epochs if mark is Mark.MISSING else 1)
    return sorted(set(found)) if outcomes == count else None


def _judged(evaluation: Evaluation, mark: Mark) -> Select[tuple[int]]:
    later = verdicts.alias("later")
    judged = verdicts.join(attempts, attempts.c.id == verdicts.c.attempt_id)
    return (
        select(set_orders.c.position)
        .select_from(judged.join(set_orders, set_orders.c.question == attempts.c.question))
        .where(verdicts.c.evaluation_id == evaluation.id, verdicts.c.mark == mark.value, _asked(evaluation))
        .where(~exists().where(later.c.attempt_id == verdicts.c.attempt_id, later.c.id > verdicts.c.id))
    )


def _missing(evaluation: Evaluation) -> Select[tuple[int]]:
    """Questions without any outcome; that one sample of several is missing, no line says."""
    same = and_(attempts.c.evaluation_id == evaluation.id, attempts.c.question == failures.c.question)
    return (
        select(set_orders.c.position)
        .distinct()
        .select_from(failures.join(set_orders, set_orders.c.question == failures.c.question))
        .where(failures.c.evaluation_id == evaluation.id, _asked(evaluation), ~exists().where(same))
    )


def _asked(evaluation: Evaluation) -> ColumnElement[bool]:
    ordered = set_orders.c
    return and_(
        ordered.set_digest == evaluation.spec.question_set,
        ordered.seed == evaluation.spec.seed,
        ordered.position < evaluation.planned,
    )
