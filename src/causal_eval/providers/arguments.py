"""Model arguments (``-M name=value``): which an adapter takes, checked by type before anything is called."""

from __future__ import annotations

from typing import Literal, TypeVar

import msgspec

from causal_eval.errors import UnknownName, UsageError
from causal_eval.providers.config import Arguments


class ChatArguments(msgspec.Struct, omit_defaults=True):
    """Of chat completions; each is a field of the request's body."""

    reasoning_effort: Literal["none", "minimal", "low", "medium", "high", "xhigh", "max", "default"] | None = None
    verbosity: Literal["low", "medium", "high"] | None = None
    service_tier: str | None = None
    frequency_penalty: float | None = None
    presence_penalty: float | None = None


class ResponsesArguments(msgspec.Struct, omit_defaults=True):
    """Of the Responses API."""

    reasoning_effort: Literal["none", "minimal", "low", "medium", "high", "xhigh", "max"] | None = None
    reasoning_summary: Literal["auto", "concise", "detailed"] | None = None
    verbosity: Literal["low", "medium", "high"] | None = None
    service_tier: str | None = None


class AnthropicArguments(msgspec.Struct, omit_defaults=True):
    """Of messages: effort, and thinking as ``adaptive``, ``disabled`` or a budget of tokens."""

    reasoning_effort: Literal["none", "low", "medium", "high", "xhigh", "max"] | None = None
    thinking: Literal["adaptive", "disabled"] | None = None
    thinking_budget: int | None = None
    service_tier: Literal["auto", "standard_only"] | None = None


class GoogleArguments(msgspec.Struct, omit_defaults=True):
    """Of generateContent."""

    reasoning_effort: Literal["none", "minimal", "low", "medium", "high", "xhigh"] | None = None
    thinking_budget: int | None = None
    include_thoughts: bool | None = None
    top_k: int | None = None


_Shape = TypeVar("_Shape", bound=msgspec.Struct)
_PLACE = " - at `$."


def typed(given: Arguments, shape: type[_Shape], *, further: tuple[str, ...] = ()) -> _Shape:
    """*given* as *shape*; names in *further* are left out, they may hold anything.

    Raises:
        UnknownName: an argument that the API does not take; the nearest are named.
        UsageError: an argument of another type or value than allowed.
    """
    known = shape.__struct_fields__
    for name in given:
        if name not in known and name not in further:
            raise UnknownName("model argument", name, (*known, *further))
    try:
        return msgspec.convert({name: value for name, value in given.items() if name in known}, shape)
    except msgspec.ValidationError as error:
        problem, _, name = str(error).partition(_PLACE)
        name = name.rstrip("`")
        raise UsageError(f"-M {name}={given[name]}: {problem}; allowed is {_allowed(shape, name)}") from error


def _allowed(shape: type[msgspec.Struct], name: str) -> str:
    kind = next(field.type for field in msgspec.structs.fields(shape) if field.name == name)
    info = msgspec.inspect.type_info(kind)
    options = info.types if isinstance(info, msgspec.inspect.UnionType) else (info,)
    said = [
        ", ".join(map(str, option.values)) if isinstance(option, msgspec.inspect.LiteralType) else _WORDS[type(option)]
        for option in options
        if not isinstance(option, msgspec.inspect.NoneType)
    ]
    return ", ".join(said)


_WORDS = {
    msgspec.inspect.StrType: "a text",
    msgspec.inspect.IntType: "a whole number",
    msgspec.inspect.FloatType: "a number",
    msgspec.inspect.BoolType: "true or false",
}


def merged(body: bytes, extra: bytes) -> bytes:
    """The JSON object *body* with the fields of the JSON object *extra* behind its own; both have at least one."""
    return body if extra == b"{}" else body[:-1] + b"," + extra[1:]
