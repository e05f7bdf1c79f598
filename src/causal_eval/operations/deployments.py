"""Which build this is, and the note that its first process leaves in the database."""

from __future__ import annotations

import re
import socket
from pathlib import Path

import causal_eval
from causal_eval.store.database import HEAD, Store
from causal_eval.store.deployments import Deployment, list_deployments, note_start

BUILD = "build.txt"
"""Beside the package's first module: the source's revision, written there by whoever builds an image or a wheel;
``-changed`` after it: with what was not committed."""
_REVISION = re.compile(r"[0-9a-f]{7,64}|[0-9a-f]{7,40}-changed")


def revision(package: Path | None = None) -> str:
    """The revision of the source that this program was made of: as the build says, or the checkout; empty: unknown."""
    place = package or Path(causal_eval.__file__).parent
    for read in (_of_build, _of_checkout):
        try:
            said = read(place).strip()
        except (OSError, UnicodeDecodeError):
            continue
        if _REVISION.fullmatch(said):
            return said
    return ""


def _of_build(package: Path) -> str:
    return (package / BUILD).read_text("ascii")


def _of_checkout(package: Path) -> str:
    """What HEAD of the checkout is at; of a further working tree, ``.git`` is a file that names its folder."""
    git = package.parent.parent / ".git"
    if git.is_file():
        git = Path(git.read_text("utf-8").removeprefix("gitdir:").strip())
    head = (git / "HEAD").read_text("ascii").strip()
    if not head.startswith("ref:"):
        return head
    name = head.removeprefix("ref:").strip()
    common = git / (git / "commondir").read_text().strip() if (git / "commondir").exists() else git
    loose = common / name
    if loose.exists():
        return loose.read_text("ascii")
    packed = (common / "packed-refs").read_text("utf-8").splitlines()
    return next((line.split()[0] for line in packed if line.endswith(f" {name}")), "")


def note_process(store: Store, *, by: str) -> bool:
    """Note that a process of this version starts; whether it is another version than before."""
    with store.writing() as connection:
        return note_start(
            connection,
            version=causal_eval.__version__,
            revision=revision(),
            schema=HEAD,
            host=socket.gethostname(),
            by=by,
        )


def deployed(store: Store, *, limit: int = 20) -> list[Deployment]:
    """The versions that were started, newest first; the first is the one in use."""
    with store.reading() as connection:
        return list_deployments(connection, limit=limit)
