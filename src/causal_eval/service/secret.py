"""Secrets that people and programs hold: made, told apart by their SHA-256, and passwords by argon2id."""

from __future__ import annotations

import hashlib
import re
import string
from functools import cache
from typing import NamedTuple

from pwdlib import PasswordHash

from causal_eval.errors import UsageError

SHORTEST, LONGEST = 12, 256
"""Characters of a password."""

_DIGITS = string.digits + string.ascii_uppercase + string.ascii_lowercase
_KEY = re.compile(r"ceb_(?P<id>[0-9A-Za-z]{8})_[0-9A-Za-z]{43}")
_KEY_DIGITS, _ID_DIGITS = 43, 8


class Checked(NamedTuple):
    """What came of a password."""

    right: bool
    fresh: str | None
    """The hash to keep from now on, where the one that is kept was made with weaker parameters."""


def digest(secret: str) -> str:
    """SHA-256: enough for what has 128 random bits or more."""
    return hashlib.sha256(secret.encode()).hexdigest()


def new_key(identity: str, secret: str) -> str:
    """``ceb_<8 characters>_<43 characters>`` of a random name and of 32 random bytes in hex."""
    public = _base62(int(digest(identity), 16), _KEY_DIGITS)[-_ID_DIGITS:]
    return f"ceb_{public}_{_base62(int(secret, 16), _KEY_DIGITS)}"


def key_id(key: str) -> str | None:
    """The public part of an API key; None: it has not the form of one."""
    match = _KEY.fullmatch(key)
    return match["id"] if match else None


def new_password(token: str) -> str:
    """A password of 22 characters out of 128 random bits in hex."""
    return _base62(int(token, 16), 22)


def hash_password(password: str) -> str:
    """The argon2id hash that is kept of *password*.

    Raises:
        UsageError: it is too short to be safe, or too long to be one.
    """
    if not SHORTEST <= len(password) <= LONGEST:
        raise UsageError(f"password has {len(password)} characters: give {SHORTEST} to {LONGEST}")
    return _hasher().hash(password)


def check_password(password: str, kept: str | None) -> Checked:
    """Whether *password* is the one of the hash; without one the answer is no, after as long a time."""
    if len(password) > LONGEST:
        password, kept = "", None
    right, fresh = _hasher().verify_and_update(password, kept or _nobodys())
    return Checked(right and kept is not None, fresh)


@cache
def _hasher() -> PasswordHash:
    return PasswordHash.recommended()


@cache
def _nobodys() -> str:
    return _hasher().hash("nobody has this password")


def _base62(number: int, width: int) -> str:
    digits = []
    while number:
        number, digit = divmod(number, len(_DIGITS))
        digits.append(_DIGITS[digit])
    return "".join(reversed(digits)).rjust(width, _DIGITS[0])
