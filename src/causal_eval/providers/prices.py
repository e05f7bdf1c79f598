"""What calls cost: exact US dollars from a dated table of list prices or the user's own, or None where unknown.

Cost is computed when a run is read, never stored: what was paid for follows from the kept token counts, the served
model and the time of the call, which are facts, while a table of prices is an opinion that gets corrected. Beside
every cost stands the version of the table it comes from. Only replies that were kept are counted: what a provider
charges for calls that failed or were cut off nobody tells us.

Cheap to import: the table of list prices is loaded when the first price is looked up.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from fnmatch import fnmatchcase
from fractions import Fraction
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from causal_eval.errors import MalformedFile, UnknownName
from causal_eval.providers.catalog import LOCAL, base_url, is_loopback, read_catalog, route
from causal_eval.providers.provider import Usage

if TYPE_CHECKING:
    from genai_prices.types import ModelInfo, ModelPrice

FREE = ("baseline/", "demo/", f"{LOCAL}/")
"""Answerers that run on this machine: that they cost nothing is known."""
NO_LIST = "no list prices: pip install 'causal-eval-bench[prices]'"
MILLION = 10**6
_FIELDS = ("input", "output", "cached", "written")
_BATCH = {"processing": "batch"}
_OTHER_MEDIA = ("audio", "image", "video", "document", "searches", "_1h_")
"""Parts of names of list prices that a call of text with default caching never pays."""


@dataclass(frozen=True, slots=True)
class Rates:
    """US dollars for a token of each kind."""

    input: Fraction
    output: Fraction
    cached: Fraction
    written: Fraction

    def cost(self, usage: Usage) -> Fraction | None:
        """The price of *usage*; None if the provider did not count. What it does not call cached was not."""
        if usage.input is None or usage.output is None:
            return None
        cached, written = usage.cached or 0, usage.written or 0
        fresh = max(0, usage.input - cached - written)
        return self.input * fresh + self.cached * cached + self.written * written + self.output * usage.output


@dataclass(frozen=True, slots=True)
class Prices:
    """The user's own prices before list prices; ``Prices()`` has list prices alone."""

    own: Mapping[str, Rates] = field(default_factory=dict)
    """By answerer (``openai/gpt-5-mini``), ``*`` standing for anything; the first that fits counts."""
    label: str = ""
    """Which table ``own`` is."""

    @property
    def version(self) -> str:
        """Where prices come from, with a version that names exactly one state of each table."""
        from importlib.metadata import PackageNotFoundError, version

        try:
            listed = f"genai-prices {version('genai-prices')}"
        except PackageNotFoundError:
            listed = NO_LIST
        return f"{self.label}, else {listed}" if self.label else listed

    def cost(
        self,
        answerer: str,
        usage: Usage,
        *,
        at: datetime,
        served: str = "",
        list_price: bool = True,
        batch: bool = False,
    ) -> Fraction | None:
        """What a reply of *answerer* cost at the time *at*; None = unknown, never zero for a price not known.

        Args:
            answerer: ``provider/model`` as the user wrote it.
            usage: What the provider counted.
            served: The model that answered, as the provider names it; it is looked up first.
            at: When; prices change.
            list_price: False: somebody else's server or another tier answered, so list prices say nothing.
            batch: It came in a batch: the list price of batches counts; own prices are taken as they are.
        """
        if answerer.startswith(FREE):
            return Fraction(0)
        rates = next((rates for pattern, rates in self.own.items() if fnmatchcase(answerer, pattern)), None)
        if rates is None and list_price:
            rates = _listed(answerer, served, at=at, tokens=usage.input or 0, batch=batch)
        return None if rates is None else rates.cost(usage)


def sold_by_list(answerer: str, endpoint: str) -> bool:
    """Whether the API's own host answered: *endpoint* is the address that a user gave in its place, else empty."""
    way = route(answerer) if endpoint else None
    if way is None:
        return True
    own = way.entry.base_url
    return base_url(endpoint, "endpoint") == own if own else not is_loopback(endpoint)


def load_list(answerer: str, at: datetime) -> None:
    """Load the table of list prices, half a second of work, if *answerer* can stand in it."""
    if not answerer.startswith(FREE):
        _listed(answerer, "", at=at, tokens=0, batch=False)


