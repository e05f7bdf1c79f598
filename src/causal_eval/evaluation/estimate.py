"""What a run will take, before the first call: tokens by earlier runs if there are any, else by the prompts."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fractions import Fraction

from causal_eval.providers.provider import Prompt, Usage

CHARACTERS = 4
"""Of English text, to a token."""
FEWEST = 2
"""Characters to a token of text that is hard on a tokenizer: names, numbers, formulas."""


@dataclass(frozen=True, slots=True)
class Usual:
    """Means over stored replies of the same answerer, asked in the same way."""

    replies: int
    input: float
    """Tokens."""
    output: float
    seconds: float
    """Time of a call."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """What asking so many items takes; retries are not foreseen."""

    items: int
    input_tokens: int
    output_tokens: int
    is_bound: bool
    """True: ``output_tokens``, and with them the cost, are the most that the prompts allow, not what is likely."""
    source: str
    """Where the numbers come from, in words."""
    cost: Fraction | None
    """US dollars; None: no price is known."""
    seconds: float | None
    """None: no earlier run tells how long a call takes."""


@dataclass(frozen=True, slots=True)
class Speed:
    """How fast calls may be made."""

    width: int
    """Open calls."""
    rpm: float | None = None
    tpm: float | None = None


def estimate(
    prompts: Iterable[Prompt],
    *,
    usual: Usual | None,
    price: Callable[[Usage], Fraction | None],
    speed: Speed,
) -> Estimate:
    """What asking *prompts* takes, by *usual* replies, else by the length of the prompts and of the longest replies."""
    items = characters = most = 0
    for prompt in prompts:
        items += 1
        characters += length(prompt)
        most += prompt.max_tokens
    if usual is None:
        tokens = (-(-characters // CHARACTERS), most)
        source = f"no earlier replies: {CHARACTERS} characters to a token, and every reply as long as it may be"
    else:
        tokens = (round(items * usual.input), round(items * usual.output))
        source = f"the means of {usual.replies} earlier replies of the same model, asked in the same way"
    cost = _cost(items, tokens, price=price)
    return Estimate(items, *tokens, usual is None, source, cost, _seconds(items, sum(tokens), usual=usual, speed=speed))


def foreseen(
    items: int, usual: Usual, *, price: Callable[[Usage], Fraction | None], speed: Speed, source: str
) -> Estimate:
    """What asking so many items takes if replies are as *usual*; without replies it is what they may take at most."""
    tokens = (round(items * usual.input), round(items * usual.output))
    known = usual if usual.seconds else None
    seconds = _seconds(items, sum(tokens), usual=known, speed=speed)
    return Estimate(items, *tokens, not usual.replies, source, _cost(items, tokens, price=price), seconds)


def _cost(items: int, tokens: tuple[int, int], *, price: Callable[[Usage], Fraction | None]) -> Fraction | None:
    """By the price of a call of mean length: some prices rise with the length of a call."""
    if not items:
        return Fraction(0)
    one = price(Usage(*(-(-count // items) for count in tokens)))
    return None if one is None else items * one


def dearest(prompt: Prompt, price: Callable[[Usage], Fraction | None]) -> Fraction | None:
    """What the call costs if its reply is as long as it may be; None: no price is known."""
    return price(Usage(-(-length(prompt) // FEWEST), prompt.max_tokens))


def length(prompt: Prompt) -> int:
    """Characters that are sent."""
    return sum(len(turn.content) for turn in prompt.messages) or len(prompt.text)


def _seconds(items: int, tokens: int, *, usual: Usual | None, speed: Speed) -> float | None:
    if usual is None:
        return None
    paced = [60 * items / speed.rpm if speed.rpm else 0.0, 60 * tokens / speed.tpm if speed.tpm else 0.0]
    return max(items * usual.seconds / max(1, min(speed.width, items)), *paced)
