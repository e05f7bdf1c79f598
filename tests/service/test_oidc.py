"""Login by an OpenID provider: a real one on this machine, honest and not."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from urllib.parse import parse_qs, urlsplit

import pytest
from aiohttp import web
from joserfc import jwt
from joserfc.jwk import RSAKey

from causal_eval.errors import NotLoggedIn, UsageError
from causal_eval.service import accounts, oidc, users
from causal_eval.service.access import Role
from causal_eval.service.oidc import Answer, OpenIdProvider
from causal_eval.service.users import NewUser
from causal_eval.service.wiring import Service, Visit
from causal_eval.settings import read_settings

pytestmark = pytest.mark.anyio

BACK = "http://127.0.0.1/login/oidc"
SECRET = "the-secret-of-the-client"
KEY = RSAKey.generate_key(2048, {"kid": "k1"})
OTHER = RSAKey.generate_key(2048, {"kid": "k1"})


@dataclass
class Idp:
    """An OpenID provider of whom a test says what it claims."""

    issuer: str = ""
    claims: dict[str, object] = field(default_factory=dict)
    key: RSAKey = field(default_factory=lambda: KEY)
    algorithm: str = "RS256"
    asked: dict[str, str] = field(default_factory=dict)
    """The query of the browser's visit."""
    forms: list[dict[str, str]] = field(default_factory=list)

    async def discover(self, request: web.Request) -> web.Response:
        del request
        endpoints = {"authorization_endpoint": "authorize", "token_endpoint": "token", "jwks_uri": "keys"}
        found = {name: f"{self.issuer}/{path}" for name, path in endpoints.items()}
        return web.json_response({"issuer": self.issuer, **found})

    async def keys(self, request: web.Request) -> web.Response:
        del request
        return web.json_response({"keys": [KEY.as_dict(private=False)]})

    async def token(self, request: web.Request) -> web.Response:
        form = {name: str(value) for name, value in (await request.post()).items()}
        self.forms.append(form)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest()).rstrip(b"=")
        if form["code"] != "good" or challenge.decode() != self.asked["code_challenge"]:
            return web.json_response({"error": "invalid_grant"}, status=400)
        token = jwt.encode({"alg": self.algorithm, "kid": "k1"}, self.claims, self.key)
        return web.json_response({"access_token": "a", "token_type": "Bearer", "id_token": token})

    def visited(self, url: str, *, now: float, **claims: object) -> Answer:
        """What a browser brings back that went to *url*."""
        self.asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        usual: dict[str, object] = {
            "iss": self.issuer, "sub": "s-1", "aud": "us", "exp": int(now) + 300, "iat": int(now),
            "nonce": self.asked["nonce"], "email": "ada@example.org", "email_verified": True,
        }  # fmt: skip
        self.claims = {**usual, **claims}
        return Answer("", self.asked["state"], "good")


@pytest.fixture
async def idp() -> AsyncIterator[Idp]:
    """A provider that listens on this machine."""
    found = Idp()
    application = web.Application()
    application.router.add_get("/.well-known/openid-configuration", found.discover)
    application.router.add_get("/keys", found.keys)
    application.router.add_post("/token", found.token)
    runner = web.AppRunner(application)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    found.issuer = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield found
    await runner.cleanup()


@pytest.fixture
def provider(idp: Idp) -> OpenIdProvider:
    """It, as our settings name it."""
    return OpenIdProvider(idp.issuer, "us", SECRET)


@pytest.fixture
def ada(service: Service) -> str:
    """Id of a user without a password."""
    admin = Visit(service, accounts.local_caller(""))
    return users.add(admin, NewUser("Ada@example.org", "Ada", Role.VIEWER)).id


async def _answer(service: Service, provider: OpenIdProvider, idp: Idp, **claims: object) -> Answer:
    begun = await oidc.begin(service, provider, back=BACK)
    return replace(idp.visited(begun.url, now=service.clock(), **claims), kept=begun.kept)


@pytest.mark.usefixtures("ada")
async def test_a_verified_address_is_known_by_its_subject_from_then_on(
    service: Service, provider: OpenIdProvider, idp: Idp
) -> None:
    """The first login finds the user by address, later ones by subject, whatever the address is then."""
    for claims in ({}, {"email": "other@example.org", "email_verified": False}):
        answer = await _answer(service, provider, idp, **claims)
        begun = await oidc.finish(service, provider, answer=answer, back=BACK, address="127.0.0.1")
        login = accounts.by_cookie(service, begun.cookie, address="127.0.0.1")
        assert login.caller.name == "Ada"
    assert idp.asked["code_challenge_method"] == "S256"
    assert idp.forms[-1]["client_secret"] == SECRET
    assert SECRET not in repr(provider)


@pytest.mark.usefixtures("ada")
@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "http://elsewhere"}, {"aud": "them"}, {"nonce": "another"}, {"exp": 1}, {"email_verified": False},
        {"email": "nobody@example.org"}, {"iat": 9_999_999_999}, {"aud": ["us", "them"], "azp": "them"},
    ],
)  # fmt: skip
async def test_what_is_not_right_is_not_believed(
    service: Service, provider: OpenIdProvider, idp: Idp, claims: dict[str, object]
) -> None:
    """Issuer, audience, nonce, time, and an address that is verified and known: one that is wrong ends the login."""
    answer = await _answer(service, provider, idp, **claims)
    with pytest.raises(NotLoggedIn):
        await oidc.finish(service, provider, answer=answer, back=BACK, address="")


@pytest.mark.usefixtures("ada")
async def test_another_key_signs_nothing(service: Service, provider: OpenIdProvider, idp: Idp) -> None:
    """A token that the provider's published keys did not sign is refused."""
    idp.key = OTHER
    with pytest.raises(NotLoggedIn, match="cannot be believed"):
        await oidc.finish(service, provider, answer=await _answer(service, provider, idp), back=BACK, address="")


@pytest.mark.usefixtures("ada")
async def test_an_answer_to_another_question_is_refused(service: Service, provider: OpenIdProvider, idp: Idp) -> None:
    """State, the browser's own cookie, its age and the code are checked before and after the provider is asked."""
    answer = await _answer(service, provider, idp)
    for wrong in (
        replace(answer, state="another"),
        replace(answer, kept=""),
        replace(answer, kept=f"{answer.kept}0"),
        replace(answer, code="stolen"),
        replace(answer, kept=(await oidc.begin(service, provider, back=BACK)).kept),
    ):
        with pytest.raises(NotLoggedIn):
            await oidc.finish(service, provider, answer=wrong, back=BACK, address="")


async def test_a_provider_that_is_away_is_said(service: Service) -> None:
    """Nobody listens: one line, no traceback."""
    with pytest.raises(NotLoggedIn, match="cannot be asked"):
        await oidc.begin(service, OpenIdProvider("http://127.0.0.1:9", "us", SECRET), back=BACK)


async def test_half_a_setting_is_refused() -> None:
    """The issuer alone says nothing; without it there is no such login."""
    assert oidc.openid_provider(read_settings({"HOME": "/tmp"})) is None
    with pytest.raises(UsageError, match="CEB_OIDC_CLIENT_ID"):
        oidc.openid_provider(read_settings({"HOME": "/tmp", "CEB_OIDC_ISSUER": "https://id.example.org"}))
