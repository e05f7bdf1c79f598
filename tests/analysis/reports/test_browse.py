"""The questions of a report: fifty to be read without JavaScript, all in a small block that the page unpacks."""

from __future__ import annotations

import base64
import hashlib
import json
import random
import re
import zlib
from dataclasses import replace
from typing import Any

import pytest

from causal_eval.analysis.reports.browse import STATIC, clipped, packed
from causal_eval.analysis.reports.data import Picture, QuestionCard, ReportData
from causal_eval.analysis.reports.html import render
from causal_eval.analysis.shown import Shown

HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(1)>\u202e"


def _unpacked(block: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(zlib.decompress(base64.b64decode(block)))
    return found


def test_the_block_holds_every_question(whole_data: ReportData) -> None:
    """Each question stands in it with prompt, proof, graph and every reply, whatever order they came in."""
    cards = list(whole_data.questions)
    random.Random(7).shuffle(cards)
    found = _unpacked(packed(cards))
    assert packed(cards) == packed(whole_data.questions)
    assert sorted(found["id"]) == sorted(card.question for card in cards)
    assert {len(column) for name, column in found.items() if name != "answerers"} == {len(cards)}
    by_id = {card.question: card for card in cards}
    for place, name in enumerate(found["id"]):
        card = by_id[name]
        pairs = zip(found["edges"][place][::2], found["edges"][place][1::2], strict=True)
        assert tuple((card.nodes[a], card.nodes[b]) for a, b in pairs) == card.edges
        given = [(found["answerers"][one[0]], one[2], one[4]) for one in found["given"][place]]
        assert given == [(one.answerer, one.mark.value, one.reply) for one in card.given]
        assert found["prompt"][place] == card.prompt


def test_fifty_can_be_read_without_javascript(whole_data: ReportData) -> None:
    """Scores, the first fifty questions in the order of the run with replies and proofs, and how many there are."""
    page = render(whole_data)
    assert page.count('<details class="asked">') == STATIC == 50
    assert re.findall(r'mono sub">(q-\d+)<', page) == [card.question for card in whole_data.questions[:50]]
    assert page.count('class="graph"') == 50
    assert "50 questions of 120" in page
    for ticket in whole_data.tickets:
        assert ticket.hash in page
        assert ticket.command in page


def test_only_our_script_may_run(whole_data: ReportData, report_data: ReportData) -> None:
    """The policy names the hash of the one script; a report without questions has none and allows none."""
    page = render(whole_data)
    [script] = re.findall(r"<script>(.*?)</script>", page, flags=re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    [policy] = re.findall(r'Content-Security-Policy" content="([^"]*)"', page)
    assert f"script-src 'sha256-{digest}';" in policy.replace("&#39;", "'")
    assert "default-src 'none'" in policy
    assert not re.search(r"innerHTML|outerHTML|insertAdjacent|eval\(|fetch\(|https?://(?!www.w3.org)", script)
    assert "<script" not in render(report_data)
    assert "script-src" not in render(report_data)


def test_foreign_text_stays_text(whole_data: ReportData) -> None:
    """A hostile prompt or reply is escaped in the page and cannot end the block."""
    card = whole_data.questions[0]
    bad = replace(
        card, prompt=HOSTILE, family=HOSTILE, kind=HOSTILE, gold=HOSTILE, nodes=(HOSTILE, "b"), edges=((HOSTILE, "b"),),
        estimand=HOSTILE, mistakes=((HOSTILE, HOSTILE),),
        given=(replace(card.given[0], reply=HOSTILE, parsed=HOSTILE),),
    )  # fmt: skip
    page = render(replace(whole_data, questions=(bad,)))
    assert page.count("<script") == 2
    assert "<img" not in page
    assert "\u202e" not in page


def test_long_replies_lose_their_middle() -> None:
    """What is left out is said; both ends stay; a reply that fits is whole."""
    text = "".join(str(digit % 10) for digit in range(5000))
    said = clipped(text, 400)
    assert said.startswith(text[:200])
    assert said.endswith(text[-200:])
    assert "4,600 characters are left out" in said
    assert clipped(text[:400], 400) == text[:400]


@pytest.mark.slow
@pytest.mark.parametrize("words", [40, 1500])
def test_five_thousand_questions_fit(whole_data: ReportData, words: int) -> None:
    """With replies as long as reasoning makes them, and prompts that all differ, the page stays below 5 MB."""
    draw, lexicon = random.Random(words), [f"w{number:x}" for number in range(600)]
    base = whole_data.questions[0]
    prompt, numbers = [base.prompt] * 3, range(5000)
    cards: list[QuestionCard] = [
        replace(
            base, question=f"q-{draw.getrandbits(64):016x}", cluster=f"c-{draw.getrandbits(64):016x}",
            prompt="\n".join(prompt) + " ".join(f"{draw.randrange(100)}/{draw.randrange(1, 100)}" for _ in range(24)),
            given=(replace(base.given[0], reply=" ".join(draw.choices(lexicon, k=words))),),
        )
        for _ in numbers
    ]  # fmt: skip
    page = render(replace(whole_data, questions=tuple(cards)))
    assert len(page.encode()) < 5_000_000
    assert len(render(replace(whole_data, questions=())).encode()) < 1_000_000


def test_pictures_bring_their_colours(whole_data: ReportData) -> None:
    """A picture stands in both widths with its numbers; its colours have a value in the page, light and dark."""
    shown = Shown("Scores", ("part", "value"), (("a", "1"), ("<b>", "2")))
    picture = Picture("What it says", '<svg id="w" fill="var(--series-1, #000)"></svg>', '<svg id="n"></svg>', shown)
    page = render(replace(whole_data, pictures=(picture,)))
    assert page.index('id="w"') < page.index('id="n"') < page.index("The numbers of this picture")
    assert page.count("--series-1: #") == 2
    assert "&lt;b&gt;" in page
    assert "--series-1: #" not in render(whole_data)
