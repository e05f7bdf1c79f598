"""The OpenAPI document is what the application gives, committed."""

from __future__ import annotations

import json
from pathlib import Path

from causal_eval.api.app import make_app
from causal_eval.api.offers import CASE
from causal_eval.service.solving import solved_case
from causal_eval.service.wiring import Service

FILE = "docs/reference/openapi.json"


def test_the_committed_document_is_the_applications(service: Service, root: Path) -> None:
    """A route that changes shows in the diff; write the file anew from ``/api/v1/openapi.json``."""
    assert json.loads((root / FILE).read_text("utf-8")) == make_app(service).openapi()


def test_every_operation_is_described(service: Service) -> None:
    """Each has a sentence, a tag, and its problems as problem documents."""
    paths = make_app(service).openapi()["paths"]
    assert "/api/v1/evaluations" in paths
    for path, methods in paths.items():
        for method, described in methods.items():
            assert described["description"], (method, path)
            assert described["tags"], (method, path)
            for status in ("401", "403"):
                assert "application/problem+json" in described["responses"][status]["content"], (method, path)


def test_the_case_that_is_shown_can_be_solved() -> None:
    """Whoever tries the document's example gets an answer."""
    assert solved_case(CASE, check=True)["answer"] is False
