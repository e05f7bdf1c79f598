"""Contamination over HTTP: the figures of the library, for whoever may see what they rest on."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from typing import cast

import pytest
from starlette.testclient import TestClient
from tests.answered import answered
from tests.asked import asked

from causal_eval.analysis.alike import alike
from causal_eval.evaluation.spec import RunSpec
from causal_eval.questions.commitment import committed
from causal_eval.questions.file import SetHash
from causal_eval.questions.generate import Plan, generate
from causal_eval.questions.question import GENERATOR, canonical
from causal_eval.service.contamination import gap_between
from causal_eval.service.wiring import Service
from causal_eval.store.evaluations import Evaluation
from causal_eval.store.suites import keep_set, set_questions

Client = Callable[..., TestClient]
PATH = "/api/v1"
JSON = {"Content-Type": "application/json"}
SECRET, OTHER = "a-secret-of-two-dozen-bytes", "another-secret-of-two-dozen-bytes"


@pytest.fixture
def ran(service: Service) -> Callable[..., Evaluation]:
    """Makes a run over 60 questions of that name, of which every so many are answered right."""

    def make(name: str, *, every: int, answerer: str = "openai/m") -> Evaluation:
        kept = keep_set(service.store, (asked(f"{name}-{n}", cluster=f"{name}-{n}") for n in range(60)), name=name)
        return answered(
            service.store, RunSpec(answerer, kept.digest),
            answer=lambda one: f"ANSWER: {'yes' if int(one.id.rpartition('-')[2]) % every == 0 else 'no'}",
        )  # fmt: skip

    return make


def test_the_memorisation_gap_is_the_librarys(client: Client, service: Service, ran: Callable[..., Evaluation]) -> None:
    """Both scores with what they rest on, the gap with its interval, and what that allows to say."""
    old, new = ran("old", every=1), ran("new", every=3)
    asking = {"published": old.id, "fresh": new.id}
    body = client("viewer").get(f"{PATH}/memorisation", params=asking).json()
    own = gap_between(service.store, old, new).gap
    assert (body["estimate"], body["low"], body["high"]) == (own.estimate, own.low, own.high)
    assert body["estimate"] == pytest.approx(2 / 3)
    assert (body["published"]["units"], body["fresh"]["clusters"]) == (60, 60)
    assert body["finding"] == "published questions are answered better"
    assert client("stranger").get(f"{PATH}/memorisation", params=asking).status_code == 404


def test_what_tells_no_gap_is_refused(client: Client, ran: Callable[..., Evaluation]) -> None:
    """The same set twice, and two answerers."""
    old, other = ran("old", every=1), ran("new", every=1, answerer="openai/other")
    for fresh, said in ((old, "asked the same set"), (other, "is of openai/m, not openai/other")):
        answer = client("viewer").get(f"{PATH}/memorisation", params={"published": old.id, "fresh": fresh.id})
        assert answer.status_code == 422
        assert said in answer.json()["detail"]


def test_two_sets_are_compared_as_the_command_does(client: Client, service: Service) -> None:
    """Every feature with its p, all together, and the verdict; the seed decides; a stranger learns nothing."""
    one, other, odd = (
        keep_set(service.store, generate(Plan(40, seed, families=(family,))), name=seed)
        for seed, family in (("a", "effect"), ("b", "effect"), ("c", "attribution"))
    )
    asking = client("evaluator")
    found = asking.get(f"{PATH}/set-comparisons", params={"one": one.hash, "other": other.digest, "seed": "7"}).json()
    own = alike(set_questions(service.store, one.digest), set_questions(service.store, other.digest), seed="7")
    assert found["features"] == {feature.feature: feature.p for feature in own.features}
    assert (found["p"], found["differ"], found["clusters"]) == (own.p, False, list(own.clusters))
    assert asking.get(f"{PATH}/set-comparisons", params={"one": one.hash, "other": odd.hash}).json()["differ"] is True
    assert client("stranger").get(f"{PATH}/set-comparisons", params={"one": one.hash, "other": odd.hash}).is_error


def test_sets_that_cannot_be_compared_are_refused(
    client: Client, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One and the same, and too large ones; the second with the command that does it."""
    one, other = (keep_set(service.store, generate(Plan(12, seed)), name=seed) for seed in "ab")
    asking = client("viewer")
    same = asking.get(f"{PATH}/set-comparisons", params={"one": one.hash, "other": one.hash})
    assert (same.status_code, "share none" in same.json()["detail"]) == (422, True)
    monkeypatch.setattr("causal_eval.service.contamination.LARGEST_ALIKE", 20)
    large = asking.get(f"{PATH}/set-comparisons", params={"one": one.hash, "other": other.hash})
    assert (large.status_code, "compare-sets" in large.json()["detail"]) == (422, True)


@pytest.fixture(scope="module")
def published() -> dict[str, object]:
    """The commitment to a set of six questions, as its file holds it."""
    plan, digest = Plan(6, "1", families=("effect",), secret=SECRET.encode()), SetHash()
    for question in generate(plan):
        digest.add(question)
    found: dict[str, object] = json.loads(canonical(committed(plan, set_hash=digest.hexdigest())))
    return found


def test_a_commitment_is_met_by_its_secret_alone(
    client: Client, service: Service, published: dict[str, object], caplog: pytest.LogCaptureFixture
) -> None:
    """Proven, or what differs: another secret, another set; the secret is in no answer, log or table, nor the other."""
    caplog.set_level(logging.DEBUG)
    asking = client("viewer")
    told = {"secret": SECRET + "\n", "commitment": published}
    other = {**told, "secret": OTHER}
    changed = {**told, "commitment": {**published, "set": "set-0000000000000000"}}
    met, not_met, moved = (asking.post(f"{PATH}/reveals", json=body) for body in (told, other, changed))
    assert (met.json()["proven"], met.json()["differs"], met.json()["set"]) == (True, "", published["set"])
    assert (not_met.json()["proven"], "another secret" in not_met.json()["differs"]) == (False, True)
    assert (moved.json()["proven"], str(published["set"]) in moved.json()["differs"]) == (False, True)
    with service.store.reading() as connection:
        database = "\n".join(connection.connection.iterdump())
    for secret in (SECRET, OTHER):
        assert secret not in met.text + not_met.text + moved.text + caplog.text + database


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"secret": "short"}, "the secret has 5 bytes"),
        ({"secret": ""}, "secret"),
        ({"commitment": {"plan": SECRET}}, "no commitment"),
        ({"commitment": {"generator": "\ud800"}}, "no commitment"),
        ({"commitment": {"x": "y" * 70_000}}, "more than 65536 bytes"),
        ({"generator": "0"}, "install the version"),
        ({"n": 1_001}, "`causal-eval reveal`"),
        ({"weights": {"real": 10**9}}, "weights of 0 to 1000"),
    ],
)
def test_what_cannot_be_revealed_is_refused(
    change: dict[str, object], said: str, client: Client, published: dict[str, object]
) -> None:
    """In words, without the secret in them; a plan too large for somebody who waits names the command."""
    of_plan = {name: value for name, value in change.items() if name in {"n", "weights"}}
    plan = {**cast("dict[str, object]", published["plan"]), **of_plan}
    body: dict[str, object] = {
        "secret": SECRET,
        "commitment": {**published, "plan": plan, "generator": change.get("generator", GENERATOR)},
    }
    body |= {name: value for name, value in change.items() if name in body}
    answer = client("viewer").post(f"{PATH}/reveals", content=json.dumps(body), headers=JSON)
    assert answer.status_code == 422
    assert said in answer.json()["detail"]
    assert SECRET not in answer.text
