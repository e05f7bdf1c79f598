"""The leaderboard's pages: tiers apart, ties as ties, what a signature says, and who sees and decides what."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from base64 import b64decode
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from causal_eval.service.sealing import _NOT_PROVEN, _PROVES
from causal_eval.service.signing import check
from causal_eval.service.wiring import Service
from causal_eval.web.app import make_pages
from causal_eval.web.language import LANGUAGES, texts

Make = Callable[..., Any]
SELF = "/leaderboard?tier=self_reported"


def test_an_empty_board_says_how_something_gets_there(visitor: Make) -> None:
    """Both tiers are offered, and nothing is ranked."""
    page = visitor("viewer").get("/leaderboard").text
    assert "No result yet" in page
    assert "POST /api/v1/submissions/verified" in page
    assert page.count('href="/leaderboard?tier=') == 2


def test_ties_share_a_rank_and_tiers_stand_apart(visitor: Make, entered: Make) -> None:
    """Two equal results are both first and say so; the third is told apart; none of it is on the verified board."""
    for name, right, seed in (("a/one", 60, "7"), ("a/two", 60, "8"), ("a/bad", 0, "9")):
        entered(name, right, seed=seed)
    browser = visitor("viewer")
    page = browser.get(SELF).text
    assert [int(rank) for rank in re.findall(r'data-label="Rank"><span>(\d+)', page)] == [1, 1, 3]
    assert page.count(">tie<") == 2
    assert page.count("1 to 2 possible") == 2
    assert page.count("<tbody>") == 2
    assert "a/one" not in browser.get("/leaderboard?tier=verified").text


def test_a_board_is_narrowed_and_paged(visitor: Make, entered: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """By part and size, a fault of a size beside it; the next page goes on where this one ends, and knows of ties."""
    one, other = entered("a/one", 60), entered("a/two", 60, seed="8")
    browser = visitor("viewer")
    scopes = browser.get(SELF).text
    assert 'optgroup label="Rungs"' in scopes
    assert '<option value="domain medicine">' in scopes
    assert one in browser.get(f"{SELF}&suite=quick&scope=rung+2&min_size=7&max_size=8").text
    assert "Nothing fits these filters" in browser.get(f"{SELF}&min_size=70").text
    wrong = browser.get(f"{SELF}&max_size=big")
    assert (wrong.status_code, 'id="e-max_size"' in wrong.text) == (422, True)
    monkeypatch.setattr("causal_eval.web.pages.leaderboard.PAGE", 1)
    first = browser.get(f"{SELF}&scope=rung+2").text
    link = re.search(r'rel="next" href="([^"]+)"', first)
    assert link
    second = browser.get(link[1].replace("&amp;", "&")).text
    assert {re.findall(r"/submissions/([0-9a-f]{32})", page)[0] for page in (first, second)} == {one, other}
    assert ">tie<" in first


def test_a_result_says_what_it_proves_and_what_not(visitor: Make, entered: Make) -> None:
    """Flags, badge and export are there, and the signature holds for the file that the page offers."""
    name = entered(right=200)
    browser = visitor("viewer")
    page = browser.get(f"/submissions/{name}").text
    assert "What it does not prove" in page
    assert "that the named model gave these replies" in page
    assert "implausible: all right" in page
    key, signature = (b64decode(text) for text in re.findall(r"echo (\S+) \| base64 -d", page))
    check(browser.get(f"/submissions/{name}/signed.json").text, signature, key=key)
    badge = browser.get(f"/submissions/{name}/badge.svg")
    assert ET.fromstring(badge.text).tag.endswith("svg")
    assert badge.headers["cross-origin-resource-policy"] == "cross-origin"
    export = browser.get(f"/submissions/{name}/result.yaml")
    assert "attachment" in export.headers["content-disposition"]
    assert "self-reported" in export.text


def test_a_moderator_decides_and_says_why(visitor: Make, entered: Make) -> None:
    """What is published stands on the board, what is rejected does not; each with its reason in the log."""
    name = entered(publish=False)
    admin, at = visitor("admin"), f"/submissions/{name}"
    assert f'href="{at}"' in admin.get("/submissions").text
    assert name not in admin.get(SELF).text
    assert name in admin.get(f"{SELF}&project=local").text
    status, page = admin.fill(f"{at}/moderation", {"action": "publish", "reason": " "}, on=at)
    assert (status, 'id="e-reason"' in page) == (422, True)
    _, page = admin.fill(f"{at}/moderation", {"action": "publish", "reason": "<i>looks</i> right"}, on=at)
    assert "&lt;i&gt;looks&lt;/i&gt; right" in page
    assert name in admin.get(SELF).text
    admin.fill(f"{at}/moderation", {"action": "reject", "reason": "no"}, on=at)
    assert name not in admin.get(SELF).text
    assert admin.fill(f"{at}/moderation", {"action": "eat", "reason": "no"}, on=at)[0] == 404


def test_rights_decide_what_is_offered(visitor: Make, entered: Make) -> None:
    """A viewer decides nothing, an evaluator may withdraw, and a stranger sees no log of what is public."""
    name = entered()
    at = f"/submissions/{name}"
    assert "Decide" not in visitor("viewer").get(at).text
    evaluator = visitor("evaluator")
    assert re.findall(r'<option value="(\w+)">', evaluator.get(at).text) == ["withdraw"]
    sent = {"action": "publish", "reason": "mine"}
    assert evaluator.fill(f"{at}/moderation", sent, on=at)[0] == 403
    page = visitor("stranger").get(at).text
    assert ("Moderation log" in page, "What it does not prove" in page) == (False, True)
    secret = entered(publish=False, seed="8")
    for file in ("", "/badge.svg", "/result.yaml", "/signed.json"):
        assert visitor("stranger").get(f"/submissions/{secret}{file}").status_code == 404


def test_what_is_published_is_for_everybody_where_the_service_says_so(
    service: Service, people: Any, entered: Make, visitor: Make
) -> None:
    """Without an account: the board and what stands on it, nothing of a project, and the way to log in."""
    shown, secret = entered(), entered(publish=False, seed="8")
    opened = replace(service, settings=replace(service.settings, public_leaderboard=True))
    browser = type(visitor())(make_pages(opened, identify=people))
    assert shown in browser.get(SELF).text
    page = browser.get(f"/submissions/{shown}").text
    assert ("Moderation log" in page, 'href="/login"' in page) == (False, True)
    assert browser.get(f"/submissions/{shown}/badge.svg").status_code == 200
    for address in (f"/submissions/{secret}", f"{SELF}&project=local", "/submissions", "/evaluations"):
        sent = browser.get(address, follow_redirects=False)
        assert (sent.status_code, sent.headers["location"][:6]) == (303, "/login"), address


def test_what_is_signed_can_be_read_in_every_language() -> None:
    """Each sentence of what a signature proves and does not is a text."""
    sentences = {*_PROVES.values(), *(line for lines in _NOT_PROVEN.values() for line in lines)}
    for code in LANGUAGES:
        assert {f"signed.{sentence}" for sentence in sentences} <= texts(code).texts.keys()
