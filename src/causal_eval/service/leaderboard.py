"""The leaderboard: ranks within one tier and suite, ties shown as ties; a badge and a file of one result.

Two results are told apart by the paired test where both were asked the very same questions, else only where their
intervals do not meet; tests and intervals are adjusted so that all that is said of a board holds at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from typing import NamedTuple

import msgspec

from causal_eval.errors import Conflict, UsageError
from causal_eval.service import sealing
from causal_eval.service.access import NOBODY, Permission, require
from causal_eval.service.incident_effects import Fallen, fallen
from causal_eval.service.placing import SECONDS, Place, Whole, placed
from causal_eval.service.signing import PublicKey, Signer
from causal_eval.service.wiring import Visit
from causal_eval.store import standings
from causal_eval.store.standings import BoardOf, Choice, Line
from causal_eval.store.submissions import Submission, Tier

PAGE = 100
DATASET = "causal-eval-bench"
WHOLE = "overall"
"""The scope that paired tests are about."""
_TOLD = {
    Tier.VERIFIED: "verified",
    Tier.SELF_REPORTED: "self-reported",
}
_LOW, _HIGH = 0.35, 0.65


class Ranked(NamedTuple):
    """A result with its place."""

    place: Place
    line: Line


@dataclass(frozen=True, slots=True)
class Board:
    """A page of a leaderboard, the best first."""

    of: BoardOf
    total: int
    start: int
    ranked: tuple[Ranked, ...]
    fallen: Mapping[str, tuple[Fallen, ...]]
    """Evaluation -> incidents that its results fall into; its score and place are what they were."""


def board(visit: Visit, wanted: BoardOf, *, start: int = 0, limit: int = PAGE) -> Board:
    """Results of *wanted* from place *start* on.

    Raises:
        NotLoggedIn: nobody asks, and the leaderboard is not public.
        UnknownName: the project is none of the caller's.
    """
    _may_read(visit, wanted.project)
    now, stop = visit.service.clock(), start + min(limit, PAGE)
    with visit.service.store.reading() as connection:
        version = standings.version(connection)
        whole = visit.service.boards.find(wanted, version=version, now=now)
        if whole is None:
            points = standings.points(connection, wanted)
            whole = Whole(points, placed(points, paired=wanted.scope == WHOLE), version, now + SECONDS)
            visit.service.boards.keep(wanted, whole)
        shown = list(zip(whole.points[start:stop], whole.places[start:stop], strict=True))
        lines = standings.lines(connection, [point.submission for point, _ in shown], scope=wanted.scope)
        touched = fallen(connection, visit.caller, evaluations=[one.evaluation_id for one in lines.values()])
    ranked = [Ranked(place, lines[point.submission]) for point, place in shown if point.submission in lines]
    return Board(wanted, len(whole.points), start, tuple(ranked), touched)


def choices(visit: Visit, project: str | None = None) -> list[Choice]:
    """Tiers and suites that something stands on, of *project* or (None) for everybody."""
    _may_read(visit, project)
    with visit.service.store.reading() as connection:
        return standings.choices(connection, project)


def scopes(visit: Visit, wanted: BoardOf) -> list[str]:
    """What the board can be narrowed to: rungs, families, domains."""
    _may_read(visit, wanted.project)
    with visit.service.store.reading() as connection:
        return standings.scopes(connection, wanted)


def public_key(visit: Visit) -> PublicKey:
    """What signatures are checked with.

    Raises:
        Conflict: the server has none.
    """
    _may_read(visit, None)
    try:
        return Signer(visit.service.settings).public
    except UsageError as error:
        raise Conflict(str(error)) from error


def badge(visit: Visit, submission: str) -> str:
    """An SVG picture of score and interval, which needs no font or file from elsewhere."""
    found, line = _result(visit, submission)
    low, high = line.low, line.high
    spread = "" if low is None or high is None else f" [{100 * low:.0f}, {100 * high:.0f}]"
    left, right = f"causal {found.suite} · {_TOLD[found.tier]}", f"{100 * line.score:.1f} %{spread}"
    return _picture(left, right, colour=_colour(line.score))


def exported(visit: Visit, submission: str) -> dict[str, object]:
    """The result as an entry of an ``.eval_results`` file: data set, task, value, date, and how far to trust it."""
    found, line = _result(visit, submission)
    stamp = datetime.fromtimestamp(line.scored_at, UTC)
    spread = (
        "no interval" if line.low is None or line.high is None else f"95% interval {line.low:.4f} to {line.high:.4f}"
    )
    notes = f"{_TOLD[found.tier]} submission {found.id} of {found.answerer}; {spread}; {line.missing} missing"
    with visit.service.store.reading() as connection:
        touched = fallen(connection, visit.caller, evaluations=[line.evaluation_id]).get(line.evaluation_id, ())
    notes += "".join(f"; {one}" for one in touched)
    return {
        "dataset": {"id": DATASET, "task_id": found.suite, "revision": found.set_digest},
        "value": line.score,
        "date": stamp.date().isoformat(),
        "notes": notes,
    }


def exported_yaml(visit: Visit, submission: str) -> str:
    """The same as YAML, a list of one entry: in flow style, which JSON is."""
    lines = (f"{name}: {msgspec.json.encode(value).decode()}" for name, value in exported(visit, submission).items())
    return "- " + "\n  ".join(lines) + "\n"


def _may_read(visit: Visit, project: str | None) -> None:
    if project is None and visit.caller.actor == NOBODY.actor and visit.service.now.public_leaderboard:
        return
    require(visit.caller, Permission.READ, project=project)


class _Result(NamedTuple):
    found: Submission
    line: Line


def _result(visit: Visit, submission: str) -> _Result:
    found = sealing.find(visit, submission)
    with visit.service.store.reading() as connection:
        lines = standings.lines(connection, [found.id], scope="overall")
    if found.id not in lines or found.scored_at is None:
        raise Conflict(f"submission {submission} is not scored yet: wait for its evaluation")
    return _Result(found, lines[found.id])


def _picture(left: str, right: str, *, colour: str) -> str:
    """Two boxes side by side, of widths that any sans-serif font fits."""
    widths = [round(10 + 6.6 * len(text)) for text in (left, right)]
    middles = [widths[0] / 2, widths[0] + widths[1] / 2]
    left, right = escape(left), escape(right)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{sum(widths)}" height="20" role="img"'
        f' aria-label="{left}: {right}"><title>{left}: {right}</title>'
        f'<rect width="{sum(widths)}" height="20" rx="3" fill="#404048"/>'
        f'<path d="M{widths[0]} 0h{widths[1] - 3}a3 3 0 0 1 3 3v14a3 3 0 0 1-3 3h-{widths[1] - 3}z" fill="{colour}"/>'
        '<g fill="#fff" font-family="Verdana,Geneva,DejaVu Sans,sans-serif" font-size="11" text-anchor="middle">'
        f'<text x="{middles[0]}" y="14" textLength="{widths[0] - 12}">{left}</text>'
        f'<text x="{middles[1]}" y="14" textLength="{widths[1] - 12}">{right}</text></g></svg>'
    )


def _colour(score: float) -> str:
    """White text on it has a contrast of at least 4.5."""
    if score < _LOW:
        return "#a8322d"
    return "#8a6100" if score < _HIGH else "#2b7a3d"
