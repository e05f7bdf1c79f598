"""What replies of a run cost, by its specification and the tables of prices."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from causal_eval.evaluation.budget import Price
from causal_eval.evaluation.spec import RunSpec
from causal_eval.providers.prices import Prices, sold_by_list
from causal_eval.providers.provider import Usage

SERVICE_TIER = "service_tier"
REPORTED = "reported/"
"""Before the name of an answerer that our server did not ask."""


@dataclass(frozen=True, slots=True)
class Quote:
    """A price before anything is bought."""

    dollars: Fraction | None
    """None: unknown."""
    basis: str
    """Which price that is, in words."""


def batch_price(price: Price, usage: Usage, *, at: str) -> Quote:
    """What a reply in a batch costs, and by which price; where only single calls have one, it is an upper end."""
    single, batch = price(usage, "", at), price(usage, "", at, batch=True)
    if single is None and batch is None:
        return Quote(None, "")
    if batch is None:
        return Quote(single, "list price; batches may cost less")
    return Quote(batch, "price of batches" if batch != single else "the same in a batch")


def pricer(spec: RunSpec, prices: Prices) -> Price | None:
    """The cost of a reply of this run; another host or service tier than the usual one has no list price.

    None: no table can know it, so no reply needs to be looked up.
    """
    if spec.answerer.startswith(REPORTED):
        return None
    listed = sold_by_list(spec.answerer, spec.endpoint) and SERVICE_TIER not in dict(spec.params)
    if not listed and not prices.own:
        return None

    def price(usage: Usage, served: str, at: str, /, *, batch: bool = False) -> Fraction | None:
        when = datetime.fromisoformat(at)
        return prices.cost(spec.answerer, usage, served=served, at=when, list_price=listed, batch=batch)

    return price
