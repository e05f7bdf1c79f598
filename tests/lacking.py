"""What this machine lacks: the test is skipped and says so, but fails where `make setup` has brought it."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path
from typing import NoReturn, TypeVar

import pytest

DEBIAN = Path(__file__).resolve().parents[1] / ".venv/.debian"
"""There once `make setup` has found every package of ``requirements/debian.list``."""
SYSTEM = "/usr/sbin"
"""Where Debian has servers; not on everybody's PATH."""

S = TypeVar("S")


def program(name: str) -> str:
    """The path of a program of ``requirements/debian.list``."""
    found = shutil.which(name) or shutil.which(name, path=SYSTEM)
    if found is None:
        lacks(f"{name}, which `make setup` takes from Debian where apt may", is_brought=DEBIAN.exists())
    return found


def served(server: S | None, *, wheel: str) -> S:
    """*server*, which can be started where *wheel* is installed; None: it could not be."""
    if server is None:
        lacks(f"a server of {wheel}, which `make setup` installs", is_brought=is_installed(wheel))
    return server


def is_installed(wheel: str) -> bool:
    """Whether the package *wheel* is there to be imported."""
    return importlib.util.find_spec(wheel) is not None


def lacks(what: str, *, is_brought: bool) -> NoReturn:
    """Skip the test for want of *what*; where that *is_brought* it is a fault: else nobody would see it skip always."""
    if is_brought:
        pytest.fail(f"not here, though it was brought: {what}")
    pytest.skip(f"not here: {what}")
