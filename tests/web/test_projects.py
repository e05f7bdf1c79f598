"""A project's pages: limits, members, its provider keys and webhooks, export, and deletion on purpose."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import insert

from causal_eval.service.wiring import Service
from causal_eval.store.evaluations import Evaluation
from causal_eval.store.public_tables import deliveries
from causal_eval.store.work_tables import events
from causal_eval.web.app import make_pages

Make = Callable[..., Any]
Run = Callable[..., Evaluation]
AT = "/projects/team"
KEY = "sk-test-0123456789abcdefWXYZ"


def test_limits_are_set_and_a_wrong_one_is_said_beside_its_field(visitor: Make) -> None:
    """Cap and days stand in the form afterwards, and what was typed wrongly too."""
    admin = visitor("admin")
    _, page = admin.fill(AT, {"act": "rules", "monthly_cap": "12.50", "retention_days": "30"})
    assert ('value="12.50"' in page, 'value="30"' in page) == (True, True)
    status, page = admin.fill(AT, {"act": "rules", "monthly_cap": "much", "retention_days": "30"})
    assert (status, 'id="e-monthly_cap"' in page, 'value="much"' in page) == (422, True, True)
    assert 'value="12.50"' in admin.get(AT).text


def test_everything_can_be_taken_away(visitor: Make, run: Run) -> None:
    """The file holds a line for each row of the project; a viewer gets none."""
    evaluation = run(project="team")
    got = visitor("admin").get(f"{AT}/export.jsonl")
    rows = [json.loads(line) for line in got.text.splitlines()]
    assert 'filename="team.jsonl"' in got.headers["content-disposition"]
    assert evaluation.id in {row.get("id") for row in rows}
    assert visitor("viewer").get(f"{AT}/export.jsonl").status_code == 403


def test_a_project_goes_only_if_its_id_is_typed(visitor: Make, run: Run) -> None:
    """Another word deletes nothing; the id does, and the project is not there any more."""
    run(project="team")
    admin = visitor("admin")
    status, page = admin.fill(f"{AT}/delete", {"confirm": "Team"}, on=AT)
    assert (status, "nothing was deleted" in page) == (422, True)
    assert visitor("operator").fill(f"{AT}/delete", {"confirm": "team"}, on="/evaluations")[0] == 403
    assert admin.get(AT).status_code == 200
    status, page = admin.fill(f"{AT}/delete", {"confirm": "team"}, on=AT)
    assert (status, 'href="/projects/team"' in page) == (200, False)
    assert admin.get(AT).status_code == 404
    assert 'action="/projects/local/delete"' not in admin.get("/projects/local").text


def test_a_provider_key_is_kept_and_never_shown(visitor: Make, service: Service) -> None:
    """Who, for which server and when are listed; no page holds the key, also not one that says what was wrong."""
    admin = visitor("admin")
    status, page = admin.fill(f"{AT}/keys", {"provider": "openai", "origin": "", "key": KEY})
    assert (status, "https://api.openai.com" in page, KEY in page) == (200, True, False)
    assert "…WXYZ" in page or "WXYZ" in page
    assert "user:admin" in page.replace("<wbr>", "")
    status, page = admin.fill(f"{AT}/keys", {"provider": "openai", "origin": "nowhere", "key": KEY})
    assert (status, 'id="e-origin"' in page, KEY in page) == (422, True, False)
    assert admin.fill(f"{AT}/keys", {"provider": "", "key": KEY})[0] == 422
    revoke = re.search(r'action="(/projects/team/keys/\w+/revoke)"', admin.get(f"{AT}/keys").text)
    assert revoke
    _, page = admin.fill(revoke[1], {}, on=f"{AT}/keys")
    assert ("revoked" in page, revoke[1] in page) == (True, False)
    assert visitor("operator").fill(f"{AT}/keys", {"provider": "openai", "key": KEY}, on="/evaluations")[0] == 403
    assert admin.fill(revoke[1].replace("team", "local"), {}, on=f"{AT}/keys")[0] == 404
    without = replace(service, settings=replace(service.settings, master_key_file=None))
    bare = type(admin)(make_pages(without, identify=None, open_to_all=True))
    assert "CEB_MASTER_KEY_FILE" in bare.get(f"{AT}/keys").text


def test_a_webhook_is_made_steered_and_removed(visitor: Make) -> None:
    """Its secret is shown once; it is disabled, enabled, removed; an address inside the network is refused."""
    admin, at = visitor("admin"), f"{AT}/webhooks"
    fields = {"url": "https://example.org/in?a=<i>", "kind_done": "on", "kind_halted": "on"}
    _, page = admin.fill(at, fields)
    assert "whsec_" in page
    assert "whsec_" not in admin.get(at).text
    assert "halted, " not in page
    found = re.search(rf'href="({at}/[0-9a-f]+)"', page)
    assert found
    assert "disabled since" in admin.fill(f"{found[1]}/disable", {}, on=at)[1]
    assert "disabled since" not in admin.fill(f"{found[1]}/enable", {}, on=at)[1]
    status, page = admin.fill(at, {"url": "http://127.0.0.1/", "kind_done": "on"})
    assert (status, 'id="e-url"' in page, 'name="kind_done" checked' in page) == (422, True, True)
    other = found[1].replace("team", "local")
    assert admin.fill(f"{other}/remove", {}, on=at)[0] == 404
    assert "Nothing is sent anywhere" in admin.fill(f"{found[1]}/remove", {}, on=at)[1]


@pytest.mark.parametrize(("status", "said"), [("failed", "given up"), ("open", "waiting"), ("done", "delivered")])
def test_deliveries_say_what_became_of_them(
    visitor: Make, service: Service, run: Run, hook: str, status: str, said: str
) -> None:
    """Status, tries and the receiver's words are shown as text, and an event is sent again from there."""
    evaluation = run(project="team")
    with service.store.writing() as connection:
        event = {"id": 7, "project": "team", "evaluation_id": evaluation.id, "kind": "done", "body": "{}", "at": 1.0}
        connection.execute(insert(events), event)
        values = {"id": "d1", "webhook_id": hook, "event_id": 7, "status": status, "tries": 3, "created_at": 1.0}
        words = {"next_at": 2.0, "last_status": 500, "last_error": "<b>down</b>"}
        connection.execute(insert(deliveries), {**values, **words})
    admin, at = visitor("admin"), f"{AT}/webhooks/{hook}"
    page = admin.get(at).text
    assert (said in page, "&lt;b&gt;down&lt;/b&gt;" in page) == (True, True)
    assert '<th scope="row">done<span class="sub">7' in page
    status_code, page = admin.fill(f"{at}/resend", {"delivery": "d1"}, on=at)
    assert (status_code, ">waiting<" in page) == (200, True)


def test_what_cannot_be_taken_is_said_in_german_too(visitor: Make) -> None:
    """Messages of the project's pages stand in the reader's language."""
    admin = visitor("admin")
    admin.cookies.set("ceb_language", "de")
    for path, fields, said in (
        ("/delete", {"confirm": "x"}, "das ist nicht team: nichts wurde gelöscht"),
        ("/keys", {"provider": "", "key": KEY}, "Anbieter ist leer"),
        ("/keys", {"provider": "openai", "origin": "x", "key": KEY}, "Server ist keine Adresse"),
        ("/webhooks", {"url": "http://127.0.0.1/"}, "das liegt innen"),
    ):
        page = admin.fill(f"{AT}{path}", fields, on=AT)[1]
        assert re.search(rf'class="error" id="e-[a-z]+">[^<]*{said}', page), path
