"""Sealed files: read back as they were, and never when something was changed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from causal_eval.backups.sealing import PIECE, Key, Reader, make_key, read_keys, seal, sha256_of, unseal
from causal_eval.errors import UsageError, VerificationMismatch

KEY = Key(bytes(range(32)))


@pytest.mark.parametrize("size", [0, 1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE + 5])
def test_what_was_sealed_is_read(tmp_path: Path, size: int) -> None:
    """Every length around that of a piece comes back byte for byte; the record tells the file's length and hash."""
    body = os.urandom(size)
    sealed = seal([body[:7], body[7:]], tmp_path / "x.sealed", key=KEY)
    assert b"".join(unseal(tmp_path / "x.sealed", [Key(bytes(32)), KEY])) == body
    assert (sealed.size, sealed.sha256) == ((tmp_path / "x.sealed").stat().st_size, sha256_of(tmp_path / "x.sealed"))
    assert size < 100 or body[:50] not in (tmp_path / "x.sealed").read_bytes()


def test_no_piece_is_larger_than_a_piece(tmp_path: Path) -> None:
    """A gigabyte of zeros, sealed in a megabyte, is read back piece by piece: memory is bounded."""
    zeros = bytes(PIECE)

    def many() -> Iterator[bytes]:
        for _ in range(200):
            yield zeros

    seal(many(), tmp_path / "x.sealed", key=KEY)
    sizes = [len(piece) for piece in unseal(tmp_path / "x.sealed", [KEY])]
    assert sum(sizes) == 200 * PIECE
    assert max(sizes) <= PIECE


def test_a_reader_reads_by_any_size(tmp_path: Path) -> None:
    """The same bytes, whatever whoever reads asks for."""
    seal([b"abc" * 1000], tmp_path / "x.sealed", key=KEY)
    reader = Reader(unseal(tmp_path / "x.sealed", [KEY]))
    assert reader.read(4) + reader.read(0) + reader.read(2990) + reader.read() == b"abc" * 1000
    assert reader.read(1) == b""


@pytest.mark.parametrize("place", [3, 40, 70, -1, -20, "cut", "first"])
def test_a_changed_file_is_refused(tmp_path: Path, place: int | str) -> None:
    """A bit turned anywhere, a piece cut off, the file cut short: an error, never other bytes."""
    path = tmp_path / "x.sealed"
    seal([os.urandom(2 * PIECE)], path, key=KEY)
    body = bytearray(path.read_bytes())
    if isinstance(place, int):
        body[place] ^= 1
    else:
        del body[61 + PIECE + 16 if place == "cut" else 10 :]
    path.write_bytes(body)
    with pytest.raises(VerificationMismatch, match=r"was changed|no sealed file"):
        list(unseal(path, [KEY]))


def test_another_key_is_named(tmp_path: Path) -> None:
    """Without the right key the error says which one it was."""
    seal([b"x"], tmp_path / "x.sealed", key=KEY)
    with pytest.raises(UsageError, match=f"sealed with key {KEY.id}"):
        list(unseal(tmp_path / "x.sealed", [Key(bytes(32))]))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file to another group")
def test_a_key_may_come_from_kubernetes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Root's file, which a group of the process may but read."""
    path = tmp_path / "keys"
    made = make_key(path)
    os.chown(path, 0, 1000)
    path.chmod(0o440)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(os, "getgroups", lambda: [1000])
    assert read_keys(path) == (made,)


def test_a_key_file_is_its_owners_alone(tmp_path: Path) -> None:
    """It is made once, for one reader; what others may read, and what is no key, is refused."""
    path = tmp_path / "keys"
    made = make_key(path)
    assert read_keys(path) == (made,)
    assert made.secret.hex() not in repr(made)
    with pytest.raises(UsageError, match="is there"):
        make_key(path)
    path.chmod(0o644)
    with pytest.raises(UsageError, match="chmod 600"):
        read_keys(path)
    (tmp_path / "odd").write_text("YWJj\n")
    (tmp_path / "odd").chmod(0o600)
    with pytest.raises(UsageError, match="no backup key file"):
        read_keys(tmp_path / "odd")
    with pytest.raises(UsageError, match="causal-eval backup key"):
        read_keys(None)
