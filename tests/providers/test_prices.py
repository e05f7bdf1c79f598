"""Costs are exact, dated, and unknown rather than zero."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

import genai_prices
import pytest
from genai_prices.data_snapshot import get_snapshot

from causal_eval.errors import MalformedFile
from causal_eval.providers.catalog import read_catalog
from causal_eval.providers.prices import Prices, Rates, read_prices
from causal_eval.providers.provider import Usage

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
USAGE = Usage(input=1000, output=500, cached=100, written=50, reasoning=200)


def cost(answerer: str, usage: Usage = USAGE, prices: Prices | None = None, **options: Any) -> Fraction | None:
    return (prices or Prices()).cost(answerer, usage, at=NOW, **options)


def listed() -> list[tuple[str, str, str]]:
    """Seller as we call it, as the table calls it, and model, for everything that can be bought."""
    names = {entry.prices: name for name, entry in read_catalog().items() if entry.prices}
    return [
        (names[provider.id], provider.id, model.id)
        for provider in get_snapshot().providers
        if provider.id in names
        for model in provider.models
    ]


@pytest.mark.parametrize("fresh", [900, 900_000])
def test_list_prices_are_the_tables_own(fresh: int) -> None:
    """For every seller's models, below and above tiers: exactly what genai-prices itself computes, or unknown."""
    usage = Usage(input=fresh + 150, output=500, cached=100, written=50)
    theirs = genai_prices.Usage(
        input_tokens=fresh + 150, output_tokens=500, cache_read_tokens=100, cache_write_tokens=50
    )
    known = {}
    for seller, provider, model in listed():
        found = cost(f"{seller}/{model}", usage)
        if found is not None:
            known[provider, model] = found
    for (provider, model), found in known.items():
        price = genai_prices.calc_price(theirs, model, provider_id=provider, genai_request_timestamp=NOW)
        assert abs(found - Fraction(price.total_price)) < Fraction(1, 10**20), model
    assert len(known) > 0.8 * len(listed()) > 500


def test_prices_change_with_the_day() -> None:
    """A price that has begun later does not reach back."""
    dated = next(
        model
        for provider in get_snapshot().providers
        if provider.id == "deepseek"
        for model in provider.models
        if isinstance(model.prices, list)
    )
    found = {
        Prices().cost(f"deepseek/{dated.id}", USAGE, at=datetime(year, 6, 1, hour, tzinfo=UTC))
        for year in (2024, 2025, 2026)
        for hour in (0, 12, 20)
    }
    assert len(found) > 1


@pytest.mark.parametrize("answerer", ["baseline/majority", "local/gemma-3-270m", "demo/skilled"])
def test_what_runs_here_is_free(answerer: str) -> None:
    """Zero, even where no token was counted."""
    assert cost(answerer, Usage()) == 0


@pytest.mark.parametrize(
    ("answerer", "usage", "options"),
    [
        ("openai/no-such-model", USAGE, {}),
        ("openai/gpt-5-mini", Usage(input=1000), {}),
        ("openai/gpt-5-mini", Usage(), {}),
        ("openai/gpt-5-mini", USAGE, {"list_price": False}),
        ("ollama/llama3", USAGE, {}),
        ("openai-api/lab/gpt-5-mini", USAGE, {}),
        ("google/gemma-3", USAGE, {}),
    ],
)
def test_what_is_not_known_is_unknown(answerer: str, usage: Usage, options: dict[str, Any]) -> None:
    """No price, no count, somebody else's server, a row without prices: None, never zero."""
    assert cost(answerer, usage, **options) is None


def test_the_served_model_is_priced_first() -> None:
    """A deployment's name says nothing; the model that answered does."""
    assert cost("azure/my-deployment") is None
    assert cost("azure/my-deployment", served="gpt-5-mini-2025-08-07") == cost("openai/gpt-5-mini")
    assert cost("openai/gpt-5-mini", served="something-new") == cost("openai/gpt-5-mini")


def test_a_users_table_comes_first(tmp_path: Path) -> None:
    """Exact decimals, patterns, cached and written tokens at their own price or that of input."""
    path = tmp_path / "prices.toml"
    path.write_text(
        '["openai-api/lab/*"]\ninput = 0.1\noutput = 3\n["openai/gpt-5-mini"]\ninput=1\noutput=1\ncached=0\n'
    )
    prices = read_prices(path)
    assert cost("openai-api/lab/m", prices=prices, list_price=False) == Fraction("0.0001") + Fraction("0.0015")
    assert cost("openai/gpt-5-mini", prices=prices) == Fraction(1400, 10**6)
    assert cost("openai/gpt-5-nano", prices=prices) == cost("openai/gpt-5-nano")
    assert prices.version.startswith("prices.toml (")
    assert "genai-prices 0." in prices.version
    assert Prices().version == read_prices(None).version


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("x", "cannot be read"),
        ("a = 1", "write a section"),
        ("[a]\ninput = 1", "output must be a number"),
        ("[a]\noutput = 1", "input must be a number"),
        ("[a]\ninput = -1\noutput = 1", "0 or more"),
        ("[a]\ninput = true\noutput = 1", "input must be"),
        ("[a]\ninput = nan\noutput = 1", "input must be"),
        ("[a]\ninput = 1\noutput = 1\ncashed = 1", "did you mean cached"),
    ],
)
def test_a_wrong_table_is_refused(tmp_path: Path, text: str, part: str) -> None:
    """The message names file, section and field."""
    path = tmp_path / "p.toml"
    path.write_text(text)
    with pytest.raises(MalformedFile, match=part) as told:
        read_prices(path)
    assert str(path) in str(told.value)
    with pytest.raises(MalformedFile):
        read_prices(tmp_path / "none.toml")


def test_importing_it_does_not_load_the_table() -> None:
    """The table and its HTTP client cost half a second, which a run without paid models never pays."""
    code = (
        "import sys, datetime; from causal_eval.providers.prices import Prices; from causal_eval.providers.provider "
        "import Usage; Prices().cost('local/x', Usage(), at=datetime.datetime.now(datetime.UTC)); "
        "print({'genai_prices', 'httpx2', 'pydantic'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_a_batch_has_the_price_that_the_table_says() -> None:
    """Half of the list price for most; unknown where it does not, and before it did; own prices as they are."""
    at = datetime(2026, 11, 1, tzinfo=UTC)
    usage = Usage(input=1000, output=500)
    known = halved = 0
    for seller, provider, model in listed():
        if provider not in {"openai", "anthropic"}:
            continue
        found = Prices().cost(f"{seller}/{model}", usage, at=at, batch=True)
        if found is None:
            continue
        known += 1
        theirs = genai_prices.calc_price(
            genai_prices.Usage(input_tokens=1000, output_tokens=500), model, provider_id=provider,
            genai_request_timestamp=at, price_context={"processing": "batch"},
        )  # fmt: skip
        assert abs(found - Fraction(theirs.total_price)) < Fraction(1, 10**20), model
        halved += found * 2 == Prices().cost(f"{seller}/{model}", usage, at=at)
    assert known > halved > 0.9 * known > 20
    assert Prices().cost("anthropic/claude-2", usage, at=at, batch=True) is None
    own = Prices({"openai/*": Rates(Fraction(1), Fraction(1), Fraction(1), Fraction(1))}, "mine")
    assert own.cost("openai/gpt-x", usage, at=at, batch=True) == own.cost("openai/gpt-x", usage, at=at) == 1500
