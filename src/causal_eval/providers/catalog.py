"""The catalogue of APIs, and how a name as the user wrote it finds its entry, address and key."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from causal_eval.errors import UnknownName, UsageError

LOCAL = "local"
NAMED_SERVER = "openai-api"
_VERSION = re.compile(r"v\d+(?:(?:alpha|beta)\d*)?")
_PATHS = ("/chat/completions", "/messages", "/completions", "/responses")
_LOOPBACK = re.compile(r"localhost|127(?:\.\d+){3}|::1|.*\.localhost")


@dataclass(frozen=True, slots=True)
class Entry:
    """One API of the catalogue; ``catalog.toml`` explains each field."""

    adapter: str
    """``openai``, ``anthropic``, ``google`` or ``azure``: which wire format it speaks."""
    base_url: str = ""
    keys: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    auth: str = "Authorization"
    needs_key: bool = True
    reply_cap: str = "max_tokens"
    own_names: bool = False
    seed: str = "seed"
    headers: Mapping[str, str] = field(default_factory=dict)
    fields: tuple[str, ...] = ()
    responses_only: tuple[str, ...] = ()
    fixed_temperature: tuple[str, ...] = ()
    routers: tuple[str, ...] = ()
    prices: str = ""
    batches: bool = False


@dataclass(frozen=True, slots=True)
class Route:
    """A user's name taken apart: which API, which server, which model."""

    provider: str
    """``openai``, ``ollama``, ``openai-api/<server>``, ``local`` ...: what shares keys, limits and switches."""
    api: str
    """Key of the catalogue, or ``local``."""
    model: str

    @property
    def variables(self) -> str:
        """Prefix of the environment variables: ``OPENAI`` or the server's own name, ``MY_SERVER``."""
        return self.provider.rpartition("/")[2].upper().replace("-", "_").replace(".", "_")

    @property
    def entry(self) -> Entry:
        """The catalogue's entry of an API; a local file has none."""
        return read_catalog()[self.api]

    @property
    def key_variables(self) -> tuple[str, ...]:
        """Environment variables that may hold the key, best first."""
        return self.entry.keys or (f"{self.variables}_API_KEY",)

    @property
    def address_variables(self) -> tuple[str, ...]:
        """Environment variables that may hold the address, best first."""
        return self.entry.addresses or (f"{self.variables}_BASE_URL",)

    def matches(self, patterns: tuple[str, ...]) -> bool:
        """Whether the model's name is one of *patterns*."""
        return any(fnmatchcase(self.model, pattern) for pattern in patterns)

    def own_address(self, env: Mapping[str, str]) -> str:
        """The address that the user gave in place of the API's own; empty: none."""
        return "" if self.api == LOCAL else env.get(set_variable(self.address_variables, env), "").strip()


@dataclass(frozen=True, slots=True)
class Site:
    """Where a model is served, under which paths, and as whom it is called."""

    address: str
    auth: str
    """Header of the key."""
    chat: str = "/chat/completions"
    responses: str = "/responses"
    key: str = field(default="", repr=False)
    key_variable: str = ""


@cache
def read_catalog() -> Mapping[str, Entry]:
    """Every API by name."""
    table = tomllib.loads(Path(__file__).with_name("catalog.toml").read_text("utf-8"))
    return {name: Entry(**{key: _value(field) for key, field in row.items()}) for name, row in table.items()}


def _value(field: Any) -> Any:
    return tuple(field) if isinstance(field, list) else field


def set_variable(names: tuple[str, ...], env: Mapping[str, str]) -> str:
    """The first of *names* that *env* sets, else the first of all."""
    return next((name for name in names if env.get(name, "").strip()), names[0])


def provider_of(model: str) -> str:
    """The provider's part of ``provider/model``: ``openai``, ``openai-api/<server>``, ``local`` ..."""
    return route(model).provider


def route(model: str) -> Route:
    """The parts of *model*; UnknownName or UsageError says what cannot be read."""
    head, _, rest = model.partition("/")
    known = [*read_catalog(), LOCAL]
    if head not in known:
        raise UnknownName("provider", head, known) if rest else UsageError(_no_provider(model))
    if head == NAMED_SERVER:
        server, _, rest = rest.partition("/")
        head = f"{NAMED_SERVER}/{server}"
    if not rest or head.endswith("/"):
        form = f"{NAMED_SERVER}/<server>/<model>" if head.startswith(NAMED_SERVER) else f"{head}/<model>"
        raise UsageError(f"--model {model!r} names no model: write {form}")
    return Route(provider=head, api=head.partition("/")[0], model=rest)


def _no_provider(model: str) -> str:
    return (
        f"--model {model!r} names no provider: write openai/{model}, anthropic/{model}, "
        f"{NAMED_SERVER}/<server>/{model} or local/{model}"
    )


def base_url(given: str, variable: str) -> str:
    """*given* with scheme, host and API version and without a slash at the end, however the user wrote it.

    ``http://host:8000``, ``http://host:8000/v1/`` and ``http://host:8000/v1/chat/completions`` are the same.
    """
    text = checked_url(given, variable)
    for path in _PATHS:
        text = text.removesuffix(path)
    if any(_VERSION.fullmatch(segment) for segment in urlsplit(text).path.split("/")):
        return text
    return f"{text}/v1"


def checked_url(given: str, variable: str) -> str:
    """*given* without a slash at the end; UsageError if it is no http address or holds a secret or a query."""
    text = given.strip().rstrip("/")
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise UsageError(f"{variable} must begin with http:// or https:// and name a host, e.g. http://localhost:8000")
    if parts.username or parts.password:
        raise UsageError(f"{variable} must not hold a user name or password: put the key into the _API_KEY variable")
    if parts.query or parts.fragment:
        raise UsageError(f"{variable} must not hold '?' or '#': give the address up to /v1 only")
    return text


def is_loopback(url: str) -> bool:
    """Whether *url* points to this machine."""
    return _LOOPBACK.fullmatch(urlsplit(url).hostname or "") is not None
