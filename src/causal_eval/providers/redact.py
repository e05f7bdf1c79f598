"""Error texts made fit to be shown and stored: one line, bounded, no control characters, no secrets."""

from __future__ import annotations

import re

from causal_eval.providers.keys import LONG_KEY

LONGEST = 300
HIDDEN = "***"
_SHORTEST_SECRET = 6
"""A shorter "key" (``x``, ``none``) is no secret, and hiding it would blank out words."""
_KEY_SHAPED = re.compile(r"\b(?:sk|pk|rk|gsk|xai|hf|key)[-_][\w*.-]{6,}|(?i:bearer)\s+[\w.~+/=*-]{6,}")
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\s]+")


def without(content: bytes, secret: str) -> bytes:
    """*content* with every *secret* in it hidden, also where JSON has escaped its slashes.

    A key that is no longer than a word (``ollama``) stays: it may be one that the model says.
    """
    if len(secret) >= LONG_KEY:
        for form in {secret, secret.replace("/", "\\/")}:
            content = content.replace(form.encode(), HIDDEN.encode())
    return content


def one_line(text: str, *secrets: str) -> str:
    """*text* in one line of at most ``LONGEST`` characters, every secret and everything key-shaped hidden."""
    for secret in secrets:
        if len(secret) >= _SHORTEST_SECRET:
            text = text.replace(secret, HIDDEN)
    line = _UNPRINTABLE.sub(" ", _KEY_SHAPED.sub(HIDDEN, text)).strip()
    return line if len(line) <= LONGEST else line[: LONGEST - 1] + "…"
