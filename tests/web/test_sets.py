"""Question sets on pages: made at once or by a worker, with every choice of the command line, and checked."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

from causal_eval.questions.distinct import published
from causal_eval.questions.question import CANARY
from causal_eval.service import makings
from causal_eval.service.wiring import Service

Make = Callable[..., Any]
TOKEN = {"csrf": "token-of-evaluator"}
OWN = {**TOKEN, "what": "own", "n": "6", "seed": "3"}


@pytest.fixture
def work(service: Service) -> Callable[[], bool]:
    """A worker that carries out one making."""
    return lambda: makings.settle(service, worker="w", others=frozenset(), stop=lambda: False)


@pytest.mark.parametrize(
    ("fields", "shown"),
    [
        ({"family_effect": "on", "language": "de"}, "Wenn"),
        ({"trap_collider": "on"}, "selection"),
        ({"kinds": "simpson/size"}, "simpson"),
        ({"renderer_dialogue": "on", "family_attribution": "on"}, "attribution"),
        ({"regime_placeholder": "on", "low": "2", "high": "2"}, "difficulty 2"),
        ({"graph": "Z->X, Z->Y, X->Y", "split": "public"}, "placeholders"),
        ({"family_attribution": "on", "rephrased": "on"}, "attribution"),
    ],
    ids=["language", "trap", "kind", "renderer", "regime", "graph", "rephrased"],
)
def test_a_set_of_ones_own_is_made_and_shown(fields: dict[str, str], shown: str, visitor: Make) -> None:
    """A small one at once, whatever is chosen; its page shows the questions."""
    made = visitor("evaluator").post("/sets/new", data={**OWN, **fields}, follow_redirects=True)
    assert made.status_code == 200, made.text
    assert made.url.path.startswith("/sets/")
    if fields.get("regime_placeholder") or "graph" not in fields:
        assert shown in made.text
    assert f"/evaluations/new?questions={made.url.path.rpartition('/')[2]}" in made.text


@pytest.mark.parametrize(
    ("fields", "place", "said"),
    [
        ({"n": "x"}, "e-n", "give a whole number"),
        ({"n": ""}, "e-n", "n is empty"),
        ({"kinds": "effect/none"}, "e-kinds", "effect/none"),
        ({"graph": "X->Y, Y->X"}, "e-graph", "no causal order"),
        ({"low": "4", "high": "2"}, "e-low", "choose a range"),
        ({"n": "7", "rephrased": "on", "renderer_table": "on"}, "e-n", "multiple of 2"),
        ({"language": "fr", "family_bounds": "on"}, "", "English only"),
        ({"split": "rotating"}, "e-date", "a date (YYYY-MM-DD)"),
        ({"split": "private"}, "e-split", "CEB_SPLIT_SECRET_FILE"),
        ({"words_name": "tea", "words": "title = 1"}, "e-words", "words tea.toml"),
        ({"words": "title = 1"}, "e-words", "has no name"),
    ],
)
def test_what_cannot_be_is_said_beside_its_field(fields: dict[str, str], place: str, said: str, visitor: Make) -> None:
    """The form comes back with what was chosen, and nothing is made."""
    answer = visitor("evaluator").post("/sets/new", data={**OWN, **fields, "renderer_story": "on"})
    assert answer.status_code == 422
    assert said in answer.text
    assert f'id="{place}"' in answer.text or not place
    assert 'name="renderer_story" checked' in answer.text


def test_a_suite_is_made_by_a_worker_and_evaluated_when_it_is(
    visitor: Make, work: Callable[[], bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The order of a large suite is taken at once; its page says how far that is, then leads to the evaluation."""
    monkeypatch.setattr("causal_eval.service.questions.AT_ONCE", 10)
    browser = visitor("evaluator")
    order = {**TOKEN, "answerer": "baseline/oracle", "questions": "suite:quick", "seed": "9", "limit": "5"}
    waiting = browser.post("/evaluations/new", data=order, follow_redirects=True)
    assert waiting.url.path.startswith("/makings/")
    assert 'hx-trigger="every 2s"' in waiting.text
    assert "It waits for:" in waiting.text
    assert "quick/9" in browser.get("/sets").text.replace("<wbr>", "")
    assert "quick/9" in browser.get("/evaluations/new").text
    assert work()
    assert work()
    done = browser.get(waiting.url.path).text
    assert "/evaluations/ev-" in done
    assert "hx-get" not in done
    again = browser.post("/sets/new", data={**TOKEN, "what": "suite", "suite": "quick", "seed": "9"})
    assert again.url.path.startswith("/sets/")


def test_a_set_is_checked_on_its_page(visitor: Make, work: Callable[[], bool]) -> None:
    """Ordered by a button; then verdict, table, a page with pictures that runs nothing, and the data card."""
    browser = visitor("evaluator")
    made = browser.post("/sets/new", data={**OWN, "n": "12", "family_attribution": "on"})
    ordered = browser.post(f"{made.url.path}/check", data=TOKEN)
    assert ordered.url.path.startswith("/makings/")
    assert browser.get(f"{ordered.url.path}/check.html").status_code == 409
    assert work()
    page = browser.get(ordered.url.path).text
    assert "sound" in page
    assert "attribution" in page
    told = browser.get(f"{ordered.url.path}/check.html")
    assert "<svg" in told.text
    assert CANARY in told.text
    assert "sandbox" in told.headers["content-security-policy"]
    card = browser.get(f"{ordered.url.path}/card.md")
    assert card.text.startswith("# Data card")
    assert CANARY in card.text
    assert ordered.url.path in browser.get(made.url.path).text
    assert visitor("viewer").post(f"{made.url.path}/check", data={"csrf": "token-of-viewer"}).status_code == 403
    assert visitor("stranger").get(ordered.url.path).status_code == 404


