"""What must hold after every drill, whatever was broken: of an evaluation that was under way, and of all that is kept.

I1 every accepted item ends once; I2 at most one result counts; I3 aggregates are those of the rows; I4 no answer is
another model's or an unflagged copy; I5 calls that were paid are accounted for; I6 an outage is never scored.
"""

from __future__ import annotations

from dataclasses import dataclass

from causal_eval.errors import OperationFailed
from causal_eval.operations.drills.ground import Ground
from causal_eval.operations.drills.provider import Books

_LASTING = (
    "scope",
    "score",
    "low",
    "high",
    "units",
    "strict",
    "unparsed",
    "abstained",
    "missing",
    "ungraded",
    "cached",
)
"""Of a score: what the same answers to the same questions give, whenever they came."""


@dataclass(frozen=True, slots=True)
class Undisturbed:
    """What an evaluation gives to which nothing happened."""

    scores: tuple[tuple[object, ...], ...]
    served: tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Bound:
    """What may be lacking of calls."""

    before: Books
    """What the model API had received when the evaluation was ordered."""
    unused: int
    """Replies that may be paid for and lost."""
    exact: bool
    """Every call arrives: those that were received are those that are accounted for, but for as many."""


@dataclass(frozen=True, slots=True)
class Found:
    """After a drill."""

    problems: tuple[str, ...]
    unused: int
    """Replies that were paid for, and of which no result came."""


def undisturbed(ground: Ground, evaluation: str) -> Undisturbed:
    """What *evaluation*, which is over, gave."""
    return Undisturbed(_scores(ground, evaluation), tuple(served for served, *_ in _served(ground, evaluation)))


def found_after(ground: Ground, evaluation: str, *, wanted: Undisturbed, bound: Bound) -> Found:
    """What does not hold of *evaluation*, and of everything."""
    problems = [
        *_ends(ground, evaluation),
        *_answers(ground, evaluation, wanted=wanted),
        *_aggregates(ground, evaluation, wanted=wanted),
    ]
    books = ground.api.books()
    paid, calls = books.paid - bound.before.paid, books.calls - bound.before.calls
    kept, counted = _counted(ground, evaluation)
    if not 0 <= paid - kept <= bound.unused:
        problems.append(f"I5: {paid} replies were paid for and {kept} results came of them: {bound.unused} may be lost")
    if bound.exact and not 0 <= calls - counted <= bound.unused:
        problems.append(f"I5: {calls} calls were made and {counted} are accounted for: {bound.unused} may be lost")
    return Found(tuple(problems), paid - kept)


def _ends(ground: Ground, evaluation: str) -> list[str]:
    """I1 and I2."""
    told = ground.ask("GET", f"/api/v1/evaluations/{evaluation}").body
    counts = told.get("progress", {})
    problems = []
    if told.get("status") != "done" or counts.get("kept") != counts.get("wanted"):
        problems.append(f"I1: not every question has its outcome: {told.get('status')}, {counts}")
    open_ones = ground.rows("SELECT id, status FROM shards WHERE evaluation_id = %s AND status <> 'done'", evaluation)
    if open_ones:
        problems.append(f"I1: shards that did not end: {open_ones}")
    doubled = ground.rows(
        "SELECT a.id FROM attempts a LEFT JOIN verdicts v ON v.attempt_id = a.id WHERE a.evaluation_id = %s "
        "GROUP BY a.id HAVING count(v.id) <> 1", evaluation,
    )  # fmt: skip
    if doubled:
        problems.append(f"I2: {len(doubled)} results do not count once")
    return problems


def _answers(ground: Ground, evaluation: str, *, wanted: Undisturbed) -> list[str]:
    """I4 and I6."""
    problems = []
    found = _served(ground, evaluation)
    if tuple(served for served, *_ in found) != wanted.served or any(cached for _, cached, _ in found):
        problems.append(f"I4: answers come from elsewhere: {found}")
    if any(kind != "reply" for _, _, kind in found):
        problems.append(f"I6: what is no answer was judged: {found}")
    failed = ground.rows("SELECT count(*) FROM failures WHERE evaluation_id = %s", evaluation)
    if failed and failed[0][0] and not _tried_again(ground, evaluation):
        problems.append(f"I6: {failed[0][0]} calls that failed for good")
    return problems


def _aggregates(ground: Ground, evaluation: str, *, wanted: Undisturbed) -> list[str]:
    """I3, and I6 once more: answers of the same model to the same questions give the same scores."""
    problems = []
    if (scores := _scores(ground, evaluation)) != wanted.scores:
        differ = [(one, other) for one, other in zip(scores, wanted.scores, strict=False) if one != other]
        problems.append(f"I3: {len(scores)} scores, in place of {len(wanted.scores)} undisturbed; {differ[:1]}")
    try:
        ground.command("invariants")
    except OperationFailed as error:
        problems.append(f"I2, I3: {error}")
    return problems


def _tried_again(ground: Ground, evaluation: str) -> bool:
    """Whether every question whose call failed has an answer now."""
    return not ground.rows(
        "SELECT f.question FROM failures f WHERE f.evaluation_id = %s AND NOT EXISTS (SELECT 1 FROM attempts a WHERE "
        "a.evaluation_id = f.evaluation_id AND a.question = f.question AND a.sample = f.sample)", evaluation,
    )  # fmt: skip


def _scores(ground: Ground, evaluation: str) -> tuple[tuple[object, ...], ...]:
    items = ground.ask("GET", f"/api/v1/evaluations/{evaluation}/scores").body.get("items", [])
    return tuple(tuple(item[name] for name in _LASTING) for item in items)


def _served(ground: Ground, evaluation: str) -> list[tuple[object, ...]]:
    return ground.rows(
        "SELECT served, source IS NOT NULL OR asked_at IS NOT NULL, kind FROM attempts WHERE evaluation_id = %s "
        "GROUP BY 1, 2, 3 ORDER BY 1, 2, 3", evaluation,
    )  # fmt: skip


def _counted(ground: Ground, evaluation: str) -> tuple[int, int]:
    """Results, and the calls that stand beside them and beside failures."""
    found = ground.rows(
        "SELECT (SELECT count(*) FROM attempts WHERE evaluation_id = %s), "
        "(SELECT coalesce(sum(calls), 0) FROM attempts WHERE evaluation_id = %s) "
        "+ (SELECT coalesce(sum(calls), 0) FROM failures WHERE evaluation_id = %s)", evaluation, evaluation, evaluation,
    )  # fmt: skip
    kept, counted = found[0]
    return int(str(kept)), int(str(counted))
