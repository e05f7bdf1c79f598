"""The page of providers: which keys are in trouble, how, and until when."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import insert

from causal_eval.service.wiring import Service
from causal_eval.store.key_states import KeyState
from causal_eval.store.moment import read_moment
from causal_eval.store.work_tables import key_states
from causal_eval.web.pages.providers import health

Make = Callable[..., Any]
NOW = 1_790_000_000.0


def state(key: str = "...1234", **changes: Any) -> KeyState:
    """A healthy key, but for *changes*."""
    usual = {"cooldown_until": None, "revoked_at": None, "breaker": "closed", "note": "", "updated_at": NOW}
    return KeyState("openai", key, **{**usual, **changes})


@pytest.mark.parametrize(
    ("changes", "how", "until"),
    [
        ({}, "closed", None),
        ({"revoked_at": NOW - 1, "cooldown_until": NOW + 9}, "refused", None),
        ({"breaker": "open", "breaker_until": NOW + 30}, "open", NOW + 30),
        ({"breaker": "open", "breaker_until": NOW - 30}, "half-open", None),
        ({"breaker": "half-open"}, "half-open", None),
        ({"cooldown_until": NOW + 60}, "cooling", NOW + 60),
        ({"cooldown_until": NOW - 60}, "closed", None),
    ],
)
def test_the_gravest_that_holds_is_said(changes: dict[str, Any], how: str, until: float | None) -> None:
    """Refused before broken before cooling; a time that has passed keeps nobody waiting."""
    found = health(state(**changes), NOW)
    assert (found.how, found.until) == (how, until)


def test_keys_in_trouble_stand_apart_with_what_was_said(visitor: Make, service: Service) -> None:
    """Without any the list is not there; another project's key is not shown to who does not enter it."""
    assert "Keys in trouble" not in visitor("viewer").get("/providers").text
    rows = [
        state("...1111", cooldown_until=NOW + 60, note="<b>429</b>"),
        state("...2222 of team", revoked_at=NOW, note="401"),
        state("...3333"),
    ]
    with service.store.writing() as connection:
        now = read_moment(connection)
        for row in rows:
            values = {name: getattr(row, name) for name in KeyState.__slots__}
            connection.execute(insert(key_states), {**values, "updated_at": now})
    page = visitor("viewer").get("/providers").text
    trouble = page[page.index("Keys in trouble") : page.index('id="catalog"')]
    assert ("cooling down" in trouble, "refused" in trouble, "...3333" in trouble) == (True, True, False)
    assert "&lt;b&gt;429&lt;/b&gt;" in trouble
    assert "...2222" not in visitor("stranger").get("/providers").text
