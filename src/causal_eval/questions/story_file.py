"""What a story file must hold, so that every clause it gives is English and can be read back without doubt.

A file has ``title``, ``unit``, ``units``, ``source``, ``contexts`` (at least four sentences) and
``variables`` (at least 24, at least four in each stage 0 to 5), each with ``id``, ``name``, ``stage``, ``low``,
``high``, ``positive`` and, where it fits, ``kind``. Files may come from anybody: everything is checked.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from causal_eval.errors import MalformedFile
from causal_eval.questions.domain import STAGES, Domain, Variable

MIN_VARIABLES = 24
MAX_VARIABLES = 400
MIN_PER_STAGE = 4
MIN_CONTEXTS = 4
NAME_WORDS = 4
"""Most words of a name, the article not counted."""
STATE_WORDS = 2
BANNED = frozenset(
    """and or not no if given because cause causes caused causal affect affects effect effects
    is are was were be been would had has have do does did than that which when while only every each all any
    exactly least most probability chance percent variable""".split()  # noqa: SIM905 - a readable list of words
)
"""Words that a prompt's grammar needs for itself: a name or state with one of them could be read two ways."""

_WORDS = re.compile(r"[a-z]+(?:-[a-z]+)*(?: [a-z]+(?:-[a-z]+)*)*")
_PLURAL = re.compile(r"(?<![sui])s$")  # "access", "status" and "diagnosis" are singular
_SENTENCE = re.compile(r"[A-Z][A-Za-z' -]+(?:, [A-Za-z' -]+)*\.")


def _words(text: str, most: int) -> str:
    if not _WORDS.fullmatch(text):
        raise ValueError(f"{text!r} must be lower-case words, letters and single spaces only")
    if banned := BANNED.intersection(re.split("[ -]", text)):
        raise ValueError(f"{text!r} holds {min(banned)!r}, which prompts need for their own grammar")
    if len(text.split()) > most:
        raise ValueError(f"{text!r} has more than {most} words")
    return text


def _check_name(name: str) -> str:
    _words(name, NAME_WORDS + 1)
    if not name.startswith("the "):
        raise ValueError(f"{name!r} must begin with 'the ', to stand in the middle of a sentence")
    if _PLURAL.search(name):
        raise ValueError(f"{name!r} looks plural; '... is high' needs a singular")
    return name


def _check_state(state: str) -> str:
    return _words(state, STATE_WORDS)


def _check_sentence(text: str) -> str:
    if not _SENTENCE.fullmatch(text):
        raise ValueError(f"{text!r} must be one sentence of letters and commas that ends with a full stop")
    return text


_Name = Annotated[str, AfterValidator(_check_name)]
_State = Annotated[str, AfterValidator(_check_state)]
_Sentence = Annotated[str, Field(min_length=30, max_length=160), AfterValidator(_check_sentence)]
_Noun = Annotated[str, Field(pattern=r"^[a-z]+( [a-z]+)?$")]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class _Entry(_Strict):
    id: Annotated[str, Field(pattern=r"^[a-z]+(_[a-z]+)*$")]
    name: _Name
    stage: Annotated[int, Field(ge=0, lt=STAGES)]
    low: _State
    high: _State
    positive: bool
    kind: Literal["exposure", "treatment", "outcome"] | None = None


class _File(_Strict):
    title: Annotated[str, Field(min_length=3, max_length=40)]
    unit: _Noun
    units: _Noun
    source: Annotated[str, Field(min_length=10)]
    contexts: Annotated[list[_Sentence], Field(min_length=MIN_CONTEXTS, max_length=40)]
    variables: Annotated[list[_Entry], Field(min_length=MIN_VARIABLES, max_length=MAX_VARIABLES)]


def read(content: bytes, *, domain: str, path: str) -> Domain:
    """The vocabulary that *content*, the bytes of the story file *path*, gives to *domain*.

    Raises:
        MalformedFile: not TOML, or a rule of this module is broken; names file, variable and field.
    """
    try:
        data = tomllib.loads(content.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise MalformedFile(path, f"not TOML in UTF-8: {error}") from None
    try:
        file = _File.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        problem = first["msg"].removeprefix("Value error, ")
        raise MalformedFile(path, problem, field=_place(first["loc"], data)) from None
    for field, problem in _clashes(file):
        raise MalformedFile(path, problem, field=field)
    return _domain(domain, file)


def _place(steps: tuple[int | str, ...], data: dict[str, Any]) -> str:
    """The field as a person would look for it: a variable by its id, anything else by its position."""
    match steps:
        case ("variables", int(index), *rest):
            entry = data["variables"][index]
            name = entry.get("id", index) if isinstance(entry, dict) else index
            return ".".join(["variables", str(name), *map(str, rest)])
        case _:
            return ".".join(map(str, steps))


def _clashes(file: _File) -> Iterator[tuple[str, str]]:
    """(field, problem) for every rule that concerns more than one field."""
    yield from _state_clashes(file.variables)
    yield from _name_clashes(file.variables)
    if len(set(file.contexts)) < len(file.contexts):
        yield "contexts", "the same sentence stands twice; each variant must differ"
    for stage in range(STAGES):
        count = sum(entry.stage == stage for entry in file.variables)
        if count < MIN_PER_STAGE:
            yield "variables", f"stage {stage} has {count} variables; each stage needs {MIN_PER_STAGE}"


def _state_clashes(entries: list[_Entry]) -> Iterator[tuple[str, str]]:
    taken = {word for entry in entries for state in (entry.low, entry.high) for word in state.split()}
    for entry in entries:
        if entry.low in entry.high or entry.high in entry.low:
            yield (
                f"variables.{entry.id}.high",
                f"{entry.high!r} and the low state {entry.low!r}: one contains the other",
            )
        if words := taken.intersection(entry.name.split()):
            yield f"variables.{entry.id}.name", f"{entry.name!r} holds {min(words)!r}, a state of this domain"


def _name_clashes(entries: list[_Entry]) -> Iterator[tuple[str, str]]:
    for number, entry in enumerate(entries):
        for other in entries[:number]:
            if entry.id == other.id:
                yield f"variables.{entry.id}.id", "another variable has the same id"
            bare, before = entry.name.removeprefix("the "), other.name.removeprefix("the ")
            if bare in before or before in bare:
                yield (
                    f"variables.{entry.id}.name",
                    f"{entry.name!r} and {other.name!r}: one contains the other",
                )


def _domain(domain: str, file: _File) -> Domain:
    variables = tuple(
        Variable(entry.id, entry.name, entry.stage, (entry.low, entry.high), entry.positive, entry.kind)
        for entry in file.variables
    )
    stages = tuple(tuple(one for one in variables if one.stage == stage) for stage in range(STAGES))
    return Domain(
        id=domain,
        title=file.title,
        unit=file.unit,
        units=file.units,
        contexts=tuple(file.contexts),
        source=file.source,
        variables=variables,
        stages=stages,
    )
