"""How a page is looked at: as wide as a telephone and as a desk, in light and in dark."""

from __future__ import annotations

import pytest

LOOKS = pytest.mark.parametrize(
    ("width", "dark"),
    [
        pytest.param(390, False, id="light-390"),
        pytest.param(1280, True, id="dark-1280"),
        pytest.param(390, True, id="dark-390", marks=pytest.mark.full),
        pytest.param(1280, False, id="light-1280", marks=pytest.mark.full),
    ],
)
"""Before every change each width and each theme is seen once."""
