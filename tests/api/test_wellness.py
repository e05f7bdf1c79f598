"""Everybody may ask which program answers, and since when."""

from __future__ import annotations

from collections.abc import Callable

from starlette.testclient import TestClient
from tests.api.conftest import NOW

import causal_eval
from causal_eval.operations.deployments import revision


def test_which_program_answers(client: Callable[..., TestClient]) -> None:
    """Its version, the revision of its source (of this checkout), and when this process began."""
    told = client().get("/version").json()
    assert (told["version"], told["sha"]) == (causal_eval.__version__, revision())
    assert len(told["sha"]) >= 7
    assert told["started_at"] == NOW
