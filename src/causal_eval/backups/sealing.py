"""Files under a key: compressed, cut into pieces, each encrypted and bound to its place, so that memory is bounded.

Layout: a mark, the id of the key, a salt, then pieces of AES-256-GCM under a key that HKDF-SHA256 makes for this file
alone; the nonce counts the pieces and says which is the last (the STREAM construction), so that nothing is exchanged or
cut off unseen.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import io
import os
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from causal_eval.errors import UsageError, VerificationMismatch
from causal_eval.settings.private import for_others

PIECE = 1 << 20
"""Bytes of a piece before it is encrypted."""
_MARK = b"CEB-SEALED-1\n"
_ID, _SALT, _TAG, _KEY = 16, 32, 16, 32
_QUICK = 1
"""zlib's level: a restore waits for it."""


@dataclass(frozen=True, slots=True)
class Key:
    """What seals backups."""

    secret: bytes = field(repr=False)

    @property
    def id(self) -> str:
        """The name that files remember it by."""
        return hashlib.sha256(b"backup key " + self.secret).hexdigest()[:_ID]

    def sign(self, body: bytes) -> str:
        """A signature of *body* by this key."""
        return hmac.new(self._derived(b"manifest", b"causal-eval manifest"), body, hashlib.sha256).hexdigest()

    def cipher(self, salt: bytes) -> AESGCM:
        """What encrypts the one file of that *salt*."""
        return AESGCM(self._derived(salt, b"causal-eval backup"))

    def _derived(self, salt: bytes, info: bytes) -> bytes:
        return HKDF(algorithm=SHA256(), length=_KEY, salt=salt, info=info).derive(self.secret)


@dataclass(frozen=True, slots=True)
class SealedFile:
    """A sealed file, as the manifest tells of it."""

    name: str
    size: int
    sha256: str


def make_key(path: Path) -> Key:
    """Write a new key to *path*, which only its owner may read.

    Raises:
        UsageError: the file is there, or cannot be written.
    """
    key = Key(AESGCM.generate_key(8 * _KEY))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise UsageError(f"backup key file {path} is there: it opens old backups, so name another file") from error
    except OSError as error:
        raise UsageError(f"backup key file {path} cannot be written: {error.strerror}") from error
    with os.fdopen(handle, "wb") as file:
        file.write(base64.b64encode(key.secret) + b"\n")
        file.flush()
        os.fsync(handle)
    return key


def read_keys(path: Path | None) -> tuple[Key, ...]:
    """The keys of the file, one a line: the first seals, the others still open.

    Raises:
        UsageError: there is no file, others may read it, or it holds something else.
    """
    if path is None:
        raise UsageError(
            "CEB_BACKUP_KEY_FILE is not set: make a key with `causal-eval backup key FILE`, and keep it safe"
        )
    try:
        shown, lines = for_others(path), path.read_text("ascii").split()
        keys = tuple(Key(base64.b64decode(line, validate=True)) for line in lines)
    except (OSError, UnicodeDecodeError, binascii.Error) as error:
        raise UsageError(f"CEB_BACKUP_KEY_FILE is {path}, which cannot be read: {error}") from error
    if shown:
        raise UsageError(f"CEB_BACKUP_KEY_FILE is {path}, which others may read: run `chmod 600 {path}`")
    if not keys or any(len(key.secret) != _KEY for key in keys):
        raise UsageError(f"CEB_BACKUP_KEY_FILE is {path}, which is no backup key file: each line is 32 bytes in base64")
    return keys


def key_named(name: str, keys: Sequence[Key], *, what: str) -> Key:
    """The key of that id, which *what* was sealed with.

    Raises:
        UsageError: it is not among *keys*.
    """
    for key in keys:
        if key.id == name:
            return key
    held = ", ".join(key.id for key in keys)
    raise UsageError(f"{what} was sealed with key {name}, and CEB_BACKUP_KEY_FILE holds {held}: name the file with it")


