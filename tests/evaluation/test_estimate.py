"""What a run will take: by earlier replies if there are any, else by the prompts; an unknown price stays unknown."""

from __future__ import annotations

from fractions import Fraction

from causal_eval.evaluation.estimate import Speed, Usual, dearest, estimate
from causal_eval.providers.provider import Message, Prompt, Usage

PROMPTS = [Prompt((Message("system", "ab"), Message("user", "c" * 99)), text="ignored", max_tokens=50)] * 10


def price(usage: Usage) -> Fraction | None:
    """Ten cents a token in, a dollar out; twice that above 100 tokens in."""
    assert usage.input is not None
    assert usage.output is not None
    return (Fraction(usage.input, 10) + usage.output) * (2 if usage.input > 100 else 1)


def test_without_earlier_replies_the_prompts_tell() -> None:
    """Four characters to a token, every reply as long as it may be, no word on time."""
    found = estimate(iter(PROMPTS), usual=None, price=price, speed=Speed(4))
    assert (found.items, found.input_tokens, found.output_tokens, found.is_bound) == (10, 253, 500, True)
    assert found.cost == 10 * (Fraction(26, 10) + 50)
    assert found.seconds is None


def test_earlier_replies_tell_more() -> None:
    """Their means, and time by how many calls are open at once or by the pace that is asked for."""
    usual = Usual(40, 30.0, 5.5, 2.0)
    found = estimate(PROMPTS, usual=usual, price=price, speed=Speed(4))
    assert (found.input_tokens, found.output_tokens, found.is_bound, found.seconds) == (300, 55, False, 5.0)
    assert found.cost == 10 * (3 + 6)
    assert "40 earlier replies" in found.source
    assert estimate(PROMPTS, usual=usual, price=price, speed=Speed(4, rpm=6)).seconds == 100.0
    assert estimate(PROMPTS, usual=usual, price=price, speed=Speed(4, tpm=71)).seconds == 300.0


def test_an_unknown_price_is_unknown() -> None:
    """Never zero, but for a run that has nothing to ask."""
    assert estimate(PROMPTS, usual=None, price=lambda _: None, speed=Speed(4)).cost is None
    assert dearest(PROMPTS[0], lambda _: None) is None
    assert estimate([], usual=None, price=lambda _: None, speed=Speed(4)).cost == 0


def test_the_dearest_call_is_one_of_full_length() -> None:
    """Two characters to a token, and a reply as long as it may be."""
    assert dearest(PROMPTS[0], price) == Fraction(51, 10) + 50
