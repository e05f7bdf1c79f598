"""Where backups stand: each a folder with a signed manifest, put there whole, copied, found again, thrown away."""

from __future__ import annotations

import contextlib
import errno
import hmac
import os
import re
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from causal_eval.backups.sealing import Key, SealedFile, key_named, sha256_of
from causal_eval.errors import StoreFull, StoreReadOnly, UnknownName, UsageError, VerificationMismatch
from causal_eval.store.fingerprints import TableSum

LATEST = "latest"
MANIFEST = "manifest.json"
_NAME = re.compile(r"\d{8}T\d{6}Z-(base|dump|sqlite)(-\d+)?")


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup is of."""

    name: str
    kind: str
    """``base`` (a whole PostgreSQL server), ``dump`` (one database of one) or ``sqlite``."""
    made_at: float
    """Seconds since 1970, before the first byte was read."""
    seconds: float
    version: str
    """Of this program."""
    schema: str
    """The newest migration of the database."""
    server: str
    database: str
    """Its name, or the path of its file."""
    key: str
    """Id of the key."""
    files: tuple[SealedFile, ...]
    tables: tuple[TableSum, ...]
    exact: bool
    """The sums are of the very state that is in the backup; else of the server at its end."""
    wal_start: str = ""
    """Of a base backup: the first segment of the log that a restore needs."""

    @property
    def size(self) -> int:
        """Bytes on the disk."""
        return sum(one.size for one in self.files)


class _Signed(msgspec.Struct):
    key: str
    mac: str
    manifest: msgspec.Raw


@dataclass(frozen=True, slots=True)
class Kept:
    """A backup in its place."""

    path: Path
    manifest: Manifest


@contextlib.contextmanager
def explained(folder: Path) -> Iterator[None]:
    """Say what a full or read-only disk means for *folder*."""
    try:
        yield
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise StoreFull(
                f"no space left for backups in {folder}: free some, or name another folder; nothing is left "
                "half-written, and older backups are as they were"
            ) from error
        raise StoreReadOnly(
            f"backups in {folder}: {error.strerror or error} ({error.filename}): check its rights"
        ) from error


@contextlib.contextmanager
def putting(folder: Path, name: str) -> Iterator[Path]:
    """A folder to fill, which becomes *folder*/*name* when the block ends well, and is gone when it does not.

    What an earlier, killed process left there is removed: its name says that it is no backup.
    """
    part = folder / f".{name}.part"
    folder.mkdir(parents=True, exist_ok=True)
    for left in folder.glob(".*.part"):
        shutil.rmtree(left, ignore_errors=True)
    part.mkdir(mode=0o700)
    try:
        yield part
        sync(part)
        part.rename(folder / name)
        sync(folder)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def sync(folder: Path) -> None:
    """See that the names in *folder* are on the disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_manifest(folder: Path, manifest: Manifest, *, key: Key) -> None:
    """Put *manifest*, signed, into *folder*."""
    body = msgspec.json.encode(manifest, order="sorted")
    with (folder / MANIFEST).open("xb") as file:
        file.write(msgspec.json.encode(_Signed(key.id, key.sign(body), msgspec.Raw(body))) + b"\n")
        file.flush()
        os.fsync(file.fileno())


def read_manifest(folder: Path, keys: Sequence[Key]) -> Manifest:
    """The manifest of the backup in *folder*.

    Raises:
        UsageError: none of *keys* signed it.
        VerificationMismatch: it is not what was written.
    """
    path = folder / MANIFEST
    try:
        signed = msgspec.json.decode(path.read_bytes(), type=_Signed)
    except (OSError, msgspec.DecodeError) as error:
        raise VerificationMismatch(f"{path} cannot be read ({error}): use another backup") from error
    key = key_named(signed.key, keys, what=str(folder))
    if not hmac.compare_digest(key.sign(bytes(signed.manifest)), signed.mac):
        raise VerificationMismatch(f"{path} was changed after it was written: use another backup, or its copy")
    return msgspec.json.decode(signed.manifest, type=Manifest)


def check_files(kept: Kept) -> None:
    """See that every file is, byte for byte, what was written.

    Raises:
        VerificationMismatch: one is not.
    """
    check_sizes(kept)
    for one in kept.manifest.files:
        if sha256_of(kept.path / one.name) != one.sha256:
            raise VerificationMismatch(
                f"{kept.path / one.name} was changed after it was written: use another backup, or its copy"
            )


def names(folder: Path) -> list[str]:
    """Backups in *folder*, the oldest first."""
    if not folder.is_dir():
        return []
    return sorted(one.name for one in folder.iterdir() if _NAME.fullmatch(one.name) and (one / MANIFEST).exists())


def is_there(folder: Path, manifest: Manifest) -> bool:
    """Whether the very backup of *manifest*, or its copy, is in *folder*."""
    path = folder / manifest.name / MANIFEST
    try:
        signed = msgspec.json.decode(path.read_bytes(), type=_Signed)
    except (OSError, msgspec.DecodeError):
        return False
    return bytes(signed.manifest) == msgspec.json.encode(manifest, order="sorted")


def find(asked: str, folders: Sequence[Path], *, keys: Sequence[Key], by: float | None = None) -> Kept:
    """The backup that *asked* names: ``latest``, its name, or the path of its folder.

    The latest is that which was whole at the moment *by*, if any was, for only such a one is brought there.

    Raises:
        UnknownName: there is none in any of *folders*.
    """
    path = Path(asked)
    if path.name != asked and (path / MANIFEST).exists():
        return Kept(path.absolute(), read_manifest(path, keys))
    for folder in folders:
        there = names(folder)
        name = asked
        if there and asked == LATEST:
            name = next((one for one in reversed(there) if _was_whole(folder / one, keys, by=by)), there[-1])
        if name in there:
            return Kept(folder / name, read_manifest(folder / name, keys))
    raise UnknownName("backup", asked, {name for folder in folders for name in names(folder)})


def _was_whole(path: Path, keys: Sequence[Key], *, by: float | None) -> bool:
    if by is None:
        return True
    try:
        manifest = read_manifest(path, keys)
    except (VerificationMismatch, UsageError):
        return False
    return manifest.made_at + manifest.seconds <= by


def copy(kept: Kept, folder: Path) -> None:
    """Put a copy into *folder*, and read it back.

    Raises:
        VerificationMismatch: what is read is not what was written.
    """
    with putting(folder, kept.path.name) as part:
        for name in (*(one.name for one in kept.manifest.files), MANIFEST):
            copy_file(kept.path / name, part / name)
        check_files(Kept(part, kept.manifest))


def copy_file(source: Path, target: Path) -> None:
    """A copy of *source* that is on the disk when this returns."""
    with source.open("rb") as read, target.open("wb") as written:
        shutil.copyfileobj(read, written, 1 << 20)
        written.flush()
        os.fsync(written.fileno())


def prune(folder: Path, keys: Sequence[Key], *, keep: int) -> list[str]:
    """Throw away all but the newest *keep* good ones; what was. One that cannot be read does not count, and stays.

    The newest base of a server stays however many dumps there are: the log is good for nothing without it.
    """
    good = [name for name in names(folder) if _is_readable(folder / name, keys)]
    bases = [name for name in good if "-base" in name]
    gone = [name for name in good[: -max(1, keep)] if name not in bases[-1:]]
    for name in gone:
        hidden = folder / f".{name}.part"
        (folder / name).rename(hidden)  # at no moment half of it stands there under its name
        shutil.rmtree(hidden)
    return gone


def _is_readable(path: Path, keys: Sequence[Key]) -> bool:
    try:
        check_sizes(Kept(path, read_manifest(path, keys)))
    except (VerificationMismatch, UsageError):
        return False
    return True


def check_sizes(kept: Kept) -> None:
    """See that every file has its length.

    Raises:
        VerificationMismatch: one has not.
    """
    for one in kept.manifest.files:
        path = kept.path / one.name
        size = path.stat().st_size if path.exists() else 0
        if size != one.size:
            raise VerificationMismatch(f"{path} has {size} bytes of {one.size}: use another backup, or its copy")
