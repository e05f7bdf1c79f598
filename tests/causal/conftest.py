"""Published data that lies beside the checkout."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(scope="session")
def shared(root: Path) -> Callable[[str], Any]:
    """Reads a JSON file that lies beside the repository; skips with the reason when it is not there."""

    def read(name: str) -> Any:
        path = root.parent / "shared" / name
        if not path.exists():
            pytest.skip(f"shared/{name} does not lie beside this checkout")
        return json.loads(path.read_text("utf-8"))

    return read