def seal(source: Iterable[bytes], target: Path, *, key: Key) -> SealedFile:
    """Write all of *source* to the new file *target*, on the disk when this returns."""
    salt, digest = AESGCM.generate_key(8 * _SALT), hashlib.sha256()
    cipher, size = key.cipher(salt), 0
    with target.open("xb") as file:
        for part in _sealed(source, cipher, head=_MARK + key.id.encode() + salt):
            file.write(part)
            digest.update(part)
            size += len(part)
        file.flush()
        os.fsync(file.fileno())
    return SealedFile(target.name, size, digest.hexdigest())


def unseal(path: Path, keys: Sequence[Key]) -> Iterator[bytes]:
    """What was sealed in the file at *path*, piece by piece.

    Raises:
        UsageError: none of *keys* opens it.
        VerificationMismatch: it is not what was written.
    """
    with path.open("rb") as file:
        head = file.read(len(_MARK) + _ID + _SALT)
        if len(head) < len(_MARK) + _ID + _SALT or not head.startswith(_MARK):
            raise VerificationMismatch(f"{path} is no sealed file, or its beginning was changed: use another backup")
        name, salt = head[len(_MARK) : -_SALT], head[-_SALT:]
        key = key_named(name.decode("ascii", "replace"), keys, what=str(path))
        yield from _inflated(_opened(file, key.cipher(salt), path=path))


def sha256_of(path: Path) -> str:
    """The SHA-256 of the file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class Reader(io.RawIOBase):
    """Pieces as a file that is read from its beginning to its end."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._left = memoryview(b"")

    def readable(self) -> bool:
        """True."""
        return True

    def read(self, size: int = -1, /) -> bytes:
        """*size* bytes, fewer at the end alone."""
        wanted, found = size if size >= 0 else 1 << 62, []
        while wanted and (part := self._part(wanted)):
            found.append(part)
            wanted -= len(part)
        return b"".join(found)

    def _part(self, most: int) -> memoryview:
        while not self._left and (piece := next(self._pieces, None)) is not None:
            self._left = memoryview(piece)
        part, self._left = self._left[:most], self._left[most:]
        return part


def _sealed(source: Iterable[bytes], cipher: AESGCM, *, head: bytes) -> Iterator[bytes]:
    yield head
    number = 0
    pieces = _cut(_deflated(source))
    piece = next(pieces, b"")
    for following in pieces:
        yield cipher.encrypt(_nonce(number, last=False), piece, None)
        piece, number = following, number + 1
    yield cipher.encrypt(_nonce(number, last=True), piece, None)


def _opened(file: IO[bytes], cipher: AESGCM, *, path: Path) -> Iterator[bytes]:
    number, part = 0, file.read(PIECE + _TAG)
    while True:
        following = file.read(PIECE + _TAG)
        try:
            yield cipher.decrypt(_nonce(number, last=not following), part, None)
        except (InvalidTag, ValueError) as error:
            raise VerificationMismatch(
                f"{path} was changed or cut short at its piece {number + 1}: use another backup, or its copy"
            ) from error
        if not following:
            return
        number, part = number + 1, following


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])


def _deflated(source: Iterable[bytes]) -> Iterator[bytes]:
    deflate = zlib.compressobj(_QUICK)
    for part in source:
        yield deflate.compress(part)
    yield deflate.flush()


def _inflated(source: Iterable[bytes]) -> Iterator[bytes]:
    """Empty pages are a thousand times as long as what they are stored in: never more than a piece at once."""
    inflate = zlib.decompressobj()
    for part in source:
        left = part
        while left:
            yield inflate.decompress(left, PIECE)
            left = inflate.unconsumed_tail
    yield inflate.flush()


def _cut(source: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes in whole pieces; only the last may be shorter."""
    held = bytearray()
    for part in source:
        held += part
        while len(held) >= PIECE:
            yield bytes(held[:PIECE])
            del held[:PIECE]
    yield bytes(held)
