"""Pages over a fresh service with accounts, evaluations of two projects, and replies that mean harm."""

from __future__ import annotations

import asyncio
import itertools
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient
from tests.sentinel.running import answering

from causal_eval.errors import NotLoggedIn
from causal_eval.evaluation.attempt import Attempt
from causal_eval.evaluation.ledger import Judged
from causal_eval.evaluation.spec import RunSpec
from causal_eval.providers.provider import Refusal, Reply
from causal_eval.questions.generate import Plan, generate
from causal_eval.questions.suite import suite
from causal_eval.scoring.format import example
from causal_eval.scoring.grade import judge
from causal_eval.service import sealing, submissions, webhooks
from causal_eval.service.access import Caller, Role
from causal_eval.service.engine_memory import MemoryEngine
from causal_eval.service.sealing import Action
from causal_eval.service.submissions import Entrant
from causal_eval.service.vault import make_master
from causal_eval.service.webhooks import NewWebhook
from causal_eval.service.wiring import Service, Visit
from causal_eval.settings import read_settings
from causal_eval.store.database import Store
from causal_eval.store.evaluations import LOCAL, Evaluation, Status, begin, end
from causal_eval.store.ledger import SqlLedger
from causal_eval.store.projects import insert_project
from causal_eval.store.suites import StoredSet, keep_set
from causal_eval.web.app import make_pages

HOSTILE = "<script>alert(1)</script> \u202eevil\x1b[31m \x00\n</pre><img src=x onerror=alert(1)>\nANSWER: no"
_CSRF = re.compile(r'name="csrf" value="([^"]+)"')


@dataclass(frozen=True, slots=True)
class Known:
    """Somebody with a session."""

    caller: Caller
    csrf: str


@dataclass(frozen=True, slots=True)
class Begun:
    """A session that has begun."""

    cookie: str
    expires_at: float


class People:
    """Knows everybody by a cookie that is called like the role; the password of all is ``right``."""

    def __init__(self) -> None:
        self.callers = {
            role.value: Caller(f"user:{role}", role.value, role, frozenset({LOCAL, "team"})) for role in Role
        }
        self.callers["stranger"] = Caller("user:stranger", "stranger", Role.EVALUATOR, frozenset({"theirs"}))

    def by_cookie(self, service: Service, cookie: str, *, address: str) -> Known:
        """The session of that cookie."""
        del service
        if cookie not in self.callers:
            raise NotLoggedIn("this session is over: log in again")
        return Known(replace(self.callers[cookie], address=address), f"token-of-{cookie}")

    def log_in(self, service: Service, email: str, *, password: str, address: str) -> Begun:
        """A session for who says ``right``."""
        del address
        if password != "right":
            raise NotLoggedIn("address and password do not belong together: check both")
        return Begun(email, service.clock() + 3600)

    def log_out(self, service: Service, cookie: str) -> None:
        """The cookie opens nothing any more."""
        del service
        self.callers.pop(cookie, None)


@pytest.fixture
def service(tmp_path: Path, fresh_store: Callable[..., Store]) -> Iterator[Service]:
    """A service with the projects ``local`` and ``team``."""
    make_master(tmp_path / "master")
    env = {"CEB_DATA_DIR": str(tmp_path), "HOME": str(tmp_path), "CEB_MASTER_KEY_FILE": str(tmp_path / "master")}
    settings = read_settings(env, cwd=tmp_path)
    tokens = itertools.count(1)
    store = fresh_store(settings.database_url)
    with store.writing() as connection:
        insert_project(connection, "team", name="Team", at=1.0)
    yield Service(store, settings, MemoryEngine(), lambda: 1_790_000_000.0, lambda: f"{next(tokens):032x}")
    store.close()


@pytest.fixture
def sentinel(tmp_path: Path) -> Iterator[str]:
    """The address of a sentinel that answers."""
    with answering(tmp_path) as address:
        yield address


