"""Login by an OpenID provider: code flow with PKCE (OpenID Connect Core 1.0, RFC 7636).

What it says is believed once signature, issuer, audience, nonce and time are right. Between the two requests of a
browser nothing is kept here: state, nonce and verifier travel in a signed cookie, so any process answers the second.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from urllib.parse import urlencode

import aiohttp
import msgspec
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from causal_eval.errors import NotLoggedIn, UsageError
from causal_eval.service.accounts import NewSession, begin_session, normal_email
from causal_eval.service.wiring import Service
from causal_eval.settings import Settings
from causal_eval.store.accounts import User, change_user, find_by_email, find_by_subject

SECONDS = 600.0
"""How long somebody may take at the provider."""
LEEWAY = 60
"""Seconds by which its clock may differ from ours."""
TIMEOUT = aiohttp.ClientTimeout(total=10)
ALGORITHMS = ["RS256", "PS256", "ES256"]
"""With a public key alone: never ``none``, nor one that the client's secret signs."""


@dataclass(frozen=True, slots=True)
class OpenIdProvider:
    """Who vouches for people, and what it knows us as."""

    issuer: str
    client_id: str
    secret: str = field(repr=False)


class Begun(NamedTuple):
    """The first half of a login."""

    url: str
    """Where the browser goes."""
    kept: str
    """What it brings back in a cookie."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a browser brings back from the provider."""

    kept: str
    state: str
    code: str


class _Kept(msgspec.Struct, frozen=True):
    state: str
    nonce: str
    verifier: str
    until: float


class _Endpoints(msgspec.Struct, frozen=True):
    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str


def openid_provider(settings: Settings) -> OpenIdProvider | None:
    """The provider of *settings*; None: there is none.

    Raises:
        UsageError: only some of its settings are there, or the file of the secret cannot be read.
    """
    if not settings.oidc_issuer:
        return None
    if not settings.oidc_client_id or settings.oidc_secret_file is None:
        raise UsageError("CEB_OIDC_ISSUER needs CEB_OIDC_CLIENT_ID and CEB_OIDC_SECRET_FILE beside it")
    try:
        secret = settings.oidc_secret_file.read_text("utf-8").strip()
    except OSError as error:
        raise UsageError(
            f"CEB_OIDC_SECRET_FILE {settings.oidc_secret_file} cannot be read: {error.strerror}"
        ) from error
    return OpenIdProvider(settings.oidc_issuer.rstrip("/"), settings.oidc_client_id, secret)


async def begin(service: Service, provider: OpenIdProvider, *, back: str) -> Begun:
    """Send a browser to the provider, to come back at the address *back*.

    Raises:
        NotLoggedIn: the provider cannot be asked.
    """
    async with _asking(provider) as (_, endpoints):
        kept = _Kept(service.token(), service.token(), service.token() + service.token(), service.clock() + SECONDS)
    query = {
        "response_type": "code", "client_id": provider.client_id, "redirect_uri": back, "scope": "openid email profile",
        "state": kept.state, "nonce": kept.nonce, "code_challenge_method": "S256",
        "code_challenge": create_s256_code_challenge(kept.verifier),
    }  # fmt: skip
    separator = "&" if "?" in endpoints.authorization_endpoint else "?"
    return Begun(f"{endpoints.authorization_endpoint}{separator}{urlencode(query)}", _sealed(provider, kept))


async def finish(service: Service, provider: OpenIdProvider, *, answer: Answer, back: str, address: str) -> NewSession:
    """Begin a session of the user whom the provider names: known by its subject, or by an address that it has verified.

    Raises:
        NotLoggedIn: the answer is none to our question, or nobody here has that account.
    """
    kept = _opened(provider, answer.kept, now=service.clock())
    if not hmac.compare_digest(kept.state.encode(), answer.state.encode()):
        raise NotLoggedIn("the answer of the login provider is none to our question: log in again")
    async with _asking(provider) as (session, endpoints):
        token = await _token(session, endpoints, form=_exchange(provider, kept, answer=answer, back=back))
        keys = await _json(session, endpoints.jwks_uri)
    claims = _believed(provider, token, keys=keys, kept=kept, now=service.clock())
    return await asyncio.to_thread(_session, service, provider, claims=claims, address=address)


