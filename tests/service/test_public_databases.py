"""Submissions, boards, webhooks and retention on each kind of database."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from causal_eval.questions.generate import generate
from causal_eval.questions.suite import suite
from causal_eval.scoring.format import example
from causal_eval.service import jobs, leaderboard, projects, retention, sealing, submissions, webhooks
from causal_eval.service.access import Caller, Role
from causal_eval.service.engine_memory import MemoryEngine
from causal_eval.service.sealing import Action
from causal_eval.service.submissions import Entrant
from causal_eval.service.vault import make_master
from causal_eval.service.webhooks import NewWebhook
from causal_eval.service.wiring import Service, Visit
from causal_eval.settings import read_settings
from causal_eval.store.database import open_store
from causal_eval.store.projects import Rules
from causal_eval.store.standings import BoardOf
from causal_eval.store.submissions import Tier
from causal_eval.store.webhooks import Delivery, due, insert_deliveries, unqueued

NOW = 1_790_000_000.0


@pytest.fixture
def admin(database_url: str, tmp_path: Path, caller: Callable[..., Caller]) -> Iterator[Visit]:
    """An admin at a service over an empty database."""
    make_master(tmp_path / "master")
    given = {"CEB_MASTER_KEY_FILE": str(tmp_path / "master"), "CEB_SIGNING_KEY_FILE": str(tmp_path / "signing.pem")}
    settings = read_settings(
        {"CEB_DATA_DIR": str(tmp_path), "HOME": str(tmp_path), "DATABASE_URL": database_url, **given}, cwd=tmp_path
    )
    tokens, store = itertools.count(1), open_store(settings.database_url)
    service = Service(store, settings, MemoryEngine(), lambda: NOW, lambda: f"{next(tokens):032x}")
    yield Visit(service, caller(Role.ADMIN))
    store.close()


@pytest.mark.slow
def test_results_stand_on_a_board_and_go_when_they_are_old(admin: Visit) -> None:
    """Entered, published, ranked; after its time what is published stays, and what is rejected is deleted."""
    questions = list(generate(suite("quick", "7")))
    names = []
    for right in (60, 30):
        answers = {
            one.id: f"ANSWER: {example(one.answer, one.gold)}" if number < right else "no idea"
            for number, one in enumerate(questions)
        }
        entered = submissions.reported(admin, Entrant(f"a/{right}", "quick"), seed="7", answers=answers)
        sealing.moderate(admin, entered.id, action=Action.PUBLISH, reason="checked")
        names.append(entered.id)
    board = BoardOf(Tier.SELF_REPORTED, "quick")
    found = leaderboard.board(admin, board).ranked
    assert [(one.line.submission, one.place.rank) for one in found] == [(names[0], 1), (names[1], 2)]
    sealing.moderate(admin, names[1], action=Action.REJECT, reason="no")
    projects.set_rules(admin, "local", rules=Rules(retention_days=5))
    later = replace(admin.service, clock=lambda: NOW + 10 * 86_400)
    assert retention.sweep(later) > 60
    assert retention.sweep(later) == 0
    assert [one.id for one in submissions.listed(admin)] == [names[0]]
    assert leaderboard.board(admin, board).total == 1


@pytest.mark.slow
def test_events_are_queued_once_for_a_webhook(admin: Visit) -> None:
    """With its secret, its address and what happened."""
    made = webhooks.add(admin, NewWebhook("https://example.org/in")).webhook
    sealed = submissions.verified(admin, Entrant("baseline/oracle", "quick"))
    assert sealed.evaluation_id is not None
    jobs.cancel(admin, sealed.evaluation_id)
    with admin.service.store.writing() as connection:
        fresh = unqueued(connection, made)
        insert_deliveries(connection, [Delivery(f"d{id_}", made.id, id_, "open", 0, NOW, NOW) for id_ in fresh])
        assert unqueued(connection, made) == []
        waiting = due(connection, now=NOW, limit=10)
    assert [one.event.kind for one in waiting] == ["created", "cancelled"]
    webhooks.remove(admin, made.id)
    assert webhooks.listed(admin, "local") == []
