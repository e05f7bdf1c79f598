"""A model that is measured again and again: its runs found, and what they show together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from causal_eval.analysis.trends.measurement import Measurement, scored
from causal_eval.analysis.trends.trend import Trend, trend
from causal_eval.errors import UnknownName
from causal_eval.service.access import Permission, require
from causal_eval.service.wiring import Visit
from causal_eval.store.database import Store
from causal_eval.store.evaluations import Evaluation
from causal_eval.store.measured import fingerprints, runs_of, served
from causal_eval.store.observations import answers_seen
from causal_eval.store.suites import load_set

MOST = 60
"""Runs of a trend; the newest are looked at."""


def trended(visit: Visit, answerer: str, *, suite: str = "") -> Trend:
    """What the runs of *answerer* that the caller may see show, those over *suite* (empty: that of the newest).

    Raises:
        UnknownName, UsageError: there are no such runs, or too few.
    """
    require(visit.caller, Permission.READ)
    return trend_of(visit.service.store, answerer, suite=suite, projects=visit.caller.projects)


def trend_of(store: Store, answerer: str, *, suite: str, projects: frozenset[str] | None) -> Trend:
    """The same for whoever may see *projects*; runs that were asked in another way than the newest are left out."""
    with store.reading() as connection:
        found = runs_of(connection, answerer, projects=projects, limit=MOST)
    # when a run under a rule ended depends on what it found
    found = [one for one in found if not one.stop_rule and suite in ("", suite_of(store, one))]
    if not found:
        raise UnknownName("finished run of", answerer, ())
    way = _way(found[0])
    suite = suite_of(store, found[0])
    return measured(store, [one for one in found if _way(one) == way and suite_of(store, one) == suite])


def measured(store: Store, runs: Sequence[Evaluation]) -> Trend:
    """What *runs* show."""
    return trend([_measurement(store, one) for one in runs])


def suite_of(store: Store, run: Evaluation) -> str:
    """What its questions were made by: the suite of fresh ones, the name of a file."""
    return load_set(store, run.spec.question_set).name.partition("/")[0]


def _way(run: Evaluation) -> object:
    return replace(run.spec, question_set="", seed="", limit=None, label="")


def _measurement(store: Store, run: Evaluation) -> Measurement:
    score, means, answers = scored(answers_seen(store, run))
    with store.reading() as connection:
        by, marks = served(connection, run.id), fingerprints(connection, run.id)
    at, of = run.created_at.timestamp(), suite_of(store, run)
    return Measurement(run.id, run.spec.answerer, at, run.spec.question_set, of, score, means, answers, by, marks)
