"""Which keys there are and what they are called: a comma list in a variable, or a file with one key a line."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

from causal_eval.errors import UsageError

LONG_KEY = 12
_SHOWN = 4
_FINGERPRINT = 8


def key_label(key: str) -> str:
    """What a key is called wherever people or files can see it; empty for no key.

    ``...3f2a``, its last four characters, if it has twelve or more; else ``#`` and the first 8 hex digits of its
    SHA-256, since four of a short one would give it away.
    """
    if not key:
        return ""
    if len(key) >= LONG_KEY:
        return f"...{key[-_SHOWN:]}"
    return f"#{hashlib.sha256(key.encode()).hexdigest()[:_FINGERPRINT]}"


def key_variable(names: tuple[str, ...], env: Mapping[str, str]) -> str:
    """The first of *names* that *env* sets, itself or as ``_FILE``; else the first of all."""
    return next((name for name in names for part in ("_FILE", "") if env.get(f"{name}{part}", "").strip()), names[0])


def read_keys(variable: str, env: Mapping[str, str]) -> tuple[str, ...]:
    """The keys in the file that ``<variable>_FILE`` names if that is set, else in *variable*, each once, in order.

    Raises:
        UsageError: the file cannot be read, or something in it is no key; the key itself is not shown.
    """
    path = env.get(f"{variable}_FILE", "").strip()
    found = _lines(f"{variable}_FILE", path) if path else env.get(variable, "").split(",")
    keys = tuple(dict.fromkeys(key for part in found if (key := part.strip())))
    for key in keys:
        if not (key.isascii() and key.isprintable()) or " " in key:
            where = f"{variable}_FILE" if path else variable
            raise UsageError(f"{where} holds a character that no key has (a space, a line break ...): copy it again")
    return keys


def _lines(variable: str, path: str) -> list[str]:
    try:
        text = Path(path).expanduser().read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise UsageError(f"{variable}: cannot read {path}: {reason}; name a file with one key a line") from error
    return [line for line in text.splitlines() if not line.lstrip().startswith("#")]