@pytest.fixture
def question_set(service: Service) -> StoredSet:
    """A stored set of twelve questions with proof."""
    return keep_set(service.store, generate(Plan(12, "pages")), name="<b>twelve</b>")


@pytest.fixture
def run(service: Service, question_set: StoredSet) -> Callable[..., Evaluation]:
    """Makes a finished run: every third reply is hostile, one is a refusal, the rest is right."""

    def make(answerer: str = "openai/<i>m</i>", *, project: str = LOCAL) -> Evaluation:
        evaluation = begin(service.store, RunSpec(answerer, question_set.digest, label=project), project=project)
        asyncio.run(_answer(service, evaluation))
        end(service.store, evaluation.id, status=Status.COMPLETE)
        return evaluation

    return make


@pytest.fixture
def entered(service: Service, people: People) -> Callable[..., str]:
    """Enters and publishes a self-report with so many right answers; the submission."""

    def make(answerer: str = "good/<b>m</b>", right: int = 60, *, publish: bool = True, seed: str = "7") -> str:
        visit = Visit(service, people.callers["admin"])
        asked = generate(suite("quick", seed))
        answers = {
            one.id: f"ANSWER: {example(one.answer, one.gold)}" if number < right else HOSTILE
            for number, one in enumerate(asked)
        }
        entrant = Entrant(answerer, "quick", about={"licence": "<script>alert(2)</script>"}, size=7.5)
        one = submissions.reported(visit, entrant, seed=seed, answers=answers)
        if publish:
            sealing.moderate(visit, one.id, action=Action.PUBLISH, reason="<i>checked</i>")
        return one.id

    return make


@pytest.fixture
def hook(service: Service, people: People) -> str:
    """A webhook of the project ``team``."""
    visit = Visit(service, people.callers["admin"])
    return webhooks.add(visit, NewWebhook("https://example.org/<b>hook</b>", "team", ("done",))).webhook.id


async def _answer(service: Service, evaluation: Evaluation) -> None:
    async with SqlLedger(service.store, evaluation) as ledger:
        asks = [ask async for ask in ledger.missing()]
        for number, ask in enumerate(asks[:-1]):
            right = f"ANSWER: {ask.question.gold}" if isinstance(ask.question.gold, str) else "ANSWER: none"
            reply = Reply(HOSTILE if number % 3 == 0 else right, served="<u>served</u>")
            attempt = Attempt(ask, Refusal("<s>no</s>") if number == 1 else reply, "2026-11-25T00:00:00.000+00:00")
            [key] = await ledger.keep([attempt])
            assert key is not None
            verdict = judge(reply.text, "stop", question=ask.question)
            await ledger.judge([Judged(key, verdict)])


@pytest.fixture
def people() -> People:
    """Who has an account."""
    return People()


class Visitor(TestClient):
    """A browser without script."""

    def fill(self, path: str, fields: dict[str, str], *, on: str = "") -> tuple[int, str]:
        """Status and text after sending a form of the page at *on* (else *path*) and following where it leads."""
        found = _CSRF.search(self.get(on or path).text)
        assert found, f"no form at {on or path}"
        answer = self.post(path, data={"csrf": found[1], **fields})
        return answer.status_code, answer.text

    def submit(self, path: str, **fields: str) -> Any:
        """The page after sending those fields, with the token that all forms of this browser have."""
        found = _CSRF.search(self.get("/evaluations").text)
        assert found
        return self.post(path, data={"csrf": found[1], **fields})


@pytest.fixture
def visitor(service: Service, people: People) -> Callable[..., Visitor]:
    """Makes the browser of somebody by role, of a stranger, or of nobody."""

    def make(who: str = "", over: Service = service) -> Visitor:
        pages = make_pages(over, identify=people)
        cookies = {"ceb_session": who} if who else {}
        return Visitor(pages, cookies=cookies, raise_server_exceptions=False)

    return make
