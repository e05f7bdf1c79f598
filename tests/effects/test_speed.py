"""Marking is by an index: its time is that of what overlaps, however many results there are."""

from __future__ import annotations

import sys
import time

import pytest
from sqlalchemy import text
from tests.effects.calls import NOW, Call, evaluated
from tests.effects.conftest import Make

from causal_eval.effects import marking, mirror, touches
from causal_eval.effects.moments import stamp
from causal_eval.store.database import Store

COUNT = 2_000_000
PER_SECOND = 200
"""Calls that began in each second."""
_COPIES = """
    WITH RECURSIVE counted(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counted WHERE n < :count)
    INSERT INTO attempts (evaluation_id, question, answerer, sample, kind, text, reasoning, finish, served, latency_ms,
                          calls, started_at, content_hash)
    SELECT evaluation_id, question, answerer, n, kind, text, reasoning, finish, served, latency_ms, calls,
           {moment}, content_hash
    FROM attempts, counted
"""
_MOMENTS = {
    "sqlite": "strftime('%Y-%m-%dT%H:%M:%f+00:00', 1790000000 - 5000 + n / 200.0, 'unixepoch')",
    "postgresql": "to_char(to_timestamp(1790000000 - 5000 + n / 200.0) AT TIME ZONE 'UTC', "
    '\'YYYY-MM-DD"T"HH24:MI:SS.MS"+00:00"\')',
}


@pytest.mark.slow
@pytest.mark.full
@pytest.mark.timeout(900)
def test_two_million_results(store: Store, told: Make) -> None:
    """A minute in which 12,000 of them began is marked within 10 s, and again, when all marks are there, too."""
    run = evaluated(store, [Call(0, -6000.0)])
    with store.writing() as connection:
        moment = _MOMENTS[store.engine.dialect.name]
        connection.execute(text(_COPIES.format(moment=moment)), {"count": COUNT})
        connection.execute(text("ANALYZE"))
    one = told("INC-1", component="model_api:openai", family="failing", mitigated_at=NOW + 60)
    with store.writing() as connection:
        mirror.keep(connection, [one], at=NOW)
    for _ in range(2):
        began = time.perf_counter()
        assert marking.mark(store, one, at=NOW) == pytest.approx(PER_SECOND * 61, abs=PER_SECOND)
        took = time.perf_counter() - began
        sys.stderr.write(f"{store.engine.dialect.name}: {took:.2f} s from {stamp(NOW)} on\n")
        assert took < 10.0
    with store.reading() as connection:
        (touch,) = touches.of_incident(connection, "INC-1")
    assert touch.evaluation == run.id
    assert touch.kept == pytest.approx(PER_SECOND * 61, abs=PER_SECOND)
