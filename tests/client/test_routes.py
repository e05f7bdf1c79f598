"""The client against the OpenAPI document: a method for every operation that asks and reads what the document says."""

from __future__ import annotations

import asyncio
import inspect
import json
import types
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints
from urllib.parse import unquote

import msgspec
import pytest

from causal_eval.client import Client
from causal_eval.client.asking import Answer, Call
from causal_eval.client.shapes import Order, Secret

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = json.loads((ROOT / "docs/reference/openapi.json").read_text("utf-8"))
SCHEMAS = DOCUMENT["components"]["schemas"]
OPERATIONS = {
    one["operationId"]: (method.upper(), path, one)
    for path, methods in DOCUMENT["paths"].items()
    for method, one in methods.items()
}
TEXTS = {
    "get_badge",
    "export_result",
    "get_report_page",
    "get_report_file",
    "get_chart",
    "get_check_page",
    "export_question_set",
    "watch_evaluation",
    "export_project",
}
"""Operations whose answers are no JSON document."""
OWN = {"wait", "wait_for_report", "wait_for_making"}
"""Methods that are no operation: they wait for what an operation tells."""


class SeenError(Exception):
    """What was asked; nothing is sent."""

    def __init__(self, call: Call) -> None:
        super().__init__(call.path)
        self.call = call


class Recording(Client):
    """A client without a connection."""

    async def _send(self, call: Call, headers: Mapping[str, str]) -> Answer:
        del headers
        raise SeenError(call)

    async def _lines(self, call: Call, headers: Mapping[str, str], *, silence: float) -> AsyncIterator[bytes]:
        del headers, silence
        if call.path:
            raise SeenError(call)
        yield b""


def sample(hint: Any, *, name: str, unlike: Any = None) -> Any:
    """A value of that type that is not *unlike*; text names its parameter, as the path does."""
    origin, inner = get_origin(hint), [one for one in get_args(hint) if one is not types.NoneType]
    if origin is Literal:
        return next(one for one in inner if one != unlike)
    if origin in {Union, types.UnionType}:
        return sample(inner[0], name=name, unlike=unlike)
    if origin is tuple:
        return tuple(sample(one, name=name) for one in inner if one is not Ellipsis)
    if origin in {dict, Mapping} or hint is Mapping:
        return {"a": "b"}
    if isinstance(hint, type) and issubclass(hint, Order):
        fields = msgspec.structs.fields(hint)
        return hint(**{one.name: sample(one.type, name=one.name, unlike=one.default) for one in fields})
    if hint is bool:
        return unlike is not True
    return {int: 77, float: 1.25, str: f"{{{name}}}"}[hint]


def asked(name: str) -> Call:
    """What the method asks when everything that it takes is given."""
    method = getattr(Recording("http://localhost"), name)
    hints, given = get_type_hints(method), {}
    for one in inspect.signature(method).parameters.values():
        given[one.name] = sample(hints[one.name], name=one.name, unlike=one.default)

    async def ask() -> None:
        asking = method(**given)
        await (anext(asking) if hasattr(asking, "__anext__") else asking)

    with pytest.raises(SeenError) as seen:
        asyncio.run(ask())
    return seen.value.call


def whole(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """The schema itself, where it is one by reference or one that may be null."""
    if "$ref" in schema:
        return whole(SCHEMAS[schema["$ref"].rpartition("/")[2]])
    others = [one for one in schema.get("anyOf", ()) if one.get("type") != "null"]
    return whole(others[0]) if others else schema


def check_body(sent: Any, schema: Mapping[str, Any]) -> None:
    """Every property of the schema can be sent, and nothing else."""
    described = whole(schema)
    if "properties" in described:
        assert set(sent) == set(described["properties"])
        for name, inner in described["properties"].items():
            check_body(sent[name], inner)


def check_result(hint: Any, schema: Mapping[str, Any], *, where: str) -> None:
    """The type reads what the schema promises, field by field."""
    may_be_null = any(one.get("type") == "null" for one in schema.get("anyOf", ()))
    parts = get_args(hint) if get_origin(hint) in {Union, types.UnionType} else (hint,)
    assert may_be_null <= (types.NoneType in parts or hint is Any), where
    kind, described = next(one for one in parts if one is not types.NoneType), whole(schema)
    if kind is Any:
        return
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        fields = {one.name: one for one in msgspec.structs.fields(kind)}
        assert set(fields) == set(described["properties"]), where
        assert {one.name for one in fields.values() if one.required} == set(described.get("required", ())), where
        for name, inner in described["properties"].items():
            check_result(fields[name].type, inner, where=f"{where}.{name}")
    elif get_origin(kind) is tuple:
        assert described["type"] == "array", where
        check_result(get_args(kind)[0], described["items"], where=f"{where}[]")
    else:
        names = {str: "string", Secret: "string", int: "integer", float: "number", bool: "boolean", dict: "object"}
        assert described["type"] == names[get_origin(kind) or kind], where


def test_each_operation_has_a_method_and_each_method_an_operation() -> None:
    """But for those that only wait."""
    methods = {name for name in dir(Client) if not name.startswith("_")}
    assert methods - OWN == OPERATIONS.keys()


@pytest.mark.parametrize("name", sorted(OPERATIONS))
def test_a_method_asks_as_the_document_says(name: str) -> None:
    """Method, path, query, idempotency key and body, when everything is given."""
    method, path, described = OPERATIONS[name]
    call = asked(name)
    assert (call.method, call.prefix + unquote(call.path)) == (method, path)
    places = [(one["in"], one["name"]) for one in described.get("parameters", ())]
    assert set(call.parameters) == {name for place, name in places if place == "query"} - {"after"}
    assert (call.once is not None) is (("header", "idempotency-key") in places)
    body = described.get("requestBody")
    assert (call.body is not None) is (body is not None)
    if body is not None:
        check_body(msgspec.to_builtins(call.body), body["content"]["application/json"]["schema"])


@pytest.mark.parametrize("name", sorted(OPERATIONS.keys() - TEXTS))
def test_a_method_reads_what_the_document_promises(name: str) -> None:
    """Its result has the fields of the answer, and those alone; lists come page by page."""
    hint = get_type_hints(getattr(Client, name))["return"]
    content = next(one for status, one in OPERATIONS[name][2]["responses"].items() if status[0] == "2").get("content")
    if not content:
        assert hint is types.NoneType
        return
    schema = content["application/json"]["schema"]
    if get_origin(hint) is AsyncIterator:
        hint, schema = get_args(hint)[0], whole(schema)["properties"]["items"]["items"]
    check_result(hint, schema, where=name)


def test_a_method_that_strays_is_found() -> None:
    """The comparison sees a missing property, a wrong type and a null that is not read."""
    schema = {"properties": {"a": {"type": "integer"}}, "required": ["a"]}
    null = {"anyOf": [{"type": "integer"}, {"type": "null"}]}
    for hint, described in ((msgspec.defstruct("S", [("a", str)]), schema), (int, null), (str, {"type": "integer"})):
        with pytest.raises(AssertionError):
            check_result(hint, described, where="x")
    with pytest.raises(AssertionError):
        check_body({}, schema)
