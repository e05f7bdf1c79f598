"""Copies of incidents: as they were told last, there when the sentinel is not, and honest about their age."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select, update

from causal_eval.effects import mirror
from causal_eval.errors import UnknownName
from causal_eval.incidents.incident import Severity, State
from causal_eval.incidents.view import Told
from causal_eval.store.database import Store
from causal_eval.store.incident_tables import incidents

Make = Callable[..., Told]
NOW = 1_790_000_000.0


def test_a_copy_is_what_was_told(store: Store, told: Make) -> None:
    """Every field comes back, the newest first; the private ones only where they are asked for."""
    first, second = told("INC-1"), told("INC-2", private=True, opened_at=NOW + 5, title="<b>x</b> | y")
    with store.writing() as connection:
        assert mirror.keep(connection, [first, second], at=NOW) == (["INC-1", "INC-2"], [])
    with store.reading() as connection:
        assert mirror.listed(connection) == [second, first]
        assert mirror.listed(connection, private=False) == [first]
        assert mirror.listed(connection, limit=1) == [second]
        assert mirror.get(connection, "INC-2") == second
        with pytest.raises(UnknownName, match=r"INC-3.*INC-2"):
            mirror.get(connection, "INC-3")


def test_what_says_the_same_is_not_written_again(store: Store, told: Make) -> None:
    """Copying every few seconds leaves rows alone; what changed takes the place of what was there."""
    one = told("INC-1")
    for at, given, changed in (
        (NOW, one, ["INC-1"]),
        (NOW + 1, one, []),
        (NOW + 2, told("INC-1", state=State.RESOLVED, mitigated_at=NOW, resolved_at=NOW + 2), ["INC-1"]),
    ):
        with store.writing() as connection:
            assert mirror.keep(connection, [given], at=at).changed == changed
    with store.reading() as connection:
        assert connection.execute(select(incidents.c.copied_at, incidents.c.state)).all() == [(NOW + 2, "resolved")]


@pytest.mark.parametrize(
    ("change", "anew"),
    [
        ({"severity": Severity.P0, "title": "worse"}, False),
        ({"began_at": NOW - 60}, True),
        ({"component": "database"}, True),
        ({"mitigated_at": NOW + 60}, True),
    ],
    ids=["words", "earlier", "cause", "later"],
)
def test_results_are_marked_anew_where_its_reach_changed(
    store: Store, told: Make, change: dict[str, object], anew: bool
) -> None:
    """Another cause or time asks for new marks; other words do not."""
    with store.writing() as connection:
        mirror.keep(connection, [told("INC-1")], at=NOW)
        connection.execute(update(incidents).values(marked_at=NOW))
        mirror.keep(connection, [told("INC-1", **change)], at=NOW)
        assert connection.scalar(select(incidents.c.marked_at)) == (None if anew else NOW)


def test_age(store: Store) -> None:
    """Never asked, silent from the beginning, answered, and silent since: each is told apart."""
    with store.writing() as connection:
        assert mirror.freshness(connection) == mirror.NEVER
        assert mirror.freshness(connection).age(NOW) is None
        mirror.silent(connection, "no\nanswer " + "x" * 900, at=NOW)
        fresh = mirror.freshness(connection)
        assert (fresh.tried_at, fresh.answered_at, fresh.fault[:11]) == (NOW, None, "no answer x")
        assert len(fresh.fault) == 500
        mirror.answered(connection, cursor=7, at=NOW + 5)
        assert mirror.freshness(connection) == mirror.Copy(NOW + 5, NOW + 5, "", 7)
        mirror.silent(connection, "gone", at=NOW + 9)
        assert mirror.freshness(connection) == mirror.Copy(NOW + 9, NOW + 5, "gone", 7)
        assert mirror.freshness(connection).age(NOW + 15) == 10.0


def test_another_incident_of_the_same_number_is_refused(store: Store, told: Make) -> None:
    """A sentinel whose file was lost counts from 1 again: what is marked here belongs to the INC-1 of before."""
    with store.writing() as connection:
        mirror.keep(connection, [told("INC-1")], at=NOW)
        other = told("INC-1", opened_at=NOW + 900, title="another one")
        assert mirror.keep(connection, [other, told("INC-2")], at=NOW) == (["INC-2"], ["INC-1"])
        assert mirror.get(connection, "INC-1") == told("INC-1")
