"""Logging in by an OpenID provider, as a browser sees it (what is believed of it: tests/service/test_oidc.py)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from causal_eval.service.wiring import Service
from causal_eval.web.app import make_pages


@pytest.fixture
def browser(service: Service, tmp_path: Path) -> Iterator[TestClient]:
    """Somebody at a service whose provider is away."""
    secret = tmp_path / "secret"
    secret.write_text("s")
    there = {"oidc_issuer": "http://127.0.0.1:9", "oidc_client_id": "us", "oidc_secret_file": secret}
    settings = replace(service.settings, **there)  # type: ignore[arg-type]  # a table of values
    with TestClient(make_pages(replace(service, settings=settings)), follow_redirects=False) as client:
        yield client


def test_the_form_links_to_the_provider(browser: TestClient, service: Service) -> None:
    """The link is there where a provider is set, and only there; without one its address is no page."""
    assert 'href="/login/provider"' in browser.get("/login").text
    with TestClient(make_pages(service), follow_redirects=False) as plain:
        assert 'href="/login/provider"' not in plain.get("/login").text
        assert plain.get("/login/provider").status_code == 404


def test_a_provider_that_is_away_is_said(browser: TestClient) -> None:
    """The page says so in one line, with a status that is no fault of ours."""
    answer = browser.get("/login/provider")
    assert answer.status_code == 401
    assert "cannot be asked" in answer.text


def test_an_answer_that_nobody_asked_for_begins_nothing(browser: TestClient) -> None:
    """Without the cookie of a login that was begun here, a code is worth nothing."""
    answer = browser.get("/login/provider/back?state=x&code=y")
    assert answer.status_code == 401
    assert "has not begun a login here" in answer.text
    assert "ceb_session" not in answer.headers.get("set-cookie", "")
