"""Charts of stored runs show what the tables say, and refuse what these runs do not allow with the reason."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from tests.acceptance.terminal import Terminal

from causal_eval.analysis.numbers import hundredths
from causal_eval.errors import UnknownName, UsageError
from causal_eval.providers.prices import Prices
from causal_eval.scoring.verdict import Mark
from causal_eval.service.calibrating import calibration_of
from causal_eval.service.comparing import versus
from causal_eval.service.pictures import CHARTS, Subject, chart_of
from causal_eval.service.reporting import scores_by
from causal_eval.service.whole import whole_report
from causal_eval.store.database import Store, open_store
from causal_eval.store.evaluations import Evaluation, begin, list_evaluations


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """The database of ``causal-eval demo --n 60 --confidence``."""
    home = tmp_path_factory.mktemp("pictures")
    assert Terminal(home).run("demo", "--n", "60", "--confidence").returncode == 0
    opened = open_store(f"sqlite:///{home / 'data' / 'causal-eval.db'}")
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def both(store: Store) -> list[Evaluation]:
    """The careful one first."""
    return sorted((one.evaluation for one in list_evaluations(store)), key=lambda one: one.spec.answerer)


def test_every_chart_has_data(store: Store, both: list[Evaluation]) -> None:
    """All show rows of both runs (the profile of one)."""
    for name in CHARTS:
        chart = chart_of(name, Subject(store, both[:1] if name == "profile" else both))
        assert chart.name == name
        assert chart.numbers.rows
        if name not in ("profile", "differences"):
            said = {cell for row in chart.numbers.rows for cell in row}
            assert {"demo/careful", "demo/hasty"} <= said, name


def test_a_forest_says_what_the_table_says(store: Store, both: list[Evaluation]) -> None:
    """Overall first, then every rung, with the score of the table."""
    table = scores_by(store, both[0], by="rung")
    rows = chart_of("forest", Subject(store, both[:1])).numbers.rows
    assert [row[0] for row in rows] == ["overall", "rung 1", "rung 2", "rung 3"]
    assert [row[2] for row in rows] == [hundredths(one.score.estimate) for one in (table.overall, *table.parts)]


def test_a_calibration_is_that_of_the_statement(store: Store, both: list[Evaluation]) -> None:
    """A row for each bin, with the share right; a run that was not asked how sure it is has none, and the reason."""
    found = calibration_of(store, both[0])
    rows = chart_of("calibration", Subject(store, both[:1])).numbers.rows
    assert [row[2] for row in rows] == [hundredths(one.right.estimate) for one in found.bins]
    assert sum(int(row[4]) for row in rows) == found.counts.stated == 60
    silent = begin(store, replace(both[0].spec, elicitation="direct@1"))
    with pytest.raises(UsageError, match="ask with --elicitation confidence"):
        chart_of("calibration", Subject(store, [silent]))


def test_differences_are_those_of_the_comparison(store: Store, both: list[Evaluation]) -> None:
    """The first row is the overall difference; families come with --by family alone; one run is no comparison."""
    (found,) = versus(store, both).comparisons
    few = chart_of("differences", Subject(store, both)).numbers.rows
    many = chart_of("differences", Subject(store, both, "family")).numbers.rows
    assert few[0][2] == hundredths(found.difference.estimate, signed=True)
    assert len(many) == 1 + len(found.scopes) > len(few)
    with pytest.raises(UsageError, match="name another"):
        chart_of("differences", Subject(store, both[:1]))


def test_what_cannot_be_drawn_is_refused(store: Store, both: list[Evaluation]) -> None:
    """An unknown chart or trait names those that exist; a profile is of one run; two regimes are no radar."""
    with pytest.raises(UnknownName, match="forest"):
        chart_of("forrest", Subject(store, both))
    with pytest.raises(UnknownName, match="family"):
        chart_of("forest", Subject(store, both, "colour"))
    with pytest.raises(UsageError, match="one run"):
        chart_of("profile", Subject(store, both))


def test_a_whole_report_has_every_question(store: Store, both: list[Evaluation]) -> None:
    """Each question with what both gave; a summary has none; a run given twice is refused."""
    data = whole_report(store, both, prices=Prices(), summary=False)
    assert len(data.questions) == 60
    assert {tuple(one.answerer for one in card.given) for card in data.questions} == {("demo/careful", "demo/hasty")}
    right = sum(card.given[0].mark is Mark.CORRECT for card in data.questions)
    assert right == data.profile.answerers[0].overall.outcomes.marks[Mark.CORRECT]
    assert all(not one.mistakes for card in data.questions for one in card.given if one.mark is Mark.CORRECT)
    assert whole_report(store, both, prices=Prices(), summary=True).questions == ()
    with pytest.raises(UsageError, match="tells answerers apart"):
        whole_report(store, [both[0], both[0]], prices=Prices(), summary=True)
