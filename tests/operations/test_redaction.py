"""Secrets are hidden wherever they stand, are told of, and words of every day stay."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from causal_eval.operations.redaction import HIDDEN, Redactor, find_secrets, secrets_of
from causal_eval.settings import read_settings

PLANTED = {
    "openai": "sk-proj-a1B2c3D4e5F6g7H8i9J0",
    "anthropic": "sk-ant-api03-AbCdEfGhIjKlMnOpQrSt",
    "google": "AIzaSyA1234567890abcdefghijklmnopqrstuv",
    "groq": "gsk_abcdefghijklmnopqrst",
    "hugging face": "hf_abcdefghijklmnopqrstuv",
    "github": "ghp_abcdefghijklmnopqrstuvwxyz0123456789",
    "slack": "xoxb-123456789012-abcdefghij",
    "aws": "AKIAIOSFODNN7EXAMPLE",
    "jwt": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
}
BEHIND = {
    "bearer": ("Authorization: Bearer {}", "abcdef0123456789"),
    "basic": ("authorization: Basic {}", "dXNlcjpodW50ZXIyMg=="),
    "key header": ("x-api-key: {}", "0123456789abcdef"),
    "header of a dict": ("{{'x-goog-api-key': '{}', 'accept': '*/*'}}", "0123456789abcdef"),
    "cookie": ("Cookie: session={}", "0123456789abcdef"),
    "url": ("postgresql://ceb:{}@db:5432/causal_eval_bench", "hunter2"),
    "query": ("GET /v1?key={}&alt=sse", "0123456789abcdef"),
    "field": ("client_secret={}", "correct-horse"),
    "json": ('{{"password": "{}"}}', "correct-horse"),
    "json in json": ('{{\\"access_token\\": \\"{}\\"}}', "correct-horse"),
    "our key": ("key ceb_AbCdEfGh_{} is here", "x" * 43),
    "webhook": ("whsec_{}", "YWJjZGVmZ2hpamtsbW5vcA=="),
    "pem": ("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----", "MC4CAQAwBQYDK2VwBCIEIABCDEFGH"),
}
HARMLESS = [
    "key openai …1234 of openai/gpt-x is revoked",
    "password has 5 characters: give 12 to 256",
    "token: expected one of yes, no",
    "postgresql://ceb@db:5432/causal_eval_bench and postgresql://ceb:***@db/x",
    "Authorization: Bearer ***",
    "2026-11-28T23:50:00.000Z INFO causal_eval.api duration 3.2ms GET /api/v1/api-keys status=200 request_id=6b0f",
    "the ask-and-answer risk-adjusted desk-research-of-many-words",
    "tokens=1234567890 key=openai",
]


@pytest.mark.parametrize("secret", PLANTED.values(), ids=PLANTED)
def test_a_key_is_known_by_its_shape(secret: str) -> None:
    """It is hidden in a sentence, at the end of one, and between quotes."""
    told: list[str] = []
    clean = Redactor(found=told.append).clean(f"it said {secret}, then '{secret}' and {secret}.")
    assert secret not in clean
    assert clean.startswith("it said ***, then '***' and ***")
    assert told == ["log"]


@pytest.mark.parametrize(("text", "secret"), BEHIND.values(), ids=BEHIND)
def test_a_secret_is_known_by_what_stands_before_it(text: str, secret: str) -> None:
    """What it belongs to stays readable."""
    told: list[str] = []
    clean = Redactor(found=told.append).clean(text.format(secret), where="export")
    assert secret not in clean
    assert HIDDEN in clean
    assert told == ["export"]


@pytest.mark.parametrize("text", HARMLESS)
def test_words_of_every_day_stay(text: str) -> None:
    """Nothing is hidden, and nobody is alarmed."""
    told: list[str] = []
    assert Redactor(found=told.append).clean(text) == text
    assert not told


def test_what_we_hold_is_hidden_in_every_writing(tmp_path: Path) -> None:
    """Values of variables, of key files and of URLs, as they are and as JSON and URLs write them; short ones stay."""
    (tmp_path / "keys").write_text("plain/file\\key value\n")
    env = {
        "HOME": str(tmp_path),
        "OPENAI_API_KEY": "no shape at all, second-one-here",
        "GROQ_API_KEY_FILE": str(tmp_path / "keys"),
        "DATABASE_URL": "postgresql://ceb:p%C3%A4sswort@db/x",
        "SMTP_PASSWORD": "grüße-an-alle",
        "OLLAMA_API_KEY": "ollama",
    }
    values = secrets_of(read_settings(env, cwd=tmp_path), env)
    redactor = Redactor(values)
    for secret in ("no shape at all", "second-one-here", "plain/file\\key value", "p%C3%A4sswort", "grüße-an-alle"):
        for text in (secret, json.dumps(secret), json.dumps({"a": [secret]}, ensure_ascii=False)):
            assert redactor.clean(text) in {HIDDEN, f'"{HIDDEN}"', f'{{"a": ["{HIDDEN}"]}}'}
    assert redactor.clean("ask ollama") == "ask ollama"
    assert redactor.clean("gr%C3%BC%C3%9Fe-an-alle") == HIDDEN


def test_a_secret_within_a_secret_is_hidden_whole() -> None:
    """Places that overlap become one, and nothing of the longer one is left."""
    redactor = Redactor(["abcdefgh", "abcdefghijkl"])
    assert redactor.clean("x abcdefghijkl y") == "x *** y"
    assert [one.what for one in find_secrets("Authorization: Bearer sk-abcdefghijklmnopqrstu")] == [
        "API key",
        "authorization",
    ]
