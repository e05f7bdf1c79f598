"""What is in a backup, taken out again; each is read to its end by the program that made it."""

from __future__ import annotations

import contextlib
import re
import subprocess
import tarfile
import tempfile
from collections.abc import Sequence
from pathlib import Path

from causal_eval.backups.postgres import failed, programs
from causal_eval.backups.sealing import Key, Reader, unseal
from causal_eval.errors import VerificationMismatch

_START = re.compile(r"START WAL LOCATION: \S+ \(file ([0-9A-F]{24})\)")


def unpack_base(path: Path, data: Path, *, keys: Sequence[Key]) -> str:
    """Make the data folder *data* of a base backup; the first segment of the log that it needs.

    Raises:
        VerificationMismatch: a file of it is not what the server had.
    """
    data.mkdir(mode=0o700)
    with tarfile.open(fileobj=Reader(unseal(path, keys)), mode="r|") as archive:
        archive.extraction_filter = getattr(tarfile, "data_filter", None)  # Python before 3.11.4 knows of none
        archive.extractall(data)  # noqa: S202 - by that filter, and what was sealed by us
    data.chmod(0o700)
    command = (str(programs() / "pg_verifybackup"), "--exit-on-error", "--quiet", str(data))
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False, cwd="/")  # noqa: S603 - PostgreSQL's own program
    if done.returncode:
        raise VerificationMismatch(f"{path}: {failed(command, done.stderr)}: use another backup, or its copy")
    (data / "postgresql.conf").touch(mode=0o600)  # Debian keeps it elsewhere
    label = (data / "backup_label").read_text()
    match = _START.search(label)
    if match is None:
        raise VerificationMismatch(f"{path} has no backup_label that says where its log begins: use another backup")
    return match[1]


def read_dump(path: Path, *, keys: Sequence[Key]) -> None:
    """See that pg_restore can read the dump to its end.

    Raises:
        VerificationMismatch: it cannot.
    """
    command = (str(programs() / "pg_restore"), "--file=/dev/null")
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=said, stderr=said, cwd="/")  # noqa: S603 - PostgreSQL's own program
        assert process.stdin is not None
        try:
            for piece in unseal(path, keys):
                process.stdin.write(piece)
        except BrokenPipeError:
            pass  # it has ended, and says why
        finally:
            _close(process)
        if process.returncode:
            said.seek(0)
            raise VerificationMismatch(f"{path}: {failed(command, said.read())}: use another backup")


def _close(process: subprocess.Popen[bytes]) -> None:
    assert process.stdin is not None
    with contextlib.suppress(BrokenPipeError):  # it has ended, and says why
        process.stdin.close()
    process.wait()


def unpack_file(path: Path, target: Path, *, keys: Sequence[Key]) -> Path:
    """*target*, with what was sealed in it."""
    with target.open("xb") as file:
        for piece in unseal(path, keys):
            file.write(piece)
    return target
