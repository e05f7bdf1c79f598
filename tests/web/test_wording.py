"""The page that checks words of one's own."""

from __future__ import annotations

from collections.abc import Callable
from importlib import resources
from typing import Any

import pytest

Make = Callable[..., Any]
WORDS = (resources.files("causal_eval.questions") / "stories" / "marketing.toml").read_text("utf-8")


@pytest.mark.parametrize(("language", "said"), [("en", "every rule is kept"), ("de", "jede Regel ist eingehalten")])
def test_words_are_checked_on_their_page(language: str, said: str, visitor: Make) -> None:
    """Eight questions to be read; the words stay in the form; the page of families leads there."""
    browser = visitor("viewer")
    browser.cookies.set("ceb_language", language)
    answer = browser.submit("/domains", name="bakery.toml", text=WORDS, seed="")
    assert (answer.status_code, said in answer.text) == (200, True)
    assert answer.text.count('<pre class="prompt"') == 8
    assert 'units = "brands"' in answer.text.replace("&#34;", '"')
    assert 'href="/domains"' in browser.get("/families").text


def test_a_broken_rule_is_told_and_cannot_run(visitor: Make) -> None:
    """With the field; what is too long or has no name is said beside its field."""
    browser = visitor("viewer")
    broken = browser.submit("/domains", name="bakery", text=WORDS.replace('low = "', 'low = "<script>', 1), seed="0")
    assert "A rule is broken" in broken.text
    assert "<script>" not in broken.text.replace("<script src", "")
    for fields, place in (({"name": "", "text": "x"}, "name"), ({"name": "bakery", "text": "#" * 70_000}, "text")):
        answer = browser.submit("/domains", seed="0", **fields)
        assert (answer.status_code, f'id="e-{place}"' in answer.text) == (422, True)
