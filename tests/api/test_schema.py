"""Whatever the OpenAPI document allows, and what it does not, is answered as it says: no 5xx, no undescribed answer."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, cast

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.generation import GenerationMode
from schemathesis.python.asgi import get_client
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from causal_eval.api.app import make_app
from causal_eval.service.wiring import Service

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
USUAL = settings(
    max_examples=5, deadline=None, database=None, derandomize=True, phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)  # fmt: skip

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("open_to_all", [False, True], ids=["nobody", "admin"])
@pytest.mark.parametrize("mode", GenerationMode)
def test_every_answer_is_as_described(watched: Service, mode: GenerationMode, *, open_to_all: bool) -> None:
    """Nobody, and who may do everything, with requests that fit the description and with those that do not."""
    often = replace(watched, settings=replace(watched.settings, requests_per_minute=1_000_000))
    app = make_app(often, open_to_all=open_to_all)
    schema = schemathesis.openapi.from_asgi("/api/v1/openapi.json", app)
    answered: list[int] = []
    with get_client(cast("Any", app), max_stream_events=10) as client:  # its own idea of an application's type

        def ask(case: Any) -> None:
            case.body = _small(case.body)
            answer = case.call(session=client)
            answered.append(answer.status_code)
            case.validate_response(answer, checks=CHECKS)

        for found in schema.get_all_operations():
            assert isinstance(found, Ok)
            with contextlib.suppress(Unsatisfiable):  # of a route that takes nothing, no request is wrong
                USUAL(given(case=found.ok().as_strategy(generation_mode=mode))(ask))()
    assert len(answered) > 100
    assert (200 in answered) is (open_to_all or mode is GenerationMode.POSITIVE)


def _small(body: Any) -> Any:
    """The same request, for fewer questions where it is to generate some."""
    if isinstance(body, Mapping) and isinstance(body.get("n"), int) and body["n"] > 3:
        return {**body, "n": 3}
    return body
