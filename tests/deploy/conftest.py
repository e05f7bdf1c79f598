"""What the files of a deployment say, read once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def root() -> Path:
    """The folder of the project."""
    return ROOT


@pytest.fixture(scope="session")
def compose(root: Path) -> dict[str, Any]:
    """``docker-compose.yml``, its anchors resolved and its variables as they stand there."""
    read: dict[str, Any] = yaml.safe_load((root / "docker-compose.yml").read_text("utf-8"))
    return read


@pytest.fixture(scope="session")
def services(compose: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Its services by name."""
    named: dict[str, dict[str, Any]] = compose["services"]
    return named
