"""What the server signs with, and what its signature is worth: Ed25519 over a text that says both."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from causal_eval.errors import UsageError, VerificationMismatch
from causal_eval.settings import Settings
from causal_eval.settings.private import for_others

FILE = "signing-key.pem"


@dataclass(frozen=True, slots=True)
class PublicKey:
    """What anybody checks a signature with."""

    id: str
    """First 16 hex digits of the SHA-256 of its 32 bytes; signed texts name it."""
    raw: bytes

    @property
    def text(self) -> str:
        """The 32 bytes in base64."""
        return base64.b64encode(self.raw).decode()


class Signer:
    """Signs with the key in a file, which is made where it is not there."""

    def __init__(self, settings: Settings) -> None:
        """See the class.

        Raises:
            UsageError: no file is named, it cannot be used, or others may read it.
        """
        self._key = _read(_place(settings))

    @property
    def public(self) -> PublicKey:
        """The other half of the key."""
        raw = self._key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        return PublicKey(hashlib.sha256(raw).hexdigest()[:16], raw)

    def sign(self, text: str) -> bytes:
        """64 bytes over the UTF-8 of *text*."""
        return self._key.sign(text.encode())


def check(text: str, signature: bytes, *, key: bytes) -> None:
    """Return where *signature* is one of *text* by the owner of the 32 bytes *key*.

    Raises:
        VerificationMismatch: it is not.
    """
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, text.encode())
    except (InvalidSignature, ValueError) as error:
        raise VerificationMismatch("the signature is not one of this text by this key") from error


def _place(settings: Settings) -> Path:
    if settings.signing_key_file is not None:
        return settings.signing_key_file
    if settings.database_url.startswith("sqlite"):
        return settings.data_dir / FILE
    raise UsageError(
        "CEB_SIGNING_KEY_FILE is not set: name a file that every process of this database reads, there or not"
    )


def _read(path: Path) -> Ed25519PrivateKey:
    try:
        if not path.exists():
            _make(path)
        shown, body = for_others(path), path.read_bytes()
    except OSError as error:
        raise UsageError(f"CEB_SIGNING_KEY_FILE is {path}, which cannot be used: {error.strerror}") from error
    if shown:
        raise UsageError(f"CEB_SIGNING_KEY_FILE is {path}, which others may read: run `chmod 600 {path}`")
    try:
        key = load_pem_private_key(body, password=None)
    except (ValueError, TypeError) as error:
        raise UsageError(f"CEB_SIGNING_KEY_FILE is {path}, which holds no private key in PEM") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise UsageError(f"CEB_SIGNING_KEY_FILE is {path}, which holds no Ed25519 key")
    return key


def _make(path: Path) -> None:
    """Write a new key whole or not at all; of several processes that do, one wins."""
    path.parent.mkdir(parents=True, exist_ok=True)
    body = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(body)
        file.flush()
        os.fsync(handle)
    with contextlib.suppress(FileExistsError):  # another process's key is read
        os.link(draft, path)
    draft.unlink()
