"""Reports: ordered by whoever may see the evaluations, written by a worker, and read as a page or as JSON."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from causal_eval.analysis.reports.html import render
from causal_eval.analysis.reports.lines import difference_line, score_line
from causal_eval.errors import CausalEvalError, Conflict, StoreError, UnknownName, UsageError
from causal_eval.providers.prices import read_prices
from causal_eval.service import jobs
from causal_eval.service.access import Permission, require
from causal_eval.service.audit import Deed, record
from causal_eval.service.readonly import is_read_only
from causal_eval.service.reporting import Gathered, gather, report_data
from causal_eval.service.splits import check_open
from causal_eval.service.whole import whole_data
from causal_eval.service.wiring import Service, Visit
from causal_eval.store import reports as kept
from causal_eval.store.evaluations import Evaluation, find_evaluation
from causal_eval.store.reports import OPEN, Report, Written

MOST_EVALUATIONS = 8
LARGEST_REPORTED = 100_000
"""Outcomes of all its evaluations: a worker computes for about half a minute."""
LARGEST_BROWSED = 5_000
"""Outcomes of which every question stands in the page; larger reports show examples."""
MOST_OPEN = 20
"""Reports of a project that wait at once."""
CLAIM_SECONDS = 300.0
"""After which a worker that has not ended a report is taken for dead."""
MOST_TRIES = 3
KEPT_SECONDS = 30 * 86_400.0
PAGE = 100


def order(visit: Visit, evaluations: Sequence[str]) -> Report:
    """Put down that a report about *evaluations* is to be written, as their rows are by then.

    Raises:
        UnknownName: the caller may not see one of them.
        UsageError, Conflict: no report can be written about them; the message says why.
    """
    found = [jobs.find(visit, name) for name in dict.fromkeys(evaluations)]
    project, service = together(found), visit.service
    require(visit.caller, Permission.EVALUATE, project=project)
    now = service.clock()
    names = tuple(one.evaluation.id for one in found)
    made = Report(service.token(), project, OPEN, visit.caller.actor, now, None, "", names)
    with service.store.writing() as connection:
        for name in names:
            check_open(connection, name)
        if kept.count_open(connection, project) >= MOST_OPEN:
            raise Conflict(f"project {project} has {MOST_OPEN} reports that wait: ask again when they are written")
        kept.insert_report(connection, made)
        record(connection, visit, deed=Deed("report.create", made.id, project), detail={"evaluations": list(names)})
    return made


def listed(
    visit: Visit, *, project: str | None = None, before: tuple[float, str] | None = None, limit: int = PAGE
) -> list[Report]:
    """The newest reports of *project*, or of all projects that the caller enters, newest first."""
    require(visit.caller, Permission.READ, project=project)
    projects = visit.caller.projects if project is None else frozenset({project})
    with visit.service.store.reading() as connection:
        return kept.list_reports(connection, projects, before=before, limit=min(limit, PAGE))


def find(visit: Visit, report: str) -> Report:
    """The report with that id.

    Raises:
        UnknownName: there is none, it is another project's, or an evaluation of it was deleted.
    """
    require(visit.caller, Permission.READ)
    with visit.service.store.reading() as connection:
        found = kept.list_reports(connection, visit.caller.projects, report=report)
    if not found:
        raise UnknownName("report", report, ())
    return found[0]


def texts(visit: Visit, report: str) -> Written:
    """Its page and its JSON.

    Raises:
        Conflict: it is not written yet, or could not be.
    """
    found = find(visit, report)
    with visit.service.store.reading() as connection:
        written = kept.read_texts(connection, found.id)
    if written is None:
        why = f"could not be written: {found.note}" if found.note else "is not written yet: ask for its status"
        raise Conflict(f"report {found.id} {why}")
    return written


def settle(service: Service) -> bool:
    """Write the oldest report that waits; False: none does, or it only reads now. What is too old is deleted, too.

    Raises:
        StoreError: the database is away; the report is taken up again later.
    """
    now = service.clock()
    with service.store.reading() as connection:
        report = None if is_read_only(connection) else kept.next_open(connection, stale=now - CLAIM_SECONDS)
    if report is None:
        return False
    with service.store.writing() as connection:
        kept.purge(connection, before=now - KEPT_SECONDS)
        tries = kept.claim(connection, report, stale=now - CLAIM_SECONDS, at=now)
    if tries:
        _end(service, report, tries=tries)
    return True


def _end(service: Service, report: str, *, tries: int) -> None:
    note, written = "", None
    if tries > MOST_TRIES:  # whoever took it up before could not say why
        note = f"{MOST_TRIES} tries ended in a fault of this program: an operator finds it in the log of a worker"
    else:
        try:
            written = _written(service, report)
        except StoreError:
            raise
        except CausalEvalError as error:
            note = str(error)
    with service.store.writing() as connection:
        kept.end(connection, report, at=service.clock(), texts=written, note=note)


def _written(service: Service, report: str) -> Written:
    with service.store.reading() as connection:
        (found,) = kept.list_reports(connection, None, report=report)
    evaluations = [find_evaluation(service.store, name) for name in found.evaluations]
    gathered = gather(service.store, evaluations, prices=read_prices(service.settings.prices))
    is_small = sum(map(outcomes, evaluations)) <= LARGEST_BROWSED
    data = whole_data(service.store, gathered) if is_small else report_data(service.store, gathered)
    return Written(render(data), _document(gathered))


def _document(found: Gathered) -> str:
    rows = [{"answerer": row.answerer, **score_line(row)} for row in found.rows]
    document = {
        "question_set": {"hash": found.question_set.hash, "name": found.question_set.name},
        "evaluations": [{"id": one.id, "answerer": one.spec.answerer} for one in found.evaluations],
        "scores": rows,
        "comparisons": [difference_line(one) for one in found.comparisons],
        "prices": found.priced_by,
    }
    return msgspec.json.encode(document).decode()


def together(found: Sequence[jobs.Ordered]) -> str:
    """The project of all; nothing but evaluations of one set and project are told of together.

    Raises:
        UsageError: they are no subject of one report; the message says why.
    """
    if not 1 <= len(found) <= MOST_EVALUATIONS:
        raise UsageError(f"evaluations has {len(found)}: name 1 to {MOST_EVALUATIONS}")
    first = found[0]
    for one in found:
        if one.evaluation.spec.question_set != first.evaluation.spec.question_set:
            raise UsageError(
                f"evaluations {first.evaluation.id} and {one.evaluation.id} ask different question sets: a report is "
                "about one"
            )
        if one.job.project != first.job.project:
            raise UsageError(
                f"evaluations are of {first.job.project} and {one.job.project}: a report is of one project"
            )
    names = [one.evaluation.spec.answerer for one in found]
    if twice := next((name for name in names if names.count(name) > 1), ""):
        raise UsageError(f"evaluations has {twice} twice: a report tells answerers apart by their names, so name one")
    size = sum(outcomes(one.evaluation) for one in found)
    if size > LARGEST_REPORTED:
        raise UsageError(
            f"evaluations have {size} outcomes: a report here has at most {LARGEST_REPORTED}; ask for fewer"
        )
    return first.job.project


def outcomes(evaluation: Evaluation) -> int:
    """How many answers it asks for."""
    return evaluation.planned * evaluation.spec.epochs
