"""Pages that tell whether questions were known before they were asked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from tests.answered import answered
from tests.asked import asked

from causal_eval.evaluation.spec import RunSpec
from causal_eval.questions.commitment import committed
from causal_eval.questions.file import SetHash
from causal_eval.questions.generate import Plan, generate
from causal_eval.questions.question import canonical
from causal_eval.service.wiring import Service
from causal_eval.store.evaluations import Evaluation
from causal_eval.store.suites import keep_set

Make = Callable[..., Any]
SECRET = "a-secret-of-two-dozen-bytes"


def _ran(service: Service, name: str, right: str) -> Evaluation:
    kept = keep_set(service.store, (asked(f"{name}-{n}", cluster=f"{name}-{n}") for n in range(40)), name=name)
    return answered(service.store, RunSpec("openai/m", kept.digest), answer=lambda _: f"ANSWER: {right}")


@pytest.mark.parametrize(
    ("language", "said"),
    [("en", "published questions are answered better"), ("de", "Veröffentlichte Fragen werden besser beantwortet")],
)
def test_a_memorisation_gap_is_shown(language: str, said: str, visitor: Make, service: Service) -> None:
    """Finding, gap and both scores in the language; from an evaluation's page it is one step."""
    old, new = _ran(service, "old", "yes"), _ran(service, "new", "no")
    browser = visitor("viewer")
    browser.cookies.set("ceb_language", language)
    page = browser.get(f"/memorisation?published={old.id}&fresh={new.id}").text
    assert said in page
    assert page.count("<tr") == 3
    assert f'href="/memorisation?fresh={new.id}"' in browser.get(f"/evaluations/{new.id}").text


def test_what_tells_no_gap_is_said(visitor: Make, service: Service) -> None:
    """One evaluation twice; another project's are not there."""
    one = _ran(service, "old", "yes")
    wrong = visitor("viewer").get(f"/memorisation?published={one.id}&fresh={one.id}")
    assert (wrong.status_code, "asked the same set" in wrong.text) == (422, True)
    assert visitor("stranger").get(f"/memorisation?published={one.id}&fresh={one.id}").status_code == 404


@pytest.mark.parametrize(
    ("language", "said"), [("en", "No difference is shown"), ("de", "Kein Unterschied nachgewiesen")]
)
def test_two_sets_are_compared(language: str, said: str, visitor: Make, service: Service) -> None:
    """Every feature by its name; the page of a set leads there; one against itself is refused."""
    one, other = (keep_set(service.store, generate(Plan(12, seed, families=("effect",))), name=seed) for seed in "ab")
    browser = visitor("viewer")
    browser.cookies.set("ceb_language", language)
    page = browser.get(f"/sets/compare?one={one.digest}&other={other.hash}").text
    assert said in page
    assert page.count('<th scope="row">') == 11
    assert f'href="/sets/compare?one={one.digest}"' in browser.get(f"/sets/{one.digest}").text
    assert browser.get(f"/sets/compare?one={one.digest}&other={one.digest}").status_code == 422
    assert visitor("stranger").get(f"/sets/compare?one={one.digest}&other={other.digest}").status_code == 404


@pytest.mark.parametrize(
    ("language", "proven", "not_met"),
    [("en", "Proven", "another secret or another plan"), ("de", "Bewiesen", "einem anderen Geheimnis")],
)
def test_a_commitment_is_revealed(language: str, proven: str, not_met: str, visitor: Make) -> None:
    """Proven or what differs, in the language; the secret stands neither on the page nor in its address."""
    plan, digest = Plan(4, "1", families=("effect",), secret=SECRET.encode()), SetHash()
    for question in generate(plan):
        digest.add(question)
    commitment = canonical(committed(plan, set_hash=digest.hexdigest())).decode()
    browser = visitor("viewer")
    browser.cookies.set("ceb_language", language)
    for secret, said in ((SECRET, proven), (SECRET[::-1], not_met)):
        answer = browser.submit("/reveal", commitment=commitment, secret=secret)
        assert (answer.status_code, str(answer.url.path), answer.url.query) == (200, "/reveal", b"")
        assert said in answer.text
        assert secret not in answer.text


@pytest.mark.parametrize(
    ("fields", "place"), [({"commitment": "{}"}, "commitment"), ({"commitment": "<b>"}, "commitment")]
)
def test_what_is_no_commitment_is_said_beside_its_field(fields: dict[str, str], place: str, visitor: Make) -> None:
    """The form comes back with the commitment and without the secret."""
    answer = visitor("viewer").submit("/reveal", secret=SECRET, **fields)
    assert (answer.status_code, f'id="e-{place}"' in answer.text) == (422, True)
    assert SECRET not in answer.text
