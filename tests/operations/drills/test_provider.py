"""The model API of drills counts what it received and what was paid for, over all its lives."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests import servers, stacks

from causal_eval.operations.drills.asking import Answer, Question, Visitors, ask, ask_all
from causal_eval.operations.drills.provider import Books, Provider

PROGRAM = (stacks.COMMAND,)
CALL = Question("POST", "/v1/chat/completions", {"model": "m", "messages": [{"role": "user", "content": "?"}]})


@pytest.fixture
def api(tmp_path: Path) -> Iterator[Provider]:
    """One that runs."""
    made = Provider(servers.free_port(), tmp_path, command=PROGRAM, environment={})
    made.weather(latency=0.0)
    yield made
    made.end()


@pytest.mark.slow
def test_books_go_on_through_every_weather(api: Provider) -> None:
    """Well, failing and demanding another key: all calls stand in the books, paid are those with a reply."""
    assert api.books() == Books(0, 0)
    assert [answer.status for answer in ask_all(api.port, [CALL] * 3, at_once=2, seconds=10.0)] == [200] * 3
    api.weather("server-error", latency=0.0)
    assert ask(api.port, CALL).status == 500
    api.key = "sk-another"
    api.weather(latency=0.0)
    assert ask(api.port, CALL).status == 401
    assert api.books() == Books(5, 3)
    api.end()
    assert ask(api.port, CALL) == Answer(0, {})


@pytest.mark.slow
def test_nobody_is_turned_away_while_the_weather_changes(api: Provider) -> None:
    """A start takes seconds: who calls meanwhile is answered as before, so that no change is an outage of its own."""
    answers: list[Answer] = []
    with Visitors(api.port, Question("GET", "/v1/models"), tell=answers.append):
        api.weather("server-error", latency=0.0)
    refused = [answer for answer in answers if not answer.is_good]
    assert len(answers) > 3
    assert len(refused) <= 1  # whoever was being answered by the one that ended
    assert ask(api.port, CALL).status == 500


@pytest.mark.slow
def test_visitors_ask_until_they_leave(api: Provider) -> None:
    """Whoever is refused meanwhile is told."""
    answers: list[Answer] = []
    with Visitors(api.port, Question("GET", "/v1/models"), tell=answers.append):
        while len(answers) < 3:
            pass
    assert all(answer.is_good for answer in answers)