def read_prices(path: Path | None) -> Prices:
    """The user's table: TOML, a section per answerer with dollars per million tokens; without a path list prices.

    ``["openai/gpt-5-*"]`` with ``input``, ``output`` and, where they differ from input, ``cached`` and ``written``.

    Raises:
        MalformedFile: no such file, no TOML, an unknown field, a missing or negative price.
    """
    if path is None:
        return Prices()
    try:
        content = path.read_bytes()
        table = tomllib.loads(content.decode(), parse_float=Decimal)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise MalformedFile(str(path), f"cannot be read as prices: {error}") from error
    own = {name: _own_rates(str(path), name, fields=fields) for name, fields in table.items()}
    return Prices(own, f"{path.name} ({sha256(content).hexdigest()[:8]})")


def _own_rates(path: str, name: str, *, fields: Any) -> Rates:
    if not isinstance(fields, dict):
        raise MalformedFile(path, f'write a section: ["{name}"] with input = ... and output = ...', field=name)
    for field_name in fields:
        if field_name not in _FIELDS:
            raise MalformedFile(path, str(UnknownName("price", field_name, _FIELDS)), field=name)
    return Rates(**{kind: _own_price(path, name, fields=fields, kind=kind) for kind in _FIELDS})


def _own_price(path: str, name: str, *, fields: Mapping[str, Any], kind: str) -> Fraction:
    value = fields.get(kind, fields.get("input") if kind != "output" else None)
    number = isinstance(value, int | Decimal) and not isinstance(value, bool)
    if not number or not Decimal(value).is_finite() or value < 0:
        raise MalformedFile(path, f"{kind} must be a number of dollars per million tokens, 0 or more", field=name)
    return Fraction(value) / MILLION


def _listed(answerer: str, served: str, *, at: datetime, tokens: int, batch: bool) -> Rates | None:
    """List prices of the model that answered, else of the one that was asked."""
    way = route(answerer)
    seller = read_catalog()[way.api].prices
    if not seller:
        return None
    found = (served and _entry(seller, served)) or _entry(seller, way.model)
    if not found:
        return None
    price = _in_batch(found, at) if batch else found.get_prices(at)
    return None if price is None else _rates(price, tokens)


def _in_batch(found: ModelInfo, at: datetime) -> ModelPrice | None:
    """Prices of a batch; None where the table does not tell them."""
    told = [variant for variant in found.price_variants or () if variant.when == _BATCH]
    if not any(variant.constraint is None or variant.constraint.active(at) for variant in told):
        return None
    return found.get_prices(at, _BATCH)


@cache
def _entry(seller: str, model: str) -> ModelInfo | None:
    """The model's row of the table; None if there is none."""
    try:
        from genai_prices.data_snapshot import get_snapshot
    except ImportError:
        return None  # the extra [prices]: every table that is shown says that it is not there

    try:
        return get_snapshot().find_provider_model(model, None, seller, None)[1]
    except LookupError:
        return None


def _rates(price: ModelPrice, tokens: int) -> Rates | None:
    """Rates of a call with *tokens* of input; None if a price is missing, or one applies that we cannot count."""
    given = {name: value for name, value in vars(price).items() if value is not None}
    plain = {"input_mtok", "output_mtok", "cache_read_mtok", "cache_write_mtok"}
    if any(name not in plain and not any(word in name for word in _OTHER_MEDIA) for name in given):
        return None
    if "input_mtok" not in given or "output_mtok" not in given:
        return None
    rate = {name: _per_token(_tier(value, tokens)) for name, value in given.items() if name in plain}
    base = rate["input_mtok"]
    return Rates(base, rate["output_mtok"], rate.get("cache_read_mtok", base), rate.get("cache_write_mtok", base))


def _tier(value: Any, tokens: int) -> Decimal:
    """Above a tier's start all tokens of a call have its price."""
    if isinstance(value, Decimal):
        return value
    reached = [tier.price for tier in value.tiers if tokens > tier.start]
    price: Decimal = reached[-1] if reached else value.base
    return price


@cache
def _per_token(price: Decimal) -> Fraction:
    return Fraction(price) / MILLION
