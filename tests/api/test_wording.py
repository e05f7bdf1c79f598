"""Words of one's own over HTTP: the rule that they break, or how they sound."""

from __future__ import annotations

from collections.abc import Callable
from importlib import resources

import pytest
from starlette.testclient import TestClient

from causal_eval.questions.samples import samples
from causal_eval.questions.story import REGIMES, own_text
from causal_eval.service.wording import LARGEST_TEXT

Client = Callable[..., TestClient]
AT = "/api/v1/domains/check"
WORDS = (resources.files("causal_eval.questions") / "stories" / "marketing.toml").read_text("utf-8")


def test_words_that_keep_every_rule_are_read_aloud(client: Client) -> None:
    """Reasons, warnings and the command's eight questions; another seed asks others."""
    asking = client("viewer")
    found = asking.post(AT, json={"name": "bakery", "text": WORDS}).json()
    own = own_text(WORDS.encode(), name="bakery")
    assert (found["problem"], found["quantities"], found["reason"]) == ("", len(own.variables), list(own.reason))
    assert [one["prompt"] for one in found["samples"]] == [one.prompt for one in samples(own, seed="0")]
    assert {one["regime"] for one in found["samples"]} == set(REGIMES)
    assert asking.post(AT, json={"name": "bakery", "text": WORDS, "seed": "1"}).json()["samples"] != found["samples"]


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("bakery", WORDS.replace('low = "', 'low = "not ', 1), "holds 'not'"),
        ("bakery", "title = ", "not TOML"),
        ("bakery", "a = " + "[" * 20_000, "nests too deep"),
        ("bakery", "a = " + "9" * 9_000, "not TOML"),
        ("marketing", WORDS, "comes with the package"),
        ("../etc/passwd", WORDS, "names no domain"),
    ],
)
def test_the_rule_that_is_broken_is_told(name: str, text: str, said: str, client: Client) -> None:
    """With variable and field, and no sample."""
    answer = client("viewer").post(AT, json={"name": name, "text": text})
    assert answer.status_code == 200
    assert said in answer.json()["problem"]
    assert (answer.json()["samples"], answer.json()["title"]) == ([], "")


def test_a_text_without_end_is_refused(client: Client) -> None:
    """Before it is read."""
    assert client("viewer").post(AT, json={"name": "bakery", "text": "#" * (LARGEST_TEXT + 1)}).status_code == 422