@asynccontextmanager
async def _asking(provider: OpenIdProvider) -> AsyncIterator[tuple[aiohttp.ClientSession, _Endpoints]]:
    """A client and the provider's endpoints; every trouble on the way is one that the person is told."""
    try:
        async with aiohttp.ClientSession(timeout=TIMEOUT) as session:
            found = await _json(session, f"{provider.issuer}/.well-known/openid-configuration")
            endpoints = msgspec.convert(found, _Endpoints)
            if endpoints.issuer.rstrip("/") != provider.issuer:
                raise NotLoggedIn(f"the login provider calls itself {endpoints.issuer!r}: tell an operator")
            yield session, endpoints
    except (aiohttp.ClientError, TimeoutError, ValueError) as error:
        raise NotLoggedIn(f"the login provider cannot be asked ({type(error).__name__}): try again") from error


async def _json(session: aiohttp.ClientSession, url: str) -> Any:
    async with session.get(url, allow_redirects=False, raise_for_status=True) as reply:
        return json.loads(await reply.read())


async def _token(session: aiohttp.ClientSession, endpoints: _Endpoints, *, form: Mapping[str, str]) -> str:
    async with session.post(endpoints.token_endpoint, data=form, allow_redirects=False) as reply:
        if reply.status >= 400:  # noqa: PLR2004 - client and server errors
            raise NotLoggedIn("the login provider refused the answer that the browser brought: log in again")
        return str(json.loads(await reply.read()).get("id_token", ""))


def _exchange(provider: OpenIdProvider, kept: _Kept, *, answer: Answer, back: str) -> dict[str, str]:
    return {
        "grant_type": "authorization_code", "code": answer.code, "redirect_uri": back, "code_verifier": kept.verifier,
        "client_id": provider.client_id, "client_secret": provider.secret,
    }  # fmt: skip


def _believed(provider: OpenIdProvider, token: str, *, keys: Any, kept: _Kept, now: float) -> CodeIDToken:
    options = {
        "iss": {"essential": True, "values": [provider.issuer, f"{provider.issuer}/"]},
        "aud": {"essential": True, "value": provider.client_id},
        "nonce": {"essential": True, "value": kept.nonce},
    }
    try:
        decoded = jwt.decode(token, KeySet.import_key_set(keys), algorithms=ALGORITHMS)
        params = {"nonce": kept.nonce, "client_id": provider.client_id}
        claims = CodeIDToken(decoded.claims, decoded.header, options, params)
        claims.validate(now=int(now), leeway=LEEWAY)
    except (JoseError, ValueError, KeyError, TypeError) as error:
        raise NotLoggedIn(f"what the login provider says cannot be believed ({error}): tell an operator") from error
    return claims


def _session(service: Service, provider: OpenIdProvider, *, claims: CodeIDToken, address: str) -> NewSession:
    subject = str(claims["sub"])
    with service.store.writing() as connection:
        user = find_by_subject(connection, provider.issuer, subject=subject)
        if user is None:
            user = _by_address(find_by_email(connection, normal_email(str(claims.get("email", "")))), claims)
            change_user(connection, user.id, values={"issuer": provider.issuer, "subject": subject})
        if user.disabled_at is not None:
            raise NotLoggedIn("this account is disabled: ask an admin")
        return begin_session(service, connection, user=user, address=address, detail={"issuer": provider.issuer})


def _by_address(user: User | None, claims: CodeIDToken) -> User:
    if user is None or claims.get("email_verified") is not True:
        raise NotLoggedIn("nobody here has that account, or its address is not verified: ask an admin to add you")
    return user


def _sealed(provider: OpenIdProvider, kept: _Kept) -> str:
    body = base64.urlsafe_b64encode(msgspec.json.encode(kept)).decode()
    return f"{body}.{_signature(provider, body)}"


def _opened(provider: OpenIdProvider, text: str, *, now: float) -> _Kept:
    body, _, signature = text.partition(".")
    if not hmac.compare_digest(signature.encode(), _signature(provider, body).encode()):
        raise NotLoggedIn("this browser has not begun a login here: log in again")
    kept = msgspec.json.decode(base64.urlsafe_b64decode(body), type=_Kept)
    if now >= kept.until:
        raise NotLoggedIn("this login took too long: log in again")
    return kept


def _signature(provider: OpenIdProvider, body: str) -> str:
    key = hashlib.sha256(f"causal-eval login {provider.client_id} {provider.secret}".encode()).digest()
    return hmac.new(key, body.encode(), hashlib.sha256).hexdigest()