def test_a_making_is_cancelled_on_its_page(visitor: Make, work: Callable[[], bool]) -> None:
    """By a button that whoever ordered it has, and a viewer has not; then nothing is left to do."""
    browser = visitor("evaluator")
    made = browser.post("/sets/new", data={**OWN, "n": "12", "family_attribution": "on"})
    at = browser.post(f"{made.url.path}/check", data=TOKEN).url.path
    assert f'action="{at}/cancel"' in browser.get(at).text
    assert f'action="{at}/cancel"' not in visitor("viewer").get(at).text
    cancelled = browser.post(f"{at}/cancel", data=TOKEN)
    assert (cancelled.url.path, "cancelled by user:evaluator" in cancelled.text) == (at, True)
    assert "/cancel" not in cancelled.text
    assert not work()


def test_a_set_is_kept_as_a_file_with_answers_apart(visitor: Make) -> None:
    """What may be published holds no answer, proof or step; the other file all of it, and each line the canary."""
    browser = visitor("evaluator")
    made = browser.post("/sets/new", data={**OWN, "n": "12"})
    names = [f"{made.url.path}/questions{part}.jsonl" for part in ("", ".gold")]
    assert all(f'href="{name}"' in made.text for name in names)
    public, gold = ([json.loads(line) for line in browser.get(name).text.splitlines()] for name in names)
    assert [one["id"] for one in public] == [one["id"] for one in gold]
    assert {one["canary"] for one in (*public, *gold)} == {CANARY}
    assert all(one["gold"] is None and one["certificate"] is None for one in public)
    assert all(one["gold"] is not None and one["certificate"]["steps"] for one in gold)
    assert all({**one, "gold": None, "certificate": None} == there for one, there in zip(gold, public, strict=True))


def test_what_can_be_asked_is_told_with_how_much_of_it_there_is(visitor: Make) -> None:
    """Every family with its levels, suites with their versions, traps and languages, in both languages."""
    page = visitor("viewer").get("/families").text
    assert page.count('lang="en"') >= 29
    assert "full@2" in page
    assert f"{published()['attribution', 1]:,}" in page
    browser = visitor("viewer")
    browser.cookies.set("ceb_language", "de")
    assert "verborgene gemeinsame Ursache" in browser.get("/families").text


@pytest.fixture
def secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The service's operator has named a secret."""
    file = tmp_path / "split"
    file.write_bytes(b"what-only-the-operator-knows-32b")
    monkeypatch.setattr("causal_eval.service.splits._secret", lambda *_: file.read_bytes())


@pytest.mark.usefixtures("secret")
def test_a_private_set_is_ordered_committed_to_revealed_and_proven(visitor: Make) -> None:
    """On pages alone: no answers and no key before an admin reveals it, then a button that proves it."""
    order = {**OWN, "family_attribution": "on", "split": "private"}
    page = visitor("evaluator").post("/sets/new", data=order, follow_redirects=True)
    assert "Committed to (UTC)" in page.text
    assert "&lt;time" not in page.text
    assert "gold.jsonl" not in page.text
    assert "Reveal it" not in page.text
    document = visitor("viewer").get(f"{page.url.path}/commitment.json")
    assert document.headers["content-disposition"].endswith('.commitment.json"')
    assert visitor("evaluator").post(f"{page.url.path}/reveal", data=TOKEN).status_code == 403
    assert visitor("evaluator").get(f"{page.url.path}/questions.gold.jsonl").status_code == 409
    admin = visitor("admin")
    assert "Reveal it" in admin.get(page.url.path).text
    shown = admin.post(f"{page.url.path}/reveal", data={"csrf": "token-of-admin"}, follow_redirects=True)
    [key] = re.findall(r'name="secret" value="([0-9a-f]{64})"', shown.text)
    proven = visitor("evaluator").post("/reveal", data={**TOKEN, "commitment": document.text, "secret": key})
    assert "Proven: the set follows" in proven.text
    assert visitor("evaluator").get(f"{page.url.path}/questions.gold.jsonl").status_code == 200


def test_a_question_file_of_ones_own_is_kept_and_evaluated(visitor: Make) -> None:
    """Its page shows it; a line that cannot be read is named, with what was sent."""
    line = json.dumps({"id": "mine-1", "prompt": "Is rain a cause of wet?", "answer": "yes_no", "gold": "yes"})
    page = visitor("evaluator").post("/sets/file", data={**TOKEN, "name": "mine", "file": line}, follow_redirects=True)
    assert page.url.path.startswith("/sets/")
    assert "Is rain a cause of wet?" in page.text
    bad = line.replace('"yes"', '"perhaps"')
    wrong = visitor("evaluator").post("/sets/file", data={**TOKEN, "name": "mine", "file": bad})
    assert wrong.status_code == 422
    assert 'id="e-file"' in wrong.text
    assert "mine-1" in wrong.text
    assert visitor("viewer").post("/sets/file", data={"csrf": "token-of-viewer"}).status_code == 403


def test_a_set_in_words_of_ones_own_is_made_and_checked(visitor: Make, work: Callable[[], bool]) -> None:
    """The words stay with the set, so that a check of it proves every question."""
    words = (resources.files("causal_eval.questions") / "stories" / "marketing.toml").read_text("utf-8")
    order = {**OWN, "family_attribution": "on", "words_name": "bakery", "words": words}
    made = visitor("evaluator").post("/sets/new", data=order, follow_redirects=True)
    assert made.url.path.startswith("/sets/"), made.text
    assert "bakery" in made.text
    check = visitor("evaluator").post(f"{made.url.path}/check", data=TOKEN, follow_redirects=True)
    assert work()
    found = visitor("evaluator").get(f"{check.url.path}/check.html").text
    assert "come with the package" not in found
