"""How many cases an oracle is asked: a few in every run, many in the full one, and always the same."""

from __future__ import annotations

import pytest


def seeds(few: int, *, many: int) -> pytest.MarkDecorator:
    """Parametrises ``seeds``: the first *few*, and with ``full`` those up to *many*."""
    rest = pytest.param(range(few, many), marks=[pytest.mark.full, pytest.mark.slow], id=f"{few}-{many}")
    return pytest.mark.parametrize("seeds", [pytest.param(range(few), id=f"0-{few}"), rest])
